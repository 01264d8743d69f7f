//! The profile that a session runs in, and the way to the server: protocol 2 in its channel for every wallet whose device can prove
//! who it is, the older profile for the others and where it was asked for.

use std::sync::Arc;

use maany_coordinator_proto::{
    CloseCode, DeviceSession, Digest, Hello, IdentityKey, Intent, Outbox, RequestId,
    channel::PublicKey,
    proof::Challenge,
    session::{DevicePlan, SessionError},
};
use maany_coordinator_storage::{
    Row, ShareId,
    record::{ShareRecord, WalletRecord, WalletState},
};
use maany_coordinator_transport::Transport;
use tokio::time::Instant;
use tracing::warn;
use zeroize::Zeroizing;

use super::{DeviceError, Parts, Protocol, dialer::WatchedDialer};
use crate::{
    channel::{self, ConnectError, Connected, Dial as _, Pin, Route},
    driver::Clock,
    random,
    retry::Failure,
};

/// Who the device is to the server in one session.
pub(super) enum Profile {
    /// The older profile, which proves nothing.
    Plain,
    /// Protocol 2, with the key of this enrolment.
    Proven(Box<Enrolled>),
}

/// An enrolment of this device.
pub(super) struct Enrolled {
    pub(super) key: IdentityKey,
    /// The share that the key lay with, for the ceremony over it: it is opened once a session.
    share: Option<ShareRecord>,
}

impl Enrolled {
    /// The share, if it is this one, and not a second time.
    pub(super) fn take_share(&mut self, id: ShareId) -> Option<ShareRecord> {
        self.share.take_if(|share| share.id == id)
    }
}

impl Profile {
    /// For a DKG or a restore, which enrol a key of their own.
    pub(super) fn fresh(parts: &Parts) -> Result<Self, DeviceError> {
        match parts.protocol {
            Protocol::Plain => Ok(Self::Plain),
            Protocol::Two => loop {
                let secret = Zeroizing::new(random::bytes().map_err(|_| DeviceError::NoRandomness)?);
                // All but one in 2^32 numbers are a key.
                if let Ok(key) = IdentityKey::from_bytes(&secret) {
                    return Ok(Self::Proven(Box::new(Enrolled { key, share: None })));
                }
            },
        }
    }

    /// For a wallet that this device holds: the key that lies with the share. A wallet that was made in the older profile
    /// has none, and goes on in that profile until a restore enrols one.
    pub(super) async fn of(parts: &Parts, row: &Row<WalletRecord>) -> Result<Self, DeviceError> {
        match parts.protocol {
            Protocol::Plain => Ok(Self::Plain),
            Protocol::Two => Ok(match row.active.or(row.pending) {
                Some(share) => kept(parts, row, share).await?.map_or(Self::Plain, Self::Proven),
                None => Self::Plain,
            }),
        }
    }

    /// For a restore: the key of an earlier attempt that may have been decided for, or a fresh one.
    pub(super) async fn restoring(
        parts: &Parts,
        row: Option<&Row<WalletRecord>>,
    ) -> Result<Self, DeviceError> {
        if let (Protocol::Two, Some(row)) = (parts.protocol, row) {
            let undecided = match row.standing.state {
                WalletState::Provisional => row.active,
                _ => row.pending,
            };
            if let Some(share) = undecided
                && let Some(key) = kept(parts, row, share).await?
            {
                return Ok(Self::Proven(key));
            }
        }
        Self::fresh(parts)
    }

    /// How a hello of this profile names a sign request.
    pub(super) fn naming_request(&self) -> fn(Hello, RequestId) -> Hello {
        match self {
            Self::Plain => Hello::with_request,
            Self::Proven(_) => Hello::with_request_id,
        }
    }
}

/// The key that this device is enrolled with, whatever profile it speaks; none for a wallet without one.
pub(super) async fn identity(
    parts: &Parts,
    row: &Row<WalletRecord>,
) -> Result<Option<IdentityKey>, DeviceError> {
    match row.active {
        Some(share) => Ok(kept(parts, row, share).await?.map(|enrolled| enrolled.key)),
        None => Ok(None),
    }
}

async fn kept(
    parts: &Parts,
    row: &Row<WalletRecord>,
    share: ShareId,
) -> Result<Option<Box<Enrolled>>, DeviceError> {
    let share = parts.vault.share(row, share).await?;
    let Ok(secret) = <[u8; IdentityKey::SIZE]>::try_from(share.identity.dangerous_expose()) else {
        return Ok(None);
    };
    let key = IdentityKey::from_bytes(&Zeroizing::new(secret));
    let key = key.map_err(|_| DeviceError::NotInUse("damaged"))?;
    Ok(Some(Box::new(Enrolled { key, share: Some(share) })))
}

/// What this side knows of the open channel.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) challenge: Challenge,
    /// The server's key, where this session is the first to see it.
    pub(super) learnt: Option<PublicKey>,
}

/// A session whose socket, and in protocol 2 whose channel, is open.
pub(super) struct Line {
    pub(super) transport: Box<dyn Transport>,
    pub(super) machine: DeviceSession,
    pub(super) clock: Clock,
    pub(super) out: Outbox,
    pub(super) opened: Option<Opened>,
}

/// Why there is no line.
pub(super) struct NoLine {
    pub(super) error: DeviceError,
    pub(super) failure: Option<Failure>,
}

impl From<DeviceError> for NoLine {
    fn from(error: DeviceError) -> Self {
        Self { error, failure: None }
    }
}

impl From<SessionError> for NoLine {
    fn from(error: SessionError) -> Self {
        DeviceError::Session(error).into()
    }
}

/// Connects in the older profile.
pub(super) async fn plain(parts: &Parts, plan: DevicePlan) -> Result<Line, NoLine> {
    let socket = WatchedDialer::of(parts).dial().await.map_err(|error| NoLine {
        error: DeviceError::Connect(error),
        failure: Some(Failure::Unreachable),
    })?;
    let (clock, mut out) = (Clock::start(), Outbox::new());
    let machine = DeviceSession::new(plan, parts.limits, clock.now(), &mut out)?;
    Ok(Line { transport: socket, machine, clock, out, opened: None })
}

/// Connects in protocol 2. `hello` is the plan's once more: one goes to the channel, whose handshake it begins.
pub(super) async fn proven(
    parts: &Parts,
    plan: DevicePlan,
    hello: Hello,
    digest: Option<Digest>,
) -> Result<Line, NoLine> {
    let (pin, known) = match server_key(parts).await? {
        Some(key) => (Pin::Known(key), true),
        // Who makes a wallet with a server meets it for the first time, or comes back with nothing but a backup.
        None if matches!(plan.intent(), Intent::Dkg | Intent::Restore) => (Pin::Learn, false),
        None => return Err(DeviceError::NoServerKey.into()),
    };
    let route = Route {
        dial: Arc::new(WatchedDialer::of(parts)),
        pin,
        backoff: parts.backoff,
        jitter: parts.jitter.clone(),
        deadline: Instant::now() + parts.limits.session_deadline,
    };
    let connected = channel::connect(route, hello).await.map_err(no_line)?;
    let Connected { transport, handshake_hash, session, nonce, server_key, .. } = connected;
    let challenge = Challenge { handshake: handshake_hash, session, nonce };
    let (clock, mut out) = (Clock::start(), Outbox::new());
    let machine = DeviceSession::proven(plan, challenge, digest, parts.limits, clock.now(), &mut out)?;
    let opened = Opened { challenge, learnt: (!known).then_some(server_key) };
    Ok(Line { transport: Box::new(transport), machine, clock, out, opened: Some(opened) })
}

/// The key that the server must have: given, or learnt before. A given one that is not the learnt one is refused by the
/// handshake, as whoever gave it knows better.
async fn server_key(parts: &Parts) -> Result<Option<PublicKey>, DeviceError> {
    if let Some(key) = parts.server_key {
        return Ok(Some(key));
    }
    Ok(parts.vault.channel_key().await?.map(|key| PublicKey::from_bytes(*key)))
}

fn no_line(error: ConnectError) -> NoLine {
    let closed = |code| DeviceError::Session(SessionError::Closed { code });
    match error {
        ConnectError::Closed { code } => {
            let failure = code.map_or(Failure::Lost, Failure::Closed);
            let code = code.and_then(CloseCode::from_u16);
            NoLine { error: closed(code), failure: Some(failure) }
        }
        ConnectError::Unreachable(error) | ConnectError::Transport(error) => {
            NoLine { error: DeviceError::Connect(error), failure: Some(Failure::Unreachable) }
        }
        ConnectError::Deadline => {
            NoLine { error: DeviceError::Channel(error), failure: Some(Failure::Deadline) }
        }
        ConnectError::NoRandomness(_) => DeviceError::NoRandomness.into(),
        error => {
            warn!(%error, "the server's channel cannot be trusted");
            DeviceError::Channel(error).into()
        }
    }
}
