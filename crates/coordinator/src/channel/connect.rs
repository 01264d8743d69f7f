//! The device's side of the handshake, for a new session and for a new socket of a live one.

use std::sync::Arc;

use maany_coordinator_proto::{
    CloseCode, Hello, Welcome, WelcomeLimits,
    channel::{Channel, EphemeralKey, Initiator, PublicKey, prologue},
    welcome::{self, WELCOME_BYTES, WelcomeError},
};
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::{ConnectError, Dial, SecureTransport, key, line::Line, redial::Redial};
use crate::retry::{Backoff, Jitter};

/// Which key the server must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// This one: given to the device, or learnt before.
    Known(PublicKey),
    /// Whichever it shows. For the first DKG with a server alone; what it shows is to be kept.
    Learn,
}

/// How a device reaches its server, and for how long it tries to get back to it.
#[derive(Clone)]
pub struct Route {
    /// Makes raw connections.
    pub dial: Arc<dyn Dial>,
    /// The server's key.
    pub pin: Pin,
    /// How often, and after which delays, a lost connection is made again.
    pub backoff: Backoff,
    /// Where those delays get their randomness.
    pub jitter: Jitter,
    /// When the session is over whatever happens: no connection is made after that.
    pub deadline: Instant,
}

/// A session whose channel is open.
#[derive(Debug)]
pub struct Connected {
    /// Carries the session's messages, across sockets.
    pub transport: SecureTransport,
    /// The hash of the first handshake, which the device's proof signs.
    pub handshake_hash: [u8; 32],
    /// The server's name for the session.
    pub session: [u8; 16],
    /// The server's nonce.
    pub nonce: [u8; 32],
    /// The server's static key, which was pinned or is to be from now on.
    pub server_key: PublicKey,
    /// What the server puts up with.
    pub limits: WelcomeLimits,
}

/// Connects, sends `hello` with what protocol 2 adds to it, and opens the channel. One attempt: a session that has not begun
/// is repeated by its caller.
///
/// # Errors
/// [`ConnectError`]. With another key than the pinned one nothing is sent after the hello.
pub async fn connect(route: Route, hello: Hello) -> Result<Connected, ConnectError> {
    let ephemeral = key::ephemeral()?;
    let hello = hello.with_noise(*ephemeral.public().as_bytes());
    let pin = match route.pin {
        Pin::Known(key) => Some(key),
        Pin::Learn => None,
    };
    let opening = open(&*route.dial, pin, &hello, ephemeral);
    let opened = timeout_at(route.deadline, opening).await.map_err(|_| ConnectError::Deadline)??;
    let Opened { line, handshake_hash, server_key, welcome } = opened;
    let Welcome { session, nonce, resume_token, limits } = welcome;
    let largest = limits.message_bytes(hello.intent());
    let Route { dial, backoff, jitter, deadline, .. } = route;
    let redial = Redial { dial, server_key, backoff, jitter, deadline, hello, session, token: resume_token };
    let transport =
        SecureTransport::device(line, Arc::new(redial), usize::try_from(largest).unwrap_or(usize::MAX));
    Ok(Connected { transport, handshake_hash, session, nonce, server_key, limits })
}

/// A socket whose channel is open.
pub(super) struct Opened {
    pub(super) line: Line,
    pub(super) handshake_hash: [u8; 32],
    pub(super) server_key: PublicKey,
    pub(super) welcome: Welcome,
}

/// Connects once and makes the handshake.
pub(super) async fn open(
    dial: &dyn Dial,
    pin: Option<PublicKey>,
    hello: &Hello,
    ephemeral: EphemeralKey,
) -> Result<Opened, ConnectError> {
    let initiator = Initiator::new(ephemeral, &prologue(hello))?;
    let mut raw = dial.dial().await.map_err(ConnectError::Unreachable)?;
    let greeted = greeted(&mut raw, hello).await.and_then(|message| {
        let finished = initiator.finish(&message)?;
        let finished = match pin {
            Some(key) => finished.pinned(&key)?,
            None => finished,
        };
        let welcome = Welcome::from_payload(&finished.payload)?;
        if hello.resume().is_some_and(|session| session != welcome.session) {
            return Err(WelcomeError::Payload.into());
        }
        Ok((finished.server, welcome, finished.channel))
    });
    match greeted {
        Ok((server_key, welcome, channel)) => Ok(opened(raw, server_key, welcome, channel)),
        Err(error) => {
            let code = close_code(&error);
            if let Err(error) = raw.close(code, code.reason()).await {
                debug!(%error, "close failed");
            }
            Err(error)
        }
    }
}

fn opened(raw: Box<dyn Transport>, server_key: PublicKey, welcome: Welcome, channel: Channel) -> Opened {
    let handshake_hash = *channel.handshake_hash();
    Opened { line: Line::new(raw, Participant::Server, channel), handshake_hash, server_key, welcome }
}

/// Sends the hello; gives the second message of the handshake.
async fn greeted(raw: &mut Box<dyn Transport>, hello: &Hello) -> Result<Vec<u8>, ConnectError> {
    raw.set_limit(WELCOME_BYTES);
    let text = Message::Text(hello.to_json().to_string());
    // A server that closed meanwhile has said why: that is read below.
    let sent = raw.send(Participant::Server, text).await;
    match (raw.recv(Participant::Server).await, sent) {
        (Ok(Message::Text(text)), _) => Ok(welcome::parse(text.as_bytes())?),
        (Ok(Message::Binary(_)), _) => Err(WelcomeError::Malformed.into()),
        (Ok(Message::Closed { code: None, .. }), Err(error)) => Err(ConnectError::Transport(error)),
        (Ok(Message::Closed { code, .. }), _) => Err(ConnectError::Closed { code }),
        (Err(error), _) => Err(ConnectError::Transport(error)),
    }
}

fn close_code(error: &ConnectError) -> CloseCode {
    match error {
        ConnectError::Welcome(error) => error.close_code(),
        ConnectError::Channel(error) => error.close_code(),
        ConnectError::Link(error) => error.close_code(),
        ConnectError::Transport(error) => error.close_code().unwrap_or(CloseCode::Internal),
        _ => CloseCode::Internal,
    }
}

impl From<ConnectError> for TransportError {
    /// As a session sees it that cannot go on.
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Unreachable(error) | ConnectError::Transport(error) => error,
            ConnectError::Channel(error) => Self::Channel(error),
            ConnectError::Link(error) => Self::Link(error),
            ConnectError::Welcome(_) => Self::Protocol("the answer to the hello is no welcome"),
            ConnectError::Closed { .. } | ConnectError::Deadline | ConnectError::NoRandomness(_) => {
                Self::Closed
            }
        }
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route")
            .field("pin", &self.pin)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}
