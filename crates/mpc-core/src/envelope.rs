//! The frame that carries every engine message, the same in every profile.
//!
//! ```text
//! 0   magic "MYE"          3
//! 3   version 1            1
//! 4   engine               1
//! 5   operation            1   1 dkg, 2 sign, 3 refresh
//! 6   round                1   counted from 1 for each sender
//! 7   sender               1   party index: 1 device, 2 server
//! 8   share id            24   zero in DKG
//! 32  session id          32   in a frame that brings its sender's nonce: the nonce
//! 64  payload              n   postcard
//! ..  tag             0 | 32   HMAC-SHA256 over all of the above
//! ```
//!
//! This file knows the header; what must stand in it is the channel's matter.

use crate::engine::EngineId;
use crate::role::Role;
use crate::share_id::{SHARE_ID_LEN, ShareId};

/// Largest frame in signing: twice the largest honest one (engine.md).
pub const MAX_SIGN_MESSAGE: usize = 168 * 1024;

/// Largest frame in DKG and refresh: twice the largest honest one (engine.md).
pub const MAX_DKG_MESSAGE: usize = 300 * 1024;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = 64;

const MAGIC: [u8; 3] = *b"MYE";
const VERSION: u8 = 1;

/// Which ceremony a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Distributed key generation.
    Dkg,
    /// A signature.
    Sign,
    /// A complete refresh.
    Refresh,
}

impl Operation {
    pub(crate) const fn to_byte(self) -> u8 {
        match self {
            Self::Dkg => 1,
            Self::Sign => 2,
            Self::Refresh => 3,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Dkg),
            2 => Some(Self::Sign),
            3 => Some(Self::Refresh),
            _ => None,
        }
    }

    /// The largest frame of this operation, in bytes.
    #[must_use]
    pub const fn max_message(self) -> usize {
        match self {
            Self::Sign => MAX_SIGN_MESSAGE,
            Self::Dkg | Self::Refresh => MAX_DKG_MESSAGE,
        }
    }
}

/// A frame's header, as it stands there: nothing of it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The engine that the frame is for.
    pub engine: EngineId,
    /// The ceremony that the frame belongs to.
    pub operation: Operation,
    /// The shares that the ceremony runs on; none in DKG.
    pub share_id: Option<ShareId>,
    /// Counted from 1 for each sender.
    pub round: u8,
    /// Who says that it sent the frame.
    pub sender: Role,
    /// The ceremony's session id or, in a frame that brings one, its sender's nonce.
    pub session: [u8; 32],
}

impl FrameHeader {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..3].copy_from_slice(&MAGIC);
        bytes[3] = VERSION;
        bytes[4] = self.engine.0;
        bytes[5] = self.operation.to_byte();
        bytes[6] = self.round;
        bytes[7] = self.sender.party_index();
        bytes[8..32].copy_from_slice(&self.share_id.map_or([0; SHARE_ID_LEN], |id| id.to_bytes()));
        bytes[32..].copy_from_slice(&self.session);
        bytes
    }
}

/// Reads the header of a frame without trusting it; `None` when it is no frame of this format and version.
#[must_use]
pub fn peek(frame: &[u8]) -> Option<FrameHeader> {
    let header: &[u8; HEADER_LEN] = frame.first_chunk()?;
    if header[..3] != MAGIC || header[3] != VERSION || header[6] == 0 {
        return None;
    }
    let share_id: [u8; SHARE_ID_LEN] = header[8..32].try_into().ok()?;
    let share_id = if share_id == [0; SHARE_ID_LEN] { None } else { Some(ShareId::from_bytes(&share_id)?) };
    Some(FrameHeader {
        engine: EngineId(header[4]),
        operation: Operation::from_byte(header[5])?,
        share_id,
        round: header[6],
        sender: Role::from_party_index(header[7])?,
        session: header[32..].try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> FrameHeader {
        FrameHeader {
            engine: EngineId(1),
            operation: Operation::Sign,
            share_id: Some(ShareId { epoch: 7, tag: [0xaa; 16] }),
            round: 2,
            sender: Role::Server,
            session: [0xbb; 32],
        }
    }

    #[test]
    fn header_bytes_are_pinned() {
        let mut golden = b"MYE\x01\x01\x02\x02\x02\0\0\0\0\0\0\0\x07".to_vec();
        golden.extend([0xaa; 16]);
        golden.extend([0xbb; 32]);
        assert_eq!(header().to_bytes().to_vec(), golden);
        assert_eq!(peek(&golden), Some(header()));
        let dkg = FrameHeader { operation: Operation::Dkg, share_id: None, ..header() };
        assert_eq!(peek(&dkg.to_bytes()), Some(dkg));
    }

    #[test]
    fn what_is_no_frame_of_this_version_has_no_header() {
        let good = header().to_bytes();
        assert_eq!(peek(&good[..63]), None);
        assert_eq!(peek(&[]), None);
        for (at, value) in [(0, b'm'), (3, 2), (5, 0), (5, 4), (6, 0), (7, 0), (7, 3)] {
            let mut bad = good;
            bad[at] = value;
            assert_eq!(peek(&bad), None, "byte {at}");
        }
        let mut epoch_zero = good;
        epoch_zero[15] = 0;
        assert_eq!(peek(&epoch_zero), None);
    }
}
