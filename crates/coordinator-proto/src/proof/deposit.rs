//! The proof that goes with a fragment that is left with the coordinator over HTTP, where no session has proven who asks.
//!
//! It is good for one document and one count, and for these as often as they are sent: to leave them once more changes nothing.

use p256::ecdsa::Signature;
use p256::ecdsa::signature::{Signer, Verifier};

use super::{IdentityKey, IdentityPublicKey, Proof, ProofError};

/// The first bytes of what is signed: no session's proof begins so.
const DOMAIN: &[u8] = b"maany-coordinator/2 deposit";

/// What is left with the coordinator.
#[derive(Clone, Copy)]
pub struct Deposit<'a> {
    /// The wallet's id.
    pub wallet: [u8; 16],
    /// How many fragments have reached their holders.
    pub acknowledged: u8,
    /// The fragment document.
    pub document: &'a [u8],
}

impl Deposit<'_> {
    /// What is signed: the domain, the wallet's id (16 bytes), the count (one byte), the identity (33) and the document.
    fn signed_bytes(&self, identity: &[u8; 33]) -> Vec<u8> {
        [DOMAIN, &self.wallet, &[self.acknowledged], identity, self.document].concat()
    }
}

impl IdentityKey {
    /// Signs a deposit (deterministic nonces, RFC 6979).
    #[must_use]
    pub fn prove_deposit(&self, deposit: &Deposit<'_>) -> Proof {
        let identity = *self.public().as_bytes();
        let signature: Signature = self.signing_key().sign(&deposit.signed_bytes(&identity));
        Proof { identity, signature: signature.to_bytes().into() }
    }
}

impl Proof {
    /// Verifies the signature over this deposit, and says under which key.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify_deposit(&self, deposit: &Deposit<'_>) -> Result<IdentityPublicKey, ProofError> {
        let point = IdentityPublicKey::point(&self.identity)?;
        let signature = Signature::from_slice(&self.signature).map_err(|_| ProofError::Signature)?;
        let verified = point.verify(&deposit.signed_bytes(&self.identity), &signature);
        verified.map_err(|_| ProofError::Signature)?;
        IdentityPublicKey::from_bytes(self.identity)
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn key(byte: u8) -> IdentityKey {
        IdentityKey::from_bytes(&Zeroizing::new([byte; 32])).expect("a key")
    }

    #[test]
    fn a_proof_is_good_for_its_own_deposit_alone() {
        let deposit = Deposit { wallet: [1; 16], acknowledged: 2, document: &[3; 40] };
        let proof = key(9).prove_deposit(&deposit);
        assert_eq!(proof.verify_deposit(&deposit), Ok(key(9).public()));
        let others = [
            Deposit { wallet: [2; 16], ..deposit },
            Deposit { acknowledged: 3, ..deposit },
            Deposit { document: &[3; 41], ..deposit },
            Deposit { document: &[], ..deposit },
        ];
        for other in others {
            assert_eq!(proof.verify_deposit(&other), Err(ProofError::Signature));
        }
        let other = Proof { identity: *key(8).public().as_bytes(), ..proof };
        assert_eq!(other.verify_deposit(&deposit), Err(ProofError::Signature));
    }
}
