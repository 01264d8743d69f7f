//! Where the delays between attempts get their randomness.

use std::{fmt, sync::Arc};

use crate::random;

/// Gives uniform 64-bit numbers. Cheap to clone. By default the operating system's; a run that is to be repeated exactly brings
/// its own.
#[derive(Clone)]
pub struct Jitter(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Jitter {
    /// Numbers of another source.
    pub fn from_fn(numbers: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(numbers))
    }

    /// The next number.
    #[must_use]
    pub fn roll(&self) -> u64 {
        (self.0)()
    }
}

impl Default for Jitter {
    fn default() -> Self {
        // Without randomness every device would come back at the ceiling: late, and still bounded.
        Self::from_fn(|| random::bytes().map_or(u64::MAX, u64::from_le_bytes))
    }
}

impl fmt::Debug for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jitter").finish_non_exhaustive()
    }
}
