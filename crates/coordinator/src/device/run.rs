//! One session of a device: connect, run the machine, and decide whether to try again.

use std::{sync::Arc, time::Duration};

use maany_coordinator_proto::{
    CloseCode, Hello, Intent, KeyId, SessionId, Token,
    session::{AbortLedger, DeviceHolds, DevicePlan, Outcome, SessionError, Standing},
};
use maany_coordinator_storage::{
    Row,
    record::{WalletRecord, WalletState},
};
use maany_coordinator_transport::Participant;
use maany_mpc_core::{Signature, backup::FragmentDocument};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    DeviceError, Parts, ProgressEvent, Report,
    host::DeviceHost,
    line::{self, Line, NoLine, Profile},
};
use crate::{
    convert,
    driver::{Driver, Product},
    random,
    retry::{Advice, Backoff, Failure, Stage},
};

/// What a session that ended well leaves.
pub(super) struct Finished {
    /// How it ended.
    pub(super) outcome: Outcome,
    /// The wallet's row, where there is one.
    pub(super) wallet: Option<Row<WalletRecord>>,
    /// The signature, where one was made.
    pub(super) signature: Option<Signature>,
    /// The documents of a backup made in the session.
    pub(super) documents: Vec<FragmentDocument>,
}

/// One attempt that failed, and what may be done about it.
pub(super) struct Attempt {
    pub(super) error: DeviceError,
    pub(super) failure: Option<Failure>,
    pub(super) stage: Stage,
    /// The wallet's row as the attempt left it, where there is one.
    pub(super) wallet: Option<Row<WalletRecord>>,
}

/// Runs one session in the host's profile. In protocol 2 `hello` begins the channel, and is the plan's once more.
pub(super) async fn once(
    parts: &Arc<Parts>,
    mut host: DeviceHost,
    plan: DevicePlan,
    hello: Hello,
    report: &mut Report,
) -> Result<Finished, Attempt> {
    let is_plain = matches!(host.profile, Profile::Plain);
    if is_plain && plan.intent() != Intent::Sign {
        protected(parts).map_err(|error| Attempt {
            error,
            failure: None,
            stage: Stage::Handshake,
            wallet: None,
        })?;
    }
    let connected = match &host.profile {
        Profile::Plain => line::plain(parts, plan).await,
        Profile::Proven(_) => line::proven(parts, plan, hello, host.digest()).await,
    };
    let Line { transport, machine, clock, out, opened } =
        connected.map_err(|NoLine { error, failure }| Attempt {
            error,
            failure,
            stage: Stage::Handshake,
            wallet: None,
        })?;
    host.opened = opened;
    let (pool, cancel) = (Arc::clone(&parts.pool), CancellationToken::new());
    let mut driver = Driver::new(machine, host, transport, Participant::Server, pool, clock, cancel);
    driver.begin(out);
    let result = driver.run().await;
    let meter = driver.meter();
    report.sent += meter.sent;
    report.received += meter.received;
    report.frames += meter.frames;
    let signature = match driver.take_product() {
        Some(Product::Signature(signature)) => Some(signature),
        _ => None,
    };
    let host = driver.into_host();
    match result {
        Ok(outcome) => Ok(Finished { outcome, wallet: host.wallet, signature, documents: host.documents }),
        Err(error) => {
            let error = DeviceError::from(error);
            Err(Attempt { failure: failure(&error), error, stage: host.stage, wallet: host.wallet })
        }
    }
}

/// Whether a share, a fragment or a step-up code may go over the way to the server.
///
/// # Errors
/// [`DeviceError::Unprotected`] where it may not.
pub(super) fn protected(parts: &Parts) -> Result<(), DeviceError> {
    if parts.is_protected { Ok(()) } else { Err(DeviceError::Unprotected) }
}

/// What ended the attempt, where another one may be thought of.
fn failure(error: &DeviceError) -> Option<Failure> {
    match error {
        DeviceError::Session(error) => session_failure(error),
        _ => None,
    }
}

fn session_failure(error: &SessionError) -> Option<Failure> {
    match error {
        SessionError::Closed { code: Some(code) } => Some(Failure::Closed(code.as_u16())),
        SessionError::Told { retryable, .. } => Some(Failure::Told { retryable: *retryable }),
        SessionError::Closed { code: None } => Some(Failure::Lost),
        SessionError::Deadline { .. } => Some(Failure::Deadline),
        SessionError::Undecided { source, .. } => session_failure(source),
        _ => None,
    }
}

/// The delays between attempts.
pub(super) struct Patience {
    delays: Box<dyn Iterator<Item = Duration> + Send>,
    /// While the server says that another session of the wallet is not over yet.
    while_busy: Box<dyn Iterator<Item = Duration> + Send>,
    /// Until when that is waited for.
    until: Instant,
}

/// No delay is longer than this where another session is waited for: its end is a matter of seconds.
const WHILE_BUSY: Duration = Duration::from_secs(2);

impl Patience {
    /// The delays of this device's backoff. A session that died with its device or its socket after it was decided holds its wallet
    /// until the server's deadline of a step, which is longer than most backoffs: a busy wallet is asked for again for as long as a
    /// session may take at all, by a device that repeats anything.
    pub(super) fn of(parts: &Parts) -> Self {
        let (one, other) = (parts.jitter.clone(), parts.jitter.clone());
        let retries = if parts.backoff.retries == 0 { 0 } else { u32::MAX };
        let while_busy = Backoff { cap: parts.backoff.cap.min(WHILE_BUSY), retries, ..parts.backoff };
        Self {
            delays: Box::new(parts.backoff.delays(move || one.roll())),
            while_busy: Box::new(while_busy.delays(move || other.roll())),
            until: Instant::now() + parts.limits.session_deadline,
        }
    }

    /// Waits before another attempt.
    ///
    /// # Errors
    /// The attempt's error, where it is not worth repeating or was repeated often enough.
    pub(super) async fn after(
        &mut self,
        parts: &Parts,
        attempt: Attempt,
        intent: Intent,
        report: &mut Report,
    ) -> Result<Advice, DeviceError> {
        let Some(failure) = attempt.failure else { return Err(attempt.error) };
        let advice = failure.advice(intent, attempt.stage);
        if advice == Advice::Never {
            return Err(attempt.error);
        }
        self.pause(parts, attempt.error, report).await?;
        Ok(advice)
    }

    /// Waits before another attempt, whatever the advice is.
    ///
    /// # Errors
    /// `error`, where the attempt was repeated often enough.
    pub(super) async fn pause(
        &mut self,
        parts: &Parts,
        error: DeviceError,
        report: &mut Report,
    ) -> Result<(), DeviceError> {
        let delay = if is_busy(&error) {
            self.while_busy.next().filter(|delay| Instant::now() + *delay < self.until)
        } else {
            self.delays.next()
        };
        let Some(delay) = delay else { return Err(error) };
        report.retries += 1;
        parts.progress.event(ProgressEvent::Retrying(delay));
        tokio::time::sleep(delay).await;
        Ok(())
    }
}

/// Whether the server says that another session is in the way, and will be over. In the older profile one code says this and that the
/// two sides do not agree, which waiting does not change.
fn is_busy(error: &DeviceError) -> bool {
    let busy = CloseCode::Busy.as_u16();
    matches!(error, DeviceError::Session(SessionError::Told { code, retryable: true, .. }) if *code == busy)
}

/// A fresh name for a session: 128 random bits, so that it is also a nonce.
pub(super) fn session_id() -> Result<SessionId, DeviceError> {
    let bytes: [u8; 16] = random::bytes().map_err(|_| DeviceError::NoRandomness)?;
    Ok(SessionId::new(&hex::encode(bytes))?)
}

/// The device's token, once more: a hello takes it along.
pub(super) fn token(parts: &Parts) -> Result<Token, DeviceError> {
    Token::new(parts.token.dangerous_expose()).map_err(|_| DeviceError::StepUp)
}

/// The name under which the server knows a wallet of this device.
pub(super) fn key_id(row: &WalletRecord) -> Result<KeyId, DeviceError> {
    Ok(match &row.key_id {
        Some(id) => KeyId::new(id)?,
        None => KeyId::new(&row.wallet.to_string())?,
    })
}

/// What the device holds of a wallet, as its machine wants it.
pub(super) fn holds(row: &WalletRecord) -> Result<DeviceHolds, DeviceError> {
    let damaged = |_| DeviceError::NotInUse("damaged");
    let standing = convert::standing(row.standing.state);
    let active = convert::optional_share(row.active).map_err(damaged)?;
    let pending = convert::optional_share(row.pending).map_err(damaged)?;
    let provisional = row.standing.state == WalletState::Provisional;
    Ok(DeviceHolds {
        wallet: convert::wallet_from_storage(row.wallet),
        standing,
        active: if provisional { None } else { active },
        pending: if provisional { active } else { pending },
        aborts: convert::ledger(row).map_err(damaged)?,
    })
}

/// What a device holds of a wallet that it has never had.
pub(super) fn holds_nothing(wallet: maany_coordinator_proto::WalletId) -> DeviceHolds {
    DeviceHolds {
        wallet,
        standing: Standing::Active,
        active: None,
        pending: None,
        aborts: AbortLedger::default(),
    }
}
