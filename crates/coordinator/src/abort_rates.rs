//! How often the sessions of one wallet, of one principal, or of one token may come to nothing.
//!
//! An abort of class A (a deadline, a lost peer, a frame out of turn) says nothing about a peer and quarantines nobody, but each one
//! costs this side a piece of a ceremony, and is one more look at it. So they are counted, in memory, and who has too many of them
//! waits. A session that lost its socket and was resumed is not among them: it went on. Nor is one that a right step-up code lets in
//! held back, or a thief with the phone could keep the owner's restore out.
//!
//! What needed nothing but a token is held against that token alone: whoever has stolen one key of an owner, even one that only
//! reads, does not hold the owner's other keys back with it.

mod buckets;
mod rate;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use maany_coordinator_proto::Token;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use self::buckets::Buckets;
pub use self::rate::{AbortLimits, AbortRate};
use crate::auth::Principal;

/// The wait of whoever has too many aborts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldBack {
    after: Duration,
}

impl HeldBack {
    /// After how many whole seconds another try may help; at least one.
    pub(crate) fn seconds(self) -> u32 {
        u32::try_from(self.after.as_secs_f64().ceil() as u64).unwrap_or(u32::MAX).max(1)
    }
}

/// A token, as far as aborts are counted for it. It is in the memory of this process and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TokenMark([u8; 32]);

impl TokenMark {
    pub(crate) fn of(token: &Token) -> Self {
        let mut hash = Sha256::new_with_prefix(b"maany abort rates");
        hash.update(token.dangerous_expose());
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for TokenMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMark").finish_non_exhaustive()
    }
}

/// The aborts of one server. It forgets them with its process: what counts against a peer is in the wallet's own ledger.
#[derive(Debug)]
pub(crate) struct AbortRates {
    origin: Instant,
    wallets: Mutex<Buckets<[u8; 16]>>,
    principals: Mutex<Buckets<[u8; 32]>>,
    tokens: Mutex<Buckets<TokenMark>>,
}

impl AbortRates {
    /// Nothing has been aborted yet.
    pub(crate) fn new(limits: AbortLimits) -> Self {
        Self {
            origin: Instant::now(),
            wallets: Mutex::new(Buckets::new(limits.wallet, limits.remembered)),
            principals: Mutex::new(Buckets::new(limits.principal, limits.remembered)),
            tokens: Mutex::new(Buckets::new(limits.token, limits.remembered)),
        }
    }

    /// Whether another session may begin, or where no wallet is given another sign request be made.
    pub(crate) fn check(&self, principal: &Principal, wallet: Option<[u8; 16]>) -> Result<(), HeldBack> {
        let now = self.origin.elapsed();
        let of_wallet = wallet.and_then(|wallet| locked(&self.wallets).wait(&wallet, now));
        let of_principal = locked(&self.principals).wait(&key(principal), now);
        of_wallet.max(of_principal).map_or(Ok(()), |after| Err(HeldBack { after }))
    }

    /// Whether another session may be begun with this token, as far as those go that took nothing else.
    pub(crate) fn check_token(&self, token: TokenMark) -> Result<(), HeldBack> {
        let wait = locked(&self.tokens).wait(&token, self.origin.elapsed());
        wait.map_or(Ok(()), |after| Err(HeldBack { after }))
    }

    /// A session that took nothing but this token came to nothing.
    pub(crate) fn charge_token(&self, token: TokenMark) {
        locked(&self.tokens).charge(token, self.origin.elapsed());
    }

    /// A session of a wallet came to nothing.
    pub(crate) fn charge(&self, principal: &Principal, wallet: Option<[u8; 16]>) {
        let now = self.origin.elapsed();
        if let Some(wallet) = wallet {
            locked(&self.wallets).charge(wallet, now);
        }
        locked(&self.principals).charge(key(principal), now);
    }
}

fn locked<K>(buckets: &Mutex<Buckets<K>>) -> std::sync::MutexGuard<'_, Buckets<K>> {
    buckets.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A principal by its tenant and owner, whatever the length of their names; all keys of one owner count together.
fn key(principal: &Principal) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [&principal.tenant, &principal.owner] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Scopes;

    const ONE: AbortRate = AbortRate { burst: 1, every: Duration::from_secs(10) };

    fn owner(name: &str) -> Principal {
        Principal::new("acme", name, Scopes::DEVICE)
    }

    #[tokio::test(start_paused = true)]
    async fn a_wallet_waits_alone_and_its_principal_only_for_its_own_rate() {
        let principal = AbortRate { burst: 2, ..ONE };
        let rates = AbortRates::new(AbortLimits { wallet: ONE, principal, token: ONE, remembered: 8 });
        let alice = owner("alice");
        rates.charge(&alice, Some([1; 16]));
        let held = rates.check(&alice, Some([1; 16])).unwrap_err();
        assert_eq!(held.seconds(), 10);
        assert_eq!(rates.check(&alice, Some([2; 16])), Ok(()));
        assert_eq!(rates.check(&alice, None), Ok(()));
        rates.charge(&alice, None);
        assert!(rates.check(&alice, Some([2; 16])).is_err() && rates.check(&alice, None).is_err());
        assert_eq!(rates.check(&owner("bob"), Some([3; 16])), Ok(()));
        tokio::time::advance(Duration::from_millis(9_500)).await;
        assert_eq!(rates.check(&alice, Some([1; 16])).unwrap_err().seconds(), 1);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(rates.check(&alice, Some([1; 16])), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_waits_alone() {
        let rates = AbortRates::new(AbortLimits { wallet: ONE, principal: ONE, token: ONE, remembered: 8 });
        let mark = |text| TokenMark::of(&Token::new(text).unwrap());
        rates.charge_token(mark("stolen"));
        assert_eq!(rates.check_token(mark("stolen")).unwrap_err().seconds(), 10);
        assert_eq!(rates.check_token(mark("owners")), Ok(()));
        assert_eq!(rates.check(&owner("alice"), Some([1; 16])), Ok(()));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(rates.check_token(mark("stolen")), Ok(()));
        assert_eq!(format!("{:?}", mark("stolen")), "TokenMark { .. }");
    }

    #[test]
    fn two_principals_with_the_same_letters_are_two() {
        let (one, other) =
            (Principal::new("ab", "c", Scopes::DEVICE), Principal::new("a", "bc", Scopes::DEVICE));
        assert_ne!(key(&one), key(&other));
        assert_eq!(key(&one), key(&Principal::new("ab", "c", Scopes::NONE)), "all keys of an owner");
    }
}
