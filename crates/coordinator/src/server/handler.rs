//! Where a host application hears that a session is ready.

use async_trait::async_trait;

use super::session::ReadySession;

/// What happens with a session once its hello is accepted.
///
/// The hook is for an application that wants to watch, delay or take over sessions. Whether a session may happen at all is decided before:
/// by the authenticator, the wallet's state and, for signing, the policy's verdict on the sign request.
#[async_trait]
pub trait SessionHandler: Send + Sync + 'static {
    /// A session is ready. The session's deadlines run meanwhile; dropping it closes the socket.
    async fn ready(&self, session: ReadySession);
}

/// The handler that runs every session.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltIn;

#[async_trait]
impl SessionHandler for BuiltIn {
    async fn ready(&self, session: ReadySession) {
        // The outcome is in the session's span, and the device has been told.
        let _ = session.run().await;
    }
}
