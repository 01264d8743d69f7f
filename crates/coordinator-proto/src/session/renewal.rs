//! What refresh and restore have in common: the server says which share it holds, the device says with which it will run,
//! both run the complete refresh, and the two-party commit ends it. Which shares fit together is the verb's own rule,
//! in `refresh` and `restore`.

mod device;
mod server;

pub(super) use device::{DeviceVerb, RenewalDevice};
pub(super) use server::{Base, RenewalServer, ServerVerb};

use super::SessionError;
use super::rounds::Made;
use crate::ids::ShareId;

/// The share that a complete refresh makes is one epoch above the one it started from.
fn next_share(made: Made, base: ShareId) -> Result<ShareId, SessionError> {
    match made {
        Made::Share(id) if base.epoch().next() == Ok(id.epoch()) => Ok(id),
        Made::Share(_) | Made::Signature { .. } => Err(SessionError::WrongOutput),
    }
}
