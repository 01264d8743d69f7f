#![doc = include_str!("../README.md")]

mod channel;
mod hash;
mod tag;

pub mod backup;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod context;
pub mod derivation;
pub mod dkls23;
pub mod engine;
pub mod envelope;
pub mod error;
pub mod key_share;
pub mod path;
pub mod public_key;
pub mod role;
pub mod share_id;
pub mod signature;

pub use context::{DkgContext, Flight, RefreshContext, SignContext};
pub use dkls23::Dkls23;
pub use engine::{BoxedCeremony, Ceremony, Engine, EngineId, Step};
pub use envelope::{FrameHeader, MAX_DKG_MESSAGE, MAX_SIGN_MESSAGE, Operation, peek};
pub use error::{AbortClass, EngineError};
pub use key_share::{KeyShare, ShareError, SlimShare};
pub use path::{DerivationPath, PathError};
pub use public_key::PublicKey;
pub use role::Role;
pub use share_id::ShareId;
pub use signature::Signature;
