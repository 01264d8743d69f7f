#![doc = include_str!("../README.md")]

mod abort_rates;
pub mod auth;
pub mod channel;
mod convert;
pub mod device;
mod driver;
pub mod engine_pool;
pub mod fragment_host;
pub mod http;
pub mod network;
pub mod policy;
pub mod quarantine;
mod random;
pub mod retry;
pub mod server;
pub mod sign_request;
pub mod step_up;
pub mod telemetry;
#[cfg(test)]
mod test_support;
mod time;
mod wall_clock;

pub use maany_coordinator_cosmos as cosmos;
pub use maany_coordinator_proto as proto;
pub use maany_coordinator_storage as storage;
pub use maany_coordinator_transport as transport;
pub use maany_mpc_core as engine;

pub use auth::{ApiKeyAuthenticator, ApiKeys, Authenticator, Principal, Scope, Scopes};
pub use channel::ChannelKey;
pub use device::{ArbitraryOrder, Device, DeviceError, SignOrder, Signed, WalletInfo};
pub use driver::SessionFailure;
pub use policy::{AllowList, AllowListConfig, PolicyHook, RefuseAll};
pub use server::{Server, ServerLimits, SessionHandler};
