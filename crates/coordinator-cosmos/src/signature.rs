//! A signature over a digest, brought to the one form that chains take: low-S, with the recovery id that belongs to that form.

use std::fmt;

use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use crate::{CosmosError, key};

/// `r || s` (64 bytes, low-S) and a recovery id, seen to verify under a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecoverableSignature {
    bytes: [u8; 64],
    recovery_id: u8,
}

impl RecoverableSignature {
    /// Verifies `r || s` over a digest under a key (33-byte compressed SEC1), and finds its recovery id. A high `s` is replaced by its complement,
    /// which the same key verifies.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`]; [`CosmosError::Signature`] where it does not verify.
    pub fn new(r_s: &[u8; 64], digest: &[u8; 32], public_key: &[u8; 33]) -> Result<Self, CosmosError> {
        let signature = Signature::from_slice(r_s).map_err(|_| CosmosError::Signature)?;
        Self::of(signature, digest, public_key)
    }

    /// As [`RecoverableSignature::new`], of a signature in DER.
    ///
    /// # Errors
    /// As [`RecoverableSignature::new`].
    pub fn from_der(der: &[u8], digest: &[u8; 32], public_key: &[u8; 33]) -> Result<Self, CosmosError> {
        let signature = Signature::from_der(der).map_err(|_| CosmosError::Signature)?;
        Self::of(signature, digest, public_key)
    }

    fn of(signature: Signature, digest: &[u8; 32], public_key: &[u8; 33]) -> Result<Self, CosmosError> {
        let key = key::point(public_key)?;
        let signature = signature.normalize_s();
        key.verify_prehash(digest, &signature).map_err(|_| CosmosError::Signature)?;
        let recovered = |id: &RecoveryId| {
            VerifyingKey::recover_from_prehash(digest, &signature, *id).is_ok_and(|found| found == key)
        };
        let id = (0..4).filter_map(RecoveryId::from_byte).find(recovered).ok_or(CosmosError::Signature)?;
        Ok(Self { bytes: signature.to_bytes().into(), recovery_id: id.to_byte() })
    }

    /// `r || s`, 64 bytes, low-S.
    pub fn to_bytes(&self) -> [u8; 64] {
        self.bytes
    }

    /// 0 to 3: which of the points with this `r` the signer used.
    pub fn recovery_id(&self) -> u8 {
        self.recovery_id
    }
}

impl fmt::Debug for RecoverableSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoverableSignature").field("recovery_id", &self.recovery_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use k256::Scalar;
    use k256::ecdsa::SigningKey;

    use super::*;

    #[test]
    fn a_high_s_becomes_the_low_one_with_its_recovery_id() {
        for secret in 1..=16 {
            let secret = SigningKey::from_slice(&[secret; 32]).unwrap();
            let public: [u8; 33] = secret.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
            let (low, id) = secret.sign_prehash_recoverable(&[7; 32]);
            let high = Signature::from_scalars(low.r(), -*low.s() as Scalar).unwrap();
            assert_ne!(low.to_bytes(), high.to_bytes());
            let from_low = RecoverableSignature::new(&low.to_bytes().into(), &[7; 32], &public).unwrap();
            let from_high = RecoverableSignature::new(&high.to_bytes().into(), &[7; 32], &public).unwrap();
            assert_eq!((from_low.to_bytes(), from_low.recovery_id()), (low.to_bytes().into(), id.to_byte()));
            assert_eq!(from_high, from_low);
            let der = RecoverableSignature::from_der(high.to_der().as_bytes(), &[7; 32], &public).unwrap();
            assert_eq!(der, from_low);
        }
    }

    #[test]
    fn what_does_not_verify_is_refused() {
        let secret = SigningKey::from_slice(&[1; 32]).unwrap();
        let public: [u8; 33] = secret.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
        let (good, _) = secret.sign_prehash_recoverable(&[7; 32]);
        let good: [u8; 64] = good.to_bytes().into();
        assert!(matches!(RecoverableSignature::new(&good, &[8; 32], &public), Err(CosmosError::Signature)));
        assert!(matches!(
            RecoverableSignature::new(&[0; 64], &[7; 32], &public),
            Err(CosmosError::Signature)
        ));
        assert!(matches!(RecoverableSignature::new(&good, &[7; 32], &[9; 33]), Err(CosmosError::PublicKey)));
    }
}
