//! Two ends in one process, for tests and for parties that share an address space.
//!
//! Bounded in messages, not in bytes: each end checks the size when it takes a message, as a socket's reader would.

use crate::close::clip;
use crate::limits::{Current, Limits};
use crate::{Message, Participant, Transport, TransportError};
use async_trait::async_trait;
use maany_coordinator_proto::CloseCode;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// One end of an in-memory pair.
#[derive(Debug)]
pub struct MemoryEnd {
    me: Participant,
    outgoing: Option<mpsc::Sender<Message>>,
    incoming: mpsc::Receiver<Message>,
    said: Arc<OnceLock<Farewell>>,
    heard: Arc<OnceLock<Farewell>>,
    limits: Current,
}

#[derive(Debug)]
struct Farewell {
    code: CloseCode,
    reason: String,
}

/// A server's end and a device's end, each holding at most `capacity` (at least one) unread messages.
#[must_use]
pub fn pair(capacity: usize) -> (MemoryEnd, MemoryEnd) {
    pair_with(capacity, Limits::server(), Limits::device())
}

/// [`pair`], with limits for the server's end and for the device's.
#[must_use]
pub fn pair_with(capacity: usize, server: Limits, device: Limits) -> (MemoryEnd, MemoryEnd) {
    let (to_device, from_server) = mpsc::channel(capacity.max(1));
    let (to_server, from_device) = mpsc::channel(capacity.max(1));
    let (by_server, by_device) = (Arc::default(), Arc::default());
    let server_end = MemoryEnd {
        me: Participant::Server,
        outgoing: Some(to_device),
        incoming: from_device,
        said: Arc::clone(&by_server),
        heard: Arc::clone(&by_device),
        limits: Current::new(server),
    };
    let device_end = MemoryEnd {
        me: Participant::Device,
        outgoing: Some(to_server),
        incoming: from_server,
        said: by_device,
        heard: by_server,
        limits: Current::new(device),
    };
    (server_end, device_end)
}

impl MemoryEnd {
    fn check_peer(&self, participant: Participant) -> Result<(), TransportError> {
        if participant == self.me.peer() {
            Ok(())
        } else {
            Err(TransportError::NoSuchParticipant(participant))
        }
    }

    /// Leaves a close for the peer to find after what was sent before; only the first one counts.
    fn farewell(&mut self, code: CloseCode, reason: &str) {
        self.said.get_or_init(|| Farewell { code, reason: clip(reason).to_owned() });
        self.outgoing = None;
        self.incoming.close();
        while self.incoming.try_recv().is_ok() {}
    }
}

#[async_trait]
impl Transport for MemoryEnd {
    async fn send(&mut self, to: Participant, message: Message) -> Result<(), TransportError> {
        self.check_peer(to)?;
        if matches!(message, Message::Closed { .. }) {
            return Err(TransportError::NotSendable);
        }
        let outgoing = self.outgoing.as_ref().ok_or(TransportError::Closed)?;
        outgoing.send(message).await.map_err(|_| TransportError::Closed)
    }

    async fn recv(&mut self, from: Participant) -> Result<Message, TransportError> {
        self.check_peer(from)?;
        if self.outgoing.is_none() {
            return Err(TransportError::Closed);
        }
        let Some(message) = self.incoming.recv().await else {
            return Ok(match self.heard.get() {
                Some(farewell) => {
                    Message::Closed { code: Some(farewell.code.as_u16()), reason: farewell.reason.clone() }
                }
                None => Message::vanished(),
            });
        };
        if let Err(fault) = self.limits.check(&message) {
            let code = fault.close_code().unwrap_or(CloseCode::Malformed);
            self.farewell(code, code.reason());
            return Err(fault);
        }
        Ok(message)
    }

    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), TransportError> {
        if self.outgoing.is_some() {
            self.farewell(code, reason);
        }
        Ok(())
    }

    fn set_limit(&mut self, max_message: usize) {
        self.limits.set(max_message);
    }
}
