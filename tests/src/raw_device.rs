//! A device without the facade: it says what it is told to, in whatever order, over a real WebSocket.

use std::time::Duration;

use maany_coordinator_proto::{Hello, KeyId, SessionId, Token};
use maany_coordinator_transport::websocket::{ClientSocket, connect};
use maany_coordinator_transport::{Limits, Message, Participant, Transport, TransportError};

use crate::{Failure, holder};

/// Longer than any deadline of a server with default limits but the session's own.
const PATIENCE: Duration = Duration::from_secs(20);

/// One socket.
pub struct RawDevice {
    socket: ClientSocket,
}

/// How a server ended a connection: the code and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The close code; none where the server just went away.
    pub code: Option<u16>,
    /// The reason text.
    pub reason: String,
}

impl RawDevice {
    /// Opens a socket and says nothing.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn connect(url: &str) -> Result<Self, Failure> {
        Ok(Self { socket: connect(url, Limits::device()).await? })
    }

    /// Opens a socket and says hello.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn hello(url: &str, hello: Hello) -> Result<Self, Failure> {
        let mut device = Self::connect(url).await?;
        device.text(&hello.to_json()).await?;
        Ok(device)
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// Where the server is gone.
    pub async fn text(&mut self, text: &str) -> Result<(), TransportError> {
        self.socket.send(Participant::Server, Message::Text(text.to_owned())).await
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// Where the server is gone.
    pub async fn binary(&mut self, bytes: Vec<u8>) -> Result<(), TransportError> {
        self.socket.send(Participant::Server, Message::from(bytes)).await
    }

    /// The server's next message.
    ///
    /// # Errors
    /// Where none comes in time.
    pub async fn next(&mut self) -> Result<Message, Failure> {
        let next = self.socket.recv(Participant::Server);
        Ok(tokio::time::timeout(PATIENCE, next).await.map_err(|_| "the server says nothing")??)
    }

    /// The server's next message, which must be binary.
    ///
    /// # Errors
    /// Where it is something else, or none comes in time.
    pub async fn next_binary(&mut self) -> Result<Vec<u8>, Failure> {
        match self.next().await? {
            Message::Binary(bytes) => Ok(bytes.into()),
            other => Err(format!("not binary: {other:?}").into()),
        }
    }

    /// Reads to the end, whatever comes before it.
    ///
    /// # Errors
    /// Where the end does not come in time.
    pub async fn closed(&mut self) -> Result<Closed, Failure> {
        loop {
            if let Message::Closed { code, reason } = self.next().await? {
                return Ok(Closed { code, reason });
            }
        }
    }
}

/// A session id that no other session of this process has.
///
/// # Panics
/// Never: the id is in the alphabet.
#[must_use]
pub fn session_id() -> SessionId {
    SessionId::new(&format!("session-{}", holder::fresh())).expect("letters, digits and a dash")
}

/// A key id from text that must be one.
///
/// # Errors
/// Where it is none.
pub fn key_id(text: &str) -> Result<KeyId, Failure> {
    Ok(KeyId::new(text)?)
}

/// A token from text that must be one.
///
/// # Errors
/// Where it is none.
pub fn token(text: &str) -> Result<Token, Failure> {
    Token::new(text).map_err(|_| "the token is none".into())
}
