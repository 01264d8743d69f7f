//! What a machine asks for: frames to send, the engine to run, the store to write, and the end.

use core::fmt;

use super::AbortRecord;
use super::commit::Confirmation;
use super::reconcile::{Change, FreezeCause};
use crate::backup_share::BackupShare;
use crate::close::CloseCode;
use crate::control::{Document, SignatureBytes};
use crate::hello::Hello;
use crate::ids::{Intent, ShareId, WalletId};
use crate::proof::{Challenge, Claim, ProvenClaim};

/// Which ceremony the engine starts, and with which share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    /// A new key.
    Dkg,
    /// A signature with this share.
    Sign(ShareId),
    /// New shares from this one.
    Refresh(ShareId),
    /// New shares from this one, which on this side was rebuilt from a backup (device only).
    Restore(ShareId),
}

/// The new share of a DKG, as it is first written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Provisional {
    /// The share.
    pub id: ShareId,
    /// The wallet that it belongs to.
    pub wallet: WalletId,
}

/// The new share of a refresh or restore, as it is first written. After this write the wallet holds `active` and the
/// pending share `id`, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pending {
    /// The new share.
    pub id: ShareId,
    /// The wallet that it belongs to; on a device that restores, its record may not exist yet.
    pub wallet: WalletId,
    /// The share that it was made from, active from now on if it was not already; none on a device that restores, whose
    /// rebuilt share is not kept.
    pub active: Option<ShareId>,
    /// What the wallet held beside `active`: erased in the same transaction, together with its record entry.
    pub erase: Vec<ShareId>,
}

/// The decision for a new share: it becomes active (and the wallet's standing [`super::Standing::Active`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Promotion {
    /// The share that becomes active.
    pub id: ShareId,
    /// The former active share, kept as retired (server).
    pub retire: Option<ShareId>,
    /// The former active share, erased (device).
    pub erase: Option<ShareId>,
}

/// One durable write: all of it in one transaction, with its audit row.
#[derive(Debug)]
pub enum Write {
    /// DKG: insert the share and the wallet as provisional.
    Provisional(Provisional),
    /// Take back a provisional wallet that never was announced.
    DropProvisional(ShareId),
    /// Refresh, restore: insert the new share as pending.
    Pending(Pending),
    /// Make a provisional or pending share the active one.
    Promote(Promotion),
    /// Device: erase a pending share of an attempt that the server has not decided for.
    DropPending(ShareId),
    /// Server: erase the share before the active one.
    EraseRetired(ShareId),
    /// Server: the finished signature with its debit.
    Signature,
    /// Server: a device's backup fragment.
    Backup(Box<BackupShare>),
    /// The abort ledger, and what it says about the wallet, before the abort is reported.
    Abort(AbortRecord),
    /// Protocol 2, server: what reconciliation says. A share that it promotes takes the wallet out of quarantine, as it was
    /// made by the stepped-up refresh that leads out of it.
    Reconcile(Change),
    /// Protocol 2: the wallet is frozen.
    Freeze(FreezeCause),
    /// Protocol 2, server: the end of a DKG, refresh or restore, all in one write: the device has the new share in use.
    Confirm {
        /// What it settles about the shares.
        confirmation: Confirmation,
        /// This side's document of the backup of the new share.
        fragment: Option<Document>,
    },
}

/// What became of a backup at the end of a DKG, refresh or restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupOutcome {
    /// None was sent.
    None,
    /// It was stored; on the server with or without a complete receipt, on the device acknowledged.
    Stored,
    /// It was refused, could not be stored, or was not acknowledged.
    Failed,
}

/// How a session ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new key.
    Created {
        /// Its wallet.
        wallet: WalletId,
        /// Its share.
        share: ShareId,
        /// What became of the backup.
        backup: BackupOutcome,
    },
    /// A signature; on the server it is stored and sent.
    Signed,
    /// The request was signed before: the signature is to be had over HTTP. In protocol 2 the server has sent it.
    AlreadySigned,
    /// Protocol 2, device: the request was signed before, and this is the stored signature; it is not verified here.
    StoredSignature(SignatureBytes),
    /// New shares, by refresh or restore.
    Renewed {
        /// [`Intent::Refresh`] or [`Intent::Restore`].
        intent: Intent,
        /// The new share.
        share: ShareId,
        /// Server: the share before it, kept until a backup of the new one is complete.
        retired: Option<ShareId>,
        /// What became of the backup.
        backup: BackupOutcome,
    },
}

/// One thing to do.
pub enum Effect {
    /// Send a text frame.
    SendText(String),
    /// Send a binary frame.
    SendBinary(Vec<u8>),
    /// Close the connection; nothing is sent after it.
    Close(CloseCode),
    /// Server: ask the host whether this hello may go on.
    Admit(Box<Hello>),
    /// Protocol 2, server: ask the host whether this hello may go on, for a device that has proven its claim.
    AdmitProven(Box<Hello>, Box<ProvenClaim>),
    /// Protocol 2, device: sign this claim with the identity key.
    Prove(Box<(Challenge, Claim)>),
    /// Server: the session is ready; tell the host.
    Ready,
    /// Start a ceremony.
    StartEngine(Ceremony),
    /// Give the engine a message of the peer.
    RunEngine(Vec<u8>),
    /// Device: read the share id in the header of this engine frame, without trusting it.
    Peek(Vec<u8>),
    /// Device: make the backup frame of this share.
    MakeBackup(ShareId),
    /// Protocol 2, device: make a backup of this share, and say what the server is to keep of it.
    MakeDocument(ShareId),
    /// Write this durably.
    Store(Write),
    /// The session ended well; always the last effect.
    Finish(Outcome),
}

impl Effect {
    /// The effect's name, for a log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SendText(_) => "send text",
            Self::SendBinary(_) => "send binary",
            Self::Close(_) => "close",
            Self::Admit(_) => "admit",
            Self::AdmitProven(..) => "admit proven",
            Self::Prove(_) => "prove",
            Self::Ready => "ready",
            Self::StartEngine(_) => "start engine",
            Self::RunEngine(_) => "run engine",
            Self::Peek(_) => "peek",
            Self::MakeBackup(_) => "make backup",
            Self::MakeDocument(_) => "make document",
            Self::Store(_) => "store",
            Self::Finish(_) => "finish",
        }
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close(code) => write!(f, "close {code}"),
            Self::StartEngine(ceremony) => write!(f, "start engine {ceremony:?}"),
            Self::Store(write) => write!(f, "store {write:?}"),
            Self::Finish(outcome) => write!(f, "finish {outcome:?}"),
            other => f.write_str(other.name()),
        }
    }
}

/// The effects of a step, in the order in which they are to be carried out.
#[derive(Debug, Default)]
pub struct Outbox(Vec<Effect>);

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes the effects out, first to last.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.0.drain(..)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    pub(super) fn extend(&mut self, effects: impl IntoIterator<Item = Effect>) {
        self.0.extend(effects);
    }
}
