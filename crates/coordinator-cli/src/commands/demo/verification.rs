//! The second opinion: the signature checked by `k256` alone, from public key, sign doc and 64 bytes.
//!
//! It takes nothing from the engine: it hashes the sign doc itself and knows neither shares nor sessions.

use k256::ecdsa::{Signature, VerifyingKey, signature::Verifier};

use super::error::{StepError, expect};

/// Whether `r || s` is a low-S signature of the SHA-256 of these bytes under this 33-byte compressed key.
pub(super) fn verify(public_key: &[u8; 33], sign_doc: &[u8], r_s: &[u8; 64]) -> Result<(), StepError> {
    let signature = Signature::from_slice(r_s)?;
    expect(signature.normalize_s() == signature, "the signature is low-S")?;
    VerifyingKey::from_sec1_bytes(public_key)?.verify(sign_doc, &signature)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::{SigningKey, signature::Signer};

    use super::*;

    #[test]
    fn only_the_signature_of_this_document_under_this_key_verifies() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let signature: Signature = key.sign(b"document");
        let public: [u8; 33] = key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
        let r_s: [u8; 64] = signature.to_bytes().into();
        verify(&public, b"document", &r_s).unwrap();
        assert!(verify(&public, b"another", &r_s).is_err());
        let other = SigningKey::from_slice(&[8; 32]).unwrap();
        let other: [u8; 33] = other.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
        assert!(verify(&other, b"document", &r_s).is_err());
        let mut bent = r_s;
        bent[40] ^= 1;
        assert!(verify(&public, b"document", &bent).is_err());
    }

    #[test]
    fn a_high_s_signature_is_refused() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let signature: Signature = key.sign(b"document");
        let public: [u8; 33] = key.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap();
        let (r, s) = signature.split_scalars();
        let high = Signature::from_scalars(r, -*s).unwrap();
        assert!(verify(&public, b"document", &high.to_bytes().into()).is_err());
    }
}
