//! The one table from the engine's abort reasons to the classes of recovery.md.

use core::fmt;
use std::error::Error;

use dkls23_secp256k1::protocols::{Abort, AbortKind, AbortReason};

use crate::error::{AbortClass, EngineError};

/// Why the engine gave up.
#[derive(Debug)]
pub struct AbortCause(AbortReason);

impl fmt::Display for AbortCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for AbortCause {}

impl From<Abort> for EngineError {
    fn from(abort: Abort) -> Self {
        Self::Abort { class: classify(&abort), reason: Box::new(AbortCause(abort.reason)) }
    }
}

/// What an abort means for the wallet.
fn classify(abort: &Abort) -> AbortClass {
    match abort.kind {
        AbortKind::BanCounterparty(_) => AbortClass::C,
        AbortKind::Recoverable => classify_reason(&abort.reason),
    }
}

/// The class of each reason of an abort that does not ban.
fn classify_reason(reason: &AbortReason) -> AbortClass {
    use AbortReason as R;
    match reason {
        // The two sides are not in the same session; nothing of ours was answered.
        R::SessionBindingMismatch { .. } => AbortClass::A,

        // What we put in ourselves does not add up.
        R::MissingMulState { .. }
        | R::InvalidLocalState { .. }
        | R::InvalidPartyIndex { .. }
        | R::WrongCounterpartyCount { .. }
        | R::DuplicateCounterparty { .. }
        | R::SelfInCounterparties
        | R::LagrangeCoefficientFailed
        | R::InvalidXCoordinateHex
        | R::InvalidHex { .. }
        | R::PhaseCalledOutOfOrder { .. } => AbortClass::Freeze,

        // A check on what the peer sent failed. The multiplication is here because without a ban it is the
        // set-up of fresh OT state in DKG or refresh, which nothing has used yet.
        R::MisroutedMessage { .. }
        | R::UnexpectedSender { .. }
        | R::DuplicateSender { .. }
        | R::WrongMessageCount { .. }
        | R::MissingMessageFromParty { .. }
        | R::ProofVerificationFailed { .. }
        | R::CommitmentMismatch { .. }
        | R::PolynomialInconsistency
        | R::TrivialInstancePoint { .. }
        | R::TrivialPublicKey
        | R::TrivialKeyShare
        | R::MissingCommittedPoint { .. }
        | R::MultiplicationVerificationFailed { .. }
        | R::ZeroShareDecommitFailed { .. }
        | R::ChainCodeCommitmentFailed { .. } => AbortClass::B,

        // The final signature is no signature although every message was authentic, or reused OT state leaked.
        R::OtConsistencyCheckFailed { .. }
        | R::GammaUInconsistency { .. }
        | R::SignatureVerificationFailed
        | R::ZeroDenominator => AbortClass::C,

        // A reason that a later release of the engine adds is taken for the worst.
        _ => AbortClass::C,
    }
}

#[cfg(test)]
mod tests {
    use dkls23_secp256k1::protocols::PartyIndex;

    use super::*;

    #[test]
    fn every_reason_has_its_class() {
        use AbortReason as R;
        let party = PartyIndex::new(2).unwrap();
        let detail = String::new;
        let table = [
            (R::InvalidPartyIndex { index: party }, AbortClass::Freeze),
            (R::WrongCounterpartyCount { expected: 1, got: 2 }, AbortClass::Freeze),
            (R::DuplicateCounterparty { index: party }, AbortClass::Freeze),
            (R::SelfInCounterparties, AbortClass::Freeze),
            (R::MissingMulState { counterparty: party }, AbortClass::Freeze),
            (R::MisroutedMessage { expected_receiver: party, actual_receiver: party }, AbortClass::B),
            (R::UnexpectedSender { sender: party }, AbortClass::B),
            (R::DuplicateSender { sender: party }, AbortClass::B),
            (R::WrongMessageCount { expected: 1, got: 2 }, AbortClass::B),
            (R::MissingMessageFromParty { party }, AbortClass::B),
            (R::SessionBindingMismatch { counterparty: party }, AbortClass::A),
            (R::ProofVerificationFailed { counterparty: party }, AbortClass::B),
            (R::CommitmentMismatch { counterparty: party }, AbortClass::B),
            (R::PolynomialInconsistency, AbortClass::B),
            (R::TrivialInstancePoint { counterparty: party }, AbortClass::B),
            (R::TrivialPublicKey, AbortClass::B),
            (R::TrivialKeyShare, AbortClass::B),
            (R::MissingCommittedPoint { party }, AbortClass::B),
            (R::OtConsistencyCheckFailed { counterparty: party }, AbortClass::C),
            (R::MultiplicationVerificationFailed { counterparty: party, detail: detail() }, AbortClass::B),
            (R::GammaUInconsistency { counterparty: party }, AbortClass::C),
            (R::SignatureVerificationFailed, AbortClass::C),
            (R::ZeroDenominator, AbortClass::C),
            (R::LagrangeCoefficientFailed, AbortClass::Freeze),
            (R::InvalidXCoordinateHex, AbortClass::Freeze),
            (R::ZeroShareDecommitFailed { counterparty: party }, AbortClass::B),
            (R::ChainCodeCommitmentFailed { party }, AbortClass::B),
            (R::PhaseCalledOutOfOrder { phase: detail() }, AbortClass::Freeze),
            (R::InvalidHex { detail: detail() }, AbortClass::Freeze),
            (R::InvalidLocalState { counterparty: party, detail: detail() }, AbortClass::Freeze),
        ];
        // The ordinals of the pinned release run from 0 to 29: the table leaves none out.
        for (ordinal, (reason, class)) in table.into_iter().enumerate() {
            assert_eq!(usize::from(postcard::to_allocvec(&reason).unwrap()[0]), ordinal);
            assert_eq!(classify(&Abort::recoverable(party, reason.clone())), class, "{reason:?}");
            assert_eq!(classify(&Abort::ban(party, party, reason)), AbortClass::C);
        }
        // No reason of the pinned release has the next ordinal.
        assert!(postcard::from_bytes::<AbortReason>(&[30, 2, 0, 0]).is_err());
    }
}
