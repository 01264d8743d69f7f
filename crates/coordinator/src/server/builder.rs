//! The configuration of a server: what is dangerous to forget cannot be forgotten.

use std::sync::Arc;

use maany_coordinator_storage::Vault;
use maany_mpc_core::Engine;

use super::{BuiltIn, Parts, Plaintext, Server, ServerLimits, SessionHandler, leases::Leases};
use crate::{
    abort_rates::AbortRates,
    auth::{ApiKeys, Authenticator},
    channel::ChannelKey,
    engine_pool::{EnginePool, PoolConfig, PoolError},
    http::{HttpState, MetricsPage, Readiness},
    policy::PolicyHook,
    sign_request::SignRequests,
    step_up::StepUps,
    telemetry::Telemetry,
};

/// A part that was not given yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Missing;

/// Where the engine runs.
#[derive(Clone)]
enum Pool {
    Own(PoolConfig),
    Shared(Arc<EnginePool>),
}

/// Collects the parts of a server. `build` exists once the vault, the authenticator, the policy and the engine are given.
#[derive(Clone)]
pub struct ServerBuilder<V = Missing, A = Missing, P = Missing, E = Missing> {
    vault: V,
    authenticator: A,
    policy: P,
    engine: E,
    options: Options,
}

/// What has a default.
#[derive(Clone)]
struct Options {
    pool: Pool,
    limits: ServerLimits,
    plaintext: Plaintext,
    telemetry: Telemetry,
    metrics: Option<MetricsPage>,
    api_keys: Option<Arc<ApiKeys>>,
    handler: Arc<dyn SessionHandler>,
    channel_key: Option<ChannelKey>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pool: Pool::Own(PoolConfig::default()),
            limits: ServerLimits::default(),
            plaintext: Plaintext::default(),
            telemetry: Telemetry::default(),
            metrics: None,
            api_keys: None,
            handler: Arc::new(BuiltIn),
            channel_key: None,
        }
    }
}

impl<V, A, P, E> std::fmt::Debug for ServerBuilder<V, A, P, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder").field("limits", &self.options.limits).finish_non_exhaustive()
    }
}

impl ServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            vault: Missing,
            authenticator: Missing,
            policy: Missing,
            engine: Missing,
            options: Options::default(),
        }
    }
}

impl<V, A, P, E> ServerBuilder<V, A, P, E> {
    /// Where shares, requests and the audit log are kept, sealed. Required.
    pub fn vault(self, vault: Vault) -> ServerBuilder<Vault, A, P, E> {
        let Self { authenticator, policy, engine, options, .. } = self;
        ServerBuilder { vault, authenticator, policy, engine, options }
    }

    /// Who a token belongs to. Required.
    pub fn authenticator(
        self,
        authenticator: Arc<dyn Authenticator>,
    ) -> ServerBuilder<V, Arc<dyn Authenticator>, P, E> {
        let Self { vault, policy, engine, options, .. } = self;
        ServerBuilder { vault, authenticator, policy, engine, options }
    }

    /// What may be signed. Required.
    pub fn policy(self, policy: Arc<dyn PolicyHook>) -> ServerBuilder<V, A, Arc<dyn PolicyHook>, E> {
        let Self { vault, authenticator, engine, options, .. } = self;
        ServerBuilder { vault, authenticator, policy, engine, options }
    }

    /// The engine that makes keys and signatures. Required.
    pub fn engine(self, engine: Arc<dyn Engine>) -> ServerBuilder<V, A, P, Arc<dyn Engine>> {
        let Self { vault, authenticator, policy, options, .. } = self;
        ServerBuilder { vault, authenticator, policy, engine, options }
    }

    /// Threads and queue of the engine pool; by default one thread a core.
    #[must_use]
    pub fn pool(mut self, pool: PoolConfig) -> Self {
        self.options.pool = Pool::Own(pool);
        self
    }

    /// An engine pool of the host's, which it may share with others.
    #[must_use]
    pub fn shared_pool(mut self, pool: Arc<EnginePool>) -> Self {
        self.options.pool = Pool::Shared(pool);
        self
    }

    /// Sizes, counts and deadlines.
    #[must_use]
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.options.limits = limits;
        self
    }

    /// What may run over a connection that others can read.
    #[must_use]
    pub fn plaintext(mut self, plaintext: Plaintext) -> Self {
        self.options.plaintext = plaintext;
        self
    }

    /// Where numbers go; nowhere by default.
    #[must_use]
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.options.telemetry = telemetry;
        self
    }

    /// The page of `/metrics`, for tokens with the admin scope; without it the route does not exist.
    #[must_use]
    pub fn metrics(mut self, page: MetricsPage) -> Self {
        self.options.metrics = Some(page);
        self
    }

    /// The API keys that the authenticator accepts, for an operator to list and revoke over HTTP; without them the routes answer that
    /// there is nothing.
    #[must_use]
    pub fn api_keys(mut self, keys: Arc<ApiKeys>) -> Self {
        self.options.api_keys = Some(keys);
        self
    }

    /// The server's static key of protocol 2's channel, the same for as long as devices pin it, where it is kept elsewhere; by
    /// default it lies sealed in the vault, which makes one when it has none.
    #[must_use]
    pub fn channel_key(mut self, key: ChannelKey) -> Self {
        self.options.channel_key = Some(key);
        self
    }

    /// What happens with a session that is ready; by default it runs.
    #[must_use]
    pub fn session_handler(mut self, handler: Arc<dyn SessionHandler>) -> Self {
        self.options.handler = handler;
        self
    }
}

impl ServerBuilder<Vault, Arc<dyn Authenticator>, Arc<dyn PolicyHook>, Arc<dyn Engine>> {
    /// Puts the parts together and starts the engine pool.
    ///
    /// # Errors
    /// [`PoolError::Spawn`] when the system refuses a thread.
    pub fn build(self) -> Result<Server, PoolError> {
        let options = self.options;
        let pool = match options.pool {
            Pool::Own(config) => Arc::new(EnginePool::observed(config, Arc::new(options.telemetry.clone()))?),
            Pool::Shared(pool) => pool,
        };
        let requests = Arc::new(
            SignRequests::new(self.vault.clone(), self.policy).with_telemetry(options.telemetry.clone()),
        );
        let step_ups = Arc::new(StepUps::new(self.vault.clone()));
        let readiness = Readiness::default();
        let aborts = Arc::new(AbortRates::new(options.limits.aborts));
        let http = HttpState::new(
            self.vault.clone(),
            Arc::clone(&self.authenticator),
            Arc::clone(&requests),
            Arc::clone(&step_ups),
            options.telemetry.clone(),
        )
        .with_readiness(readiness.clone())
        .with_aborts(Arc::clone(&aborts));
        let http = match options.api_keys {
            Some(keys) => http.with_api_keys(keys),
            None => http,
        };
        let http = match options.metrics {
            Some(page) => http.with_metrics(page),
            None => http,
        };
        let vault = self.vault.clone();
        let parts = move |door| Parts {
            vault: self.vault,
            authenticator: self.authenticator,
            engine: self.engine,
            pool,
            requests,
            step_ups,
            telemetry: options.telemetry,
            leases: Leases::default(),
            aborts,
            limits: options.limits,
            handler: options.handler,
            door,
        };
        let key = options.channel_key;
        Ok(Server { vault, key, parts: Box::new(parts), http, readiness, plaintext: options.plaintext })
    }
}
