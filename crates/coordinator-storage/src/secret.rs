//! Bytes that must not be shown, copied or left in memory: shares and fragments.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Secret bytes, wiped when dropped. No `Clone`, no `Display`, no content in `Debug`. None by default.
///
/// ```compile_fail,E0277
/// fn copy<T: Clone>(secret: T) {}
/// copy(maany_coordinator_storage::SecretBytes::new(vec![1]));
/// ```
/// ```compile_fail,E0277
/// fn show<T: std::fmt::Display>(secret: T) {}
/// show(maany_coordinator_storage::SecretBytes::new(vec![1]));
/// ```
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the engine that understands them.
    #[must_use]
    pub fn dangerous_expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(std::mem::take(&mut *bytes))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretBytes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(format!("{:?}", SecretBytes::new(vec![0xab; 32])), "SecretBytes { .. }");
    }

    #[test]
    fn it_is_wiped_when_dropped() {
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<SecretBytes>();
        let mut secret = SecretBytes::new(vec![7; 32]);
        secret.zeroize();
        assert!(secret.is_empty());
    }
}
