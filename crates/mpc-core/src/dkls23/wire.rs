//! The payloads, field by field in the order in which postcard writes them.
//!
//! A self-reported party index or sender inside them is compared with the channel before use.

use dkls23_secp256k1::protocols::dkg::{
    BroadcastDerivationPhase2to4, BroadcastDerivationPhase3to4, TransmitInitMulPhase3to4,
    TransmitInitZeroSharePhase2to4, TransmitInitZeroSharePhase3to4,
};
use dkls23_secp256k1::protocols::signing::{Broadcast3to4, TransmitPhase1to2, TransmitPhase2to3};
use dkls23_secp256k1::protocols::{PartiesMessage, PartyIndex};
use dkls23_secp256k1::utilities::proofs::DLogProof;
use k256::{Scalar, Secp256k1};
use serde::{Deserialize, Serialize};

use super::wipe::Wipe;
use crate::error::EngineError;
use crate::role::Role;

/// Round 1 of DKG and refresh: the sender's polynomial at the receiver's index. Secret.
#[derive(Serialize, Deserialize)]
pub(super) struct Fragment {
    pub(super) value: Scalar,
}

/// Round 2 of DKG and refresh: hashes only.
#[derive(Serialize, Deserialize)]
pub(super) struct Commitments {
    pub(super) index: PartyIndex,
    pub(super) proof: [u8; 32],
    pub(super) seed: TransmitInitZeroSharePhase2to4,
    /// In DKG only.
    pub(super) chain_code: Option<BroadcastDerivationPhase2to4>,
}

/// Round 3 of DKG and refresh: what round 2 committed to, and the set-up of the multiplications.
/// Holds a secret.
#[derive(Serialize, Deserialize)]
pub(super) struct Reveals {
    pub(super) index: PartyIndex,
    pub(super) proof: DLogProof<Secp256k1>,
    pub(super) seed: TransmitInitZeroSharePhase3to4,
    pub(super) multiplication: TransmitInitMulPhase3to4<Secp256k1>,
    /// In DKG only.
    pub(super) chain_code: Option<BroadcastDerivationPhase3to4>,
}

/// Round 4 of DKG and refresh: the confirmation, and the first message of the test signature.
#[derive(Serialize, Deserialize)]
pub(super) struct Confirm {
    pub(super) confirmation: [u8; 32],
    pub(super) commit: TransmitPhase1to2,
}

/// The first two messages of a signature in one frame.
#[derive(Serialize, Deserialize)]
pub(super) struct CommitAndMultiply {
    pub(super) commit: TransmitPhase1to2,
    pub(super) multiply: TransmitPhase2to3<Secp256k1>,
}

/// The second and third message of a signature in one frame.
#[derive(Serialize, Deserialize)]
pub(super) struct MultiplyAndOpen {
    pub(super) multiply: TransmitPhase2to3<Secp256k1>,
    pub(super) open: Broadcast3to4<Secp256k1>,
}

/// The finished signature.
#[derive(Serialize, Deserialize)]
pub(super) struct Finished {
    pub(super) r: [u8; 32],
    pub(super) s: [u8; 32],
    pub(super) recovery_id: u8,
}

impl Wipe for Fragment {
    fn wipe(&mut self) {
        self.value.wipe();
    }
}

impl Wipe for Reveals {
    fn wipe(&mut self) {
        self.seed.wipe();
    }
}

impl Commitments {
    /// Checks every index in the message against the channel that it came through.
    pub(super) fn check_indices(&self, from: Role) -> Result<(), EngineError> {
        check_index(from, self.index)?;
        check_parties(from, &self.seed.parties)?;
        self.chain_code.iter().try_for_each(|part| check_index(from, part.sender_index))
    }
}

impl Reveals {
    /// Checks every index in the message against the channel that it came through.
    pub(super) fn check_indices(&self, from: Role) -> Result<(), EngineError> {
        check_index(from, self.index)?;
        check_parties(from, &self.seed.parties)?;
        check_parties(from, &self.multiplication.parties)?;
        self.chain_code.iter().try_for_each(|part| check_index(from, part.sender_index))
    }
}

/// Checks that a message goes from this role to the other.
pub(super) fn check_parties(from: Role, parties: &PartiesMessage) -> Result<(), EngineError> {
    check_index(from, parties.sender)?;
    check_index(from.peer(), parties.receiver)
}

fn check_index(role: Role, named: PartyIndex) -> Result<(), EngineError> {
    if named != index(role) {
        return Err(EngineError::PartyIndex);
    }
    Ok(())
}

/// The engine's index of a role.
pub(super) fn index(role: Role) -> PartyIndex {
    PartyIndex::new(role.party_index()).expect("party indices are 1 and 2")
}
