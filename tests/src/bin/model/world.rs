//! Everything at one moment: two disks, what others keep, and one session with its messages on their way.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use maany_coordinator_proto::session::commit::{
    CommitFrame, CommitWrite, Confirmation, DeviceCommit, Origin, ServerCommit,
};
use maany_coordinator_proto::session::{Backup, reconcile::DeviceClaim};
use maany_coordinator_proto::{ShareId, WalletId};

use crate::disk::Disk;
use crate::parts::{Fragments, Key, Phone, Wallet};
use crate::words::Verb;

/// What is taken away from the protocol, to see it missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    Nothing,
    R1,
    R2,
    R3,
    R4,
    R5,
    /// R1 and R2 for the first share.
    FirstShare,
    /// The server erases the old share in the decision.
    Retired,
    /// The device waits for the decision before it makes the new share active.
    Order,
    /// A provisional wallet is taken away only by the session that made it.
    Patience,
    /// A server whose store was rolled back freezes.
    Freeze,
    /// What comes from an archive alone is locked.
    ImportLock,
    /// What was signed since an archive is known to be forgotten.
    GuardMemory,
    /// What the old store has learnt since is carried forward.
    Carried,
    /// Only a share of a session's own making unlocks a wallet, and not one that it found prepared.
    OwnCeremony,
    /// An old store that is not the latest lets nothing be remembered.
    Latest,
}

/// Whether the server's store may be exported once and put back once, and what is at hand then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArchiveRule {
    Never,
    /// The store that the archive replaces.
    OverOld,
    /// An earlier copy of that store, of which nobody says that it is the latest.
    OverCopy,
    /// Nothing but the archive.
    Alone,
}

/// One kind of wallet, one protocol, and how far a run may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) without: Without,
    pub(crate) backup: Backup,
    pub(crate) refreshes: u8,
    pub(crate) restores: u8,
    /// A crash may lose a write, and the phone may be lost.
    pub(crate) losses: bool,
    pub(crate) archive: ArchiveRule,
    /// Between the two the wallet may sign and be quarantined; afterwards an operator may give a code.
    pub(crate) memory: bool,
}

pub(crate) const WALLET: WalletId = WalletId::from_bytes([1; 16]);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// None: the server knows no such wallet.
    pub(crate) server: Disk<Option<Wallet>>,
    pub(crate) phones: [Disk<Phone>; 2],
    /// The owner's and the third party's fragments.
    pub(crate) others: [Fragments; 2],
    pub(crate) session: Option<Box<Session>>,
    pub(crate) archive: Archive,
    pub(crate) spent: Spent,
    pub(crate) told: Told,
    /// What the lost phone held.
    pub(crate) stolen: Option<Phone>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Archive {
    None,
    Taken(Option<Wallet>),
    /// Since then the store was copied.
    Copied {
        taken: Option<Wallet>,
        copy: Option<Wallet>,
    },
    PutBack {
        /// What was made of it.
        old: Option<Wallet>,
        /// What it replaced.
        truth: Option<Wallet>,
    },
}

/// What a run has used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Spent {
    pub(crate) shares: u8,
    pub(crate) keys: Key,
    pub(crate) dkgs: u8,
    pub(crate) refreshes: u8,
    pub(crate) restores: u8,
    pub(crate) codes: u8,
}

/// What people rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Told {
    /// The address was shown.
    pub(crate) address: bool,
    /// A backup was acknowledged as complete.
    pub(crate) backup: bool,
}

/// A connection with a side on each end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) phone: usize,
    pub(crate) verb: Verb,
    /// The identity that is proven, and enrolled by a DKG or a restore.
    pub(crate) key: Key,
    pub(crate) server: ServerSide,
    pub(crate) device: DeviceSide,
    pub(crate) up: VecDeque<Message>,
    pub(crate) down: VecDeque<Message>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Message {
    /// The identity and the claim; who it is, the server decides.
    Proof {
        active: Option<ShareId>,
        pending: Option<ShareId>,
    },
    /// The share to go on with, and whether a backup of it is owed.
    Ready {
        share: ShareId,
        owed: bool,
        more: bool,
    },
    Refused(Refusal),
    Frame(CommitFrame),
    Backup(ShareId),
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    Unknown,
    Revoked,
    Frozen,
    Diverged,
    Locked,
}

/// What a commit is to do next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    /// Carry this write out.
    Write(CommitWrite),
    /// Tell the machine that it is durable.
    Written,
    /// Wait for the peer.
    Listening,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ServerSide {
    AwaitProof,
    Judging(DeviceClaim),
    Running(Option<ShareId>),
    Committing(ServerCommit, Doing),
    AwaitBackup(ShareId),
    Confirming(Confirmation, Option<ShareId>),
    Confirmed,
    Over,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum DeviceSide {
    AwaitReady,
    /// Its disk is to be brought in line, then it goes on.
    Settling {
        now: Phone,
        share: ShareId,
        owed: bool,
        more: bool,
    },
    Running(Origin),
    Committing(DeviceCommit, Doing),
    /// This many of the other holders have their fragment.
    Delivering(ShareId, usize),
    AwaitDone,
}

impl World {
    pub(crate) fn start() -> Self {
        Self {
            server: Disk::new(None),
            phones: [Disk::new(Phone::default()); 2],
            others: [Fragments::default(); 2],
            session: None,
            archive: Archive::None,
            spent: Spent::default(),
            told: Told::default(),
            stolen: None,
        }
    }

    pub(crate) fn wallet(&self) -> Option<Wallet> {
        self.server.now
    }

    /// Whether any two of the three holders have fragments of this share.
    pub(crate) fn is_restorable(&self, id: ShareId) -> bool {
        let coordinator = self.wallet().is_some_and(|wallet| wallet.fragments.has(id));
        let others = self.others.iter().filter(|holder| holder.has(id)).count();
        others + usize::from(coordinator) >= 2
    }

    /// The shares that a backup gives back, the newest first.
    pub(crate) fn backups(&self) -> Vec<ShareId> {
        let coordinator = self.wallet().map(|wallet| wallet.fragments).unwrap_or_default();
        let all = self.others.iter().flat_map(Fragments::all).chain(coordinator.all());
        let mut ids: Vec<_> = all.filter(|id| self.is_restorable(*id)).collect();
        ids.sort_by_key(|id| std::cmp::Reverse((id.epoch().get(), id.to_bytes())));
        ids.dedup();
        ids
    }

    /// Whether this phone can sign together with the server as both stand.
    pub(crate) fn signs(&self, phone: &Phone) -> bool {
        let (Some(wallet), Some(kept)) = (self.wallet(), phone.active) else { return false };
        let enrolled = kept.key == wallet.devices.enrolled;
        enrolled
            && kept.id == wallet.holds.active
            && !wallet.provisional
            && !wallet.frozen
            && !wallet.is_locked()
    }

    pub(crate) fn digest(&self) -> u128 {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            self.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        (half(0) << 64) | half(1)
    }
}
