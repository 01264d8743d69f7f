//! The check that 33 bytes are a compressed secp256k1 point, and nothing else about keys.

use cosmrs::tendermint::PublicKey;

use crate::CosmosError;

/// Checks a 33-byte compressed SEC1 public key.
pub(crate) fn check(bytes: &[u8; 33]) -> Result<(), CosmosError> {
    // The first byte is checked here because SEC1 knows other 33-byte forms, which a Cosmos chain refuses.
    if !matches!(bytes[0], 2 | 3) {
        return Err(CosmosError::PublicKey);
    }
    PublicKey::from_raw_secp256k1(bytes).map(|_| ()).ok_or(CosmosError::PublicKey)
}
