//! The aborts of many subjects, in bounded memory. Who has none held against it any more is not in it.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    time::Duration,
};

use super::AbortRate;

#[derive(Debug)]
pub(super) struct Buckets<K> {
    rate: AbortRate,
    most: usize,
    free_at: HashMap<K, Duration>,
    /// The same, in the order in which they become free.
    order: BTreeSet<(Duration, K)>,
}

impl<K: Copy + Ord + Hash> Buckets<K> {
    pub(super) fn new(rate: AbortRate, most: usize) -> Self {
        Self { rate, most, free_at: HashMap::new(), order: BTreeSet::new() }
    }

    pub(super) fn charge(&mut self, key: K, now: Duration) {
        let before = self.free_at.remove(&key);
        if let Some(before) = before {
            self.order.remove(&(before, key));
        }
        while let Some((free_at, first)) = self.order.first().copied() {
            if free_at > now && self.order.len() < self.most {
                break;
            }
            self.order.remove(&(free_at, first));
            self.free_at.remove(&first);
        }
        let free_at = self.rate.charged(before, now);
        if free_at > now && self.most > 0 {
            self.free_at.insert(key, free_at);
            self.order.insert((free_at, key));
        }
    }

    pub(super) fn wait(&self, key: &K, now: Duration) -> Option<Duration> {
        self.rate.wait(*self.free_at.get(key)?, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;
    const RATE: AbortRate = AbortRate { burst: 2, every: Duration::from_secs(10) };

    #[test]
    fn who_is_free_again_is_forgotten() {
        let mut buckets = Buckets::new(RATE, 100);
        (0..50).for_each(|key| buckets.charge(key, S(0)));
        assert_eq!((buckets.free_at.len(), buckets.order.len()), (50, 50));
        buckets.charge(99, S(10));
        assert_eq!((buckets.free_at.len(), buckets.order.len()), (1, 1));
    }

    #[test]
    fn a_flood_of_subjects_takes_bounded_memory_and_frees_nobody_who_waits_before_the_others() {
        let mut buckets = Buckets::new(RATE, 10);
        (0..2).for_each(|_| buckets.charge(0, S(0)));
        (1..1_000).for_each(|key| buckets.charge(key, S(0)));
        assert_eq!((buckets.free_at.len(), buckets.order.len()), (10, 10));
        assert_eq!(buckets.wait(&0, S(0)), Some(S(10)));
        let mut nothing = Buckets::new(RATE, 0);
        nothing.charge(1, S(0));
        assert!(nothing.free_at.is_empty() && nothing.order.is_empty());
    }
}
