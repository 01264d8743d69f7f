//! The toy's frames: the header of every engine, a payload, a tag.

use maany_mpc_core::error::FrameError;
use maany_mpc_core::{EngineError, Operation, Role, ShareId, peek};

use super::{ID, numbers::hash};

const HEADER: usize = 64;
const TAG: usize = 32;

/// One side's end of a ceremony's line.
#[derive(Clone)]
pub(super) struct Wire {
    operation: Operation,
    role: Role,
    share: Option<ShareId>,
    sent: u8,
    received: u8,
}

impl Wire {
    pub(super) fn new(operation: Operation, role: Role, share: Option<ShareId>) -> Self {
        Self { operation, role, share, sent: 0, received: 0 }
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// A frame under `key`; `session` stands in its header.
    pub(super) fn seal(&mut self, session: &[u8; 32], key: &[u8; 32], payload: &[u8]) -> Vec<u8> {
        self.sent += 1;
        let operation = match self.operation {
            Operation::Dkg => 1,
            Operation::Sign => 2,
            Operation::Refresh => 3,
        };
        let mut frame = b"MYE\x01".to_vec();
        frame.extend([ID.0, operation, self.sent, self.role.party_index()]);
        frame.extend(self.share.map_or([0; 24], |id| id.to_bytes()));
        frame.extend(session);
        frame.extend(payload);
        let tag = hash(&[key, &frame]);
        frame.extend(tag);
        frame
    }

    /// The session that the header names, before anything of the frame is trusted.
    pub(super) fn named(frame: &[u8]) -> Result<[u8; 32], EngineError> {
        Ok(peek(frame).ok_or(FrameError::Malformed)?.session)
    }

    /// The payload of the peer's next frame under `key`.
    pub(super) fn open<'a>(
        &mut self,
        session: &[u8; 32],
        key: &[u8; 32],
        frame: &'a [u8],
    ) -> Result<&'a [u8], EngineError> {
        if frame.len() > self.operation.max_message() {
            return Err(FrameError::TooLarge.into());
        }
        let header = peek(frame).ok_or(FrameError::Malformed)?;
        let (body, tag) = frame.split_last_chunk::<TAG>().ok_or(FrameError::Malformed)?;
        let payload = body.get(HEADER..).ok_or(FrameError::Malformed)?;
        if header.engine != ID {
            return Err(FrameError::Engine.into());
        }
        if header.operation != self.operation {
            return Err(FrameError::Operation.into());
        }
        if header.sender == self.role {
            return Err(FrameError::Sender.into());
        }
        match (self.share, header.share_id) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                return Err(EngineError::ShareMismatch { ours, theirs });
            }
            (ours, theirs) if ours != theirs => return Err(FrameError::Malformed.into()),
            _ => {}
        }
        if header.round != self.received + 1 {
            return Err(FrameError::Round.into());
        }
        if header.session != *session {
            return Err(FrameError::Session.into());
        }
        if hash(&[key, body]) != *tag {
            return Err(EngineError::BadTag);
        }
        self.received += 1;
        Ok(payload)
    }
}
