//! The driver's clock: the machine's virtual milliseconds over tokio's monotonic time.
//!
//! Under `tokio::time::pause` it stands still with the runtime, so that deadlines can be tested without waiting.

use std::time::Duration;

use maany_coordinator_proto::Millis;
use tokio::time::Instant;

/// Milliseconds since the session began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The machine's now.
    pub(crate) fn now(self) -> Millis {
        Millis::new(u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When the runtime reaches a machine's instant.
    pub(crate) fn instant(self, at: Option<Millis>) -> Option<Instant> {
        at.map(|at| self.origin + Duration::from_millis(at.get()))
    }
}

/// Waits until then, or for ever.
pub(crate) async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
