//! Why the channel fails. Every failure ends it: there is no carrying on after a bad piece.

use crate::close::CloseCode;

/// Why a handshake or a message of the channel is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The handshake does not come out: another prologue, a changed message, or one of a wrong length.
    #[error("the noise handshake failed")]
    Handshake,
    /// The server has another static key than the one that the device pins.
    #[error("the server has another key than the one that is pinned")]
    WrongKey,
    /// The payload that is to ride in the second handshake message does not fit.
    #[error("the handshake payload is too long")]
    Payload,
    /// A piece longer than a Noise message, or shorter than its tag and its first byte.
    #[error("a piece has a wrong length")]
    Length,
    /// A piece that does not decrypt: changed, sent twice, left out, out of order, or of another channel.
    #[error("a piece does not decrypt")]
    Decrypt,
    /// A piece whose first byte is neither 0 nor 1.
    #[error("a piece has an unknown mark")]
    Mark,
    /// A piece that says that more follow and is not full.
    #[error("a piece that is not the last one is not full")]
    Short,
    /// The pieces put together are over the limit.
    #[error("the pieces together are longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The channel has failed before.
    #[error("the channel has failed before")]
    Broken,
    /// The Noise implementation failed without a fault of the peer.
    #[error("the channel cannot be used")]
    Internal,
}

impl ChannelError {
    /// The close code that answers it.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::Handshake | Self::WrongKey | Self::Length | Self::Decrypt | Self::Mark | Self::Short => {
                CloseCode::Malformed
            }
            Self::TooLong { .. } => CloseCode::TooBig,
            Self::Payload | Self::Broken | Self::Internal => CloseCode::Internal,
        }
    }
}
