//! Why a link fails. Nothing of the peer's bytes is repeated.

use crate::close::CloseCode;

/// Why a frame cannot be taken, or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The bytes are no frame.
    #[error("the frame of the link is malformed")]
    Malformed,
    /// Another version than 2.
    #[error("the frame of the link has an unknown version")]
    Version,
    /// A kind that does not exist.
    #[error("the frame of the link has an unknown kind")]
    Kind,
    /// A frame that resumes, where none is expected.
    #[error("a resuming frame is out of turn")]
    Resume,
    /// A frame between the last one and this one is missing.
    #[error("frame {expected} is missing: frame {seq} came")]
    Gap {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        seq: u64,
    },
    /// The other side acknowledges what was never sent.
    #[error("frame {ack} is acknowledged and only {sent} were sent")]
    Ack {
        /// The last number that was sent.
        sent: u64,
        /// The number that it acknowledges.
        ack: u64,
    },
    /// The other side asks again for what it has acknowledged before: it has lost its state.
    #[error("the frames above {ack} were acknowledged and are gone")]
    Forgotten {
        /// The number up to which it claims to have received.
        ack: u64,
    },
    /// Too many frames or bytes are unacknowledged.
    #[error("too much is unacknowledged")]
    Full,
    /// The numbers are used up.
    #[error("the frame numbers are used up")]
    Exhausted,
}

impl LinkError {
    /// The close code that answers it.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::Malformed
            | Self::Version
            | Self::Kind
            | Self::Resume
            | Self::Gap { .. }
            | Self::Ack { .. }
            | Self::Full => CloseCode::Malformed,
            Self::Forgotten { .. } => CloseCode::Busy,
            Self::Exhausted => CloseCode::Internal,
        }
    }
}
