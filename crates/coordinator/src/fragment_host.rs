//! A fragment host: the third party that holds one fragment of each wallet's backup, and nothing else.
//!
//! It has API keys, a store and a step-up of its own, so that whoever breaks into the coordinator is not in here too.
//! It holds the two latest epochs of a fragment, and earlier ones until those have been held for a while, sealed, and gives one back only against a single-use code of its
//! operator, encrypted to the key that the device sends along. It runs no sessions and knows no engine.

mod release;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use maany_coordinator_storage::Vault;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::release::{NewRelease, ReleaseError, Releases};
use crate::{
    auth::Authenticator,
    http::{
        HttpLimits, Readiness,
        fragment_host::{self, HostState},
        gate::Gate,
    },
    server::{BindError, Plaintext, ServerLimits, housekeeping, listener},
    telemetry::Telemetry,
};

/// Bounds of a fragment host; those of a coordinator's listener by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostLimits {
    /// Connections at one time.
    pub connections: usize,
    /// How long a peer may take for the header of a request.
    pub header: Duration,
    /// How long requests may finish after shutdown began.
    pub drain: Duration,
    /// Bounds of one request.
    pub http: HttpLimits,
    /// How long a fragment is held before it takes the place of those of earlier epochs: so long an owner, or an operator who
    /// reads the audit log, has to find that somebody else has an API key. The default is a day.
    pub patience: Duration,
}

impl Default for HostLimits {
    fn default() -> Self {
        let ServerLimits { connections, header, drain, .. } = ServerLimits::default();
        let patience = Duration::from_secs(24 * 60 * 60);
        Self { connections, header, drain, http: HttpLimits::default(), patience }
    }
}

/// A configured fragment host that does not listen yet.
pub struct FragmentHost {
    vault: Vault,
    authenticator: Arc<dyn Authenticator>,
    telemetry: Telemetry,
    limits: HostLimits,
}

impl std::fmt::Debug for FragmentHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FragmentHost").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl FragmentHost {
    /// A host over this vault, for the owners of these tokens.
    #[must_use]
    pub fn new(vault: Vault, authenticator: Arc<dyn Authenticator>) -> Self {
        Self { vault, authenticator, telemetry: Telemetry::default(), limits: HostLimits::default() }
    }

    /// The same with other bounds.
    #[must_use]
    pub fn with_limits(self, limits: HostLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same with somewhere for the numbers to go.
    #[must_use]
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        Self { telemetry, ..self }
    }

    /// Listens, on loopback only: a fragment that is left here would cross any other network in the clear.
    ///
    /// # Errors
    /// [`BindError`].
    pub async fn bind(self, address: SocketAddr) -> Result<ListeningHost, BindError> {
        let listener = listener::bind(address, Plaintext::LoopbackOnly).await?;
        let address = listener.local_addr().map_err(|source| BindError::Listen { address, source })?;
        Ok(ListeningHost { host: self, listener, address })
    }
}

/// A fragment host that listens and does not serve yet.
#[derive(Debug)]
pub struct ListeningHost {
    host: FragmentHost,
    listener: TcpListener,
    address: SocketAddr,
}

impl ListeningHost {
    /// Where it listens; the port is the real one where 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`; then no new connection is taken, and open ones have [`HostLimits::drain`] to finish.
    pub async fn serve(self, shutdown: CancellationToken) {
        let FragmentHost { vault, authenticator, telemetry, limits } = self.host;
        let readiness = Readiness::default();
        let state = HostState {
            gate: Gate { authenticator, telemetry, limits: limits.http },
            readiness: readiness.clone(),
            releases: Releases::new(vault.clone()),
            vault: vault.clone(),
            patience: limits.patience,
        };
        let bounds = listener::ListenerLimits {
            connections: limits.connections,
            header: limits.header,
            drain: limits.drain,
        };
        let draining = shutdown.clone();
        let drain = async move {
            draining.cancelled().await;
            readiness.drain();
        };
        tokio::join!(
            listener::serve(Box::new(self.listener), fragment_host::router(state), bounds, shutdown.clone()),
            drain,
            housekeeping::run(vault, shutdown),
        );
    }
}
