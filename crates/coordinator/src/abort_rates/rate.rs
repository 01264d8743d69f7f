//! A rate of aborts, and what follows from it: pure, the time is an argument.
//!
//! The *generic cell rate algorithm* (ITU-T I.371): of each subject one instant is kept, the one at which nothing is held against it
//! any more. An abort moves it by one interval; who is further from it than the burst allows waits.

use std::time::Duration;

/// How many sessions may come to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortRate {
    /// So many in a row before the next has to wait; none is taken for one.
    pub burst: u32,
    /// After so long one of them is forgotten. With zero there is no rate.
    pub every: Duration,
}

/// How many sessions of one wallet, of one principal and of one token may come to nothing, and of how many that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortLimits {
    /// For each wallet. The default is 120, and one more every two seconds: a sick line that kills a session each time it is used is
    /// slower than that.
    pub wallet: AbortRate,
    /// For each principal, over all its wallets: sessions of devices that had proven themselves, or had a wallet of the older profile.
    /// The default is 480, and one more every half second.
    pub principal: AbortRate,
    /// For each token, over the sessions that took nothing but the token: those that were never admitted, and DKGs. The default is 600,
    /// and one more every half second: one may serve many devices, and what it costs is a handshake.
    pub token: AbortRate,
    /// So many wallets, so many principals and so many tokens are remembered; of more, those that would be free soonest are forgotten.
    /// The default is 16,384, at most some three megabytes each.
    pub remembered: usize,
}

impl Default for AbortLimits {
    fn default() -> Self {
        Self {
            wallet: AbortRate { burst: 120, every: Duration::from_secs(2) },
            principal: AbortRate { burst: 480, every: Duration::from_millis(500) },
            token: AbortRate { burst: 600, every: Duration::from_millis(500) },
            remembered: 16_384,
        }
    }
}

impl AbortRate {
    /// When nothing is held against a subject any more, after one more abort. However many there are, the wait does not grow past
    /// one interval.
    pub(super) fn charged(self, free_at: Option<Duration>, now: Duration) -> Duration {
        let free_at = free_at.map_or(now, |free_at| free_at.max(now));
        free_at
            .saturating_add(self.every)
            .min(now.saturating_add(self.every.saturating_mul(self.burst.max(1))))
    }

    /// How long a subject waits for its next session; none where it may begin.
    pub(super) fn wait(self, free_at: Duration, now: Duration) -> Option<Duration> {
        let room = self.every.saturating_mul(self.burst.max(1) - 1);
        let wait = free_at.saturating_sub(now).saturating_sub(room);
        (!wait.is_zero()).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;
    const RATE: AbortRate = AbortRate { burst: 3, every: Duration::from_secs(10) };

    #[test]
    fn so_many_in_a_row_are_let_pass_and_the_next_waits_one_interval() {
        let mut free_at = None;
        for _ in 0..RATE.burst {
            assert_eq!(free_at.and_then(|free_at| RATE.wait(free_at, S(5))), None);
            free_at = Some(RATE.charged(free_at, S(5)));
        }
        let free_at = free_at.unwrap();
        assert_eq!(RATE.wait(free_at, S(5)), Some(S(10)));
        assert_eq!(RATE.wait(free_at, S(14)), Some(S(1)));
        assert_eq!(RATE.wait(free_at, S(15)), None);
        assert_eq!(
            RATE.wait(RATE.charged(Some(free_at), S(15)), S(15)),
            Some(S(10)),
            "one more, and no burst"
        );
    }

    #[test]
    fn a_flood_makes_nobody_wait_longer_than_one_interval() {
        let flooded = (0..1_000).fold(None, |free_at, _| Some(RATE.charged(free_at, S(5)))).unwrap();
        assert_eq!(RATE.wait(flooded, S(5)), Some(S(10)));
        assert_eq!(flooded, S(35), "and all is forgotten after three");
    }

    #[test]
    fn a_burst_of_none_is_one_and_no_interval_is_no_rate() {
        let none = AbortRate { burst: 0, every: S(10) };
        assert_eq!(none.wait(none.charged(None, S(0)), S(0)), Some(S(10)));
        let off = AbortRate { burst: 3, every: S(0) };
        let flooded = (0..100).fold(None, |free_at, _| Some(off.charged(free_at, S(5)))).unwrap();
        assert_eq!(off.wait(flooded, S(5)), None);
        let endless = AbortRate { burst: u32::MAX, every: Duration::MAX };
        assert_eq!(endless.wait(endless.charged(Some(Duration::MAX), S(5)), S(5)), None);
    }
}
