//! What the person in front of the device has seen. It outlives every machine, and is what the promises are judged by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use maany_coordinator::device::Report;
use maany_coordinator::proto::RequestId;
use maany_coordinator::{Signed, WalletInfo};

/// One person. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct User(Arc<Mutex<Seen>>);

/// What they have seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// The wallet whose address was shown.
    pub(crate) wallet: Option<WalletInfo>,
    /// The request that the first call made.
    pub(crate) request: Option<RequestId>,
    /// How many sessions the first call began after its first one, where it came to its end.
    pub(crate) retries: Option<u32>,
    /// Every signature that was given.
    pub(crate) signatures: Vec<Signed>,
}

impl User {
    /// One who has seen this wallet.
    pub(crate) fn of(wallet: WalletInfo) -> Self {
        let user = Self::default();
        user.seen().wallet = Some(wallet);
        user
    }

    /// Notes what the first call that came to its end took.
    pub(crate) fn ended(&self, report: &Report) {
        self.seen().retries.get_or_insert(report.retries);
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
