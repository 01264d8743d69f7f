//! The wire between two sides: frames take a moment, and one of them may meet with a fault.

/// What happens to one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives.
    Lose,
    /// It arrives that many milliseconds late.
    Late(u64),
    /// It arrives twice.
    Twice,
    /// It arrives after the one that follows it.
    Swap,
    /// Another frame arrives in its place.
    Forge(Vec<u8>),
    /// Its last byte is flipped.
    Flip,
    /// The connection breaks instead.
    Cut,
}

/// Which frame of which direction meets with it, counted from zero; the hello is the device's first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) from: crate::engine::Role,
    pub(crate) frame: usize,
    pub(crate) fault: Fault,
}
