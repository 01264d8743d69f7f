//! Time as the machines see it: milliseconds since an origin of the caller's choice. Nothing here reads a clock.

use core::time::Duration;

/// An instant, in milliseconds since any fixed origin; it never runs backwards within one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Millis(u64);

impl Millis {
    /// The instant this many milliseconds after the origin.
    #[must_use]
    pub const fn new(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the origin.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The instant `wait` later; it stops at the largest instant rather than wrap.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long it is from `now` until this instant; zero where it has passed.
    #[must_use]
    pub const fn since(self, now: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(now.0))
    }
}
