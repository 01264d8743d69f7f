//! The deadlines of one session: one for the present step, and an absolute one that nothing moves.

use core::time::Duration;

use crate::ids::Millis;

#[derive(Clone, Copy)]
pub(super) struct Clock {
    end: Millis,
    step: Millis,
}

impl Clock {
    /// A session that opens at `now`, lives for `session`, and has `first` for its first step.
    pub(super) fn new(now: Millis, session: Duration, first: Duration) -> Self {
        Self { end: now.after(session), step: now.after(first) }
    }

    /// A new step begins at `now`.
    pub(super) fn restart(&mut self, now: Millis, patience: Duration) {
        self.step = now.after(patience);
    }

    /// The nearer deadline.
    pub(super) fn deadline(self) -> Millis {
        self.step.min(self.end)
    }

    /// Whether a deadline has come.
    pub(super) fn has_expired(self, now: Millis) -> bool {
        now >= self.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_step_never_moves_the_absolute_deadline() {
        let seconds = Duration::from_secs;
        let mut clock = Clock::new(Millis::new(1_000), seconds(60), seconds(5));
        assert_eq!(clock.deadline(), Millis::new(6_000));
        clock.restart(Millis::new(2_000), seconds(15));
        assert_eq!(clock.deadline(), Millis::new(17_000));
        clock.restart(Millis::new(60_999), seconds(15));
        assert_eq!(clock.deadline(), Millis::new(61_000));
        assert!(!clock.has_expired(Millis::new(60_999)) && clock.has_expired(Millis::new(61_000)));
    }
}
