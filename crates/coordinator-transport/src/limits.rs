//! How much and how long one end puts up with.

use crate::{Message, TransportError};
use maany_coordinator_proto::CloseCode;
use maany_coordinator_proto::limits::{CEREMONY_BYTES, HELLO_BYTES};
use std::time::Duration;

/// Limits of one end of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest message accepted until [`set_limit`](crate::Transport::set_limit) gives another size, in bytes.
    pub max_message: usize,
    /// Largest piece of a message that comes in several, as long as that first limit holds, in bytes. A codec holds the
    /// piece in hand beside what it has put together, so this decides how much more than one message a stranger costs.
    pub max_fragment: usize,
    /// Close code for a message over that first limit. Over any other limit it is 1009.
    pub too_large: CloseCode,
    /// How long closing may take in all, the peer's answer included.
    pub close_timeout: Duration,
    /// How long connecting may take in all, the upgrade included.
    pub connect_timeout: Duration,
}

impl Limits {
    /// For the side that is connected to: nothing over a hello until one was accepted.
    #[must_use]
    pub fn server() -> Self {
        Self {
            max_message: HELLO_BYTES,
            max_fragment: HELLO_BYTES / 4,
            too_large: CloseCode::Malformed,
            ..Self::device()
        }
    }

    /// For the side that connects.
    #[must_use]
    pub fn device() -> Self {
        Self {
            max_message: CEREMONY_BYTES,
            max_fragment: CEREMONY_BYTES,
            too_large: CloseCode::TooBig,
            close_timeout: Duration::from_millis(750),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// The limit that holds now, and what to close with when it is passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current {
    first: Limits,
    max_message: usize,
}

impl Current {
    pub(crate) fn new(first: Limits) -> Self {
        Self { first, max_message: first.max_message }
    }

    pub(crate) fn set(&mut self, max_message: usize) {
        self.max_message = max_message;
    }

    /// The largest piece of a message in several.
    #[cfg(feature = "__websocket")]
    pub(crate) fn max_fragment(&self) -> usize {
        if self.is_first() { self.first.max_fragment } else { self.max_message }
    }

    fn is_first(&self) -> bool {
        self.max_message == self.first.max_message
    }

    pub(crate) fn fault(&self) -> TransportError {
        let close = if self.is_first() { self.first.too_large } else { CloseCode::TooBig };
        TransportError::TooLarge { limit: self.max_message, close }
    }

    pub(crate) fn check(&self, message: &Message) -> Result<(), TransportError> {
        if message.len() > self.max_message { Err(self.fault()) } else { Ok(()) }
    }
}
