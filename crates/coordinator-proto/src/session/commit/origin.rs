//! Where the new share of a commit comes from.

use super::CommitWrite;
use crate::ids::{ShareId, WalletId};
use crate::session::{Pending, Provisional};

/// Where the new share comes from, and what becomes of the share before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
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
    pub(super) fn first_write(&self, id: ShareId, wallet: WalletId) -> CommitWrite {
        match self {
            Self::Dkg => CommitWrite::Provisional(Provisional { id, wallet }),
            Self::Renewal { base, erase } => {
                CommitWrite::Pending(Pending { id, wallet, active: *base, erase: erase.clone() })
            }
        }
    }

    /// The share before the new one.
    pub(super) const fn base(&self) -> Option<ShareId> {
        match self {
            Self::Dkg => None,
            Self::Renewal { base, .. } => *base,
        }
    }

    /// The share to take back if nothing comes of it: only DKG has one, as a renewal's is settled later.
    pub(super) const fn provisional(&self, id: ShareId) -> Option<ShareId> {
        match self {
            Self::Dkg => Some(id),
            Self::Renewal { .. } => None,
        }
    }
}
