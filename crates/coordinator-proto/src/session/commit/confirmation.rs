//! The server's last write of a commit: what may be noted, and whether the share before the active one may go, once the
//! device has said that it follows.

use super::CommitFault;
use crate::ids::ShareId;
use crate::session::{Backup, Receipt};

/// The server's third and last write of a DKG, refresh or restore. The fragment that came with the backup is written with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Confirmation {
    /// The active share, which the device confirmed.
    pub id: ShareId,
    /// The share before it, which goes.
    pub erase_retired: Option<ShareId>,
    /// The share of which the backup is now complete.
    pub receipt: Option<ShareId>,
}

/// What the device said of its backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeftBackup {
    /// The share that it is of.
    pub id: ShareId,
    /// Whether enough fragments are acknowledged, the one that came with it included.
    pub receipt: Receipt,
}

/// The write that follows `COMMITTED`: none yet where the wallet needs a backup that has not come.
///
/// # Errors
/// [`CommitFault::Disagreement`] where the backup is of another share.
pub fn confirmation(
    id: ShareId,
    retired: Option<ShareId>,
    rule: Backup,
    left: Option<LeftBackup>,
) -> Result<Option<Confirmation>, CommitFault> {
    if left.is_some_and(|left| left.id != id) {
        return Err(CommitFault::Disagreement);
    }
    let complete = left.is_some_and(|left| left.receipt == Receipt::Complete);
    let receipt = complete.then_some(id);
    Ok(match (rule, left) {
        (Backup::NotRequired, _) => Some(Confirmation { id, erase_retired: retired, receipt }),
        (Backup::Required { .. }, None) => None,
        (Backup::Required { .. }, Some(_)) => {
            Some(Confirmation { id, erase_retired: retired.filter(|_| complete), receipt })
        }
    })
}
