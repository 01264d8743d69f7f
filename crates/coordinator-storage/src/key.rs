//! Who holds the key-encryption keys. A vault asks for nothing but to wrap and to unwrap a data key.

mod data_key;
mod env;
mod error;
mod file;
mod fixed;
pub(crate) mod keyring;
mod parse;

use async_trait::async_trait;

pub use data_key::DataKey;
pub use env::EnvKeyProvider;
pub use error::KeyError;
pub use file::FileKeyProvider;
pub use fixed::StaticKeyProvider;

/// A data key, wrapped by the key-encryption key of that id.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Which key-encryption key wrapped it.
    pub key_id: String,
    /// The wrapped key, opaque outside its provider; at most 65,535 bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrappedKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Wraps and unwraps data keys under key-encryption keys that have ids.
///
/// # Security
/// `context` is authenticated with the wrapped key: unwrapping with another context, or under another key id,
/// must fail. Implementations run `conformance::check_key_provider`.
#[async_trait]
pub trait KeyProvider: Send + Sync + 'static {
    /// The id of the key that new data keys are wrapped under: 1 to 64 characters of `[A-Za-z0-9._-]`.
    fn current_key_id(&self) -> &str;

    /// Wraps a data key under the current key.
    ///
    /// # Errors
    /// [`KeyError`] where the provider cannot be reached or has no randomness.
    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<WrappedKey, KeyError>;

    /// Unwraps a data key.
    ///
    /// # Errors
    /// [`KeyError::UnknownKey`] where there is no key of that id, [`KeyError::NotAuthentic`] where key, context or
    /// wrapped bytes do not belong together.
    async fn unwrap(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, KeyError>;
}
