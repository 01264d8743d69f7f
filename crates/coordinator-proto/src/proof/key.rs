//! A device's identity key: P-256, one for each enrolment (DKG or restore), kept through refreshes.
//!
//! ```compile_fail,E0599
//! fn copy(key: &maany_coordinator_proto::IdentityKey) -> maany_coordinator_proto::IdentityKey {
//!     key.clone()
//! }
//! ```

use core::fmt;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{Challenge, Claim, Proof, ProofError, signed_bytes};

/// The secret half, 32 bytes. It lives here and, sealed, beside the share that it speaks for; it prints nothing and is
/// wiped on drop.
pub struct IdentityKey(SigningKey);

impl IdentityKey {
    /// The size of the secret, in bytes.
    pub const SIZE: usize = 32;

    /// The key of this secret, a big-endian number. Random bytes are one except with probability below 2^-32: then draw
    /// again.
    ///
    /// # Errors
    /// [`ProofError::Key`] for zero, and for a number that is not below the order of the curve.
    pub fn from_bytes(secret: &Zeroizing<[u8; Self::SIZE]>) -> Result<Self, ProofError> {
        SigningKey::from_slice(secret.as_slice()).map(Self).map_err(|_| ProofError::Key)
    }

    /// The secret, for the one who seals it.
    #[must_use]
    pub fn dangerous_expose(&self) -> Zeroizing<[u8; Self::SIZE]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> IdentityPublicKey {
        IdentityPublicKey::of(self.0.verifying_key())
    }

    pub(super) fn signing_key(&self) -> &SigningKey {
        &self.0
    }

    /// Signs a claim in answer to a challenge (deterministic nonces, RFC 6979).
    #[must_use]
    pub fn prove(&self, challenge: &Challenge, claim: &Claim) -> Proof {
        let identity = *self.public().as_bytes();
        let signature: Signature = self.0.sign(&signed_bytes(challenge, &identity, claim));
        Proof { identity, signature: signature.to_bytes().into() }
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityKey").finish_non_exhaustive()
    }
}

/// The public half: a point of P-256, 33-byte compressed SEC1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentityPublicKey([u8; 33]);

impl IdentityPublicKey {
    /// The size of the byte form.
    pub const SIZE: usize = 33;

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`ProofError::Key`] where it is no point of the curve, or the point at infinity.
    pub fn from_bytes(bytes: [u8; Self::SIZE]) -> Result<Self, ProofError> {
        Self::point(&bytes).map(|_| Self(bytes))
    }

    /// 33 bytes, compressed SEC1.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    fn of(point: &VerifyingKey) -> Self {
        let sec1 = point.to_sec1_point(true);
        let mut bytes = [0; Self::SIZE];
        bytes.copy_from_slice(sec1.as_bytes());
        Self(bytes)
    }

    /// The point. SEC1 has other forms of 33 bytes: a key has one form here, or a revoked one could come back in another.
    pub(super) fn point(bytes: &[u8; Self::SIZE]) -> Result<VerifyingKey, ProofError> {
        if !matches!(bytes[0], 2 | 3) {
            return Err(ProofError::Key);
        }
        VerifyingKey::from_sec1_bytes(bytes).map_err(|_| ProofError::Key)
    }
}

impl fmt::Display for IdentityPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for IdentityPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityPublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_says_nothing() {
        let key = IdentityKey::from_bytes(&Zeroizing::new([7; 32])).expect("a key");
        assert_eq!(format!("{key:?}"), "IdentityKey { .. }");
        assert_eq!(*key.dangerous_expose(), [7; 32]);
    }

    #[test]
    fn numbers_out_of_range_are_no_key() {
        for bytes in [[0; 32], [0xff; 32]] {
            assert_eq!(IdentityKey::from_bytes(&Zeroizing::new(bytes)).err(), Some(ProofError::Key));
        }
    }

    #[test]
    fn what_is_no_compressed_point_is_no_public_key() {
        let good = *IdentityKey::from_bytes(&Zeroizing::new([7; 32])).expect("a key").public().as_bytes();
        assert!(IdentityPublicKey::from_bytes(good).is_ok());
        for first in [0, 1, 4, 5] {
            let mut bytes = good;
            bytes[0] = first;
            assert_eq!(IdentityPublicKey::from_bytes(bytes), Err(ProofError::Key), "{first}");
        }
        assert_eq!(IdentityPublicKey::from_bytes([0; 33]), Err(ProofError::Key));
    }
}
