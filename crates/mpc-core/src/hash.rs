//! SHA-256 over a domain tag and length-prefixed parts.
//!
//! Every hash of this crate goes through here, so two different lists of parts never hash alike.

use sha2::{Digest, Sha256};

/// A hash that is being fed.
#[derive(Clone)]
pub(crate) struct Hash(Sha256);

impl Hash {
    /// Begins a hash for one purpose.
    pub(crate) fn new(domain: &str) -> Self {
        Self(Sha256::new()).part(domain.as_bytes())
    }

    /// Adds one part, preceded by its length as a big-endian 64-bit integer.
    pub(crate) fn part(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// The 32-byte hash.
    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        let hash = |parts: &[&[u8]]| parts.iter().fold(Hash::new("d"), |hash, part| hash.part(part)).finish();
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"ab"]), hash(&[b"ab", b""]));
        assert_ne!(Hash::new("d").finish(), Hash::new("e").finish());
    }
}
