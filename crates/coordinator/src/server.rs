//! The server: one listener for WebSocket sessions and HTTP, over one vault.
//!
//! It composes; the rules are elsewhere: what a session may do next in `maany-coordinator-proto`, who may begin one in
//! `admit`, what may be signed in [`crate::policy`].

mod admit;
mod builder;
mod channel_key;
mod commit;
mod handler;
mod host;
pub(crate) mod housekeeping;
mod leases;
pub(crate) mod listener;
mod proven;
mod session;
pub(crate) mod wallets;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::any,
};
use maany_coordinator_proto::{Limits, channel::PublicKey};
use maany_coordinator_storage::Vault;
use maany_coordinator_transport::websocket::{Upgrade, upgrade::NotAnUpgrade};
use maany_mpc_core::Engine;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use crate::abort_rates::{AbortLimits, AbortRate};

pub use self::{
    builder::ServerBuilder,
    channel_key::ChannelKeyError,
    handler::{BuiltIn, SessionHandler},
    session::{ReadySession, SessionContext, TakenOver},
};
use self::{leases::Leases, listener::Connection, session::Channel};
use crate::{
    abort_rates::AbortRates,
    auth::Authenticator,
    channel::{ChannelKey, Door},
    engine_pool::EnginePool,
    http::{self, HttpState, Readiness},
    network::Listen,
    sign_request::SignRequests,
    step_up::StepUps,
    telemetry::Telemetry,
};

/// What the server may do over a connection that is neither loopback nor ended by TLS in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plaintext {
    /// Nothing: [`Server::bind`] refuses any address but loopback.
    #[default]
    LoopbackOnly,
    /// Signing only. DKG, refresh, restore and backup stay refused: a logged refresh and an old stolen share together
    /// give a live share.
    SigningOnly,
}

/// Bounds of a server. All are plain fields; [`Default`] gives the documented values.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Bounds of one session.
    pub session: Limits,
    /// Connections at one time, HTTP and WebSocket together. The default is 12,000.
    pub connections: usize,
    /// How long a peer may take for the header of an HTTP request. The default is ten seconds.
    pub header: Duration,
    /// How long running sessions may finish after shutdown began. The default is ten seconds.
    pub drain: Duration,
    /// How often sessions of one wallet or one principal may come to nothing before the next one waits.
    pub aborts: AbortLimits,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            session: Limits::default(),
            connections: 12_000,
            header: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            aborts: AbortLimits::default(),
        }
    }
}

/// What every session of a server shares.
pub(crate) struct Parts {
    pub(crate) vault: Vault,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) pool: Arc<EnginePool>,
    pub(crate) requests: Arc<SignRequests>,
    pub(crate) step_ups: Arc<StepUps>,
    pub(crate) telemetry: Telemetry,
    pub(crate) leases: Leases,
    pub(crate) aborts: Arc<AbortRates>,
    pub(crate) limits: ServerLimits,
    pub(crate) door: Door,
    pub(crate) handler: Arc<dyn SessionHandler>,
}

/// A configured server that does not listen yet.
pub struct Server {
    vault: Vault,
    key: Option<ChannelKey>,
    parts: Box<dyn FnOnce(Door) -> Parts + Send + Sync>,
    http: HttpState,
    readiness: Readiness,
    plaintext: Plaintext,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("plaintext", &self.plaintext).finish_non_exhaustive()
    }
}

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is not loopback, and neither TLS nor [`Plaintext::SigningOnly`] was configured.
    #[error("{address} is not a loopback address, and connections to it would not be encrypted")]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The key of the end-to-end channel.
    #[error(transparent)]
    ChannelKey(#[from] ChannelKeyError),
    /// The host's listener does not know where it listens.
    #[error("the listener has no address")]
    Listener(#[source] std::io::Error),
    /// The operating system refuses the address; a busy port is `AddrInUse`.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl Server {
    /// Begins a configuration. Vault, authenticator, policy and engine must be given: without them there is no
    /// `build`.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// Listens.
    ///
    /// # Errors
    /// [`BindError`].
    pub async fn bind(self, address: SocketAddr) -> Result<Listening, BindError> {
        let listener = listener::bind(address, self.plaintext).await?;
        let address = listener.local_addr().map_err(|source| BindError::Listen { address, source })?;
        self.listen(Box::new(listener), address).await
    }

    /// Listens where the host says: with TLS that it ends, through a tunnel, in a simulation. Which connections are as good
    /// as local ones is the listener's word; over the others [`Plaintext::SigningOnly`] holds.
    ///
    /// # Errors
    /// [`BindError`].
    pub async fn listen_on(self, listener: impl Listen) -> Result<Listening, BindError> {
        let address = listener.local_addr().map_err(BindError::Listener)?;
        self.listen(Box::new(listener), address).await
    }

    async fn listen(self, listener: Box<dyn Listen>, address: SocketAddr) -> Result<Listening, BindError> {
        let key = match self.key {
            Some(key) => key,
            None => channel_key::settle(&self.vault).await?,
        };
        let channel_key = key.public();
        let parts = Arc::new((self.parts)(Door::new(key)));
        Ok(Listening { parts, http: self.http, readiness: self.readiness, channel_key, listener, address })
    }
}

/// A server that listens and does not serve yet.
pub struct Listening {
    parts: Arc<Parts>,
    http: HttpState,
    readiness: Readiness,
    channel_key: PublicKey,
    listener: Box<dyn Listen>,
    address: SocketAddr,
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Listening {
    /// The key of the end-to-end channel, which devices pin: given to them beforehand, or learnt by each in its first DKG.
    #[must_use]
    pub fn channel_key(&self) -> PublicKey {
        self.channel_key
    }

    /// Where it listens; the port is the real one where 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`; then no new connection is taken, and running sessions have
    /// [`ServerLimits::drain`] to finish before they are cancelled.
    pub async fn serve(self, shutdown: CancellationToken) {
        let limits = self.parts.limits;
        let sessions =
            Sessions { parts: self.parts, tasks: TaskTracker::new(), cancel: CancellationToken::new() };
        let router = Router::new()
            .route("/", any(upgrade).with_state(sessions.clone()))
            .merge(http::router(self.http));
        let bounds = listener::ListenerLimits {
            connections: limits.connections,
            header: limits.header,
            drain: limits.drain,
        };
        let forgetting = housekeeping::run(sessions.parts.vault.clone(), shutdown.clone());
        let closing = housekeeping::close_requests(Arc::clone(&sessions.parts.requests), shutdown.clone());
        let readiness = self.readiness;
        let draining = shutdown.clone();
        let drain = async move {
            draining.cancelled().await;
            readiness.drain();
        };
        tokio::join!(listener::serve(self.listener, router, bounds, shutdown), drain, forgetting, closing);
        sessions.tasks.close();
        if tokio::time::timeout(limits.drain, sessions.tasks.wait()).await.is_err() {
            sessions.cancel.cancel();
            sessions.tasks.wait().await;
        }
    }
}

/// The sockets of one listener.
#[derive(Clone)]
struct Sessions {
    parts: Arc<Parts>,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

async fn upgrade(
    State(sessions): State<Sessions>,
    axum::Extension(connection): axum::Extension<Connection>,
    upgrade: Result<Upgrade, NotAnUpgrade>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refused) => return refused.into_response(),
    };
    let channel = if connection.is_trusted() { Channel::Trusted } else { Channel::Plaintext };
    let (response, upgrading) = upgrade.accept(maany_coordinator_transport::Limits::server());
    let Sessions { parts, tasks, cancel } = sessions.clone();
    tasks.spawn(async move {
        // The connection keeps its place among those allowed until its session ends.
        let _place = connection.place;
        let deadline = parts.limits.session.hello_deadline;
        if let Ok(Ok(socket)) = tokio::time::timeout(deadline, upgrading.socket()).await {
            session::run(parts, Box::new(socket), channel, cancel).await;
        }
    });
    response
}
