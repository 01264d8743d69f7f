//! The two-party commit that ends every DKG, refresh and restore:
//!
//! ```text
//! server writes the new share -> PREPARED -> device writes it -> PREPARED
//!   -> server makes it active (the decision) -> COMMIT -> device makes it active -> COMMITTED
//! ```
//!
//! Each write is durable before the frame that tells of it is sent, so that at every cut at least one generation of
//! shares is held by both sides. What remains open after a cut is settled at the beginning of a later session.
//!
//! [`ServerCommit`] and [`DeviceCommit`] are values: one event gives the next state and at most one action. The session
//! machines of both profiles run them, and so does the model that searches every crash of the two.

mod confirmation;
mod device;
mod error;
mod event;
mod origin;
mod server;
mod within;

pub use confirmation::{Confirmation, LeftBackup, confirmation};
pub use device::{DeviceCommit, Followed};
pub use error::{CommitError, CommitFault};
pub use event::{CommitAction, CommitEvent, CommitFrame, CommitWrite, Progress};
pub use origin::Origin;
pub use server::ServerCommit;

pub(super) use within::{carry_out, step};
