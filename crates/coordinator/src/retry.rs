//! When a device tries again, and after how long.
//!
//! Pure: the randomness and the number of the attempt are arguments, and nothing here sleeps. The delays are
//! exponential backoff with *full jitter*, a uniform draw between nothing and the ceiling of the attempt, so
//! that devices which were cut off together do not come back together (Marc Brooker, "Exponential Backoff And
//! Jitter", AWS Architecture Blog, 2015).

mod advice;
mod jitter;

use std::time::Duration;

pub use self::{
    advice::{Advice, Failure, Stage},
    jitter::Jitter,
};

/// How a device spaces its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The ceiling of the first delay. The default is 200 milliseconds.
    pub base: Duration,
    /// No ceiling grows past this. The default is ten seconds.
    pub cap: Duration,
    /// How many delays there are, hence one attempt more. The default is five.
    pub retries: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(200), cap: Duration::from_secs(10), retries: 5 }
    }
}

impl Backoff {
    /// One attempt and no more.
    pub const ONCE: Self = Self { base: Duration::ZERO, cap: Duration::ZERO, retries: 0 };

    /// The delays, one for each retry; `random` gives uniform 64-bit numbers.
    pub fn delays<R: FnMut() -> u64>(self, random: R) -> Delays<R> {
        Delays { backoff: self, attempt: 0, random }
    }

    /// The longest that the delay after this attempt (counted from 0) can be.
    #[must_use]
    pub fn ceiling(&self, attempt: u32) -> Duration {
        2_u32
            .checked_pow(attempt)
            .and_then(|factor| self.base.checked_mul(factor))
            .map_or(self.cap, |d| d.min(self.cap))
    }
}

/// The delays of one run of attempts. See [`Backoff::delays`].
#[derive(Debug, Clone)]
pub struct Delays<R> {
    backoff: Backoff,
    attempt: u32,
    random: R,
}

impl<R: FnMut() -> u64> Iterator for Delays<R> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if self.attempt >= self.backoff.retries {
            return None;
        }
        let ceiling = self.backoff.ceiling(self.attempt);
        self.attempt += 1;
        Some(share_of(ceiling, (self.random)()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.backoff.retries - self.attempt).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

/// The part of `ceiling` that `random` is of 2^64, in whole nanoseconds, rounded down.
fn share_of(ceiling: Duration, random: u64) -> Duration {
    // A ceiling of more than 584 years of nanoseconds is cut to that.
    let ceiling = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
    let share = (u128::from(ceiling) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap_and_never_overflows() {
        let backoff = Backoff { base: MS(100), cap: MS(1_000), retries: 9 };
        let ceilings: Vec<_> = (0..6).map(|n| backoff.ceiling(n)).collect();
        assert_eq!(ceilings, [MS(100), MS(200), MS(400), MS(800), MS(1_000), MS(1_000)]);
        assert_eq!(backoff.ceiling(u32::MAX), MS(1_000));
        let endless = Backoff { base: Duration::MAX, cap: Duration::MAX, retries: 1 };
        assert_eq!(endless.ceiling(31), Duration::MAX);
    }

    #[test]
    fn the_jitter_is_full_from_nothing_to_just_under_the_ceiling() {
        let backoff = Backoff { base: MS(100), cap: MS(1_000), retries: 3 };
        assert!(backoff.delays(|| 0).all(|delay| delay == Duration::ZERO));
        let half: Vec<_> = backoff.delays(|| 1 << 63).collect();
        assert_eq!(half, [MS(50), MS(100), MS(200)]);
        for (n, delay) in (0..).zip(backoff.delays(|| u64::MAX)) {
            assert!(delay < backoff.ceiling(n) && delay > backoff.ceiling(n) * 99 / 100);
        }
    }

    #[test]
    fn attempts_come_to_an_end() {
        assert_eq!(Backoff::default().delays(|| 7).count(), 5);
        assert_eq!(Backoff::ONCE.delays(|| 7).count(), 0);
        let mut delays = Backoff { retries: 1, ..Backoff::default() }.delays(|| 7);
        assert_eq!(delays.size_hint(), (1, Some(1)));
        assert!(delays.next().is_some());
        assert_eq!(delays.size_hint(), (0, Some(0)));
        assert!(delays.next().is_none() && delays.next().is_none());
    }
}
