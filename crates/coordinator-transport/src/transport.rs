//! The seam between a session and whatever carries its messages.
//!
//! A transport knows participants, order, limits and closing. It knows nothing of hellos, rounds or wallets.

use crate::{Message, TransportError};
use async_trait::async_trait;
use maany_coordinator_proto::CloseCode;

/// Who a message goes to or comes from. A key has two shares today, hence two names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Participant {
    /// The holder of the device's key share.
    Device,
    /// The holder of the server's key share.
    Server,
}

impl Participant {
    /// The participant at the other end of a two-party transport.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Device => Self::Server,
            Self::Server => Self::Device,
        }
    }
}

/// An ordered, bounded, message-wise connection to named participants.
///
/// Messages arrive whole, once, and in the order sent. Queues are bounded: a sender waits for a reader.
/// Every implementation runs the suite of the feature `conformance`.
#[async_trait]
pub trait Transport: Send {
    /// Sends one message, and waits until there was room for it.
    ///
    /// If the future is dropped, the message was sent whole or will be sent whole by the next call, or was not sent at
    /// all: it is never cut in two.
    ///
    /// # Errors
    /// [`TransportError::NoSuchParticipant`] for anyone but the peer, [`TransportError::NotSendable`] for a [`Message::Closed`],
    /// [`TransportError::Closed`] once either side has
    /// closed, [`TransportError::Io`] when the connection failed.
    async fn send(&mut self, to: Participant, message: Message) -> Result<(), TransportError>;

    /// Waits for the next message. Cancel-safe: dropping the future loses nothing.
    ///
    /// A peer that closes or disappears is a message, [`Message::Closed`], after everything that it sent before.
    ///
    /// # Errors
    /// What the peer did wrong ([`TransportError::TooLarge`], [`TransportError::NotUtf8`], [`TransportError::Protocol`]).
    /// The peer has then been told with [`TransportError::close_code`], and all that is left is [`Transport::close`], whose
    /// own code no longer matters.
    async fn recv(&mut self, from: Participant) -> Result<Message, TransportError>;

    /// Tells the peer why and ends the connection, within a bounded time whatever the peer does. Closing twice is
    /// closing once. The reason is cut to 123 bytes.
    ///
    /// # Errors
    /// [`TransportError::Io`] when the peer could not be told; the connection is over all the same.
    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), TransportError>;

    /// From now on a message from the peer may have up to `max_message` bytes; a longer one closes with 1009, or with
    /// the code of the first limit while `max_message` is that limit.
    ///
    /// What is longer than the limit is refused as soon as its length is known, so raise the limit before the next
    /// `recv`, not during it.
    fn set_limit(&mut self, max_message: usize);
}
