//! What a machine is told: frames of the peer, the passing of time, and the results of the effects it asked for.

use core::fmt;

use super::{Admission, Refusal};
use crate::backup_share::BackupShare;
use crate::close::CloseCode;
use crate::ids::ShareId;

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
    /// Answer to [`super::Effect::Admit`]: not let in.
    Refused(Refusal),
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
    /// Answer to [`super::Effect::Store`]: not written.
    StoreFailed(StoreFault),
    /// Answer to [`super::Effect::MakeBackup`]: the frame to send, or none where there is nothing to send.
    BackupMade(Option<Box<BackupShare>>),
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
            Self::Refused(_) => "refused",
            Self::EngineStepped { .. } => "engine stepped",
            Self::EngineFailed(_) => "engine failed",
            Self::EngineUnavailable => "engine unavailable",
            Self::Peeked { .. } => "peeked",
            Self::Stored => "stored",
            Self::BackupStored(_) => "backup stored",
            Self::StoreFailed(_) => "store failed",
            Self::BackupMade(_) => "backup made",
            Self::Cancel => "cancel",
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
