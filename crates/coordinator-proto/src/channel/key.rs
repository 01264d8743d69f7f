//! The keys of the channel: 32 bytes of X25519 (RFC 7748). Secret ones print nothing and are wiped on drop.
//!
//! ```compile_fail,E0599
//! fn copy(key: &maany_coordinator_proto::channel::StaticKey) -> maany_coordinator_proto::channel::StaticKey {
//!     key.clone()
//! }
//! ```

use core::fmt;
use core::str::FromStr;

use zeroize::Zeroizing;

use super::resolver;

/// The length of every key, in bytes.
pub(super) const KEY_BYTES: usize = 32;

macro_rules! secret_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(Zeroizing<[u8; KEY_BYTES]>);

        impl $name {
            /// The key of these bytes, which must be random; every value is a key.
            #[must_use]
            pub const fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
                Self(bytes)
            }

            /// The public key that belongs to it.
            #[must_use]
            pub fn public(&self) -> PublicKey {
                PublicKey(resolver::public_of(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

secret_key! {
    /// The server's long-lived secret key.
    StaticKey
}

secret_key! {
    /// A secret key for one handshake.
    EphemeralKey
}

impl StaticKey {
    /// The secret bytes, for the one who stores them.
    #[must_use]
    pub fn dangerous_expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl EphemeralKey {
    pub(super) fn into_bytes(self) -> Zeroizing<[u8; KEY_BYTES]> {
        self.0
    }
}

/// A public key, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; KEY_BYTES]);

/// Not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key of the channel is 64 lower-case hexadecimal digits")]
pub struct KeyError;

impl PublicKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(KeyError);
        }
        let mut bytes = [0; KEY_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_shows_nothing() {
        let key = StaticKey::from_bytes(Zeroizing::new([0xca; 32]));
        let ephemeral = EphemeralKey::from_bytes(Zeroizing::new([0xca; 32]));
        assert_eq!(format!("{key:?} {ephemeral:?}"), "StaticKey { .. } EphemeralKey { .. }");
        assert_eq!(key.dangerous_expose(), &[0xca; 32]);
    }

    /// Bob's keys in RFC 7748, section 6.1.
    #[test]
    fn the_public_key_is_that_of_rfc_7748() {
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        let digits = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
        hex::decode_to_slice(digits, &mut *secret).expect("hex");
        let public = StaticKey::from_bytes(secret).public();
        assert_eq!(public.to_string(), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    }

    #[test]
    fn a_public_key_has_one_text() {
        let key = PublicKey::from_bytes([0xab; 32]);
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in [String::new(), "ab".repeat(31), "ab".repeat(33), "AB".repeat(32), "zz".repeat(32)] {
            assert_eq!(text.parse::<PublicKey>(), Err(KeyError), "{text}");
        }
    }
}
