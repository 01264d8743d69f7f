//! Hashes, scalars and points, and the tweak of a child key.

use hmac::{Hmac, KeyInit, Mac};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{ProjectivePoint, Scalar};
use maany_mpc_core::{DerivationPath, EngineError, PublicKey};
use sha2::{Digest, Sha256, Sha512};

/// SHA-256 over parts, each behind its length.
pub(super) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A scalar that is not zero, from a seed and a label.
pub(super) fn scalar_of(seed: &[u8; 32], label: &str) -> Scalar {
    let mut bytes = hash(&[seed, label.as_bytes()]);
    loop {
        match scalar(&bytes) {
            Some(scalar) if scalar != Scalar::ZERO => return scalar,
            _ => bytes = hash(&[&bytes]),
        }
    }
}

pub(super) fn scalar(bytes: &[u8; 32]) -> Option<Scalar> {
    Scalar::from_repr((*bytes).into()).into()
}

pub(super) fn bytes(scalar: &Scalar) -> [u8; 32] {
    scalar.to_repr().into()
}

pub(super) fn image(scalar: &Scalar) -> ProjectivePoint {
    ProjectivePoint::GENERATOR * scalar
}

pub(super) fn key(point: &ProjectivePoint) -> Result<PublicKey, EngineError> {
    PublicKey::from_sec1(point.to_affine().to_sec1_point(true).as_bytes()).map_err(|_| EngineError::Payload)
}

pub(super) fn point(key: &PublicKey) -> Result<ProjectivePoint, EngineError> {
    let key = k256::PublicKey::from_sec1_bytes(key.as_bytes()).map_err(|_| EngineError::Payload)?;
    Ok(key.to_projective())
}

/// What is to be added to a key for the child at `path` (BIP-32, public derivation).
pub(super) fn tweak(
    public_key: &PublicKey,
    chain_code: &[u8; 32],
    path: &DerivationPath,
) -> Result<Scalar, EngineError> {
    let (mut parent, mut chain_code, mut sum) = (*public_key, *chain_code, Scalar::ZERO);
    for step in path.steps() {
        let mut mac = Hmac::<Sha512>::new_from_slice(&chain_code).map_err(|_| EngineError::Underivable)?;
        mac.update(parent.as_bytes());
        mac.update(&step.to_be_bytes());
        let halves = mac.finalize().into_bytes();
        let (left, right) = halves.split_at(32);
        let left: [u8; 32] = left.try_into().map_err(|_| EngineError::Underivable)?;
        let by = scalar(&left).ok_or(EngineError::Underivable)?;
        parent = key(&(point(&parent)? + image(&by)))?;
        chain_code = right.try_into().map_err(|_| EngineError::Underivable)?;
        sum += by;
    }
    Ok(sum)
}
