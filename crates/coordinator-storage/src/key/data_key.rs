//! The key that seals one version of one record.

use std::fmt;

use zeroize::Zeroizing;

use crate::key::KeyError;

/// 32 random bytes, used for one sealing, wiped when dropped. No `Clone`, no content in `Debug`.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// Takes key bytes over, as a provider does after unwrapping.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// A fresh key from the system's randomness.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The key's bytes, for wrapping it.
    #[must_use]
    pub fn dangerous_expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").finish_non_exhaustive()
    }
}
