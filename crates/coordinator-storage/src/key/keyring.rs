//! Key-encryption keys held in memory, and how they wrap data keys.
//!
//! Each wrap derives its own AES-256-GCM key and nonce with HKDF-SHA256 from the key-encryption key and 32 random
//! bytes. A key-encryption key may therefore wrap without the limit of 2^32 that random 96-bit nonces under one
//! AES-GCM key have (NIST SP 800-38D, section 8.3).

use std::collections::BTreeMap;
use std::fmt;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::key::{DataKey, KeyError, WrappedKey};

const SALT_LEN: usize = 32;
const TAG_LEN: usize = 16;
const WRAPPED_LEN: usize = SALT_LEN + 32 + TAG_LEN;

/// Keys with ids, one of them current.
pub(crate) struct Keyring {
    keys: BTreeMap<String, Zeroizing<[u8; 32]>>,
    current: String,
}

impl Keyring {
    /// A ring of one key.
    pub(crate) fn single(key_id: &str, key: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        Self::new(BTreeMap::from([(key_id.to_owned(), key)]), key_id)
    }

    /// A ring of these keys.
    pub(crate) fn new(keys: BTreeMap<String, Zeroizing<[u8; 32]>>, current: &str) -> Result<Self, KeyError> {
        if !keys.keys().all(|id| is_key_id(id)) {
            return Err(KeyError::BadKeyId);
        }
        if !keys.contains_key(current) {
            return Err(KeyError::UnknownKey { key_id: current.to_owned() });
        }
        Ok(Self { keys, current: current.to_owned() })
    }

    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    pub(crate) fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<WrappedKey, KeyError> {
        let mut salt = [0; SALT_LEN];
        getrandom::fill(&mut salt).map_err(|_| KeyError::NoRandomness)?;
        self.wrap_salted(key, context, &salt)
    }

    /// As `wrap`, with the random bytes given: golden files need fixed ones.
    pub(crate) fn wrap_salted(
        &self,
        key: &DataKey,
        context: &[u8],
        salt: &[u8; SALT_LEN],
    ) -> Result<WrappedKey, KeyError> {
        let (cipher, nonce) = self.cipher(&self.current, salt)?;
        let mut buf = Zeroizing::new(*key.dangerous_expose());
        let tag = cipher
            .encrypt_inout_detached(&nonce.into(), context, buf.as_mut_slice().into())
            .map_err(|_| KeyError::NotAuthentic)?;
        let mut bytes = Vec::with_capacity(WRAPPED_LEN);
        bytes.extend_from_slice(salt);
        bytes.extend_from_slice(buf.as_slice());
        bytes.extend_from_slice(&tag);
        Ok(WrappedKey { key_id: self.current.clone(), bytes })
    }

    pub(crate) fn unwrap(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, KeyError> {
        let bytes: &[u8; WRAPPED_LEN] =
            wrapped.bytes.as_slice().try_into().map_err(|_| KeyError::NotAuthentic)?;
        let (salt, rest) = bytes.split_first_chunk::<SALT_LEN>().ok_or(KeyError::NotAuthentic)?;
        let (sealed, tag) = rest.split_first_chunk::<32>().ok_or(KeyError::NotAuthentic)?;
        let tag: [u8; TAG_LEN] = tag.try_into().map_err(|_| KeyError::NotAuthentic)?;
        let (cipher, nonce) = self.cipher(&wrapped.key_id, salt)?;
        let mut key = Zeroizing::new(*sealed);
        cipher
            .decrypt_inout_detached(&nonce.into(), context, key.as_mut_slice().into(), &tag.into())
            .map_err(|_| KeyError::NotAuthentic)?;
        Ok(DataKey::new(key))
    }

    /// The cipher and nonce of one wrap. The key id is part of the derivation, so that a key that stands under two
    /// ids opens nothing under the wrong one.
    fn cipher(&self, key_id: &str, salt: &[u8; SALT_LEN]) -> Result<(Aes256Gcm, [u8; 12]), KeyError> {
        let key = self.keys.get(key_id).ok_or_else(|| KeyError::UnknownKey { key_id: key_id.to_owned() })?;
        let mut derived = Zeroizing::new([0; 32 + 12]);
        Hkdf::<Sha256>::new(Some(salt), key.as_slice())
            .expand_multi_info(&[b"maany key wrap 1", key_id.as_bytes()], derived.as_mut_slice())
            .map_err(|_| KeyError::NotAuthentic)?;
        let (key, nonce) = derived.split_at(32);
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| KeyError::NotAuthentic)?;
        let nonce = nonce.try_into().map_err(|_| KeyError::NotAuthentic)?;
        Ok((cipher, nonce))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("current", &self.current).finish_non_exhaustive()
    }
}

/// Whether this may stand as a key id in a file, a header and an error text.
pub(crate) fn is_key_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> Keyring {
        let keys = [("a", [1; 32]), ("b", [2; 32]), ("twin-of-a", [1; 32])];
        let keys = keys.into_iter().map(|(id, key)| (id.to_owned(), Zeroizing::new(key))).collect();
        Keyring::new(keys, "a").unwrap()
    }

    #[test]
    fn a_wrapped_key_opens_with_its_id_and_context_only() {
        let key = DataKey::random().unwrap();
        let wrapped = ring().wrap(&key, b"context").unwrap();
        assert_eq!(ring().unwrap(&wrapped, b"context").unwrap().dangerous_expose(), key.dangerous_expose());
        assert!(matches!(ring().unwrap(&wrapped, b"contexT"), Err(KeyError::NotAuthentic)));
        for id in ["b", "twin-of-a"] {
            let other = WrappedKey { key_id: id.into(), ..wrapped.clone() };
            assert!(matches!(ring().unwrap(&other, b"context"), Err(KeyError::NotAuthentic)), "{id}");
        }
        let unknown = WrappedKey { key_id: "c".into(), ..wrapped.clone() };
        assert!(
            matches!(ring().unwrap(&unknown, b"context"), Err(KeyError::UnknownKey { key_id }) if key_id == "c")
        );
        for at in 0..wrapped.bytes.len() {
            let mut changed = wrapped.clone();
            changed.bytes[at] ^= 1;
            assert!(matches!(ring().unwrap(&changed, b"context"), Err(KeyError::NotAuthentic)), "byte {at}");
        }
    }

    #[test]
    fn wrapping_twice_gives_different_bytes() {
        let key = DataKey::random().unwrap();
        assert_ne!(ring().wrap(&key, b"").unwrap().bytes, ring().wrap(&key, b"").unwrap().bytes);
    }

    #[test]
    fn an_id_that_cannot_be_written_down_is_refused() {
        for id in ["", "a b", "a/b", "ä", &"a".repeat(65)] {
            assert!(matches!(Keyring::single(id, Zeroizing::new([1; 32])), Err(KeyError::BadKeyId)), "{id}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let text = format!("{:?} {:?}", ring(), DataKey::new(Zeroizing::new([0xee; 32])));
        assert!(!text.contains("238") && !text.contains("ee") && !text.contains("1, 1"), "{text}");
    }
}
