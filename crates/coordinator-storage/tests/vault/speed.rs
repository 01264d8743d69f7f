//! Opening a share is cheap beside a signature, of which it is a part: 0.3 ms against 7.4 ms for both parties.

use std::time::{Duration, Instant};

use maany_coordinator_storage::record::ShareRecord;
use maany_coordinator_storage::{Role, SecretBytes};

use crate::lab::{alice, audit, server, share, share_id, wallet};

/// A share of the DKLs23 engine takes 52.5 KB.
const SHARE: usize = 52_500;

/// Only an optimised build says anything about speed.
#[cfg_attr(debug_assertions, ignore = "speed is measured in release builds")]
#[tokio::test]
async fn a_share_of_52_kb_opens_in_less_than_300_microseconds() {
    let (_, vault) = server().await;
    let share = ShareRecord { bytes: SecretBytes::new(vec![7; SHARE]), ..share(1, 1) };
    let row = vault.insert_provisional(wallet(1, alice(), None, Role::Server), &share, audit("made"));
    let row = row.await.unwrap();
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        let opened = vault.share(&row, share_id(1)).await.unwrap();
        times.push(start.elapsed());
        assert_eq!(opened.bytes.len(), SHARE);
    }
    times.sort();
    let median = times[times.len() / 2];
    assert!(median < Duration::from_micros(300), "median {median:?}");
}
