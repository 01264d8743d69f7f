//! What snow is given: its own pure-Rust primitives, and a source of randomness that holds exactly one ephemeral key.
//! A second draw fails, so that nothing in a handshake is random without having been an argument.

use core::cell::Cell;

use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use zeroize::Zeroizing;

use super::key::{EphemeralKey, KEY_BYTES};

/// The public key of a secret one.
pub(super) fn public_of(secret: &[u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
    let mut dh = DefaultResolver
        .resolve_dh(&DHChoice::Curve25519)
        .expect("snow is built with the feature use-curve25519");
    dh.set(secret);
    dh.pubkey().try_into().expect("an X25519 key has 32 bytes")
}

/// snow's primitives, with one ephemeral key to draw.
pub(super) struct Resolver(Cell<Option<Zeroizing<[u8; KEY_BYTES]>>>);

impl Resolver {
    pub(super) fn new(ephemeral: EphemeralKey) -> Self {
        Self(Cell::new(Some(ephemeral.into_bytes())))
    }
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Once(self.0.take())))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

struct Once(Option<Zeroizing<[u8; KEY_BYTES]>>);

impl Random for Once {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        let bytes = self.0.take().filter(|bytes| bytes.len() == dest.len()).ok_or(snow::Error::Rng)?;
        dest.copy_from_slice(&*bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ephemeral_key_is_drawn_once() {
        let resolver = Resolver::new(EphemeralKey::from_bytes(Zeroizing::new([7; KEY_BYTES])));
        let mut random = resolver.resolve_rng().expect("a source");
        let mut drawn = [0; KEY_BYTES];
        assert_eq!(random.try_fill_bytes(&mut drawn), Ok(()));
        assert_eq!(drawn, [7; KEY_BYTES]);
        assert_eq!(random.try_fill_bytes(&mut drawn), Err(snow::Error::Rng));
        let mut other = resolver.resolve_rng().expect("a source");
        assert_eq!(other.try_fill_bytes(&mut drawn), Err(snow::Error::Rng));
    }
}
