#![doc = include_str!("../README.md")]

pub mod backup_share;
pub mod channel;
pub mod close;
pub mod control;
mod encoding;
pub mod frame;
pub mod hello;
pub mod ids;
mod json;
pub mod limits;
pub mod link;
pub mod proof;
pub mod secret;
pub mod session;
pub mod welcome;

pub use backup_share::{AckStatus, BackupShare, BackupShareAck, Recovery};
pub use close::CloseCode;
pub use control::Control;
pub use frame::{Frame, FrameError, TERMINAL, classify};
pub use hello::{Hello, HelloError, Protocol};
pub use ids::{
    ChainId, Digest, Epoch, IdError, Intent, KeyId, Millis, RequestId, SessionId, ShareId, WalletId,
};
pub use limits::Limits;
pub use proof::{IdentityKey, IdentityPublicKey, ProvenClaim};
pub use secret::{ResumeToken, StepUp, Token};
pub use session::{AbortClass, DeviceSession, Effect, Input, Outbox, ServerSession, SessionError};
pub use welcome::{Welcome, WelcomeLimits};
