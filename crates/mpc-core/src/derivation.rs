//! Non-hardened BIP-32 public derivation: public key and chain code of the shared key in, child key out.

use dkls23_secp256k1::protocols::derivation::DerivData;
use k256::{Scalar, Secp256k1};

use crate::error::EngineError;
use crate::path::DerivationPath;
use crate::public_key::PublicKey;

/// The public key of the child at `path` below `public_key`. Needs no secret.
///
/// # Errors
/// [`EngineError::Underivable`] when BIP-32 skips one of the indices (probability below 2^-127 a step).
pub fn child_public_key(
    public_key: &PublicKey,
    chain_code: &[u8; 32],
    path: &DerivationPath,
) -> Result<PublicKey, EngineError> {
    let mut key = DerivData::<Secp256k1> {
        depth: 0,
        child_number: 0,
        parent_fingerprint: [0; 4],
        // The tweaks depend on public values only, so the share can be left out.
        poly_point: Scalar::ZERO,
        pk: public_key.to_affine(),
        chain_code: *chain_code,
    };
    for step in path.steps() {
        key = key.derive_child(*step).map_err(|_| EngineError::Underivable)?;
    }
    PublicKey::from_point(&key.pk).map_err(|_| EngineError::Underivable)
}
