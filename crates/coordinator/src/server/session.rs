//! One socket on the server, from the upgrade to the close.

use std::{sync::Arc, time::Duration};

use maany_coordinator_proto::{
    Intent, KeyId, ServerSession, SessionId, WalletId,
    session::{Outcome, SessionError},
};
use maany_coordinator_transport::{Participant, Transport};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, info, warn};

use super::{Parts, host::ServerHost};
use crate::{
    auth::Principal,
    convert,
    driver::{Clock, Driver, Pause, SessionFailure},
};

/// How long a session handler may take to end after the server has cancelled its sessions.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What may be between this process and the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Nothing that could listen: loopback, or TLS that ends in this process.
    Trusted,
    /// A network.
    Plaintext,
}

/// What the host application is told about a session that is ready.
#[derive(Debug, Clone)]
pub struct SessionContext {
    /// The device's name for the session.
    pub session_id: SessionId,
    /// Whose token it came with.
    pub principal: Principal,
    /// What it wants.
    pub intent: Intent,
    /// The wallet; none in a DKG.
    pub wallet: Option<WalletId>,
    /// The key id that the device named or proposed.
    pub key_id: Option<KeyId>,
}

/// A session that is admitted and ready to run: the host application runs the built-in handler, or takes the
/// transport and runs something else.
pub struct ReadySession {
    driver: Driver<ServerSession, ServerHost>,
    context: SessionContext,
}

impl std::fmt::Debug for ReadySession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadySession").field("context", &self.context).finish_non_exhaustive()
    }
}

impl ReadySession {
    /// Who wants what.
    #[must_use]
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Runs the ceremony to its end: what the server does when no handler is given.
    ///
    /// # Errors
    /// [`SessionFailure`], which is in the log already.
    pub async fn run(mut self) -> Result<Outcome, SessionFailure> {
        let span = self.driver.host().trace.as_ref().map_or_else(Span::none, |trace| trace.span().clone());
        let result = self.driver.run().instrument(span).await;
        end(self.driver, &result);
        result
    }

    /// Gives the transport to the host application, which from here on carries the session alone. In DKG and signing
    /// nothing has been sent on it since the hello; in refresh and restore both sides have said which share they hold.
    /// The wallet stays busy for other sessions until the returned value is dropped.
    #[must_use]
    pub fn into_transport(self) -> TakenOver {
        let (transport, host) = self.driver.into_parts();
        TakenOver { transport, _host: host }
    }
}

/// A session whose host application carries it alone.
pub struct TakenOver {
    /// The open connection.
    pub transport: Box<dyn Transport>,
    /// Holds the wallet's lease.
    _host: ServerHost,
}

impl std::fmt::Debug for TakenOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TakenOver").finish_non_exhaustive()
    }
}

/// Runs one socket.
pub(super) async fn run(
    parts: Arc<Parts>,
    transport: Box<dyn Transport>,
    channel: Channel,
    cancel: CancellationToken,
) {
    let clock = Clock::start();
    let host = ServerHost::new(Arc::clone(&parts), channel);
    let machine = ServerSession::new(parts.limits.session, clock.now());
    let pool = Arc::clone(&parts.pool);
    let mut driver = Driver::new(machine, host, transport, Participant::Device, pool, clock, cancel.clone());
    match driver.run_until_ready().await {
        Pause::Over(result) => end(driver, &result),
        Pause::Ready => {
            let Some(admitted) = driver.host().admitted.as_ref() else { return };
            let context = SessionContext {
                session_id: admitted.session_id.clone(),
                principal: admitted.principal.clone(),
                intent: driver.host().intent(),
                wallet: admitted.wallet.as_ref().map(|row| convert::wallet_from_storage(row.wallet)),
                key_id: admitted.key_id.clone(),
            };
            let left_alone = async {
                cancel.cancelled().await;
                tokio::time::sleep(LAST_WORDS).await;
            };
            // The host application's code decides nothing about when this process may end.
            tokio::select! {
                () = parts.handler.ready(ReadySession { driver, context }) => {}
                () = left_alone => warn!("a session handler did not end when the server did"),
            }
        }
    }
}

fn end(driver: Driver<ServerSession, ServerHost>, result: &Result<Outcome, SessionFailure>) {
    let word = match result {
        Ok(_) => "finished",
        Err(SessionFailure::Session(error)) => word(error),
        Err(SessionFailure::NoResult) => "no-result",
    };
    match driver.into_host().trace {
        Some(trace) => {
            if let Err(failure) = result {
                trace.span().in_scope(|| info!(%failure, "the session failed"));
            }
            trace.end(word);
        }
        // No hello was read: nothing is known that would be worth more than a debug line.
        None => tracing::debug!(outcome = word, "a socket closed before its hello"),
    }
}

fn word(error: &SessionError) -> &'static str {
    match error {
        SessionError::Refused(_) => "refused",
        SessionError::Deadline { .. } => "deadline",
        SessionError::Closed { .. } => "peer-gone",
        SessionError::Engine { .. } => "aborted",
        SessionError::Locked => "locked",
        SessionError::Store(_) => "store-failed",
        SessionError::Cancelled => "cancelled",
        _ => "rejected",
    }
}
