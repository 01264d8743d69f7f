//! Reconciliation: what two sides that were cut off in the middle of a commit do when they meet again, as pure functions
//! of what both hold. Rules R1 to R5 are the server's; they act on *proven* claims of a device identity, and are for a
//! handshake that proves them. The profile without proof uses only the device's function, and writes what follows
//! from it when the engine has proven the claim.
//!
//! - R1: the device's active share is the server's pending one: promote it, keep the old one as retired.
//! - R2: both hold the same pending share, and the device's active one, if any, is the server's: promote it, keep the old
//!   one as retired.
//! - R3: any other pending share of the server is dropped: the attempt is presumed aborted.
//! - R4: the device's active share is the server's retired one, and the device has no pending share: return to it; only
//!   before the commit was confirmed.
//! - R5: the active shares are equal, the device has no pending share, and a backup of the active one is complete or not
//!   needed: erase the retired one.
//!
//! R2 to R5 are for a device that is known. A restore proves what it holds only by its ceremony, so nothing is erased
//! on its claim: it runs with the share that was rebuilt, active or retired ([`Agreement::FromRetired`]), and the write of
//! the new share erases what the wallet held beside it. It never runs with another share that the device still holds:
//! the rebuilt one is the one of which there is a backup.
//!
//! The first share of a wallet is provisional until the device has said that it holds it: [`proves_provisional`] is R1
//! and R2 for it, and R1 for a restore from a backup of it.

use core::fmt;

use super::{Backup, WalletFacts};
use crate::ids::ShareId;

/// Whether the device confirmed the commit that made a share the retired one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confirmed {
    /// `COMMITTED` never arrived.
    No,
    /// It arrived.
    Yes,
}

/// What the server holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerHolds {
    /// The share in use.
    pub active: ShareId,
    /// The share of an attempt that was not decided.
    pub pending: Option<ShareId>,
    /// The share before the active one.
    pub retired: Option<ShareId>,
    /// Whether the device confirmed the active share.
    pub confirmed: Confirmed,
    /// Whether the wallet needs a backup, and of which share one is complete.
    pub backup: Backup,
}

/// Who claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The wallet's device: the one that ran the last attempt, or whose restore is pending.
    RanAttempt,
    /// A device in a stepped-up restore.
    Restoring,
    /// A device that was revoked.
    Revoked,
}

/// What a device has proven to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceClaim {
    /// Its active share; none after a DKG or a restore whose commit never arrived. In a restore it is the rebuilt one.
    pub active: Option<ShareId>,
    /// Its pending share.
    pub pending: Option<ShareId>,
    /// Who it is.
    pub identity: Identity,
}

/// The one write that reconciliation asks of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// R1, R2: make the pending share active; the active one becomes retired.
    Promote {
        /// The share that becomes active.
        id: ShareId,
        /// The share that becomes retired.
        retire: ShareId,
    },
    /// R3: drop the pending share.
    DropPending(ShareId),
    /// R4: make the retired share active again and erase the active one; audited.
    ReturnToRetired {
        /// The share that becomes active.
        id: ShareId,
        /// The share that goes.
        erase: ShareId,
    },
    /// R5: erase the retired share.
    EraseRetired(ShareId),
}

/// How the two sides stand after the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// The active shares are equal.
    Equal,
    /// The device has still to promote its pending share, which is the server's active one.
    DeviceFollows,
    /// A restore starts from the server's retired share. The write of the new share makes this one active again and erases the
    /// one that is active now.
    FromRetired(ShareId),
    /// They hold different active shares: nothing can be signed, and a newer backup or the other device is needed.
    Diverged,
}

/// Why a wallet is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FreezeCause {
    /// The device has a share that the server cannot explain: the server's storage was rolled back.
    RolledBack,
    /// The server's own record contradicts itself.
    BrokenRecord,
}

impl fmt::Display for FreezeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RolledBack => "a store was rolled back",
            Self::BrokenRecord => "the record contradicts itself",
        })
    }
}

/// What reconciliation says.
#[expect(clippy::large_enum_variant, reason = "it is looked at once and never kept")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Write this, if anything, and go on from there.
    Settled {
        /// The write.
        change: Option<Change>,
        /// What the server holds after it.
        holds: ServerHolds,
        /// How the two sides stand after it.
        agreement: Agreement,
    },
    /// Write nothing, freeze the wallet, and alert.
    Freeze(FreezeCause),
    /// The identity was revoked: write nothing, and answer nothing.
    Revoked,
}

impl ServerHolds {
    /// What these facts say that the server holds.
    #[must_use]
    pub const fn of(facts: &WalletFacts, confirmed: Confirmed) -> Self {
        Self {
            active: facts.active,
            pending: facts.pending,
            retired: facts.retired,
            confirmed,
            backup: facts.backup,
        }
    }

    /// Whether the retired share is needed no more, as far as backups go.
    #[must_use]
    pub fn is_backed_up(&self) -> bool {
        match self.backup {
            Backup::NotRequired => true,
            Backup::Required { receipt } => receipt == Some(self.active),
        }
    }

    /// Whether the record can be true: pending is after active, retired is before it, and only one of them is held.
    fn is_sound(&self) -> bool {
        let epoch = self.active.epoch();
        self.pending.is_none_or(|pending| pending.epoch() > epoch)
            && self.retired.is_none_or(|retired| retired.epoch() < epoch)
            && (self.pending.is_none() || self.retired.is_none())
    }

    /// Whether a new refresh may start from here, for a device with which it agrees.
    #[must_use]
    pub const fn may_renew(&self) -> bool {
        self.pending.is_none() && self.retired.is_none()
    }
}

/// Runs the rules once. Run again on the result, they change nothing but what R5 may still erase.
#[must_use]
pub fn reconcile(server: ServerHolds, device: DeviceClaim) -> Verdict {
    if device.identity == Identity::Revoked {
        return Verdict::Revoked;
    }
    if !server.is_sound() {
        return Verdict::Freeze(FreezeCause::BrokenRecord);
    }
    if let Some(pending) = server.pending {
        let device_is_ahead = device.active == Some(pending);
        let both_prepared = device.pending == Some(pending)
            && device.active.is_none_or(|active| active == server.active)
            && device.identity != Identity::Restoring;
        if device_is_ahead || both_prepared {
            return promote(server, device, pending);
        }
    }
    if is_rolled_back(server, device) {
        return Verdict::Freeze(FreezeCause::RolledBack);
    }
    if device.identity != Identity::RanAttempt {
        return settled(None, server, device);
    }
    if let Some(pending) = server.pending {
        let holds = ServerHolds { pending: None, ..server };
        return settled(Some(Change::DropPending(pending)), holds, device);
    }
    let confirmed = Confirmed::Yes;
    let agreed = device.active == Some(server.active) && device.pending.is_none();
    match server.retired {
        Some(retired) if may_return(server, retired, device) => {
            let change = Change::ReturnToRetired { id: retired, erase: server.active };
            settled(Some(change), ServerHolds { active: retired, retired: None, confirmed, ..server }, device)
        }
        Some(retired) if agreed && server.is_backed_up() => {
            let holds = ServerHolds { retired: None, confirmed, ..server };
            settled(Some(Change::EraseRetired(retired)), holds, device)
        }
        _ => settled(None, server, device),
    }
}

/// Whether a device proves that the provisional share is in use: the server then makes it active. The device that ran the DKG
/// does by holding it, as active (R1) or as pending (R2). A stepped-up restore does by a backup of it, as a device makes one
/// only of a share that it has in use. Such a share is collected only by the session that made it, which knows that the device
/// never said so, and by a new DKG of its device: after a crash the store alone cannot tell whether the decision was made and
/// lost.
#[must_use]
pub fn proves_provisional(provisional: ShareId, device: DeviceClaim) -> bool {
    match device.identity {
        Identity::RanAttempt => device.active.or(device.pending) == Some(provisional),
        Identity::Restoring => device.active == Some(provisional),
        Identity::Revoked => false,
    }
}

/// Whether the device has an active share that the server does not know and must have known. A restore may claim a
/// backup of any share, and is believed only where another restore can thaw what its claim freezes.
fn is_rolled_back(server: ServerHolds, device: DeviceClaim) -> bool {
    let Some(active) = device.active else { return false };
    match device.identity {
        Identity::RanAttempt => active != server.active && active.epoch() >= server.active.epoch(),
        Identity::Restoring => active.epoch() > server.active.epoch() && server.backup != Backup::NotRequired,
        Identity::Revoked => false,
    }
}

fn promote(server: ServerHolds, device: DeviceClaim, pending: ShareId) -> Verdict {
    let change = Change::Promote { id: pending, retire: server.active };
    let holds = ServerHolds {
        active: pending,
        pending: None,
        retired: Some(server.active),
        confirmed: Confirmed::No,
        ..server
    };
    settled(Some(change), holds, device)
}

fn settled(change: Option<Change>, holds: ServerHolds, device: DeviceClaim) -> Verdict {
    let agreement = if device.active == Some(holds.active) {
        Agreement::Equal
    } else if device.identity == Identity::Restoring {
        match holds.retired {
            Some(retired) if device.active == Some(retired) => Agreement::FromRetired(retired),
            _ => Agreement::Diverged,
        }
    } else if device.pending == Some(holds.active) {
        Agreement::DeviceFollows
    } else {
        Agreement::Diverged
    };
    Verdict::Settled { change, holds, agreement }
}

fn may_return(server: ServerHolds, retired: ShareId, device: DeviceClaim) -> bool {
    device.active == Some(retired) && device.pending.is_none() && server.confirmed == Confirmed::No
}

/// What a device does when it learns which share the server has active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// It is the device's active one too; a pending share of an attempt that came to nothing may go.
    KeepActive {
        /// The pending share.
        drop: Option<ShareId>,
    },
    /// It is the device's pending one: it becomes active, and the active one may go.
    TakePending {
        /// The active share; none after a DKG whose commit never arrived.
        erase: Option<ShareId>,
    },
}

/// The device's rule; none where it holds no such share, and must change nothing.
#[must_use]
pub fn reconcile_device(
    active: Option<ShareId>,
    pending: Option<ShareId>,
    server: ShareId,
) -> Option<DeviceChoice> {
    if active == Some(server) {
        Some(DeviceChoice::KeepActive { drop: pending })
    } else if pending == Some(server) {
        Some(DeviceChoice::TakePending { erase: active })
    } else {
        None
    }
}
