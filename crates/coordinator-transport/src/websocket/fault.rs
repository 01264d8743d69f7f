//! Sorts the codec's errors by what they mean for a session.

use crate::TransportError;
use std::io;
use tungstenite::Error;
use tungstenite::error::ProtocolError;

/// What an error of the codec amounts to.
pub(crate) enum Fault {
    /// Nothing yet: the stream will wake the task.
    Wait,
    /// The peer is gone.
    Gone,
    /// The peer passed the limit.
    TooLarge,
    /// Anything else, to be reported.
    Failed(TransportError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => Self::from(error),
            Error::ConnectionClosed | Error::AlreadyClosed => Self::Gone,
            Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => Self::Gone,
            Error::Capacity(_) | Error::WriteBufferFull(_) => Self::TooLarge,
            Error::Utf8(_) => Self::Failed(TransportError::NotUtf8),
            Error::Protocol(error) => Self::Failed(TransportError::Protocol(rule(&error))),
            // What is left belongs to the HTTP handshake, which is over when the codec runs.
            _ => Self::Failed(TransportError::Protocol("unexpected state")),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, QuotaExceeded, UnexpectedEof,
            WouldBlock,
        };
        match error.kind() {
            WouldBlock => Self::Wait,
            QuotaExceeded => Self::TooLarge,
            BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof => Self::Gone,
            _ => Self::Failed(TransportError::Io(error)),
        }
    }
}

/// The rule that was broken, in words that hold nothing of what the peer sent.
fn rule(error: &ProtocolError) -> &'static str {
    match error {
        ProtocolError::UnmaskedFrameFromClient => "a client's frame was not masked",
        ProtocolError::MaskedFrameFromServer => "a server's frame was masked",
        ProtocolError::NonZeroReservedBits => "reserved bits were set",
        ProtocolError::FragmentedControlFrame => "a control frame was fragmented",
        ProtocolError::ControlFrameTooBig => "a control frame was over 125 bytes",
        ProtocolError::UnknownControlFrameType(_)
        | ProtocolError::UnknownDataFrameType(_)
        | ProtocolError::InvalidOpcode(_) => "unknown opcode",
        ProtocolError::UnexpectedContinueFrame => "a continuation continued nothing",
        ProtocolError::ExpectedFragment(_) => "a message began inside another",
        ProtocolError::InvalidCloseSequence => "malformed close frame",
        ProtocolError::ReceivedAfterClosing => "data after a close frame",
        _ => "malformed frame",
    }
}
