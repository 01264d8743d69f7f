//! Why a request of the client has no answer.

use crate::http::wire;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server's address is not one.
    #[error("the server address is not of the form ws://host:port")]
    Url,
    /// A fragment would go over a connection that others can listen on.
    #[error("fragments travel over loopback only: the connection would not be encrypted")]
    Unprotected,
    /// The name cannot stand in a path.
    #[error("a wallet named by dots alone is reached by its wallet id only")]
    Name,
    /// The server could not be reached, or did not answer in time.
    #[error("the server cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server refused.
    #[error("the server refused: {} ({})", error.message, error.code)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the server says about it.
        error: wire::Error,
    },
    /// The answer is not what this release understands.
    #[error("the server's answer is not understood")]
    Malformed,
    /// The answer is larger than any that is expected.
    #[error("the server's answer is too large")]
    TooLarge,
}

impl ClientError {
    pub(super) fn unreachable(error: reqwest::Error) -> Self {
        // The URL holds ids, which have no place in an error text.
        Self::Unreachable(Box::new(error.without_url()))
    }

    pub(super) fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unreachable(Box::new(error))
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { error, .. } => error.retryable,
            Self::Url | Self::Unprotected | Self::Name | Self::Malformed | Self::TooLarge => false,
        }
    }
}
