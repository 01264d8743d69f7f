//! What the end-to-end tests, the bench and the release runner share: a real server, real devices, a network that
//! delays and cuts, and the instruments that measure them.
//!
//! Nothing here is a fake: the engine, the stores and the sockets are those of a deployment.

pub mod armed_engine;
pub mod chain;
pub mod engine_alone;
pub mod failure;
pub mod holder;
pub mod journal;
pub mod line;
pub mod order;
pub mod planted;
pub mod raw_device;
pub mod recorded_engine;
pub mod report;
pub mod resident;
pub mod running_server;
pub mod secrets;
pub mod slow_store;
pub mod stats;
pub mod tally;
pub mod third_party;

pub use chain::Chain;
pub use failure::Failure;
pub use holder::Holder;
pub use line::Line;
pub use raw_device::RawDevice;
pub use running_server::RunningServer;
pub use tally::Tally;
pub use third_party::ThirdParty;
