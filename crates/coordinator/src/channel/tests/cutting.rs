//! A device's raw connection that breaks where it is told to.

use async_trait::async_trait;
use maany_coordinator_proto::CloseCode;
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};

/// Where a connection breaks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cut {
    /// Nowhere.
    Never,
    /// It cannot be made.
    Unreachable,
    /// The message after so many, of both directions together, is lost, and the connection with it.
    After(usize),
    /// The same, but the other end does not notice.
    SilentlyAfter(usize),
    /// A bit of the message after so many is changed.
    Flip(usize),
}

pub(super) struct Cutting {
    raw: Option<Box<dyn Transport>>,
    cut: Cut,
    seen: usize,
    /// What the other end takes to be alive.
    buried: Option<Box<dyn Transport>>,
}

impl Cutting {
    pub(super) fn new(raw: Box<dyn Transport>, cut: Cut) -> Self {
        Self { raw: Some(raw), cut, seen: 0, buried: None }
    }

    /// Counts a message; gives it back where it passes.
    fn pass(&mut self, message: Message) -> Option<Message> {
        let at = self.seen;
        self.seen += 1;
        match self.cut {
            Cut::After(n) if at == n => {
                self.raw = None;
                None
            }
            Cut::SilentlyAfter(n) if at == n => {
                self.buried = self.raw.take();
                None
            }
            Cut::Flip(n) if at == n => match message {
                Message::Binary(bytes) => {
                    let mut bytes = Vec::from(bytes);
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    Some(Message::from(bytes))
                }
                other => Some(other),
            },
            _ => Some(message),
        }
    }
}

impl Drop for Cutting {
    fn drop(&mut self) {
        if let Some(buried) = self.buried.take() {
            // Its end is never seen.
            std::mem::forget(buried);
        }
    }
}

#[async_trait]
impl Transport for Cutting {
    async fn send(&mut self, to: Participant, message: Message) -> Result<(), TransportError> {
        let message = self.pass(message);
        match (&mut self.raw, message) {
            (Some(raw), Some(message)) => raw.send(to, message).await,
            _ => Err(TransportError::Closed),
        }
    }

    async fn recv(&mut self, from: Participant) -> Result<Message, TransportError> {
        let vanished = Message::Closed { code: None, reason: String::new() };
        let Some(raw) = &mut self.raw else { return Ok(vanished) };
        let message = raw.recv(from).await?;
        Ok(self.pass(message).unwrap_or(vanished))
    }

    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), TransportError> {
        match &mut self.raw {
            Some(raw) => raw.close(code, reason).await,
            None => Ok(()),
        }
    }

    fn set_limit(&mut self, max_message: usize) {
        if let Some(raw) = &mut self.raw {
            raw.set_limit(max_message);
        }
    }
}
