//! What a person remembers of their documents: which were asked for, which stand in for which by name, which were signed.

use std::collections::{BTreeMap, BTreeSet};

use maany_coordinator::proto::RequestId;
use maany_coordinator::{SignOrder, Signed};

use crate::order;

/// A request's id, as what is compared and stored.
pub(crate) type Id = [u8; 16];
/// What is signed of a document.
pub(crate) type Digest = [u8; 32];

/// Everything that was asked and everything that was given.
#[derive(Default)]
pub(crate) struct Memory {
    /// The sequence of every document, before anybody was asked for it.
    sequences: BTreeMap<Digest, u64>,
    /// Every request that the person has heard of.
    heard: BTreeSet<Id>,
    /// Documents that were to take the place of a request, and that request.
    named: BTreeSet<(Digest, Id)>,
    /// Every signature, also once more, with what was signed.
    given: Vec<(SignOrder, Signed)>,
    /// How many signatures that were given the server does not have.
    pub(crate) forgotten: usize,
}

impl Memory {
    /// A document of this sequence is about to be asked for.
    pub(crate) fn write(&mut self, order: &SignOrder, sequence: u64) {
        self.sequences.insert(order::digest(order), sequence);
    }

    /// The server has told of this request.
    pub(crate) fn hear(&mut self, request: RequestId) {
        self.heard.insert(*request.as_bytes());
    }

    /// The document is about to be asked for in the place of this request.
    pub(crate) fn name(&mut self, order: &SignOrder, replaced: RequestId) {
        self.named.insert((order::digest(order), *replaced.as_bytes()));
    }

    /// A signature was given.
    pub(crate) fn give(&mut self, order: SignOrder, signed: Signed) {
        self.hear(signed.request);
        self.given.push((order, signed));
    }

    /// Which sequence a document is of.
    pub(crate) fn sequence(&self, digest: &Digest) -> Option<u64> {
        self.sequences.get(digest).copied()
    }

    /// Every request that was heard of.
    pub(crate) fn heard(&self) -> impl Iterator<Item = Id> {
        self.heard.iter().copied()
    }

    /// Whether the document was to take the place of this request.
    pub(crate) fn has_named(&self, digest: Digest, replaced: Id) -> bool {
        self.named.contains(&(digest, replaced))
    }

    /// Whether another document was to take the place of this request.
    pub(crate) fn may_be_replaced(&self, request: RequestId) -> bool {
        self.named.iter().any(|(_, replaced)| replaced == request.as_bytes())
    }

    /// How often a document was to take the place of another.
    pub(crate) fn replacements(&self) -> usize {
        self.named.len()
    }

    /// Every signature that was given.
    pub(crate) fn signatures(&self) -> impl Iterator<Item = &Signed> {
        self.given.iter().map(|(_, signed)| signed)
    }

    /// The newest signatures of so many requests, the newest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<(SignOrder, Signed)> {
        let mut seen = BTreeSet::new();
        let newest = self.given.iter().rev().filter(|(_, signed)| seen.insert(*signed.request.as_bytes()));
        newest.take(count).cloned().collect()
    }

    /// How many requests were signed, as far as the person was told.
    pub(crate) fn signed(&self) -> usize {
        self.signatures().map(|signed| *signed.request.as_bytes()).collect::<BTreeSet<_>>().len()
    }
}
