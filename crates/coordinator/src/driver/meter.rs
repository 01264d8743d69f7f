//! What went over the wire in one session.

use maany_coordinator_transport::Message;

/// Bytes and messages each way; payload bytes, without WebSocket or TCP framing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter {
    /// Bytes sent.
    pub(crate) sent: u64,
    /// Bytes received.
    pub(crate) received: u64,
    /// Messages, both ways.
    pub(crate) frames: u32,
}

impl Meter {
    /// Counts a message that goes out.
    pub(crate) fn sent(&mut self, message: &Message) {
        self.sent += message.len() as u64;
        self.frames += 1;
    }

    /// Counts a message that came in.
    pub(crate) fn received(&mut self, message: &Message) {
        if !matches!(message, Message::Closed { .. }) {
            self.received += message.len() as u64;
            self.frames += 1;
        }
    }
}
