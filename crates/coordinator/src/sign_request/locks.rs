//! One lock for each wallet, approximately: wallets share 64 locks.

use tokio::sync::Mutex;

const STRIPES: usize = 64;

/// The locks. Two wallets that share one wait for each other for the time of one store write.
#[derive(Debug)]
pub(super) struct Locks([Mutex<()>; STRIPES]);

impl Default for Locks {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Locks {
    /// The lock of a wallet. Wallet ids are random, so one byte spreads them.
    pub(super) fn of(&self, wallet: &[u8; 16]) -> &Mutex<()> {
        &self.0[usize::from(wallet[0]) % STRIPES]
    }
}
