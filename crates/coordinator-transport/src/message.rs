//! What travels: one text message, one binary message, or the news that the other side has closed.
//!
//! Pings and pongs are the transport's own business and never appear here.

use bytes::Bytes;

/// One event on a transport, in the order in which the peer caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message: valid UTF-8, whole.
    Text(String),
    /// A binary message, whole.
    Binary(Bytes),
    /// The peer closed, or vanished. It is the last message: every later `recv` gives it again.
    Closed {
        /// The peer's close code; `None` when it gave none or simply disappeared.
        code: Option<u16>,
        /// The peer's reason, at most 123 bytes (RFC 6455, 5.5.1); written by the peer, so never trusted.
        reason: String,
    },
}

impl Message {
    /// Bytes of payload: what limits are compared with. A close counts as nothing.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Closed { .. } => 0,
        }
    }

    /// Whether there is no payload.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The peer is gone and said nothing.
    pub(crate) fn vanished() -> Self {
        Self::Closed { code: None, reason: String::new() }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}
