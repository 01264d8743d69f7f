//! One session per wallet: who holds which wallet now.
//!
//! A lease lives as long as its session and is never written to disk: after a restart there are no sessions.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// What a session may hold alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// A wallet, by its id.
    Wallet([u8; 16]),
    /// A key id that a DKG is about to take, unique for its tenant and owner.
    KeyId {
        /// The tenant.
        tenant: String,
        /// The owner.
        owner: String,
        /// The key id.
        key_id: String,
    },
}

/// The leases of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases {
    held: Arc<Mutex<HashSet<Subject>>>,
}

impl Leases {
    /// Takes the lease of `subject`, unless a session holds it.
    pub(crate) fn take(&self, subject: Subject) -> Option<Lease> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(subject.clone()).then(|| Lease { leases: self.clone(), subject })
    }
}

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    leases: Leases,
    subject: Subject,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_leased_once_and_free_again_after_the_session() {
        let leases = Leases::default();
        let first = leases.take(Subject::Wallet([1; 16]));
        assert!(first.is_some());
        assert!(leases.take(Subject::Wallet([1; 16])).is_none());
        assert!(leases.take(Subject::Wallet([2; 16])).is_some());
        drop(first);
        assert!(leases.take(Subject::Wallet([1; 16])).is_some());
    }
}
