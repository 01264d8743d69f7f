//! A key-encryption key that the caller already holds.

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::key::keyring::Keyring;
use crate::key::{DataKey, KeyError, KeyProvider, WrappedKey};

/// One key from bytes, such as the one that a passphrase has opened.
#[derive(Debug)]
pub struct StaticKeyProvider {
    keyring: Keyring,
}

impl StaticKeyProvider {
    /// A provider of this one key.
    ///
    /// # Errors
    /// [`KeyError::BadKeyId`].
    pub fn new(key_id: &str, key: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        Ok(Self { keyring: Keyring::single(key_id, key)? })
    }
}

#[async_trait]
impl KeyProvider for StaticKeyProvider {
    fn current_key_id(&self) -> &str {
        self.keyring.current()
    }

    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<WrappedKey, KeyError> {
        self.keyring.wrap(key, context)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, KeyError> {
        self.keyring.unwrap(wrapped, context)
    }
}
