//! The messages that the other side has not acknowledged, within bounds.

use std::collections::VecDeque;

use super::LinkError;

/// The most messages that are kept unacknowledged.
pub const KEPT_FRAMES: usize = 32;
/// The most bytes of messages that are kept unacknowledged.
pub const KEPT_BYTES: usize = 2 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Kept {
    messages: VecDeque<(u64, Vec<u8>)>,
    bytes: usize,
}

impl core::fmt::Debug for Kept {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} messages, {} bytes", self.messages.len(), self.bytes)
    }
}

impl Kept {
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.messages.len() < KEPT_FRAMES && self.bytes + bytes <= KEPT_BYTES
    }

    pub(super) fn push(&mut self, seq: u64, payload: Vec<u8>) -> Result<(), LinkError> {
        if !self.has_room(payload.len()) {
            return Err(LinkError::Full);
        }
        self.bytes += payload.len();
        self.messages.push_back((seq, payload));
        Ok(())
    }

    /// Forgets what has this number or a lower one.
    pub(super) fn forget(&mut self, ack: u64) {
        while let Some((_, payload)) = self.messages.pop_front_if(|(seq, _)| *seq <= ack) {
            self.bytes -= payload.len();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.messages.iter().map(|(seq, payload)| (*seq, payload.as_slice()))
    }
}
