//! Refresh: both sides start from the share that they both hold as active. The machine is `renewal`; the rules that make
//! it a refresh are here.

use super::reconcile::{DeviceChoice, reconcile_device};
use super::renewal::Base;
use super::{Backup, DeviceHolds, SessionError, WalletFacts};
use crate::ids::ShareId;

/// The server's rule: the device runs with the server's active share, and the share before it may go, because the
/// wallet does without backups or a backup of the active share is complete.
pub(super) fn server_base(facts: &WalletFacts, claimed: ShareId) -> Result<Base, SessionError> {
    if claimed != facts.active {
        return Err(SessionError::Diverged);
    }
    let may_erase = match facts.backup {
        Backup::NotRequired => true,
        Backup::Required { receipt } => receipt == Some(facts.active),
    };
    if facts.retired.is_some() && !may_erase {
        return Err(SessionError::BackupFirst);
    }
    Ok(Base { share: facts.active, erase: facts.pending.into_iter().chain(facts.retired).collect() })
}

/// The device's rule: it runs with the server's active share if it holds it, as its own active or as the share whose
/// commit it never heard of.
pub(super) fn device_base(holds: &DeviceHolds, server: ShareId) -> Result<ShareId, SessionError> {
    match reconcile_device(holds.active, holds.pending, server) {
        Some(DeviceChoice::KeepActive { .. } | DeviceChoice::TakePending { .. }) => Ok(server),
        None => Err(SessionError::Diverged),
    }
}
