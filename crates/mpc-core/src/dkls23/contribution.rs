//! What the engine accepts from a peer and should not: copies of our own contribution, and trivial ones.
//!
//! A peer that replays our commitment and proof ends a DKG with both shares equal, and then either share
//! alone is the key.

use dkls23_secp256k1::utilities::proofs::DLogProof;
use k256::elliptic_curve::Group;
use k256::{AffinePoint, ProjectivePoint, Secp256k1};

use crate::error::{Contribution, EngineError};

/// Length of every challenge in a proof, in bytes. The engine takes one to four; shorter ones make a
/// forgery cheaper.
const CHALLENGE_LEN: usize = 4;

/// Refuses a nonce or commitment that equals ours.
pub(super) fn check_not_copied(
    ours: &[u8; 32],
    theirs: &[u8; 32],
    what: Contribution,
) -> Result<(), EngineError> {
    if ours == theirs {
        return Err(EngineError::Copied(what));
    }
    Ok(())
}

/// Refuses a point that equals ours, and the identity on either side.
pub(super) fn check_points(
    ours: &AffinePoint,
    theirs: &AffinePoint,
    what: Contribution,
) -> Result<(), EngineError> {
    if is_identity(ours) || is_identity(theirs) {
        return Err(EngineError::Trivial(what));
    }
    if ours == theirs {
        return Err(EngineError::Copied(what));
    }
    Ok(())
}

/// Refuses a proof with a challenge that is not exactly four bytes.
pub(super) fn check_challenges(proof: &DLogProof<Secp256k1>) -> Result<(), EngineError> {
    if proof.proofs.iter().any(|proof| proof.challenge.len() != CHALLENGE_LEN) {
        return Err(EngineError::ChallengeLength);
    }
    Ok(())
}

/// Refuses the zero chain code, which is what two equal contributions add up to.
pub(super) fn check_chain_code(chain_code: &[u8; 32]) -> Result<(), EngineError> {
    if *chain_code == [0; 32] {
        return Err(EngineError::Trivial(Contribution::ChainCode));
    }
    Ok(())
}

fn is_identity(point: &AffinePoint) -> bool {
    ProjectivePoint::from(*point).is_identity().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_points_and_the_identity_are_refused_on_either_side() {
        let point = AffinePoint::GENERATOR;
        let other = ProjectivePoint::GENERATOR.double().to_affine();
        let check = |ours, theirs| check_points(ours, theirs, Contribution::Point);
        assert!(check(&point, &other).is_ok());
        assert!(matches!(check(&point, &point), Err(EngineError::Copied(Contribution::Point))));
        assert!(matches!(check(&point, &AffinePoint::IDENTITY), Err(EngineError::Trivial(_))));
        assert!(matches!(check(&AffinePoint::IDENTITY, &point), Err(EngineError::Trivial(_))));
    }

    #[test]
    fn the_zero_chain_code_is_refused() {
        assert!(matches!(check_chain_code(&[0; 32]), Err(EngineError::Trivial(Contribution::ChainCode))));
        assert!(check_chain_code(&[1; 32]).is_ok());
    }
}
