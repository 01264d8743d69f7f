//! Why there is no channel: at the device's end, and at the server's.

use maany_coordinator_proto::{CloseCode, channel::ChannelError, link::LinkError, welcome::WelcomeError};
use maany_coordinator_transport::TransportError;

/// Why a device has no channel to its server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server cannot be reached.
    #[error("the server cannot be reached")]
    Unreachable(#[source] TransportError),
    /// The server closed instead of welcoming; none where the connection just ended.
    #[error("the server closed the connection before the channel was open")]
    Closed {
        /// The code that it gave.
        code: Option<u16>,
    },
    /// The connection failed, or the server broke its rules.
    #[error("the connection failed before the channel was open")]
    Transport(#[source] TransportError),
    /// What came is no welcome.
    #[error("the server's answer is no welcome")]
    Welcome(#[from] WelcomeError),
    /// The handshake failed; with [`ChannelError::WrongKey`] the server is not the one that is pinned.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The first frame after a resumption is not what it should be.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// No channel in time.
    #[error("the channel was not open in time")]
    Deadline,
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[from] getrandom::Error),
}

/// Why a server gave a hello of protocol 2 no channel. The peer has been told with [`AcceptError::close_code`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The hello asks for another protocol.
    #[error("the hello is not of protocol 2")]
    Protocol,
    /// No session of this name is alive for this principal, intent and key, or the token is not its: one answer for all.
    #[error("there is no such session to go on with")]
    NoSession,
    /// The handshake, or the first piece after it.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The first frame of a resumption.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The connection failed.
    #[error("the connection failed in the handshake")]
    Transport(#[source] TransportError),
    /// The peer was gone before the channel was open.
    #[error("the peer closed in the handshake")]
    Closed,
    /// Not in time.
    #[error("the handshake was not done in time")]
    Deadline,
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[from] getrandom::Error),
}

impl AcceptError {
    /// The close code that answers it.
    #[must_use]
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::Protocol => CloseCode::Malformed,
            Self::NoSession => CloseCode::Busy,
            Self::Channel(error) => error.close_code(),
            Self::Link(error) => error.close_code(),
            Self::Transport(error) => error.close_code().unwrap_or(CloseCode::Internal),
            Self::Deadline => CloseCode::Deadline,
            Self::Closed | Self::NoRandomness(_) => CloseCode::Internal,
        }
    }
}
