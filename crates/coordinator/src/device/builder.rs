//! The configuration of a device.

use std::{sync::Arc, time::Duration};

use maany_coordinator_proto::{Limits, Token, channel::PublicKey};
use maany_coordinator_storage::Vault;
use maany_mpc_core::Engine;

use super::{Device, Parts, Progress, Unwatched};
use crate::{
    engine_pool::{EnginePool, PoolConfig, PoolError},
    http::client::{ClientError, HttpClient},
    network::Connect,
    retry::{Backoff, Jitter},
};

/// Why a device cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceBuildError {
    /// A required part was not given.
    #[error("a device needs a {0}")]
    Missing(&'static str),
    /// The server's address cannot be used.
    #[error("the server's address cannot be used")]
    Server(#[source] ClientError),
    /// The server is on another machine, and what is sent to it would not be encrypted.
    #[error("the server is on another machine, and the connection to it would not be encrypted")]
    Plaintext,
    /// The engine pool did not start.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

/// The profile that a device speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Protocol 2: an end-to-end channel, a device that proves who it is, sessions that outlive their sockets. A wallet that
    /// was made without it goes on without it.
    #[default]
    Two,
    /// The older profile, for every session.
    Plain,
}

/// Collects the parts of a device.
#[derive(Default)]
pub struct DeviceBuilder {
    server: Option<String>,
    token: Option<Token>,
    vault: Option<Vault>,
    engine: Option<Arc<dyn Engine>>,
    pool: Option<Arc<EnginePool>>,
    limits: Limits,
    backoff: Backoff,
    jitter: Jitter,
    network: Option<Arc<dyn Connect>>,
    refresh_after: Option<Duration>,
    progress: Option<Arc<dyn Progress>>,
    plaintext_signing: bool,
    protocol: Protocol,
    server_key: Option<PublicKey>,
}

impl std::fmt::Debug for DeviceBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceBuilder").field("server", &self.server).finish_non_exhaustive()
    }
}

impl DeviceBuilder {
    /// The server's address, `ws://host[:port]`. Required.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Some(url.into());
        self
    }

    /// What the device proves itself with. Required.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// Where the device's shares are kept, sealed. Required.
    #[must_use]
    pub fn vault(mut self, vault: Vault) -> Self {
        self.vault = Some(vault);
        self
    }

    /// The engine that makes keys and signatures. Required.
    #[must_use]
    pub fn engine(mut self, engine: Arc<dyn Engine>) -> Self {
        self.engine = Some(engine);
        self
    }

    /// A pool that several devices of one process share; by default a device has one of its own, a thread a core.
    #[must_use]
    pub fn pool(mut self, pool: Arc<EnginePool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sizes and deadlines of a session.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How often and after what delays a failed session is tried again.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Where the delays between attempts get their randomness; by default from the operating system.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The host's own way to the server, for WebSocket and HTTP alike: TLS that the host ends, a tunnel, a simulation. The
    /// server's address still names it, in the `Host` header. By default TCP to that address.
    #[must_use]
    pub fn network(mut self, network: Arc<dyn Connect>) -> Self {
        self.network = Some(network);
        self
    }

    /// After a signature, refresh shares that are at least this old. By default never.
    #[must_use]
    pub fn refresh_after(mut self, age: Duration) -> Self {
        self.refresh_after = Some(age);
        self
    }

    /// The profile; protocol 2 by default.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The server's key of the end-to-end channel, as its operator says it. By default the device learns it with its first
    /// wallet, keeps it in its vault and accepts no other from then on.
    #[must_use]
    pub fn server_key(mut self, key: PublicKey) -> Self {
        self.server_key = Some(key);
        self
    }

    /// Who watches the sessions.
    #[must_use]
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Reach a server on another machine although what goes over HTTP is not encrypted: who listens on the way learns the token and
    /// every transaction. The sessions of protocol 2 are encrypted all the same; in the older profile only signing works then, for a
    /// refresh that is overheard, together with an old share, is a key.
    #[must_use]
    pub fn plaintext_signing(mut self) -> Self {
        self.plaintext_signing = true;
        self
    }

    /// Puts the parts together.
    ///
    /// # Errors
    /// [`DeviceBuildError`].
    pub fn build(self) -> Result<Device, DeviceBuildError> {
        let missing = DeviceBuildError::Missing;
        let server = self.server.ok_or(missing("server"))?;
        let token = self.token.ok_or(missing("token"))?;
        let token = Arc::new(token);
        let http = HttpClient::new(&server, Arc::clone(&token)).map_err(DeviceBuildError::Server)?;
        let http = match &self.network {
            Some(network) => http.over(Arc::clone(network)),
            None => http,
        };
        let is_protected = http.is_private();
        if !is_protected && !self.plaintext_signing {
            return Err(DeviceBuildError::Plaintext);
        }
        let pool = match self.pool {
            Some(pool) => pool,
            None => Arc::new(EnginePool::new(PoolConfig::default())?),
        };
        let parts = Parts {
            server,
            token,
            vault: self.vault.ok_or(missing("vault"))?,
            engine: self.engine.ok_or(missing("engine"))?,
            pool,
            http,
            is_protected,
            limits: self.limits,
            backoff: self.backoff,
            jitter: self.jitter,
            network: self.network,
            refresh_after: self.refresh_after,
            progress: self.progress.unwrap_or_else(|| Arc::new(Unwatched)),
            protocol: self.protocol,
            server_key: self.server_key,
        };
        Ok(Device { parts: Arc::new(parts) })
    }
}
