//! A store that keeps what the writes say, refuses to believe in writes that make no sense, and fails when it is told to.

use std::collections::BTreeSet;

use maany_coordinator_proto::control::{Document, SignatureBytes};
use maany_coordinator_proto::session::reconcile::{Change, Confirmed, Identity};
use maany_coordinator_proto::session::{
    AbortLedger, Admission, Asked, Backup, DeviceHolds, Input, ProvenAdmission, ProvenFacts, Receipt,
    Refusal, SignFacts, Standing, SteppedUp, StoreFault, Verdict, WalletFacts, Write,
};
use maany_coordinator_proto::{Epoch, Intent, ProvenClaim, ShareId, WalletId};

use crate::engine::Role;

/// The signature that every request gets.
pub(crate) fn signature() -> SignatureBytes {
    SignatureBytes { r_s: [7; 64], recovery_id: 1 }
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) wallet: WalletId,
    pub(crate) standing: Standing,
    pub(crate) active: Option<ShareId>,
    pub(crate) pending: Option<ShareId>,
    pub(crate) retired: Option<ShareId>,
    pub(crate) aborts: AbortLedger,
    pub(crate) backup: Backup,
    pub(crate) confirmed: Confirmed,
    pub(crate) devices: Devices,
}

impl Record {
    fn named(&self) -> BTreeSet<ShareId> {
        [self.active, self.pending, self.retired].into_iter().flatten().collect()
    }
}

/// Which identity keys speak for the wallet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Devices {
    pub(crate) enrolled: Option<[u8; 33]>,
    pub(crate) pending: Option<[u8; 33]>,
    pub(crate) revoked: Vec<[u8; 33]>,
}

impl Devices {
    fn enrol(&mut self) {
        if let Some(new) = self.pending.take() {
            self.revoked.extend(self.enrolled.replace(new));
        }
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
    /// Protocol 2, device: the identity key that lies beside its shares.
    pub(crate) identity: Option<u8>,
    /// Protocol 2: who the session has proven to be (server), or which key it runs with (device).
    pub(crate) proven: Option<([u8; 33], u8)>,
    /// The request is signed already, with this.
    pub(crate) signed: Option<SignatureBytes>,
    /// The documents that were stored.
    pub(crate) documents: Vec<Document>,
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
            identity: None,
            proven: None,
            signed: None,
            documents: Vec::new(),
        }
    }

    /// The same store after a restart: what was to fail has failed.
    pub(crate) fn restarted(&self) -> Self {
        Self { fail: None, writes: 0, proven: None, ..self.clone() }
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
            Write::Signature if self.proven.is_some() => Input::SignatureStored(signature()),
            Write::Confirm { .. } => Input::Confirmed { public_key: [2; 33] },
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
                let enrolled = self.enrolling();
                let old = self.record.replace(Record {
                    wallet: new.wallet,
                    standing: Standing::Provisional,
                    active: None,
                    pending: Some(new.id),
                    retired: None,
                    aborts: AbortLedger::default(),
                    backup: Backup::NotRequired,
                    confirmed: Confirmed::No,
                    devices: Devices { enrolled, ..Devices::default() },
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
                let key = self.enrolling();
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
                    confirmed: Confirmed::No,
                    devices: Devices::default(),
                });
                assert_eq!(record.wallet, new.wallet);
                record.devices.pending = key.filter(|_| record.devices.enrolled != key);
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
                record.confirmed = Confirmed::No;
                record.devices.enrol();
            }
            Write::DropPending(id) => {
                let record = self.record.as_mut().expect("a wallet");
                assert_eq!(record.pending.take(), Some(*id));
                record.devices.pending = None;
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
            Write::Reconcile(change) => self.reconcile(*change),
            Write::Freeze(_) => self.record_mut().standing = Standing::Frozen,
            Write::Confirm { confirmation, fragment } => {
                let record = self.record.as_mut().expect("a wallet");
                assert_eq!(record.active, Some(confirmation.id), "what is confirmed is in use");
                record.confirmed = Confirmed::Yes;
                if let Some(receipt) = confirmation.receipt {
                    record.backup = Backup::Required { receipt: Some(receipt) };
                }
                if let Some(erase) = confirmation.erase_retired {
                    assert_eq!(record.retired.take(), Some(erase));
                    self.shares.remove(&erase);
                }
                self.documents.extend(fragment.clone());
            }
        }
    }

    fn reconcile(&mut self, change: Change) {
        let record = self.record.as_mut().expect("a wallet");
        match change {
            Change::Promote { id, retire } => {
                assert_eq!((record.pending, record.active), (Some(id), Some(retire)));
                (record.active, record.pending, record.retired) = (Some(id), None, Some(retire));
                record.confirmed = Confirmed::No;
                record.devices.enrol();
            }
            Change::DropPending(id) => {
                assert_eq!(record.pending.take(), Some(id));
                record.devices.pending = None;
                self.shares.remove(&id);
            }
            Change::ReturnToRetired { id, erase } => {
                assert_eq!((record.retired, record.active), (Some(id), Some(erase)));
                (record.active, record.retired) = (Some(id), None);
                record.confirmed = Confirmed::Yes;
                self.shares.remove(&erase);
            }
            Change::EraseRetired(id) => {
                assert_eq!(record.retired.take(), Some(id));
                record.confirmed = Confirmed::Yes;
                self.shares.remove(&id);
            }
        }
    }

    /// The key that the session's new share belongs to. A device keeps it with the share.
    fn enrolling(&mut self) -> Option<[u8; 33]> {
        let (public, seed) = self.proven?;
        if self.role == Role::Device {
            self.identity = Some(seed);
        }
        Some(public)
    }

    /// What a server answers to a proven hello.
    pub(crate) fn proven_admission(
        &mut self,
        intent: Intent,
        stepped_up: SteppedUp,
        claim: &ProvenClaim,
    ) -> Result<ProvenAdmission, Refusal> {
        let key = *claim.identity.as_bytes();
        self.proven = Some((key, 0));
        let admission = self.admission(intent, stepped_up).ok_or(Refusal::UnknownWallet)?;
        let facts = match admission {
            Admission::Dkg { wallet } => return Ok(ProvenAdmission::Dkg { wallet }),
            Admission::Sign(SignFacts::Open(facts))
            | Admission::Refresh(facts)
            | Admission::Restore(facts) => facts,
            Admission::Sign(SignFacts::AlreadySigned) => {
                unreachable!("the store says what is signed otherwise")
            }
        };
        // The provisional share of a wallet is its active one and nothing else.
        let pending = facts.pending.filter(|_| facts.standing != Standing::Provisional);
        let facts = WalletFacts { pending, ..facts };
        let record = self.record();
        let steps_up = intent == Intent::Restore && stepped_up == SteppedUp::Yes;
        let identity = if record.devices.revoked.contains(&key) {
            Identity::Revoked
        } else if record.devices.enrolled == Some(key) || record.devices.pending == Some(key) {
            Identity::RanAttempt
        } else if steps_up {
            Identity::Restoring
        } else {
            return Err(Refusal::UnknownWallet);
        };
        let facts = ProvenFacts { wallet: facts, confirmed: record.confirmed, identity };
        Ok(match intent {
            Intent::Sign | Intent::Dkg => {
                ProvenAdmission::Sign { facts, asked: self.signed.map_or(Asked::Open, Asked::Signed) }
            }
            Intent::Refresh => ProvenAdmission::Refresh(facts),
            Intent::Restore => ProvenAdmission::Restore(facts),
        })
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

/// The share of an epoch, by the attempt that made it.
pub(crate) fn share(epoch: u64, attempt: u8) -> ShareId {
    ShareId::new(Epoch::new(epoch).expect("an epoch"), [attempt; 16])
}

/// The store with these shares, and no others.
pub(crate) fn holding(
    store: &FakeStore,
    active: Option<ShareId>,
    pending: Option<ShareId>,
    retired: Option<ShareId>,
) -> FakeStore {
    let record = Record { active, pending, retired, ..store.record().clone() };
    let shares = [active, pending, retired].into_iter().flatten().collect();
    FakeStore { record: Some(record), shares, ..store.clone() }
}
