//! What a machine is told: frames of the peer, the passing of time, and the results of the effects it asked for.

use core::fmt;

use super::{Admission, ProvenAdmission, Refusal};
use crate::backup_share::BackupShare;
use crate::close::CloseCode;
use crate::control::{Document, SignatureBytes};
use crate::ids::ShareId;
use crate::proof::Proof;

/// The class of an engine's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AbortClass {
    /// Loss, mismatch of sessions, a bad frame tag: never counted.
    A,
    /// A failed check inside an authentic frame: counted; three in one epoch quarantine the wallet.
    B,
    /// The engine says that the peer cheated: quarantine at once.
    C,
    /// This side's own state does not add up: freeze the wallet.
    Freeze,
}

impl fmt::Display for AbortClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::Freeze => "own state",
        })
    }
}

/// What the engine has finished with this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineOutput {
    /// Nothing yet: it waits for the peer.
    None,
    /// A new share, checked by its test signature.
    Share(ShareId),
    /// A verified signature.
    Signature,
}

/// Why the store could not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreFault {
    /// Somebody else changed the record in between.
    Conflict,
    /// No room left.
    Full,
    /// The record that it reads is damaged.
    Corrupt,
    /// Any other failure.
    Unavailable,
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflict => "the record has changed in between",
            Self::Full => "no room is left",
            Self::Corrupt => "a record is damaged",
            Self::Unavailable => "it is not available",
        })
    }
}

/// Whether a stored backup is enough to restore the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// The ciphertext and at least the threshold of fragments are acknowledged.
    Complete,
    /// Stored, but more fragments are needed elsewhere.
    Partial,
}

/// What a device leaves with the server of the backup that it has made.
#[derive(Debug)]
pub struct MadeBackup {
    /// The server's document.
    pub document: Document,
    /// Whether at least the threshold of documents, this one included, are acknowledged by their holders.
    pub receipt: Receipt,
}

/// One input of a session machine.
pub enum Input {
    /// A text frame of the peer.
    Text(Vec<u8>),
    /// A binary frame of the peer.
    Binary(Vec<u8>),
    /// The peer is gone, with the close code it gave.
    PeerClosed(Option<u16>),
    /// The transport refused what the peer sent (over the limit, not UTF-8, not WebSocket) with this code.
    PeerFault(CloseCode),
    /// Time has passed.
    Tick,
    /// Answer to [`super::Effect::Admit`]: let in.
    Admitted(Admission),
    /// Answer to [`super::Effect::AdmitProven`]: let in.
    AdmittedProven(Box<ProvenAdmission>),
    /// Answer to [`super::Effect::Admit`] and [`super::Effect::AdmitProven`]: not let in.
    Refused(Refusal),
    /// Answer to [`super::Effect::Prove`].
    Proved(Box<Proof>),
    /// Answer to [`super::Effect::StartEngine`] and [`super::Effect::RunEngine`].
    EngineStepped {
        /// The engine's next message for the peer.
        outbound: Option<Vec<u8>>,
        /// What the engine has finished.
        output: EngineOutput,
    },
    /// Answer to [`super::Effect::StartEngine`] and [`super::Effect::RunEngine`]: it failed.
    EngineFailed(AbortClass),
    /// Answer to [`super::Effect::StartEngine`] and [`super::Effect::RunEngine`]: it ran no step, for a reason of this side,
    /// such as a share that cannot be opened or an engine that has too much to do.
    EngineUnavailable,
    /// Answer to [`super::Effect::Peek`]: the frame back, and the share id its header names.
    Peeked {
        /// The frame, unchanged.
        frame: Vec<u8>,
        /// The share id in its header; none where it is no engine's frame.
        share: Option<ShareId>,
    },
    /// Answer to [`super::Effect::Store`]: durable.
    Stored,
    /// Answer to the [`super::Effect::Store`] of a backup: durable.
    BackupStored(Receipt),
    /// Answer to the [`super::Effect::Store`] of a signature: durable. [`Input::Stored`] will do in the older profile.
    SignatureStored(SignatureBytes),
    /// Answer to the [`super::Effect::Store`] of a confirmation: durable.
    Confirmed {
        /// The wallet's public key, 33-byte compressed SEC1.
        public_key: [u8; 33],
    },
    /// Answer to [`super::Effect::Store`]: not written.
    StoreFailed(StoreFault),
    /// Answer to [`super::Effect::MakeBackup`]: the frame to send, or none where there is nothing to send.
    BackupMade(Option<Box<BackupShare>>),
    /// Answer to [`super::Effect::MakeDocument`]: what to send, or none where there is nothing to send.
    DocumentMade(Option<MadeBackup>),
    /// This side gives up: shutdown, or the user.
    Cancel,
}

impl Input {
    /// The input's name, for an error or a log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
            Self::PeerClosed(_) => "peer closed",
            Self::PeerFault(_) => "peer fault",
            Self::Tick => "tick",
            Self::Admitted(_) => "admitted",
            Self::AdmittedProven(_) => "admitted proven",
            Self::Refused(_) => "refused",
            Self::Proved(_) => "proved",
            Self::EngineStepped { .. } => "engine stepped",
            Self::EngineFailed(_) => "engine failed",
            Self::EngineUnavailable => "engine unavailable",
            Self::Peeked { .. } => "peeked",
            Self::Stored => "stored",
            Self::BackupStored(_) => "backup stored",
            Self::SignatureStored(_) => "signature stored",
            Self::Confirmed { .. } => "confirmed",
            Self::StoreFailed(_) => "store failed",
            Self::BackupMade(_) => "backup made",
            Self::DocumentMade(_) => "document made",
            Self::Cancel => "cancel",
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
