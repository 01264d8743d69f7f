//! How a device gets back to its live session: the delays of the backoff, the handshake again, the token, the server's ack.

use std::{sync::Arc, time::Duration};

use maany_coordinator_proto::{
    CloseCode, Hello, ResumeToken,
    channel::PublicKey,
    link::{Frame, FrameKind, HEAD_BYTES, LinkError},
};
use maany_coordinator_transport::{Message, TransportError};
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::debug;

use super::{
    ConnectError, Dial,
    connect::{Opened, open},
    key,
    line::Event,
    registry::Attached,
};
use crate::retry::{Backoff, Jitter};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);

/// What a device keeps to come back with.
pub(super) struct Redial {
    pub(super) dial: Arc<dyn Dial>,
    pub(super) server_key: PublicKey,
    pub(super) backoff: Backoff,
    pub(super) jitter: Jitter,
    pub(super) deadline: Instant,
    pub(super) hello: Hello,
    pub(super) session: [u8; 16],
    pub(super) token: ResumeToken,
}

/// There is no getting back.
pub(super) enum Gone {
    /// The server says so, or nobody is reached in time.
    Closed(Message),
    /// The server, or who stands in its place, broke a rule.
    Fault(TransportError),
}

impl Redial {
    /// Comes back, showing this frame with the token.
    pub(super) async fn run(self: Arc<Self>, frame: Vec<u8>) -> Result<Attached, Gone> {
        for delay in self.backoff.delays(|| self.jitter.roll()) {
            let at = Instant::now() + delay;
            if at >= self.deadline {
                break;
            }
            sleep_until(at).await;
            let until = self.deadline.min(at + ATTEMPT);
            match timeout_at(until, self.attempt(frame.clone())).await {
                Err(_) => debug!("no answer in time"),
                Ok(Ok(attached)) => return Ok(attached),
                Ok(Err(error)) => {
                    debug!(%error, "not back yet");
                    self.judge(error)?;
                }
            }
        }
        Err(Gone::Closed(Message::Closed { code: None, reason: String::new() }))
    }

    async fn attempt(&self, frame: Vec<u8>) -> Result<Attached, ConnectError> {
        let ephemeral = key::ephemeral()?;
        let hello = self.hello.resuming(*ephemeral.public().as_bytes(), self.session);
        let Opened { line, .. } = open(&*self.dial, Some(self.server_key), &hello, ephemeral).await?;
        let mut line = line.send(frame).await;
        match line.recv(HEAD_BYTES).await {
            Event::Frame(bytes) => match Frame::parse(&bytes)? {
                Frame { kind: FrameKind::Ack, seq: 0, ack, payload: [] } => Ok(Attached { line, ack }),
                _ => Err(LinkError::Malformed.into()),
            },
            Event::Ended(Message::Closed { code, .. }) => Err(ConnectError::Closed { code }),
            Event::Ended(_) | Event::Lost => Err(ConnectError::Closed { code: None }),
            Event::Fault(error) => Err(ConnectError::Transport(error)),
        }
    }

    /// Whether an attempt that failed is worth another.
    fn judge(&self, error: ConnectError) -> Result<(), Gone> {
        match error {
            ConnectError::Closed { code: Some(code) } if is_final(code) => {
                let reason = CloseCode::from_u16(code).map_or("", CloseCode::reason).to_owned();
                Err(Gone::Closed(Message::Closed { code: Some(code), reason }))
            }
            ConnectError::Transport(ref fault) if fault.close_code().is_none() => Ok(()),
            ConnectError::Unreachable(_)
            | ConnectError::Closed { .. }
            | ConnectError::Deadline
            | ConnectError::NoRandomness(_) => Ok(()),
            ConnectError::Transport(_)
            | ConnectError::Welcome(_)
            | ConnectError::Channel(_)
            | ConnectError::Link(_) => Err(Gone::Fault(error.into())),
        }
    }
}

/// Whether a server that closes with this code will not have the session back. One that is shutting down, overloaded or broken may
/// be another in a moment, or a proxy.
fn is_final(code: u16) -> bool {
    match CloseCode::from_u16(code) {
        Some(CloseCode::GoingAway | CloseCode::Deadline | CloseCode::TooMany | CloseCode::Internal)
        | None => false,
        Some(_) => true,
    }
}
