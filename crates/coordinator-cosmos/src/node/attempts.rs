//! Which endpoint is asked next, and after how long: the choice, without doing it.

use std::time::Duration;

/// Before the second round through the endpoints; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// One call's way through the endpoints: each in turn, beginning with the one that answered last, in several rounds.
#[derive(Debug)]
pub(super) struct Attempts {
    endpoints: usize,
    first: usize,
    left: usize,
    made: usize,
}

/// An attempt to make.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// The endpoint, by its place in the list.
    pub(super) endpoint: usize,
    /// What is waited before.
    pub(super) after: Duration,
}

impl Attempts {
    /// A call that may be made this many times at each of the endpoints.
    pub(super) fn new(endpoints: usize, first: usize, rounds: usize) -> Self {
        Self { endpoints, first, left: endpoints.saturating_mul(rounds), made: 0 }
    }
}

impl Iterator for Attempts {
    type Item = Attempt;

    fn next(&mut self) -> Option<Attempt> {
        self.left = self.left.checked_sub(1)?;
        let (round, place) = (self.made / self.endpoints, self.made % self.endpoints);
        let doubled = u32::try_from(round.saturating_sub(1)).unwrap_or(u32::MAX).min(6);
        let after = if place == 0 && round > 0 { FIRST_PAUSE * 2_u32.pow(doubled) } else { Duration::ZERO };
        let endpoint = (self.first + self.made) % self.endpoints;
        self.made += 1;
        Some(Attempt { endpoint, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_tried_at_once_before_any_is_tried_again() {
        let attempts: Vec<_> = Attempts::new(3, 1, 3).map(|a| (a.endpoint, a.after.as_millis())).collect();
        let expected = [(1, 0), (2, 0), (0, 0), (1, 200), (2, 0), (0, 0), (1, 400), (2, 0), (0, 0)];
        assert_eq!(attempts, expected);
    }

    #[test]
    fn no_endpoint_is_no_attempt() {
        assert_eq!(Attempts::new(0, 0, 3).next(), None);
        assert_eq!(Attempts::new(1, 0, 1).count(), 1);
    }
}
