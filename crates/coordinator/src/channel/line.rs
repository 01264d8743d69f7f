//! One socket with its channel: frames of the link, sealed and in pieces.

use std::{collections::VecDeque, time::Duration};

use futures::FutureExt;
use maany_coordinator_proto::{
    CloseCode,
    channel::{Channel, NOISE_BYTES},
};
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};
use tokio::time::{Instant, sleep_until};

/// Pieces that are read while a frame of several pieces goes out, so that two ends that send at the same time do not wait for each
/// other.
const AHEAD: usize = 16;

/// How long a socket that takes nothing more may still say why.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A socket whose handshake is done.
pub(super) struct Line {
    raw: Box<dyn Transport>,
    peer: Participant,
    channel: Channel,
    ahead: VecDeque<Result<Message, TransportError>>,
    /// Since sending failed: until when the socket may still tell why.
    dumb: Option<Instant>,
}

/// What a socket brought.
pub(super) enum Event {
    /// A frame of the link.
    Frame(Vec<u8>),
    /// The peer ended the session, with a code.
    Ended(Message),
    /// The socket is gone, and nobody said why: the session may go on over another.
    Lost,
    /// The peer broke a rule.
    Fault(TransportError),
}

impl Line {
    pub(super) fn new(mut raw: Box<dyn Transport>, peer: Participant, channel: Channel) -> Self {
        raw.set_limit(NOISE_BYTES);
        Self { raw, peer, channel, ahead: VecDeque::new(), dumb: None }
    }

    /// Whether the socket has taken everything so far.
    pub(super) fn can_send(&self) -> bool {
        self.dumb.is_none()
    }

    /// Sends one frame. Owns the line, so that whoever waits for it may stop waiting and go on later.
    pub(super) async fn send(mut self, frame: Vec<u8>) -> Self {
        let Ok(pieces) = self.channel.seal(&frame) else { return self.fall_dumb() };
        for piece in pieces {
            if self.raw.send(self.peer, Message::from(piece)).await.is_err() {
                return self.fall_dumb();
            }
            while self.ahead.len() < AHEAD {
                let Some(read) = self.raw.recv(self.peer).now_or_never() else { break };
                let more = matches!(read, Ok(Message::Binary(_)));
                self.ahead.push_back(read);
                if !more {
                    break;
                }
            }
        }
        self
    }

    /// Waits for the next frame, of at most `limit` bytes. Cancel-safe.
    pub(super) async fn recv(&mut self, limit: usize) -> Event {
        loop {
            let read = match self.ahead.pop_front() {
                Some(read) => read,
                None => tokio::select! {
                    biased;
                    read = self.raw.recv(self.peer) => read,
                    () = until(self.dumb) => return Event::Lost,
                },
            };
            match read {
                Ok(Message::Binary(piece)) => match self.channel.open(&piece, limit) {
                    Ok(Some(frame)) => return Event::Frame(frame),
                    Ok(None) => {}
                    Err(error) => return Event::Fault(TransportError::Channel(error)),
                },
                Ok(Message::Text(_)) => return Event::Fault(TransportError::Protocol("text in the channel")),
                Ok(closed @ Message::Closed { code: Some(code), .. })
                    if CloseCode::from_u16(code).is_some() =>
                {
                    return Event::Ended(closed);
                }
                Ok(Message::Closed { .. }) => return Event::Lost,
                Err(error) if error.close_code().is_some() => return Event::Fault(error),
                Err(_) => return Event::Lost,
            }
        }
    }

    /// Tells the peer why and ends the socket.
    pub(super) async fn close(mut self, code: CloseCode, reason: &str) -> Result<(), TransportError> {
        self.raw.close(code, reason).await
    }

    fn fall_dumb(mut self) -> Self {
        self.dumb = Some(Instant::now() + LAST_WORDS);
        self
    }
}

/// Waits until then, or for ever.
async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
