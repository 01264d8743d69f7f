//! A store that keeps what the writes say, refuses to believe in writes that make no sense, and fails when it is told to.

use std::collections::BTreeSet;

use maany_coordinator_proto::session::{
    AbortLedger, Admission, Backup, DeviceHolds, Input, Receipt, SignFacts, Standing, SteppedUp, StoreFault,
    Verdict, WalletFacts, Write,
};
use maany_coordinator_proto::{Intent, ShareId, WalletId};

use crate::engine::Role;

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) wallet: WalletId,
    pub(crate) standing: Standing,
    pub(crate) active: Option<ShareId>,
    pub(crate) pending: Option<ShareId>,
    pub(crate) retired: Option<ShareId>,
    pub(crate) aborts: AbortLedger,
    pub(crate) backup: Backup,
}

impl Record {
    fn named(&self) -> BTreeSet<ShareId> {
        [self.active, self.pending, self.retired].into_iter().flatten().collect()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct FakeStore {
    pub(crate) role: Role,
    pub(crate) record: Option<Record>,
    pub(crate) shares: BTreeSet<ShareId>,
    pub(crate) signatures: usize,
    pub(crate) backups: usize,
    pub(crate) receipt: Receipt,
    /// Fails the how-manieth write.
    pub(crate) fail: Option<(usize, StoreFault)>,
    pub(crate) writes: usize,
}

impl FakeStore {
    pub(crate) fn empty(role: Role) -> Self {
        Self {
            role,
            record: None,
            shares: BTreeSet::new(),
            signatures: 0,
            backups: 0,
            receipt: Receipt::Complete,
            fail: None,
            writes: 0,
        }
    }

    /// The same store after a restart: what was to fail has failed.
    pub(crate) fn restarted(&self) -> Self {
        Self { fail: None, writes: 0, ..self.clone() }
    }

    pub(crate) fn record(&self) -> &Record {
        self.record.as_ref().expect("a wallet")
    }

    pub(crate) fn record_mut(&mut self) -> &mut Record {
        self.record.as_mut().expect("a wallet")
    }

    pub(crate) fn write(&mut self, write: &Write) -> Input {
        self.writes += 1;
        if let Some((_, fault)) = self.fail.filter(|(write, _)| *write == self.writes) {
            return Input::StoreFailed(fault);
        }
        let answer = match write {
            Write::Backup(_) => Input::BackupStored(self.receipt),
            _ => Input::Stored,
        };
        self.apply(write);
        if let Some(record) = &self.record {
            assert_eq!(record.named(), self.shares, "the record names exactly the shares that are kept");
        }
        answer
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Provisional(new) => {
                let old = self.record.replace(Record {
                    wallet: new.wallet,
                    standing: Standing::Provisional,
                    active: None,
                    pending: Some(new.id),
                    retired: None,
                    aborts: AbortLedger::default(),
                    backup: Backup::NotRequired,
                });
                assert!(old.is_none_or(|old| old.active.is_none()), "dkg never overwrites");
                self.shares = BTreeSet::from([new.id]);
            }
            Write::DropProvisional(id) => {
                let record = self.record.take().expect("a wallet");
                assert_eq!((record.standing, record.pending), (Standing::Provisional, Some(*id)));
                self.shares.clear();
            }
            Write::Pending(new) => {
                self.shares.insert(new.id);
                for share in &new.erase {
                    assert!(self.shares.remove(share), "what is erased was there");
                }
                let record = self.record.get_or_insert(Record {
                    wallet: new.wallet,
                    standing: Standing::Active,
                    active: None,
                    pending: None,
                    retired: None,
                    aborts: AbortLedger::default(),
                    backup: Backup::NotRequired,
                });
                assert_eq!(record.wallet, new.wallet);
                (record.active, record.pending, record.retired) = (new.active, Some(new.id), None);
            }
            Write::Promote(promotion) => {
                let record = self.record.as_mut().expect("a wallet");
                assert_eq!(record.pending, Some(promotion.id), "only a durable share is promoted");
                assert_eq!(
                    record.active,
                    promotion.retire.or(promotion.erase),
                    "the former active is accounted for"
                );
                if let Some(erase) = promotion.erase {
                    assert_eq!(self.role, Role::Device, "only a device erases its active share");
                    self.shares.remove(&erase);
                }
                (record.active, record.pending, record.retired) =
                    (Some(promotion.id), None, promotion.retire);
                record.standing = Standing::Active;
            }
            Write::DropPending(id) => {
                let record = self.record.as_mut().expect("a wallet");
                assert_eq!(record.pending.take(), Some(*id));
                self.shares.remove(id);
            }
            Write::EraseRetired(id) => {
                let record = self.record.as_mut().expect("a wallet");
                assert_eq!(record.retired.take(), Some(*id));
                self.shares.remove(id);
            }
            Write::Signature => self.signatures += 1,
            Write::Backup(_) => self.backups += 1,
            Write::Abort(abort) => {
                let record = self.record.as_mut().expect("a wallet");
                record.aborts = abort.ledger;
                record.standing = match abort.verdict {
                    Verdict::Quarantine => Standing::Quarantined,
                    Verdict::Freeze => Standing::Frozen,
                    Verdict::Counted => record.standing,
                    Verdict::NotCounted => panic!("nothing to write"),
                };
            }
        }
    }

    /// What a server answers to a hello, from what it holds.
    pub(crate) fn admission(&self, intent: Intent, stepped_up: SteppedUp) -> Option<Admission> {
        if intent == Intent::Dkg {
            return Some(Admission::Dkg { wallet: WalletId::from_bytes([9; 16]) });
        }
        let record = self.record.as_ref()?;
        let facts = WalletFacts {
            wallet: record.wallet,
            standing: record.standing,
            active: record.active.or(record.pending)?,
            pending: record.pending,
            retired: record.retired,
            backup: record.backup,
            aborts: record.aborts,
            stepped_up,
        };
        Some(match intent {
            Intent::Sign | Intent::Dkg => Admission::Sign(SignFacts::Open(facts)),
            Intent::Refresh => Admission::Refresh(facts),
            Intent::Restore => Admission::Restore(facts),
        })
    }

    /// What a device holds.
    pub(crate) fn holds(&self) -> Option<DeviceHolds> {
        let record = self.record.as_ref()?;
        Some(DeviceHolds {
            wallet: record.wallet,
            standing: record.standing,
            active: record.active,
            pending: record.pending,
            aborts: record.aborts,
        })
    }
}
