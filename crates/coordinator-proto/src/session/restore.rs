//! Restore: a device comes back with a share rebuilt from a backup, and both sides renew at once. The machine is
//! `renewal`; the rules that make it a restore are here. The hello carried a single-use code, which the host has checked.

use super::reconcile::reconcile_device;
use super::renewal::Base;
use super::{Ceremony, DeviceHolds, SessionError, WalletFacts};
use crate::close::CloseCode;
use crate::ids::ShareId;

/// The server's rule: the rebuilt share is the active one's, or the retired one's, whose backup is then the newest there
/// is. The other goes when the engine has proven that the device holds the one it claims.
pub(super) fn server_base(facts: &WalletFacts, claimed: ShareId) -> Result<Base, SessionError> {
    let other = if claimed == facts.active {
        facts.retired
    } else if facts.retired == Some(claimed) {
        Some(facts.active)
    } else {
        return Err(stale(claimed, facts.active));
    };
    Ok(Base { share: claimed, erase: facts.pending.into_iter().chain(other).collect() })
}

/// The device's rule: a whole share that it holds (from an earlier attempt) and that is the server's active one comes
/// before the rebuilt one. Whether the rebuilt one still fits, the server decides.
pub(super) fn device_base(holds: &DeviceHolds, rebuilt: ShareId, server: ShareId) -> Ceremony {
    match reconcile_device(holds.active, holds.pending, server) {
        Some(_) => Ceremony::Refresh(server),
        None => Ceremony::Restore(rebuilt),
    }
}

/// What the server's refusal means to a device that claimed another share than the server's active one.
pub(super) fn refused(error: SessionError, rebuilt: ShareId, server: ShareId) -> SessionError {
    match error {
        SessionError::Closed { code: Some(CloseCode::Busy) } if rebuilt != server => stale(rebuilt, server),
        error => error,
    }
}

/// What it means that the rebuilt share is none of the wallet's.
pub(super) fn stale(backup: ShareId, wallet: ShareId) -> SessionError {
    if backup.epoch() < wallet.epoch() {
        SessionError::StaleBackup { backup: backup.epoch(), wallet: wallet.epoch() }
    } else {
        SessionError::Diverged
    }
}
