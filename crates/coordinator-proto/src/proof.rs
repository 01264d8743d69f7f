//! The proof that begins a session of protocol 2: the device's identity key signs who asks, for what, in which channel,
//! and what the device holds. It is good for one session: the handshake hash, the session and the nonce are in it.
//! Whether the key may speak for a wallet is the host's to look up, and only after the signature has been verified.

mod deposit;
mod key;

use p256::ecdsa::Signature;
use p256::ecdsa::signature::Verifier;

use crate::ids::{Intent, ShareId};

pub use deposit::Deposit;
pub use key::{IdentityKey, IdentityPublicKey};

/// The first bytes of what is signed.
const DOMAIN: &[u8] = b"maany-coordinator/2 proof";

/// What makes a session this one: both sides know it from the handshake, and it never comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// The hash of the channel's handshake.
    pub handshake: [u8; 32],
    /// The server's name for the session.
    pub session: [u8; 16],
    /// The server's nonce.
    pub nonce: [u8; 32],
}

/// What a device says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What it asks for.
    pub intent: Intent,
    /// The share that it holds as active; in a restore the rebuilt one.
    pub active: Option<ShareId>,
    /// A share of an earlier attempt whose commit never arrived.
    pub pending: Option<ShareId>,
    /// What it means to sign.
    pub digest: Option<[u8; 32]>,
}

/// A signature under a key, as it travels: nothing of it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The public key, 33-byte compressed SEC1.
    pub identity: [u8; 33],
    /// ECDSA with SHA-256: `r || s`, 64 bytes. Either `s` is accepted.
    pub signature: [u8; 64],
}

/// A claim whose signature has been verified under the key that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenClaim {
    /// The key.
    pub identity: IdentityPublicKey,
    /// What it signed.
    pub claim: Claim,
}

/// Why a proof, or a key, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The key is none.
    #[error("the identity key is malformed")]
    Key,
    /// The signature does not verify under the key that it came with, for this session and this claim.
    #[error("the proof does not verify")]
    Signature,
}

impl Proof {
    /// Verifies the signature over this claim, in answer to this challenge.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(&self, challenge: &Challenge, claim: Claim) -> Result<ProvenClaim, ProofError> {
        let point = IdentityPublicKey::point(&self.identity)?;
        let identity = IdentityPublicKey::from_bytes(self.identity)?;
        let signature = Signature::from_slice(&self.signature).map_err(|_| ProofError::Signature)?;
        point
            .verify(&signed_bytes(challenge, &self.identity, &claim), &signature)
            .map_err(|_| ProofError::Signature)?;
        Ok(ProvenClaim { identity, claim })
    }
}

/// What is signed: the domain, the handshake hash (32 bytes), the session (16), the nonce (32), the intent (one byte), the
/// identity (33), and the claim's three optional fields, each a byte 0, or 1 and the value.
#[must_use]
pub fn signed_bytes(challenge: &Challenge, identity: &[u8; 33], claim: &Claim) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(DOMAIN.len() + 32 + 16 + 32 + 1 + 33 + 25 + 25 + 33);
    bytes.extend_from_slice(DOMAIN);
    bytes.extend_from_slice(&challenge.handshake);
    bytes.extend_from_slice(&challenge.session);
    bytes.extend_from_slice(&challenge.nonce);
    bytes.push(match claim.intent {
        Intent::Dkg => 0,
        Intent::Sign => 1,
        Intent::Refresh => 2,
        Intent::Restore => 3,
    });
    bytes.extend_from_slice(identity);
    for share in [claim.active, claim.pending] {
        optional(&mut bytes, share.as_ref().map(ShareId::to_bytes).as_ref().map(|share| &share[..]));
    }
    optional(&mut bytes, claim.digest.as_ref().map(|digest| &digest[..]));
    bytes
}

fn optional(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    bytes.push(u8::from(value.is_some()));
    bytes.extend_from_slice(value.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Epoch;
    use zeroize::Zeroizing;

    fn challenge() -> Challenge {
        Challenge { handshake: [1; 32], session: [2; 16], nonce: [3; 32] }
    }

    fn claim() -> Claim {
        let share = |number, tag| Some(ShareId::new(Epoch::new(number).expect("an epoch"), [tag; 16]));
        Claim { intent: Intent::Sign, active: share(3, 4), pending: share(5, 6), digest: Some([7; 32]) }
    }

    fn key(byte: u8) -> IdentityKey {
        IdentityKey::from_bytes(&Zeroizing::new([byte; 32])).expect("a key")
    }

    #[test]
    fn an_honest_proof_verifies_and_names_its_key() {
        let proven = key(9).prove(&challenge(), &claim()).verify(&challenge(), claim()).expect("a proof");
        assert_eq!(proven, ProvenClaim { identity: key(9).public(), claim: claim() });
    }

    #[test]
    fn a_proof_is_good_for_its_own_session_and_claim_alone() {
        let proof = key(9).prove(&challenge(), &claim());
        let others = [
            Challenge { handshake: [0; 32], ..challenge() },
            Challenge { session: [0; 16], ..challenge() },
            Challenge { nonce: [0; 32], ..challenge() },
        ];
        for other in others {
            assert_eq!(proof.verify(&other, claim()), Err(ProofError::Signature), "{other:?}");
        }
        let others = [
            Claim { intent: Intent::Refresh, ..claim() },
            Claim { active: None, ..claim() },
            Claim { active: claim().pending, pending: claim().active, ..claim() },
            Claim { pending: None, ..claim() },
            Claim { digest: None, ..claim() },
            Claim { digest: Some([8; 32]), ..claim() },
        ];
        for other in others {
            assert_eq!(proof.verify(&challenge(), other), Err(ProofError::Signature), "{other:?}");
        }
    }

    #[test]
    fn every_flipped_bit_of_a_proof_is_refused() {
        let proof = key(9).prove(&challenge(), &claim());
        for bit in 0..8 * (33_usize + 64) {
            let (mut forged, at, mask) = (proof, bit / 8, 1 << (bit % 8));
            match at.checked_sub(33) {
                None => forged.identity[at] ^= mask,
                Some(at) => forged.signature[at] ^= mask,
            }
            assert!(forged.verify(&challenge(), claim()).is_err(), "bit {bit}");
        }
        let other = Proof { identity: *key(8).public().as_bytes(), ..proof };
        assert_eq!(other.verify(&challenge(), claim()), Err(ProofError::Signature));
        for signature in [[0; 64], [0xff; 64]] {
            assert_eq!(
                Proof { signature, ..proof }.verify(&challenge(), claim()),
                Err(ProofError::Signature)
            );
        }
    }

    #[test]
    fn optional_fields_cannot_be_taken_for_one_another() {
        let (identity, bare) = ([2; 33], Claim { active: None, pending: None, digest: None, ..claim() });
        let share = claim().active;
        let claims = [
            bare,
            Claim { active: share, ..bare },
            Claim { pending: share, ..bare },
            Claim { digest: Some([0; 32]), ..bare },
        ];
        for (at, one) in claims.iter().enumerate() {
            for other in &claims[at + 1..] {
                assert_ne!(
                    signed_bytes(&challenge(), &identity, one),
                    signed_bytes(&challenge(), &identity, other)
                );
            }
        }
    }
}
