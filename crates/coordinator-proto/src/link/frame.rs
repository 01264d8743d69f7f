//! One frame: `{ version: u8, kind: u8, seq: u64, ack: u64, payload: bytes }` in postcard, that is the two bytes, the two
//! numbers as LEB128, the payload's length as LEB128, and the payload. There is one encoding of a frame: a number with more
//! bytes than it needs is refused, as are trailing bytes.

use serde::{Deserialize, Serialize};

use super::LinkError;

/// What a frame has beside its payload, in bytes, at most.
pub const HEAD_BYTES: usize = 64;

const VERSION: u8 = 2;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FrameKind {
    /// A message of the session.
    Message = 0,
    /// An acknowledgement and nothing else.
    Ack = 1,
    /// Device, first on a new socket: the resume token.
    Resume = 2,
}

/// One frame. See the module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is for.
    pub kind: FrameKind,
    /// The message's number, from 1; 0 in the other kinds.
    pub seq: u64,
    /// The highest number received in order.
    pub ack: u64,
    /// What it carries.
    pub payload: &'a [u8],
}

/// A payload may be a resume token: it is not shown.
impl core::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { kind, seq, ack, payload } = self;
        write!(f, "Frame({kind:?}, seq {seq}, ack {ack}, {} bytes)", payload.len())
    }
}

/// What goes before the payload's bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u8,
    kind: u8,
    seq: u64,
    ack: u64,
    size: u64,
}

impl<'a> Frame<'a> {
    /// The bytes of the frame.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            version: VERSION,
            kind: self.kind as u8,
            seq: self.seq,
            ack: self.ack,
            size: self.payload.len() as u64,
        };
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.payload.len());
        bytes.extend_from_slice(&encode(&head));
        bytes.extend_from_slice(self.payload);
        bytes
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`LinkError::Version`], [`LinkError::Kind`], and [`LinkError::Malformed`] for everything that
    /// [`Frame::to_bytes`] does not write.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, LinkError> {
        if bytes.first().is_some_and(|version| *version != VERSION) {
            return Err(LinkError::Version);
        }
        let (head, payload): (Head, _) =
            postcard::take_from_bytes(bytes).map_err(|_| LinkError::Malformed)?;
        if head.size != payload.len() as u64 || bytes.len() - payload.len() != encode(&head).len() {
            return Err(LinkError::Malformed);
        }
        let kind = match head.kind {
            0 => FrameKind::Message,
            1 => FrameKind::Ack,
            2 => FrameKind::Resume,
            _ => return Err(LinkError::Kind),
        };
        Ok(Self { kind, seq: head.seq, ack: head.ack, payload })
    }
}

fn encode(head: &Head) -> Vec<u8> {
    postcard::to_allocvec(head).expect("five integers have an encoding")
}
