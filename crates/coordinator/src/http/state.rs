//! What the routes need, composed by the server.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::extract::FromRef;
use maany_coordinator_storage::Vault;

use super::gate::Gate;
use crate::{
    abort_rates::{AbortLimits, AbortRates},
    auth::{ApiKeys, Authenticator},
    sign_request::SignRequests,
    step_up::StepUps,
    telemetry::Telemetry,
};

/// Renders the page of `/metrics`, Prometheus text.
pub type MetricsPage = Arc<dyn Fn() -> String + Send + Sync>;

/// Bounds of HTTP requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Largest body, in bytes. The default is 128 KiB: a sign doc of 64 KiB in base64, and its JSON.
    pub body_bytes: usize,
    /// From the end of the header to the answer. The default is fifteen seconds.
    pub deadline: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { body_bytes: 128 * 1024, deadline: Duration::from_secs(15) }
    }
}

/// Whether the server takes new work; what `/readyz` says. Clones share it.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    /// Ready.
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// From now on the server is draining.
    pub fn drain(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether the server takes new work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the routes need. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    pub(super) vault: Vault,
    pub(super) authenticator: Arc<dyn Authenticator>,
    pub(super) requests: Arc<SignRequests>,
    pub(super) step_ups: Arc<StepUps>,
    pub(super) telemetry: Telemetry,
    pub(super) readiness: Readiness,
    pub(super) aborts: Arc<AbortRates>,
    pub(super) api_keys: Option<Arc<ApiKeys>>,
    pub(super) metrics: Option<MetricsPage>,
    pub(super) limits: HttpLimits,
}

impl fmt::Debug for HttpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpState").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl FromRef<HttpState> for Gate {
    fn from_ref(state: &HttpState) -> Self {
        Self {
            authenticator: Arc::clone(&state.authenticator),
            telemetry: state.telemetry.clone(),
            limits: state.limits,
        }
    }
}

impl FromRef<HttpState> for Readiness {
    fn from_ref(state: &HttpState) -> Self {
        state.readiness.clone()
    }
}

impl HttpState {
    /// The routes over these services, without `/metrics`.
    #[must_use]
    pub fn new(
        vault: Vault,
        authenticator: Arc<dyn Authenticator>,
        requests: Arc<SignRequests>,
        step_ups: Arc<StepUps>,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            vault,
            authenticator,
            requests,
            step_ups,
            telemetry,
            readiness: Readiness::default(),
            aborts: Arc::new(AbortRates::new(AbortLimits::default())),
            api_keys: None,
            metrics: None,
            limits: HttpLimits::default(),
        }
    }

    /// The same with `/metrics`, for tokens with the admin scope.
    #[must_use]
    pub fn with_metrics(self, page: MetricsPage) -> Self {
        Self { metrics: Some(page), ..self }
    }

    /// The same with the API keys that the authenticator accepts, for an operator to list and revoke.
    #[must_use]
    pub fn with_api_keys(self, keys: Arc<ApiKeys>) -> Self {
        Self { api_keys: Some(keys), ..self }
    }

    /// The same with a readiness that the server turns off when it drains.
    #[must_use]
    pub fn with_readiness(self, readiness: Readiness) -> Self {
        Self { readiness, ..self }
    }

    /// The same with the aborts of the sessions on the same listener: who has too many makes no sign requests either.
    #[must_use]
    pub(crate) fn with_aborts(self, aborts: Arc<AbortRates>) -> Self {
        Self { aborts, ..self }
    }

    /// The same with other bounds.
    #[must_use]
    pub fn with_limits(self, limits: HttpLimits) -> Self {
        Self { limits, ..self }
    }
}
