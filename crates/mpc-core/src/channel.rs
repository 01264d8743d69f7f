//! One ceremony's end of the line: writes frames, and opens only the one that is due.
//!
//! The checks stand in the order in which they cost: size, header, tag, decoding. Nothing of a frame
//! reaches the engine before all of them have passed.

use postcard::ser_flavors::Size;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::EngineId;
use crate::envelope::{FrameHeader, HEADER_LEN, Operation, peek};
use crate::error::{EngineError, FrameError, LocalFault};
use crate::hash::Hash;
use crate::role::Role;
use crate::share_id::ShareId;
use crate::tag::{TAG_LEN, TagKeys};

/// One side of a ceremony's line.
pub(crate) struct Channel {
    engine: EngineId,
    operation: Operation,
    role: Role,
    share_id: Option<ShareId>,
    session: [u8; 32],
    keys: Option<TagKeys>,
    sent: u8,
    received: u8,
    log: [Hash; 2],
}

impl Channel {
    /// A line whose session is, until [`Channel::join`], this side's own nonce.
    pub(crate) fn new(
        engine: EngineId,
        operation: Operation,
        role: Role,
        share_id: Option<ShareId>,
        session: [u8; 32],
        keys: Option<TagKeys>,
    ) -> Self {
        let log = [Role::Device, Role::Server]
            .map(|sender| Hash::new("maany-mpc/transcript/1").part(&[sender.party_index()]));
        Self { engine, operation, role, share_id, session, keys, sent: 0, received: 0, log }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn session(&self) -> &[u8; 32] {
        &self.session
    }

    /// Goes on under the session id that both nonces made.
    pub(crate) fn join(&mut self, session: [u8; 32]) {
        self.session = session;
    }

    /// Goes on under the tag keys of the new shares.
    pub(crate) fn rekey(&mut self, keys: TagKeys) {
        self.keys = Some(keys);
    }

    /// The hash of every frame of a DKG or refresh so far, the device's first.
    pub(crate) fn transcript(&self) -> [u8; 32] {
        let [device, server] = self.log.clone();
        Hash::new("maany-mpc/transcripts/1").part(&device.finish()).part(&server.finish()).finish()
    }

    /// Writes the next frame.
    pub(crate) fn seal(&mut self, payload: &impl Serialize) -> Result<Vec<u8>, EngineError> {
        self.seal_with_nonce(self.session, payload)
    }

    /// Writes the next frame, with a nonce in the place of the session id.
    pub(crate) fn seal_with_nonce(
        &mut self,
        nonce: [u8; 32],
        payload: &impl Serialize,
    ) -> Result<Vec<u8>, EngineError> {
        self.sent = self.sent.checked_add(1).ok_or(FrameError::Round)?;
        let header = FrameHeader {
            engine: self.engine,
            operation: self.operation,
            share_id: self.share_id,
            round: self.sent,
            sender: self.role,
            session: nonce,
        };
        // Exactly the room that it takes: growing would leave copies of secrets behind.
        let length = postcard::serialize_with_flavor(payload, Size::default());
        let length = length.map_err(|_| LocalFault::Encoding)?;
        let mut frame = Vec::with_capacity(HEADER_LEN + length + TAG_LEN);
        frame.extend_from_slice(&header.to_bytes());
        let mut frame = postcard::to_extend(payload, frame).map_err(|_| LocalFault::Encoding)?;
        if let Some(keys) = &self.keys {
            let tag = keys.tag(&self.session, self.role, &frame);
            frame.extend_from_slice(&tag);
        }
        self.record(self.role, &frame);
        Ok(frame)
    }

    /// Opens the frame that is due and decodes its payload.
    pub(crate) fn open<P: DeserializeOwned>(&mut self, frame: &[u8]) -> Result<P, EngineError> {
        self.open_with_nonce(self.session, self.session, frame)
    }

    /// Opens the peer's first frame when it brings the peer's nonce and the joint session is not known yet.
    pub(crate) fn open_first<P: DeserializeOwned>(
        &mut self,
        frame: &[u8],
    ) -> Result<([u8; 32], P), EngineError> {
        let nonce = peek(frame).ok_or(FrameError::Malformed)?.session;
        Ok((nonce, self.open_with_nonce(nonce, nonce, frame)?))
    }

    /// Opens a frame that has `nonce` in the place of the session id; its tag is under `session`.
    pub(crate) fn open_with_nonce<P: DeserializeOwned>(
        &mut self,
        nonce: [u8; 32],
        session: [u8; 32],
        frame: &[u8],
    ) -> Result<P, EngineError> {
        if frame.len() > self.operation.max_message() {
            return Err(FrameError::TooLarge.into());
        }
        let header = peek(frame).ok_or(FrameError::Malformed)?;
        self.check_header(&header, &nonce)?;
        let payload = self.authenticate(&session, frame)?;
        let message = decode(payload)?;
        self.received = header.round;
        self.record(self.role.peer(), frame);
        Ok(message)
    }

    fn check_header(&self, header: &FrameHeader, session: &[u8; 32]) -> Result<(), EngineError> {
        if header.engine != self.engine {
            return Err(FrameError::Engine.into());
        }
        if header.operation != self.operation {
            return Err(FrameError::Operation.into());
        }
        if header.sender != self.role.peer() {
            return Err(FrameError::Sender.into());
        }
        match (self.share_id, header.share_id) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                return Err(EngineError::ShareMismatch { ours, theirs });
            }
            (ours, theirs) if ours != theirs => return Err(FrameError::Malformed.into()),
            _ => {}
        }
        if Some(header.round) != self.received.checked_add(1) {
            return Err(FrameError::Round.into());
        }
        if header.session != *session {
            return Err(FrameError::Session.into());
        }
        Ok(())
    }

    /// The payload of a frame whose tag verifies; where there are no keys yet, there is no tag.
    fn authenticate<'a>(&self, session: &[u8; 32], frame: &'a [u8]) -> Result<&'a [u8], EngineError> {
        let Some(keys) = &self.keys else { return Ok(&frame[HEADER_LEN..]) };
        let (tagged, tag) = frame.split_last_chunk::<TAG_LEN>().ok_or(EngineError::BadTag)?;
        let payload = tagged.get(HEADER_LEN..).ok_or(EngineError::BadTag)?;
        keys.verify(session, self.role.peer(), tagged, tag)?;
        Ok(payload)
    }

    /// A signature has no confirmation, so nothing asks for its transcript.
    fn record(&mut self, sender: Role, frame: &[u8]) {
        if self.operation == Operation::Sign {
            return;
        }
        let log = &mut self.log[usize::from(sender.party_index()) - 1];
        *log = log.clone().part(frame);
    }
}

/// Decodes a payload, which must be used up to its last byte.
fn decode<P: DeserializeOwned>(payload: &[u8]) -> Result<P, EngineError> {
    let (message, rest) = postcard::take_from_bytes(payload).map_err(|_| EngineError::Payload)?;
    if !rest.is_empty() {
        return Err(EngineError::Payload);
    }
    Ok(message)
}
