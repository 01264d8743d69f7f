//! How often each thing is measured.

use std::time::Duration;

/// Sample counts of one run.
pub(crate) struct Plan {
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// Keys made and refreshed by the engine alone.
    pub(crate) keys: usize,
    /// Pairs of a signature by the engine alone and one over WebSocket.
    pub(crate) signatures: usize,
    /// Pairs of a signature on a direct and on a delayed line.
    pub(crate) round_trips: usize,
    /// Pairs of a DKG by the engine alone and one over WebSocket.
    pub(crate) wallets: usize,
    /// Pairs of throughput windows.
    pub(crate) windows: usize,
    /// The length of a window.
    pub(crate) window: Duration,
    /// Idle sessions at one time.
    pub(crate) idle: usize,
    /// Signatures before memory is read for the first time.
    pub(crate) settled: usize,
    /// Signatures before memory is read for the last time.
    pub(crate) many: usize,
}

impl Plan {
    /// What the published figures come from.
    pub(crate) fn full() -> Self {
        Self {
            cores: cores(),
            keys: 9,
            signatures: 200,
            round_trips: 25,
            wallets: 11,
            windows: 5,
            window: Duration::from_secs(3),
            idle: 500,
            settled: 200,
            many: 2000,
        }
    }

    /// Enough to see a figure that is far off.
    pub(crate) fn quick() -> Self {
        Self {
            keys: 3,
            signatures: 40,
            round_trips: 7,
            wallets: 3,
            windows: 3,
            window: Duration::from_millis(1500),
            idle: 200,
            many: 600,
            ..Self::full()
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
