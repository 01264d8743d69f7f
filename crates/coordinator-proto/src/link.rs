//! Frames over the channel: numbered, acknowledged, kept until then, and sent again on a new socket. With it a session
//! does not notice that a socket was lost.
//!
//! A [`Link`] is a value that lives as long as the session, across its sockets. It moves no bytes: it makes frames to be
//! sent and reads frames that came.

mod error;
mod frame;
mod kept;

use kept::Kept;

pub use error::LinkError;
pub use frame::{Frame, FrameKind, HEAD_BYTES};
pub use kept::{KEPT_BYTES, KEPT_FRAMES};

use crate::secret::ResumeToken;

/// After so many received frames without one to send, an ack is due of itself.
const ACK_FRAMES: u32 = 8;
/// After so many received bytes without a frame to send, an ack is due of itself.
const ACK_BYTES: usize = 512 * 1024;

/// One side's end of a session's link.
#[derive(Debug, Default)]
pub struct Link {
    sent: u64,
    received: u64,
    kept: Kept,
    owed_frames: u32,
    owed_bytes: usize,
}

/// What a frame brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// The next message.
    Message(Vec<u8>),
    /// Nothing for the session: an ack, or a frame that it has already.
    Nothing,
}

impl Link {
    /// A link over which nothing has gone yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The frame that carries the next message. It is kept until the other side acknowledges it.
    ///
    /// # Errors
    /// [`LinkError::Full`] where too much is unacknowledged; nothing has changed then.
    pub fn send(&mut self, payload: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let seq = self.sent.checked_add(1).ok_or(LinkError::Exhausted)?;
        let frame = self.encode(FrameKind::Message, seq, &payload);
        self.kept.push(seq, payload)?;
        self.sent = seq;
        self.settle();
        Ok(frame)
    }

    /// Whether a message of so many bytes could be sent now.
    #[must_use]
    pub fn has_room(&self, bytes: usize) -> bool {
        self.kept.has_room(bytes)
    }

    /// A frame that only acknowledges.
    #[must_use]
    pub fn ack(&mut self) -> Vec<u8> {
        self.settle();
        self.encode(FrameKind::Ack, 0, &[])
    }

    /// Whether so much has come in since the last frame out that an ack should go out by itself.
    #[must_use]
    pub const fn owes_ack(&self) -> bool {
        self.owed_frames >= ACK_FRAMES || self.owed_bytes >= ACK_BYTES
    }

    /// Whether the other side has acknowledged everything.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.kept.is_empty()
    }

    /// The bytes of the messages that the other side has not acknowledged.
    #[must_use]
    pub const fn kept_bytes(&self) -> usize {
        self.kept.bytes()
    }

    /// The device's first frame on a resumed socket.
    #[must_use]
    pub fn resume(&mut self, token: &ResumeToken) -> Vec<u8> {
        self.settle();
        self.encode(FrameKind::Resume, 0, token.dangerous_expose())
    }

    /// Takes a frame of the other side.
    ///
    /// # Errors
    /// [`LinkError`]: the session cannot go on.
    pub fn receive(&mut self, bytes: Vec<u8>) -> Result<Received, LinkError> {
        let frame = Frame::parse(&bytes)?;
        let (kind, seq, ack, size) = (frame.kind, frame.seq, frame.ack, frame.payload.len());
        match kind {
            FrameKind::Message if seq == 0 => return Err(LinkError::Malformed),
            FrameKind::Ack if seq != 0 || size != 0 => return Err(LinkError::Malformed),
            FrameKind::Resume => return Err(LinkError::Resume),
            FrameKind::Message | FrameKind::Ack => {}
        }
        self.acknowledge(ack)?;
        if kind == FrameKind::Ack || seq <= self.received {
            return Ok(Received::Nothing);
        }
        if seq != self.received + 1 {
            return Err(LinkError::Gap { expected: self.received + 1, seq });
        }
        self.received = seq;
        self.owed_frames = self.owed_frames.saturating_add(1);
        self.owed_bytes = self.owed_bytes.saturating_add(size);
        // The payload is the frame's tail.
        let mut bytes = bytes;
        bytes.drain(..bytes.len() - size);
        Ok(Received::Message(bytes))
    }

    /// The frames that the other side lacks, by the ack of its first frame on a new socket, in the order in which they
    /// are to be sent.
    ///
    /// # Errors
    /// [`LinkError::Ack`] where it acknowledges what was never sent, [`LinkError::Forgotten`] where it asks for what it
    /// has acknowledged before.
    pub fn resend(&mut self, ack: u64) -> Result<Vec<Vec<u8>>, LinkError> {
        if ack < self.sent - self.kept.len() as u64 {
            return Err(LinkError::Forgotten { ack });
        }
        self.acknowledge(ack)?;
        let frames =
            self.kept.iter().map(|(seq, payload)| self.encode(FrameKind::Message, seq, payload)).collect();
        self.settle();
        Ok(frames)
    }

    fn acknowledge(&mut self, ack: u64) -> Result<(), LinkError> {
        if ack > self.sent {
            return Err(LinkError::Ack { sent: self.sent, ack });
        }
        self.kept.forget(ack);
        Ok(())
    }

    /// Every frame that goes out carries the ack.
    fn settle(&mut self) {
        self.owed_frames = 0;
        self.owed_bytes = 0;
    }

    fn encode(&self, kind: FrameKind, seq: u64, payload: &[u8]) -> Vec<u8> {
        Frame { kind, seq, ack: self.received, payload }.to_bytes()
    }
}
