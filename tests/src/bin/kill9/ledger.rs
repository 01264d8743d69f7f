//! What all devices were told, and what must be true of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::telling::{Question, Told};

/// Everything that somebody relies on.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The wallets of each device whose address was shown.
    pub(crate) shown: BTreeMap<usize, BTreeSet<String>>,
    pub(crate) sign_at_the_end: BTreeSet<String>,
    /// The questions of each device.
    questions: BTreeMap<usize, Vec<Question>>,
    /// The signatures that each request was given.
    pub(crate) signatures: BTreeMap<String, BTreeSet<String>>,
    pub(crate) asked_again: usize,
    pub(crate) refreshes: usize,
    pub(crate) backups: usize,
    /// What did not work at once, and how often.
    pub(crate) failures: BTreeMap<String, usize>,
    pub(crate) last_failures: Vec<String>,
}

impl Ledger {
    pub(crate) fn take(&mut self, device: usize, told: Told) {
        match told {
            Told::Shown { wallet } => {
                self.shown.entry(device).or_default().insert(wallet);
            }
            Told::Requested { wallet, request, sequence } => {
                self.questions.entry(device).or_default().push(Question { wallet, request, sequence });
            }
            Told::Signed { request, signature, asked, .. } => {
                self.asked_again += usize::from(asked);
                self.signatures.entry(request).or_default().insert(signature);
            }
            Told::Refreshed => self.refreshes += 1,
            Told::BackedUp => self.backups += 1,
            Told::Failed { what, error } if what == "the last signature" => self.last_failures.push(error),
            Told::Failed { what, .. } => *self.failures.entry(what).or_default() += 1,
            Told::Signs { wallet } => {
                self.sign_at_the_end.insert(wallet);
            }
        }
    }

    /// What a device asks at the end: the newest of its requests, signed or not.
    pub(crate) fn questions(&self, device: usize, most: usize) -> Vec<Question> {
        let all = self.questions.get(&device).map(Vec::as_slice).unwrap_or_default();
        all.iter().rev().take(most).cloned().collect()
    }

    pub(crate) fn requests(&self) -> usize {
        self.questions.values().map(Vec::len).sum()
    }

    /// The wallets that somebody was shown and that do not sign.
    pub(crate) fn lost(&self) -> Vec<&String> {
        self.shown.values().flatten().filter(|wallet| !self.sign_at_the_end.contains(*wallet)).collect()
    }

    /// The requests with two different signatures.
    pub(crate) fn signed_twice(&self) -> Vec<&String> {
        self.signatures.iter().filter(|(_, signatures)| signatures.len() > 1).map(|(id, _)| id).collect()
    }
}
