//! A small world: five shares of three epochs.

use maany_coordinator_proto::session::Backup;
use maany_coordinator_proto::session::reconcile::{Confirmed, DeviceClaim, Identity, ServerHolds};
use maany_coordinator_proto::{Epoch, ShareId};

pub(crate) fn share(epoch: u64, tag: u8) -> ShareId {
    ShareId::new(Epoch::new(epoch).expect("an epoch"), [tag; 16])
}

pub(crate) fn shares() -> [ShareId; 5] {
    [share(1, 1), share(1, 2), share(2, 3), share(2, 4), share(3, 5)]
}

pub(crate) fn optional() -> impl Iterator<Item = Option<ShareId>> + Clone {
    [None].into_iter().chain(shares().map(Some))
}

/// Every state of a wallet's backup.
pub(crate) fn backups() -> impl Iterator<Item = Backup> {
    [Backup::NotRequired].into_iter().chain(optional().map(|receipt| Backup::Required { receipt }))
}

/// Everything a server could hold, records that contradict themselves included.
pub(crate) fn servers() -> Vec<ServerHolds> {
    let mut all = Vec::new();
    for active in shares() {
        for pending in optional() {
            for retired in optional() {
                for backup in backups() {
                    for confirmed in [Confirmed::No, Confirmed::Yes] {
                        all.push(ServerHolds { active, pending, retired, confirmed, backup });
                    }
                }
            }
        }
    }
    all
}

/// Everything a device could claim.
pub(crate) fn claims() -> Vec<DeviceClaim> {
    let mut all = Vec::new();
    for active in optional() {
        for pending in optional().filter(|pending| pending.is_none() || *pending != active) {
            for identity in [Identity::RanAttempt, Identity::Restoring, Identity::Revoked] {
                all.push(DeviceClaim { active, pending, identity });
            }
        }
    }
    all
}

/// Whether a server's record can be true.
pub(crate) fn is_sound(server: &ServerHolds) -> bool {
    let epoch = server.active.epoch();
    match (server.pending, server.retired) {
        (None, None) => true,
        (Some(pending), None) => pending.epoch() > epoch,
        (None, Some(retired)) => retired.epoch() < epoch,
        (Some(_), Some(_)) => false,
    }
}
