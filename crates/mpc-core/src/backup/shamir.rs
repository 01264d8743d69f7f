//! A key in `n` parts, any `t` of which give it back (`vsss-rs`, GF(2^8), byte by byte).
//!
//! Joining notices neither an altered part nor a missing one: it then yields another key, which the
//! ciphertext's tag refuses.

use core::fmt;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use vsss_rs::Gf256;
use zeroize::{Zeroize, Zeroizing};

use super::cipher::KEY_LEN;
use super::context::Threshold;
use super::error::BackupError;

/// Length of an encoded [`Fragment`]: its index, then one byte for each byte of the key.
pub const FRAGMENT_LEN: usize = 1 + KEY_LEN;

/// One Shamir part of a backup's key. Secret; zeroized on drop.
///
/// Encoded as 33 bytes: the index (1 to 255), then the part.
pub struct Fragment(Zeroizing<[u8; FRAGMENT_LEN]>);

impl Fragment {
    /// Reads the 33-byte encoding.
    ///
    /// # Errors
    /// [`BackupError::Malformed`] for another length or index 0, at which the key itself would lie.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BackupError> {
        let bytes: [u8; FRAGMENT_LEN] =
            bytes.try_into().map_err(|_| BackupError::Malformed("a fragment is 33 bytes long"))?;
        let fragment = Self(Zeroizing::new(bytes));
        if fragment.index() == 0 {
            return Err(BackupError::Malformed("fragment index 0"));
        }
        Ok(fragment)
    }

    /// Which fragment this is, from 1.
    #[must_use]
    pub fn index(&self) -> u8 {
        self.0[0]
    }

    /// The 33-byte encoding.
    ///
    /// # Security
    /// `t` of these and the ciphertext are the key share.
    #[must_use]
    pub fn dangerous_expose_bytes(&self) -> &[u8; FRAGMENT_LEN] {
        &self.0
    }
}

impl fmt::Debug for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fragment").field("index", &self.index()).finish_non_exhaustive()
    }
}

/// Splits `key`; the indices are 1 to `n`. Panics if the operating system's random source, which has
/// just made the key, fails now.
pub(super) fn split_key(key: &[u8; KEY_LEN], threshold: Threshold) -> Result<Vec<Fragment>, BackupError> {
    let (t, n) = (usize::from(threshold.t()), usize::from(threshold.n()));
    let parts = Gf256::split_bytes(t, n, key, UnwrapErr(SysRng))
        .map_err(|_| BackupError::Malformed("the key could not be split"))?;
    parts
        .into_iter()
        .map(|mut part| {
            let fragment = Fragment::from_bytes(&part);
            part.zeroize();
            fragment
        })
        .collect()
}

/// Joins parts with distinct indices into whatever key they give.
pub(super) fn join_key(fragments: &[&Fragment]) -> Result<Zeroizing<[u8; KEY_LEN]>, BackupError> {
    let mut parts: Vec<Vec<u8>> = fragments.iter().map(|fragment| fragment.0.to_vec()).collect();
    let joined = Gf256::combine_bytes(&parts).map(Zeroizing::new);
    parts.iter_mut().for_each(Zeroize::zeroize);
    let mut key = Zeroizing::new([0; KEY_LEN]);
    match joined {
        Ok(bytes) if bytes.len() == KEY_LEN => key.copy_from_slice(&bytes),
        _ => return Err(BackupError::Malformed("the fragments cannot be joined")),
    }
    Ok(key)
}
