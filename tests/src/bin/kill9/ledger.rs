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
    /// What a request was made in the place of.
    pub(crate) replaces: BTreeMap<String, String>,
    /// How often a sequence belonged to another document.
    pub(crate) taken: usize,
    /// The requests that gave no signature at the end.
    unanswered: BTreeMap<String, String>,
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
            Told::Requested { question, replaces } => {
                if let Some(replaced) = replaces {
                    self.replaces.insert(question.request.clone(), replaced);
                }
                self.questions.entry(device).or_default().push(question);
            }
            Told::Taken => self.taken += 1,
            Told::Unanswered { request, error } => {
                self.unanswered.insert(request, error);
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

    /// The account sequences that were signed for two documents although neither was named to be replaced. A request that was
    /// made in the place of another is that one's successor; of all others a sequence has one.
    pub(crate) fn sequences_twice(&self) -> Vec<(&String, u64)> {
        let mut first: BTreeMap<(&String, u64), BTreeSet<(u64, &String)>> = BTreeMap::new();
        for question in self.questions.values().flatten() {
            let Question { wallet, request, sequence, amount } = question;
            if self.signatures.contains_key(request) && !self.replaces.contains_key(request) {
                first.entry((wallet, *sequence)).or_default().insert((*amount, request));
            }
        }
        first.into_iter().filter(|(_, documents)| documents.len() > 1).map(|(sequence, _)| sequence).collect()
    }

    /// The requests whose signature was given once and not again.
    pub(crate) fn not_given_again(&self) -> Vec<(&String, &String)> {
        self.unanswered.iter().filter(|(request, _)| self.signatures.contains_key(*request)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(ledger: &mut Ledger, request: &str, amount: u64, replaces: Option<&str>) {
        let wallet = "w".to_owned();
        let question = Question { wallet: wallet.clone(), request: request.to_owned(), sequence: 7, amount };
        ledger.take(0, Told::Requested { question, replaces: replaces.map(str::to_owned) });
        let signature = format!("signature of {request}");
        ledger.take(0, Told::Signed { wallet, request: request.to_owned(), signature, asked: false });
    }

    #[test]
    fn a_sequence_that_was_signed_twice_is_seen_and_a_replacement_is_none() {
        let mut ledger = Ledger::default();
        signed(&mut ledger, "a", 1, None);
        signed(&mut ledger, "b", 2, Some("a"));
        assert!(ledger.sequences_twice().is_empty());
        signed(&mut ledger, "c", 3, None);
        assert_eq!(ledger.sequences_twice().len(), 1);
    }

    #[test]
    fn a_signature_that_is_not_given_again_is_seen() {
        let mut ledger = Ledger::default();
        let unanswered =
            |request: &str| Told::Unanswered { request: request.to_owned(), error: String::new() };
        ledger.take(0, unanswered("never signed"));
        assert!(ledger.not_given_again().is_empty());
        signed(&mut ledger, "a", 1, None);
        ledger.take(0, unanswered("a"));
        assert_eq!(ledger.not_given_again().len(), 1);
    }
}
