//! A finished ECDSA signature.

use core::fmt;

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, VerifyingKey};

use crate::public_key::PublicKey;

/// Length of an encoded [`Signature`] in bytes.
pub const SIGNATURE_LEN: usize = 64;

/// `r || s`, 64 bytes, low-S, with its recovery id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    inner: k256::ecdsa::Signature,
    recovery: RecoveryId,
}

/// The parts are not a low-S signature with a recovery id in 0..=3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a low-S secp256k1 signature")]
pub struct InvalidSignature;

impl Signature {
    /// Parses `r || s` (64 bytes, both in 1..order, low-S) and a recovery id in 0..=3.
    ///
    /// # Errors
    /// [`InvalidSignature`] for anything else; a high `s` is refused, not normalised.
    pub fn from_parts(r_s: &[u8; SIGNATURE_LEN], recovery_id: u8) -> Result<Self, InvalidSignature> {
        let inner = k256::ecdsa::Signature::from_slice(r_s).map_err(|_| InvalidSignature)?;
        let recovery = RecoveryId::from_byte(recovery_id).ok_or(InvalidSignature)?;
        if inner.normalize_s() != inner {
            return Err(InvalidSignature);
        }
        Ok(Self { inner, recovery })
    }

    /// `r || s`, 64 bytes, low-S.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SIGNATURE_LEN] {
        self.inner.to_bytes().into()
    }

    /// r and s, 32 bytes each, big-endian.
    pub(crate) fn split(&self) -> ([u8; 32], [u8; 32]) {
        let (r, s) = self.inner.split_bytes();
        (r.into(), s.into())
    }

    /// ASN.1 DER, 8 to 72 bytes.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        self.inner.to_der().as_bytes().to_vec()
    }

    /// 0..=3: bit 0 is the parity of the nonce point's y, bit 1 says that its x was reduced.
    #[must_use]
    pub fn recovery_id(&self) -> u8 {
        self.recovery.to_byte()
    }

    /// Whether this is a signature of `digest` (the 32 bytes that were signed, not hashed again) under
    /// `public_key`.
    #[must_use]
    pub fn verify(&self, public_key: &PublicKey, digest: &[u8; 32]) -> bool {
        VerifyingKey::from(public_key.to_k256()).verify_prehash(digest, &self.inner).is_ok()
    }

    /// The public key that this signature and digest recover to, if they recover to one.
    #[must_use]
    pub fn recover(&self, digest: &[u8; 32]) -> Option<PublicKey> {
        let key = VerifyingKey::recover_from_prehash(digest, &self.inner, self.recovery).ok()?;
        PublicKey::from_point(key.as_affine()).ok()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature(")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, ", {})", self.recovery_id())
    }
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::SigningKey;
    use k256::ecdsa::signature::hazmat::PrehashSigner;
    use k256::elliptic_curve::PrimeField;
    use k256::{AffinePoint, Scalar};

    use super::*;

    /// A signature of [7; 32] under the key 1, whose public key is the generator.
    fn sample() -> (Signature, PublicKey) {
        let key = SigningKey::from_slice(&Scalar::ONE.to_repr()).unwrap();
        let (inner, recovery): (k256::ecdsa::Signature, RecoveryId) = key.sign_prehash(&[7; 32]).unwrap();
        let signature = Signature::from_parts(&inner.to_bytes().into(), recovery.to_byte()).unwrap();
        (signature, PublicKey::from_point(&AffinePoint::GENERATOR).unwrap())
    }

    #[test]
    fn a_signature_verifies_and_recovers_for_its_key_and_digest_only() {
        let (signature, key) = sample();
        let (r, s) = signature.split();
        assert_eq!(signature.to_bytes().to_vec(), [r, s].concat());
        assert!(signature.verify(&key, &[7; 32]));
        assert_eq!(signature.recover(&[7; 32]), Some(key));
        assert!(!signature.verify(&key, &[8; 32]));
        assert_ne!(signature.recover(&[8; 32]), Some(key));
    }

    #[test]
    fn what_is_not_low_s_is_no_signature() {
        let (signature, _) = sample();
        let (r, s) = signature.split();
        let high: [u8; 32] = (-Scalar::from_repr(s.into()).unwrap()).to_repr().into();
        let parts = |r: &[u8], s: &[u8]| -> [u8; 64] { [r, s].concat().try_into().unwrap() };
        assert_eq!(Signature::from_parts(&parts(&r, &high), 0), Err(InvalidSignature));
        assert_eq!(Signature::from_parts(&parts(&r, &[0; 32]), 0), Err(InvalidSignature));
        assert_eq!(Signature::from_parts(&parts(&[0xff; 32], &s), 0), Err(InvalidSignature));
        assert_eq!(Signature::from_parts(&parts(&r, &s), 4), Err(InvalidSignature));
        assert_eq!(Signature::from_parts(&parts(&r, &s), signature.recovery_id()), Ok(signature));
    }
}
