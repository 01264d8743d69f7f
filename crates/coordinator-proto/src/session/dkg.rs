//! DKG: both sides start at once, run the engine's rounds, and end in the two-party commit. The key exists for its user
//! only after the commit: the first share is provisional until then, and is taken back if nothing comes of it.

mod device;
mod server;

pub(super) use device::DkgDevice;
pub(super) use server::DkgServer;

use super::SessionError;
use super::rounds::Made;
use crate::ids::{Epoch, ShareId};

/// The share that DKG makes is one of the first epoch.
fn first_share(made: Made) -> Result<ShareId, SessionError> {
    match made {
        Made::Share(id) if id.epoch() == Epoch::FIRST => Ok(id),
        Made::Share(_) | Made::Signature { .. } => Err(SessionError::WrongOutput),
    }
}
