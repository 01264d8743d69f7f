//! What can go wrong between two ends, and whose fault it is.

use crate::Participant;
use maany_coordinator_proto::CloseCode;
use maany_coordinator_proto::channel::ChannelError;
use maany_coordinator_proto::link::LinkError;

/// Why a transport could not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The participant is not at the other end.
    #[error("no connection to {0:?}")]
    NoSuchParticipant(Participant),
    /// A closing is not a message to send: there is [`Transport::close`](crate::Transport::close).
    #[error("a closing is not sent but done")]
    NotSendable,
    /// An encrypted channel carries no text.
    #[error("an encrypted channel carries binary messages only")]
    NotBinary,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// The peer sent, or began to send, a message over the limit.
    #[error("the peer's message is over the limit of {limit} bytes")]
    TooLarge {
        /// The limit that held, in bytes.
        limit: usize,
        /// The close code that belongs to it: 1002 before the first message was accepted, 1009 after.
        close: CloseCode,
    },
    /// A text message was not UTF-8.
    #[error("the peer's text is not utf-8")]
    NotUtf8,
    /// The peer broke the rules of the connection's own protocol.
    #[error("the peer broke the websocket protocol: {0}")]
    Protocol(&'static str),
    /// The encrypted channel failed.
    #[error("the encrypted channel failed")]
    Channel(#[source] ChannelError),
    /// The numbering of frames failed: a session over several connections cannot go on.
    #[error("the session's frames do not add up")]
    Link(#[source] LinkError),
    /// The address cannot be connected to.
    #[error("not a usable address: {0}")]
    Address(&'static str),
    /// The other side does not speak WebSocket here.
    #[error("the server refused the websocket upgrade with http status {0}")]
    Refused(u16),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(std::time::Duration),
    /// The network failed.
    #[error("the network failed")]
    Io(#[from] std::io::Error),
}

impl TransportError {
    /// The code to close with, where the peer is to be told.
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::TooLarge { close, .. } => Some(*close),
            Self::NotUtf8 => Some(CloseCode::NotUtf8),
            Self::Protocol(_) => Some(CloseCode::Malformed),
            Self::Channel(error) => Some(error.close_code()),
            Self::Link(error) => Some(error.close_code()),
            Self::NoSuchParticipant(_)
            | Self::NotSendable
            | Self::NotBinary
            | Self::Closed
            | Self::Address(_)
            | Self::Refused(_)
            | Self::Timeout(_)
            | Self::Io(_) => None,
        }
    }
}
