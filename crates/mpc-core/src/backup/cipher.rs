//! AES-256-GCM under a key that encrypts one message and is then split and forgotten.

use aes_gcm::aead::{Aead, KeyInit, Nonce, Payload};
use aes_gcm::{Aes256Gcm, Key};
use zeroize::Zeroizing;

use super::document::MAX_CIPHERTEXT;
use super::error::BackupError;

/// Length of the key in bytes.
pub(super) const KEY_LEN: usize = 32;
/// Length of the tag at the end of a ciphertext in bytes.
pub(super) const TAG_LEN: usize = 16;

pub(super) fn fresh_key() -> Result<Zeroizing<[u8; KEY_LEN]>, BackupError> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    getrandom::fill(key.as_mut()).map_err(BackupError::Randomness)?;
    Ok(key)
}

pub(super) fn encrypt(
    key: &[u8; KEY_LEN],
    associated_data: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, BackupError> {
    if plain.len() > MAX_CIPHERTEXT - TAG_LEN {
        return Err(BackupError::TooLong { field: "slim share", max: MAX_CIPHERTEXT - TAG_LEN });
    }
    aes(key)
        .encrypt(&nonce(), Payload { msg: plain, aad: associated_data })
        .map_err(|_| BackupError::TooLong { field: "slim share", max: MAX_CIPHERTEXT - TAG_LEN })
}

pub(super) fn decrypt(
    key: &[u8; KEY_LEN],
    associated_data: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    aes(key)
        .decrypt(&nonce(), Payload { msg: ciphertext, aad: associated_data })
        .map(Zeroizing::new)
        .map_err(|_| BackupError::DoesNotOpen)
}

fn aes(key: &[u8; KEY_LEN]) -> Aes256Gcm {
    Aes256Gcm::new(<&Key<Aes256Gcm>>::from(key))
}

/// All zero: a nonce must only be fresh for its key, and this key encrypts once.
fn nonce() -> Nonce<Aes256Gcm> {
    Nonce::<Aes256Gcm>::default()
}
