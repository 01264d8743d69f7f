//! A validated secp256k1 public key.

use core::fmt;

use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{AffinePoint, ProjectivePoint};

/// Length of an encoded [`PublicKey`] in bytes.
pub const PUBLIC_KEY_LEN: usize = 33;

/// A point of secp256k1 that is not the identity, as 33-byte compressed SEC1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; PUBLIC_KEY_LEN]);

/// The bytes are not the 33-byte compressed SEC1 encoding of a point of secp256k1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a 33-byte compressed SEC1 public key of secp256k1")]
pub struct InvalidPublicKey;

impl PublicKey {
    /// Parses 33-byte compressed SEC1.
    ///
    /// # Errors
    /// [`InvalidPublicKey`] for another length or form, a point off the curve, or the identity.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, InvalidPublicKey> {
        let bytes: [u8; PUBLIC_KEY_LEN] = bytes.try_into().map_err(|_| InvalidPublicKey)?;
        k256::PublicKey::from_sec1_bytes(&bytes).map_err(|_| InvalidPublicKey)?;
        Ok(Self(bytes))
    }

    /// 33-byte compressed SEC1.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.0
    }

    /// 33-byte compressed SEC1.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; PUBLIC_KEY_LEN] {
        self.0
    }

    pub(crate) fn from_point(point: &AffinePoint) -> Result<Self, InvalidPublicKey> {
        Self::from_sec1(point.to_sec1_point(true).as_bytes())
    }

    pub(crate) fn to_k256(self) -> k256::PublicKey {
        k256::PublicKey::from_sec1_bytes(&self.0).expect("checked in every constructor")
    }

    pub(crate) fn to_affine(self) -> AffinePoint {
        *self.to_k256().as_affine()
    }

    pub(crate) fn to_projective(self) -> ProjectivePoint {
        ProjectivePoint::from(self.to_affine())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, ")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_compressed_points_of_the_curve_are_public_keys() {
        let generator = PublicKey::from_point(&AffinePoint::GENERATOR).unwrap();
        assert_eq!(PublicKey::from_sec1(generator.as_bytes()), Ok(generator));
        assert_eq!(PublicKey::from_point(&AffinePoint::IDENTITY), Err(InvalidPublicKey));
        assert!(PublicKey::from_sec1(&[0]).is_err());
        assert!(PublicKey::from_sec1(AffinePoint::GENERATOR.to_sec1_point(false).as_bytes()).is_err());
        assert!(PublicKey::from_sec1(&[2; 32]).is_err());
        let mut off_curve = [0xff; 33];
        off_curve[0] = 2;
        assert!(PublicKey::from_sec1(&off_curve).is_err());
    }
}
