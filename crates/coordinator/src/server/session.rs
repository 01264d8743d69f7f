//! One socket on the server, from the upgrade to the close.

use std::{sync::Arc, time::Duration};

use maany_coordinator_proto::{
    Hello, Intent, KeyId, ServerSession, SessionId, WalletId,
    hello::Protocol,
    proof::Challenge,
    session::{AbortClass, Outcome, Refusal, SessionError},
};
use maany_coordinator_transport::{Message, Participant, Transport};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug, info, warn};

use super::{
    Parts, admit,
    host::ServerHost,
    leases::Tenure,
    proven::{self, Opened},
};
use crate::{
    abort_rates::TokenMark,
    auth::Principal,
    channel::{self, Accepted, Answer},
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

    /// Gives the transport to the host application, which from here on carries the session alone. In the older profile
    /// nothing has been sent on it since the hello in DKG and signing; in refresh and restore both sides have said which
    /// share they hold. In protocol 2 the server has said that it is ready. The wallet stays busy for other sessions until
    /// the returned value is dropped.
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

/// Runs one socket. Its first message says which profile it is of.
pub(super) async fn run(
    parts: Arc<Parts>,
    mut transport: Box<dyn Transport>,
    channel: Channel,
    cancel: CancellationToken,
) {
    let clock = Clock::start();
    let machine = ServerSession::new(parts.limits.session, clock.now());
    let first = tokio::select! {
        biased;
        first = transport.recv(Participant::Device) => Some(first),
        () = tokio::time::sleep(parts.limits.session.hello_deadline) => None,
        () = cancel.cancelled() => None,
    };
    if let Some(Ok(Message::Text(text))) = &first
        && let Ok(hello) = Hello::parse(text.as_bytes())
        && hello.protocol() == Protocol::Two
    {
        return open(parts, transport, hello, clock, cancel).await;
    }
    let host = ServerHost::new(Arc::clone(&parts), channel);
    let pool = Arc::clone(&parts.pool);
    let mut driver = Driver::new(machine, host, transport, Participant::Device, pool, clock, cancel.clone());
    // Without one, the machine finds its deadline passed or the driver that it is cancelled.
    if let Some(first) = first {
        driver.take_in(first).await;
    }
    drive(parts, driver, cancel).await;
}

/// Opens the channel of protocol 2 for whoever has a token, and runs the session, or gives the socket to the one that it
/// goes on with.
async fn open(
    parts: Arc<Parts>,
    mut transport: Box<dyn Transport>,
    hello: Hello,
    clock: Clock,
    cancel: CancellationToken,
) {
    let (principal, token) = match welcome(&parts, &hello).await {
        Ok(welcomed) => welcomed,
        Err(refusal) => {
            let code = refusal.close_code();
            if let Err(error) = transport.close(code, &reason(refusal)).await {
                debug!(%error, "close failed");
            }
            return;
        }
    };
    let limits = parts.limits.session;
    let accepted = tokio::select! {
        biased;
        accepted = channel::accept(&parts.door, transport, &hello, &principal, &limits) => accepted,
        () = cancel.cancelled() => return,
    };
    let accepted = match accepted {
        Ok(Answer::Begun(accepted)) => accepted,
        Ok(Answer::Resumed) => return,
        Err(error) => {
            // One that came to go on with a session has cost it nothing: that session is counted.
            if hello.resume().is_none() {
                parts.aborts.charge_token(token);
            }
            return debug!(%error, "no channel was opened");
        }
    };
    let Accepted { transport, handshake_hash, session, nonce, admittance } = *accepted;
    let challenge = Challenge { handshake: handshake_hash, session, nonce };
    let cancel = cancel.child_token();
    let tenure = Tenure::new(cancel.clone());
    let machine = ServerSession::proven(hello, challenge, limits, clock.now());
    let host =
        ServerHost::proven(Arc::clone(&parts), Opened { principal, token, challenge, tenure, admittance });
    let pool = Arc::clone(&parts.pool);
    let driver =
        Driver::new(machine, host, Box::new(transport), Participant::Device, pool, clock, cancel.clone());
    drive(parts, driver, cancel).await;
}

/// The close's text: the code's own, and how long somebody waits who is held back.
fn reason(refusal: Refusal) -> String {
    match refusal {
        Refusal::TooMany { .. } => refusal.to_string(),
        refusal => refusal.close_code().reason().to_owned(),
    }
}

/// Who says hello, before anything is computed for it. What goes on with a live session is no new one, and is not held back.
async fn welcome(parts: &Parts, hello: &Hello) -> Result<(Principal, TokenMark), Refusal> {
    let (principal, token) = admit::authenticate(parts, hello).await?;
    if hello.resume().is_none() {
        proven::not_held_back(parts, &principal, token, hello).await?;
    }
    Ok((principal, token))
}

async fn drive(parts: Arc<Parts>, mut driver: Driver<ServerSession, ServerHost>, cancel: CancellationToken) {
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
                biased;
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
    let host = driver.into_host();
    if let Err(SessionFailure::Session(error)) = result
        && error.abort_class() == Some(AbortClass::A)
    {
        host.aborted();
    }
    match host.trace {
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
        SessionError::Refused(_) | SessionError::NotProven(_) => "refused",
        SessionError::Deadline { .. } => "deadline",
        SessionError::Closed { .. } => "peer-gone",
        SessionError::Engine { .. } => "aborted",
        SessionError::Locked | SessionError::Frozen(_) => "locked",
        SessionError::Store(_) => "store-failed",
        SessionError::Cancelled => "cancelled",
        _ => "rejected",
    }
}
