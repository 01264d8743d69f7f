//! The two-party commit that ends every DKG, refresh and restore:
//!
//! ```text
//! server writes the new share -> PREPARED -> device writes it -> PREPARED
//!   -> server makes it active (the decision) -> COMMIT -> device makes it active -> COMMITTED
//! ```
//!
//! Each write is durable before the frame that tells of it is sent, so that at every cut at least one generation of
//! shares is held by both sides. What remains open after a cut is settled at the beginning of a later session.

mod device;
mod server;

use super::{Pending, Provisional, SessionError, Write};
use crate::ids::{ShareId, WalletId};

pub(super) use device::DeviceCommit;
pub(super) use server::ServerCommit;

/// Where the new share comes from, and what becomes of the share before it.
#[derive(Clone)]
pub(super) enum Origin {
    /// DKG: there is none before it.
    Dkg,
    /// Refresh or restore.
    Renewal {
        /// The share that the ceremony ran with, where it is kept in the store.
        base: Option<ShareId>,
        /// What else the wallet held, erased with the first write.
        erase: Vec<ShareId>,
    },
}

impl Origin {
    /// The first write: the new share beside the old.
    fn first_write(&self, id: ShareId, wallet: WalletId) -> Write {
        match self {
            Self::Dkg => Write::Provisional(Provisional { id, wallet }),
            Self::Renewal { base, erase } => {
                Write::Pending(Pending { id, wallet, active: *base, erase: erase.clone() })
            }
        }
    }

    /// The share before the new one.
    fn base(&self) -> Option<ShareId> {
        match self {
            Self::Dkg => None,
            Self::Renewal { base, .. } => *base,
        }
    }

    /// The share to take back if nothing comes of it: only DKG has one, as a renewal's is settled later.
    fn provisional(&self, id: ShareId) -> Option<ShareId> {
        match self {
            Self::Dkg => Some(id),
            Self::Renewal { .. } => None,
        }
    }
}

/// Marks a failure after which the two sides may stand on different shares until the next session settles it.
fn undecided(share: ShareId, error: SessionError) -> SessionError {
    SessionError::Undecided { share, source: Box::new(error) }
}
