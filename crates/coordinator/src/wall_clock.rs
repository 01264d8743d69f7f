//! The wall clock as a value, so that what expires can be tried without waiting for it.

use std::{fmt, sync::Arc};

use crate::time;

/// Tells the time, in milliseconds since 1970-01-01 UTC. Cheap to clone.
#[derive(Clone)]
pub(crate) struct WallClock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl WallClock {
    /// A clock of a test's own.
    pub(crate) fn from_fn(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) fn now_ms(&self) -> u64 {
        (self.0)()
    }
}

impl Default for WallClock {
    /// The machine's clock.
    fn default() -> Self {
        Self::from_fn(time::now_ms)
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WallClock").field(&self.now_ms()).finish()
    }
}
