//! What a failure says about the peer of a session that was under way, by the classes of the recovery design.

use super::{SessionError, Waiting};
use crate::session::AbortClass;

impl SessionError {
    /// The class of the abort that this is on a server; none where nothing was aborted: the session was refused in due form, or ended
    /// for a reason of this side.
    #[must_use]
    pub const fn abort_class(&self) -> Option<AbortClass> {
        match self {
            Self::Frame(_)
            | Self::OutOfTurn { .. }
            | Self::SecondHello
            | Self::TooBig { .. }
            | Self::QueueFull
            | Self::TooManyRounds
            | Self::PeerFault { .. }
            | Self::NotEngine
            | Self::NotProven(_)
            | Self::Disagreement
            | Self::Closed { .. } => Some(AbortClass::A),
            Self::Deadline { waiting } => match waiting {
                Waiting::Hello | Waiting::Peer => Some(AbortClass::A),
                Waiting::Host | Waiting::Engine | Waiting::Store => None,
            },
            Self::Engine { class, .. } | Self::Unrecorded { class, .. } => Some(*class),
            Self::Undecided { source, .. } => source.abort_class(),
            Self::Hello(_)
            | Self::Told { .. }
            | Self::Refused(_)
            | Self::EngineUnavailable
            | Self::Locked
            | Self::Frozen(_)
            | Self::Diverged
            | Self::StaleBackup { .. }
            | Self::BackupFirst
            | Self::Store(_)
            | Self::WrongAdmission(_)
            | Self::WrongOutput
            | Self::Misuse { .. }
            | Self::Cancelled => None,
        }
    }
}
