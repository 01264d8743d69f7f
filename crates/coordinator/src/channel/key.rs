//! The server's static key of the channel, which devices pin.

use std::{fmt, sync::Arc};

use maany_coordinator_proto::channel::{EphemeralKey, PublicKey, StaticKey};
use zeroize::Zeroizing;

use crate::random;

/// The server's static X25519 key. Shared cheaply; wiped when the last one is dropped.
///
/// # Security
/// Whoever has it can stand in for the server between it and every device that pins it.
#[derive(Clone)]
pub struct ChannelKey(Arc<StaticKey>);

impl ChannelKey {
    /// Its length in bytes.
    pub const SIZE: usize = 32;

    /// A fresh key, from the operating system's randomness.
    ///
    /// # Errors
    /// Where the operating system gives none.
    pub fn generate() -> Result<Self, getrandom::Error> {
        Ok(Self::from_bytes(secret()?))
    }

    /// The key of these bytes, as [`ChannelKey::dangerous_expose`] gave them.
    #[must_use]
    pub fn from_bytes(bytes: Zeroizing<[u8; Self::SIZE]>) -> Self {
        Self(Arc::new(StaticKey::from_bytes(bytes)))
    }

    /// The secret bytes, for the one who stores them.
    #[must_use]
    pub fn dangerous_expose(&self) -> &[u8; Self::SIZE] {
        self.0.dangerous_expose()
    }

    /// What devices pin.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    pub(super) fn secret(&self) -> &StaticKey {
        &self.0
    }
}

impl fmt::Debug for ChannelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// A key for one handshake.
pub(super) fn ephemeral() -> Result<EphemeralKey, getrandom::Error> {
    secret().map(EphemeralKey::from_bytes)
}

pub(super) fn secret<const N: usize>() -> Result<Zeroizing<[u8; N]>, getrandom::Error> {
    random::bytes().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_its_public_half_alone() {
        let key = ChannelKey::from_bytes(Zeroizing::new([0xca; 32]));
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.public().to_string()));
        assert!(!shown.contains("cacaca") && !shown.contains("202, 202"), "{shown}");
        assert_eq!(key.dangerous_expose(), &[0xca; 32]);
    }

    #[test]
    fn generated_keys_differ() {
        assert_ne!(ChannelKey::generate().unwrap().public(), ChannelKey::generate().unwrap().public());
    }
}
