//! How a session fails, and the three questions each failure answers: whose fault, may it be retried, what may the
//! peer hear.

mod class;

use super::reconcile::FreezeCause;
use super::{AbortClass, Refusal, StoreFault, Verdict};
use crate::close::CloseCode;
use crate::control::ErrorText;
use crate::frame::FrameError;
use crate::hello::HelloError;
use crate::ids::{Epoch, Intent, ShareId};
use crate::proof::ProofError;

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The peer broke a rule.
    Peer,
    /// This side failed.
    Local,
    /// Nobody's: the connection broke, time ran out, or the request was refused in due form.
    Circumstance,
}

/// Whether the same intent may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// In a new session, after a pause.
    Later,
    /// Not before something else has changed (a step-up, a backup, a policy).
    Never,
}

/// What a machine was waiting for when a deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// The hello.
    Hello,
    /// The peer's next frame.
    Peer,
    /// The host's answer.
    Host,
    /// The engine.
    Engine,
    /// The store.
    Store,
}

/// How a session fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The hello is refused.
    #[error("the hello is refused")]
    Hello(#[from] HelloError),
    /// A binary frame is malformed.
    #[error("a frame is malformed")]
    Frame(#[from] FrameError),
    /// A frame that this state does not expect.
    #[error("a {input} frame is out of turn while waiting for {state}")]
    OutOfTurn {
        /// What was waited for.
        state: &'static str,
        /// What came.
        input: &'static str,
    },
    /// A second hello in one session.
    #[error("a second hello")]
    SecondHello,
    /// The message is over the limit.
    #[error("a message is longer than {limit} bytes")]
    TooBig {
        /// The limit in bytes.
        limit: usize,
    },
    /// More frames than may wait while this side is at work.
    #[error("too many frames are waiting")]
    QueueFull,
    /// More engine messages than a session may have.
    #[error("too many rounds")]
    TooManyRounds,
    /// A deadline has passed.
    #[error("a deadline passed while waiting for the {}", waiting_name(*.waiting))]
    Deadline {
        /// What was waited for.
        waiting: Waiting,
    },
    /// The peer closed the connection, or it broke.
    #[error("the peer closed the connection{}", closed_name(*.code))]
    Closed {
        /// The code it gave, where it is one of ours.
        code: Option<CloseCode>,
    },
    /// The transport refused what the peer sent.
    #[error("the transport refused a frame of the peer ({code})")]
    PeerFault {
        /// The code that it was refused with.
        code: CloseCode,
    },
    /// Protocol 2: the device's proof is refused.
    #[error("the proof is refused")]
    NotProven(#[source] ProofError),
    /// Protocol 2: the server said why it ends the session, before it closed.
    #[error("the server ended the session with {code}: {message}")]
    Told {
        /// The code that it closes with.
        code: u16,
        /// Whether the same intent may be tried again.
        retryable: bool,
        /// What the server said, at most 200 visible characters.
        message: ErrorText,
    },
    /// The host refused.
    #[error("the host refused")]
    Refused(#[source] Refusal),
    /// The engine failed; what the ledger makes of it is durable.
    #[error("the engine aborted (class {class})")]
    Engine {
        /// The class.
        class: AbortClass,
        /// What it means for the wallet.
        verdict: Verdict,
    },
    /// The engine failed, and that could not be recorded: nobody may be told of it.
    #[error("an abort of class {class} could not be recorded: {fault}")]
    Unrecorded {
        /// The class.
        class: AbortClass,
        /// Why it could not be recorded.
        fault: StoreFault,
    },
    /// The engine ran no step, for a reason of this side.
    #[error("the engine is not available")]
    EngineUnavailable,
    /// The first frame of a signing server is no engine's.
    #[error("the first frame is not an engine's")]
    NotEngine,
    /// The session ended in the middle of the commit: the next session of this wallet settles which share is in use.
    #[error("the commit of share {share} is not settled")]
    Undecided {
        /// The new share.
        share: ShareId,
        /// What ended the session.
        #[source]
        source: Box<SessionError>,
    },
    /// The wallet is quarantined or frozen on this side.
    #[error("the wallet is locked on this side")]
    Locked,
    /// Protocol 2: what the two sides hold does not add up; the wallet is frozen, which is durable.
    #[error("the wallet is frozen: {0}")]
    Frozen(FreezeCause),
    /// The two sides hold different shares.
    #[error("the two sides hold different shares")]
    Diverged,
    /// The restored share is of another epoch than the server's.
    #[error("the backup is of epoch {backup}, the wallet is at epoch {wallet}: a newer backup is needed")]
    StaleBackup {
        /// The epoch of the backup.
        backup: Epoch,
        /// The epoch of the wallet.
        wallet: Epoch,
    },
    /// The share before the active one is still kept, because no backup of the active one is complete.
    #[error("the wallet needs a complete backup of its present share first")]
    BackupFirst,
    /// The two sides named different new shares or wallets in the commit.
    #[error("the two sides disagree about the new share")]
    Disagreement,
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(StoreFault),
    /// The host's admission is for another intent than the hello.
    #[error("the admission does not fit the intent {0}")]
    WrongAdmission(Intent),
    /// The engine finished with something that this ceremony does not make.
    #[error("the engine's output does not fit the ceremony")]
    WrongOutput,
    /// The driver gave an answer that was not asked for.
    #[error("the driver gave {input} while waiting for {state}")]
    Misuse {
        /// What was waited for.
        state: &'static str,
        /// What came.
        input: &'static str,
    },
    /// This side gave up.
    #[error("cancelled")]
    Cancelled,
}

const fn waiting_name(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Hello => "hello",
        Waiting::Peer => "peer",
        Waiting::Host => "host",
        Waiting::Engine => "engine",
        Waiting::Store => "store",
    }
}

fn closed_name(code: Option<CloseCode>) -> String {
    code.map_or_else(String::new, |code| format!(" with {code}"))
}

impl SessionError {
    /// Whose fault it is.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Hello(_)
            | Self::Frame(_)
            | Self::OutOfTurn { .. }
            | Self::SecondHello
            | Self::TooBig { .. }
            | Self::QueueFull
            | Self::TooManyRounds
            | Self::PeerFault { .. }
            | Self::NotEngine
            | Self::NotProven(_)
            | Self::Disagreement => Blame::Peer,
            Self::Deadline { waiting } => match waiting {
                Waiting::Hello | Waiting::Peer => Blame::Circumstance,
                Waiting::Host | Waiting::Engine | Waiting::Store => Blame::Local,
            },
            Self::Engine { class, .. } => match class {
                AbortClass::A => Blame::Circumstance,
                AbortClass::B | AbortClass::C => Blame::Peer,
                AbortClass::Freeze => Blame::Local,
            },
            Self::Refused(Refusal::Internal) => Blame::Local,
            Self::Refused(_)
            | Self::Closed { .. }
            | Self::Told { .. }
            | Self::Diverged
            | Self::StaleBackup { .. }
            | Self::BackupFirst => Blame::Circumstance,
            Self::Unrecorded { .. }
            | Self::EngineUnavailable
            | Self::Locked
            | Self::Frozen(_)
            | Self::Store(_)
            | Self::WrongAdmission(_)
            | Self::WrongOutput
            | Self::Misuse { .. }
            | Self::Cancelled => Blame::Local,
            Self::Undecided { source, .. } => source.blame(),
        }
    }

    /// Whether the same intent may be tried again.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Deadline { .. }
            | Self::Undecided { .. }
            | Self::EngineUnavailable
            | Self::Told { retryable: true, .. } => Retry::Later,
            Self::Engine { class: AbortClass::A, .. } => Retry::Later,
            Self::Engine { class: AbortClass::B | AbortClass::C | AbortClass::Freeze, .. } => Retry::Never,
            Self::Store(StoreFault::Conflict | StoreFault::Unavailable) => Retry::Later,
            Self::Store(StoreFault::Full | StoreFault::Corrupt) => Retry::Never,
            Self::Refused(Refusal::WalletBusy | Refusal::TooMany { .. } | Refusal::Internal) => Retry::Later,
            Self::Refused(
                Refusal::NotAuthenticated
                | Refusal::NotAllowed
                | Refusal::UnknownWallet
                | Refusal::KeyIdTaken
                | Refusal::WalletLocked,
            ) => Retry::Never,
            Self::Closed { code: None } => Retry::Later,
            Self::Closed { code: Some(code) } => match code {
                CloseCode::Finished
                | CloseCode::GoingAway
                | CloseCode::Deadline
                | CloseCode::Busy
                | CloseCode::TooMany
                | CloseCode::Internal => Retry::Later,
                CloseCode::Malformed
                | CloseCode::NotUtf8
                | CloseCode::TooBig
                | CloseCode::NotAuthenticated
                | CloseCode::NotAllowed
                | CloseCode::Quarantined => Retry::Never,
            },
            Self::Hello(_)
            | Self::Frame(_)
            | Self::OutOfTurn { .. }
            | Self::SecondHello
            | Self::TooBig { .. }
            | Self::QueueFull
            | Self::TooManyRounds
            | Self::PeerFault { .. }
            | Self::NotEngine
            | Self::NotProven(_)
            | Self::Told { retryable: false, .. }
            | Self::Frozen(_)
            | Self::Disagreement
            | Self::Unrecorded { .. }
            | Self::Locked
            | Self::Diverged
            | Self::StaleBackup { .. }
            | Self::BackupFirst
            | Self::WrongAdmission(_)
            | Self::WrongOutput
            | Self::Misuse { .. }
            | Self::Cancelled => Retry::Never,
        }
    }

    /// The close code that the peer gets. It is vaguer than the error.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::Hello(error) => error.close_code(),
            Self::Frame(_)
            | Self::OutOfTurn { .. }
            | Self::SecondHello
            | Self::QueueFull
            | Self::TooManyRounds
            | Self::NotEngine
            | Self::Disagreement => CloseCode::Malformed,
            Self::TooBig { .. } => CloseCode::TooBig,
            Self::PeerFault { code } => *code,
            Self::Deadline { .. } => CloseCode::Deadline,
            Self::Closed { .. } | Self::Told { .. } => CloseCode::Finished,
            Self::NotProven(_) => CloseCode::NotAuthenticated,
            Self::Refused(refusal) => refusal.close_code(),
            Self::Engine { verdict: Verdict::Quarantine, .. } | Self::Locked | Self::Frozen(_) => {
                CloseCode::Quarantined
            }
            Self::Engine { class: AbortClass::Freeze, .. } => CloseCode::Internal,
            Self::Engine { class: AbortClass::A | AbortClass::B | AbortClass::C, .. } => CloseCode::Malformed,
            Self::Diverged | Self::StaleBackup { .. } | Self::BackupFirst => CloseCode::Busy,
            Self::Store(StoreFault::Conflict) => CloseCode::Busy,
            Self::Store(StoreFault::Full | StoreFault::Corrupt | StoreFault::Unavailable)
            | Self::Unrecorded { .. }
            | Self::EngineUnavailable
            | Self::WrongAdmission(_)
            | Self::WrongOutput
            | Self::Misuse { .. } => CloseCode::Internal,
            Self::Cancelled => CloseCode::GoingAway,
            Self::Undecided { source, .. } => source.close_code(),
        }
    }

    /// Whether the peer has closed the connection, so that there is nobody left to close it for.
    pub(super) const fn is_closed_by_peer(&self) -> bool {
        match self {
            Self::Closed { .. } => true,
            Self::Undecided { source, .. } => source.is_closed_by_peer(),
            _ => false,
        }
    }
}
