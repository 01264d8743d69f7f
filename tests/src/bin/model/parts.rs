//! What each party keeps: the server's wallet, a phone, and the holders of backup fragments. What a write does to it is
//! what the store's transactions do.

use maany_coordinator_proto::session::commit::{CommitWrite, Confirmation};
use maany_coordinator_proto::session::reconcile::{Change, Confirmed, Identity, ServerHolds};
use maany_coordinator_proto::session::{Backup, Pending, Promotion, Provisional};
use maany_coordinator_proto::{Epoch, ShareId};

/// A device identity: one for each enrolment.
pub(crate) type Key = u8;

/// The `tag`th share that was made.
pub(crate) fn share(epoch: u64, tag: u8) -> ShareId {
    ShareId::new(Epoch::new(epoch).unwrap_or(Epoch::FIRST), [tag; 16])
}

/// The two shares that somebody keeps fragments of, of one epoch each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Fragments([Option<ShareId>; 2]);

impl Fragments {
    /// To a host, which keeps the two highest epochs, and refuses what is below both.
    pub(crate) fn give_to_host(&mut self, id: ShareId) {
        let mut kept: Vec<ShareId> = self.all().filter(|kept| kept.epoch() != id.epoch()).collect();
        kept.push(id);
        kept.sort_by_key(|kept| std::cmp::Reverse(kept.epoch().get()));
        self.0 = [kept.first().copied(), kept.get(1).copied()];
    }

    /// To the owner, who keeps what was given last.
    pub(crate) fn give_to_owner(&mut self, id: ShareId) {
        let [newest, before] = self.0;
        let is_same_epoch = newest.is_some_and(|newest| newest.epoch() == id.epoch());
        self.0 = [Some(id), if is_same_epoch { before } else { newest }];
    }

    pub(crate) fn has(&self, id: ShareId) -> bool {
        self.0.contains(&Some(id))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = ShareId> {
        self.0.into_iter().flatten()
    }
}

/// The devices of a wallet, as the server knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Devices {
    pub(crate) enrolled: Key,
    pub(crate) pending: Option<Key>,
    /// A bit for each.
    pub(crate) revoked: u32,
}

/// The server's record of the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Wallet {
    pub(crate) holds: ServerHolds,
    pub(crate) provisional: bool,
    pub(crate) frozen: bool,
    pub(crate) devices: Devices,
    pub(crate) fragments: Fragments,
    /// The engine said that the other side cheated.
    pub(crate) quarantined: bool,
    /// It came from an archive, and nothing later is known of it.
    pub(crate) imported: bool,
    /// The one sequence that there is was signed.
    pub(crate) signed: bool,
    /// What it signed is not known.
    pub(crate) forgotten: bool,
}

impl Wallet {
    pub(crate) fn created(first: Provisional, key: Key, backup: Backup) -> Self {
        let holds =
            ServerHolds { active: first.id, pending: None, retired: None, confirmed: Confirmed::No, backup };
        let devices = Devices { enrolled: key, pending: None, revoked: 0 };
        Self {
            holds,
            provisional: true,
            frozen: false,
            devices,
            fragments: Fragments::default(),
            quarantined: false,
            imported: false,
            signed: false,
            forgotten: false,
        }
    }

    /// Who a key is; none for a key that the wallet does not know.
    pub(crate) fn identity(&self, key: Key, steps_up: bool) -> Option<Identity> {
        if self.devices.revoked & (1 << key) != 0 {
            Some(Identity::Revoked)
        } else if key == self.devices.enrolled || self.devices.pending == Some(key) {
            // A pending key came with the pending share, and goes with it.
            Some(Identity::RanAttempt)
        } else if steps_up {
            Some(Identity::Restoring)
        } else {
            None
        }
    }

    pub(crate) fn pend(&mut self, pending: &Pending, restoring: Option<Key>) {
        if let Some(active) = pending.active {
            self.holds = ServerHolds { active, pending: Some(pending.id), retired: None, ..self.holds };
            self.devices.pending = restoring;
        }
    }

    /// `keeps` is whether the share before is kept as the retired one.
    pub(crate) fn promote(&mut self, promotion: Promotion, keeps: bool) {
        (self.frozen, self.quarantined, self.imported) = (false, false, false);
        if self.provisional {
            self.provisional = false;
            return;
        }
        let retired = promotion.retire.filter(|_| keeps);
        let (active, confirmed) = (promotion.id, Confirmed::No);
        self.holds = ServerHolds { active, pending: None, retired, confirmed, ..self.holds };
        if let Some(key) = self.devices.pending.take() {
            self.devices.revoked |= 1 << self.devices.enrolled;
            self.devices.enrolled = key;
        }
    }

    /// `unlocks` is whether a promotion of what an earlier session left leads out of a lock.
    pub(crate) fn change(&mut self, change: Change, keeps: bool, unlocks: bool) {
        match change {
            Change::Promote { id, retire } => {
                let lock = (self.frozen, self.quarantined, self.imported);
                self.promote(Promotion { id, retire: Some(retire), erase: None }, keeps);
                if !unlocks {
                    (self.frozen, self.quarantined, self.imported) = lock;
                }
            }
            Change::DropPending(_) => {
                self.holds.pending = None;
                self.devices.pending = None;
            }
            Change::ReturnToRetired { id, .. } => {
                self.holds =
                    ServerHolds { active: id, retired: None, confirmed: Confirmed::Yes, ..self.holds };
            }
            Change::EraseRetired(_) => {
                self.holds = ServerHolds { retired: None, confirmed: Confirmed::Yes, ..self.holds };
            }
        }
    }

    pub(crate) fn confirm(&mut self, confirmation: Confirmation, fragment: Option<ShareId>) {
        self.holds.confirmed = Confirmed::Yes;
        if confirmation.erase_retired.is_some() {
            self.holds.retired = None;
        }
        if let (Backup::Required { .. }, Some(id)) = (self.holds.backup, confirmation.receipt) {
            self.holds.backup = Backup::Required { receipt: Some(id) };
        }
        if let Some(id) = fragment {
            self.fragments.give_to_host(id);
        }
    }

    /// Whether only an operator's code leads on.
    pub(crate) fn is_locked(&self) -> bool {
        self.quarantined || self.imported
    }

    /// Whether a backup of the active share is still to come.
    pub(crate) fn owes_backup(&self) -> bool {
        !self.holds.is_backed_up()
    }
}

/// A share with the identity under which it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Kept {
    pub(crate) id: ShareId,
    pub(crate) key: Key,
}

/// What a phone keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Phone {
    pub(crate) active: Option<Kept>,
    pub(crate) pending: Option<Kept>,
}

impl Phone {
    pub(crate) fn active_id(&self) -> Option<ShareId> {
        self.active.map(|kept| kept.id)
    }

    pub(crate) fn pending_id(&self) -> Option<ShareId> {
        self.pending.map(|kept| kept.id)
    }

    /// The identities it may prove, the one in use first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        let first = self.active.map(|kept| kept.key);
        let second = self.pending.map(|kept| kept.key).filter(|key| Some(*key) != first);
        first.into_iter().chain(second)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_none() && self.pending.is_none()
    }

    fn held(&self, id: ShareId) -> Option<Kept> {
        [self.active, self.pending].into_iter().flatten().find(|kept| kept.id == id)
    }

    pub(crate) fn holds(&self, id: ShareId) -> bool {
        self.held(id).is_some()
    }

    /// `first` is a device that makes the new share its active one without waiting for the decision.
    pub(crate) fn write(&mut self, write: &CommitWrite, key: Key, first: bool) {
        match write {
            CommitWrite::Provisional(Provisional { id, .. }) => {
                *self = Self { active: None, pending: Some(Kept { id: *id, key }) };
            }
            CommitWrite::Pending(Pending { id, active, .. }) => {
                let active = active.and_then(|base| self.held(base));
                *self = Self { active, pending: Some(Kept { id: *id, key }) };
            }
            CommitWrite::Promote(_) => {
                let active = self.pending.or(self.active);
                *self = Self { active, pending: None };
            }
        }
        if first && self.pending.is_some() {
            *self = Self { active: self.pending, pending: None };
        }
    }
}
