//! What a backup is of, and how many fragments open it.

use crate::public_key::PublicKey;
use crate::share_id::ShareId;

use super::error::BackupError;
use super::wire;

/// Longest wallet id in bytes.
pub const MAX_WALLET: usize = 64;
/// Longest key id in bytes (the limit of the handshake's `keyId`).
pub const MAX_KEY_ID: usize = 128;

/// What the ciphertext is bound to. Nothing of it is secret; every fragment document shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupContext {
    /// The wallet's id as its server issued it, at most [`MAX_WALLET`] bytes.
    pub wallet: Vec<u8>,
    /// The key id that the device proposed, at most [`MAX_KEY_ID`] bytes; empty for none.
    pub key_id: Vec<u8>,
    /// The generation of shares that is backed up; its epoch is the backup's.
    pub share_id: ShareId,
    /// The shared public key, 33-byte compressed SEC1.
    pub public_key: PublicKey,
}

impl BackupContext {
    pub(super) fn check(&self) -> Result<(), BackupError> {
        if self.wallet.len() > MAX_WALLET {
            return Err(BackupError::TooLong { field: "wallet id", max: MAX_WALLET });
        }
        if self.key_id.len() > MAX_KEY_ID {
            return Err(BackupError::TooLong { field: "key id", max: MAX_KEY_ID });
        }
        Ok(())
    }

    /// The bytes that the ciphertext's tag covers: label, context and threshold, length-prefixed.
    pub(super) fn associated_data(&self, threshold: Threshold) -> Vec<u8> {
        let mut bytes = Vec::from(*b"maany backup v1\0");
        self.write(threshold, &mut bytes);
        bytes
    }

    /// The context as it stands in documents and in the associated data.
    pub(super) fn write(&self, threshold: Threshold, out: &mut Vec<u8>) {
        wire::put_short(out, &self.wallet);
        wire::put_short(out, &self.key_id);
        out.extend_from_slice(&self.share_id.to_bytes());
        out.extend_from_slice(self.public_key.as_bytes());
        out.extend_from_slice(&[threshold.t, threshold.n]);
    }

    pub(super) fn read(reader: &mut wire::Reader<'_>) -> Result<(Self, Threshold), BackupError> {
        let wallet = reader.short()?.to_vec();
        let key_id = reader.short()?.to_vec();
        let share_id =
            ShareId::from_bytes(&reader.array()?).ok_or(BackupError::Malformed("epoch 0 names no shares"))?;
        let public_key = PublicKey::from_sec1(&reader.array::<33>()?)
            .map_err(|_| BackupError::Malformed("the public key is not a point of the curve"))?;
        let [t, n] = reader.array()?;
        let context = Self { wallet, key_id, share_id, public_key };
        context.check()?;
        Ok((context, Threshold::new(t, n)?))
    }
}

/// `t` of `n` fragments open a backup; `2 <= t <= n <= 255`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    t: u8,
    n: u8,
}

impl Threshold {
    /// A threshold of `t` among `n` fragments.
    ///
    /// # Errors
    /// [`BackupError::ThresholdTooLow`] below 2, [`BackupError::ThresholdAboveCount`] for `t > n`.
    pub const fn new(t: u8, n: u8) -> Result<Self, BackupError> {
        if t < 2 {
            return Err(BackupError::ThresholdTooLow);
        }
        if t > n {
            return Err(BackupError::ThresholdAboveCount { t, n });
        }
        Ok(Self { t, n })
    }

    /// Fragments needed.
    #[must_use]
    pub const fn t(&self) -> u8 {
        self.t
    }

    /// Fragments made.
    #[must_use]
    pub const fn n(&self) -> u8 {
        self.n
    }
}

/// 2 of 3: the coordinator's, the device owner's and a third party's.
impl Default for Threshold {
    fn default() -> Self {
        Self { t: 2, n: 3 }
    }
}
