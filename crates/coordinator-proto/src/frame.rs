//! Telling binary frames apart: the coordinator's own control frames, and everything else, which is the engine's.

use crate::control::{Control, MAGIC};

/// What the server sends to a device of the first generation when DKG is over: that device waits for one more
/// non-empty frame after its last message and looks at nothing in it.
pub const TERMINAL: [u8; 4] = [0xff, 0x00, 0xff, 0x00];

/// One binary frame, told apart by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A control frame.
    Control(Control),
    /// An engine's message: opaque here.
    Engine(&'a [u8]),
}

/// Why a binary frame is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A binary frame without a byte.
    #[error("the frame is empty")]
    Empty,
    /// A control frame of a version that this side does not speak.
    #[error("the control frame has an unknown version")]
    Version,
    /// A control frame of a kind that does not exist.
    #[error("the control frame has an unknown kind")]
    Kind,
    /// A control frame that is shorter or longer than its kind.
    #[error("the control frame has a wrong length")]
    Length,
    /// A control frame with a field out of range.
    #[error("the control frame has a field out of range")]
    Field,
}

/// Tells a binary frame apart. Anything without the control magic is the engine's.
///
/// # Errors
/// [`FrameError`] for an empty frame and for a malformed control frame.
pub fn classify(frame: &[u8]) -> Result<Frame<'_>, FrameError> {
    if frame.is_empty() {
        Err(FrameError::Empty)
    } else if frame.starts_with(&MAGIC) {
        Control::from_bytes(frame).map(Frame::Control)
    } else {
        Ok(Frame::Engine(frame))
    }
}
