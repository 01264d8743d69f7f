//! The engine's four signing phases as consuming states. Kept data is used once and never stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::PartyIndex;
use dkls23_secp256k1::protocols::signing::{
    Broadcast3to4, KeepPhase1to2, KeepPhase2to3, SignData, TransmitPhase1to2, TransmitPhase2to3,
    UniqueKeep1to2, UniqueKeep2to3,
};
use k256::Secp256k1;

use super::party::only;
use super::wire::{check_parties, index};
use crate::error::EngineError;
use crate::public_key::PublicKey;
use crate::role::Role;
use crate::signature::Signature;

/// A party about to sign one digest.
pub(super) struct Signer {
    party: Arc<Party>,
    role: Role,
    data: SignData,
}

/// Waits for the peer's first message.
pub(super) struct Committed {
    signer: Signer,
    unique: UniqueKeep1to2<Secp256k1>,
    kept: BTreeMap<PartyIndex, KeepPhase1to2<Secp256k1>>,
}

/// Waits for the peer's second message.
pub(super) struct Multiplied {
    signer: Signer,
    unique: UniqueKeep2to3<Secp256k1>,
    kept: BTreeMap<PartyIndex, KeepPhase2to3<Secp256k1>>,
}

/// Waits for the peer's third message.
pub(super) struct Opened {
    signer: Signer,
    x_coordinate: String,
    ours: Broadcast3to4<Secp256k1>,
}

impl Signer {
    pub(super) fn new(party: Arc<Party>, role: Role, sign_id: &[u8; 32], digest: &[u8; 32]) -> Self {
        let data = SignData {
            sign_id: sign_id.to_vec(),
            counterparties: vec![index(role.peer())],
            message_hash: *digest,
        };
        Self { party, role, data }
    }

    /// Our first message: commitments, and the extension of the correlated OT.
    pub(super) fn commit(self) -> Result<(Committed, TransmitPhase1to2), EngineError> {
        let (unique, kept, messages) = self.party.sign_phase1(&self.data)?;
        Ok((Committed { signer: self, unique, kept }, only(messages)?))
    }
}

impl Committed {
    /// Answers the peer's first message: only now, with its commitment in, do we reveal ours.
    pub(super) fn multiply(
        self,
        theirs: TransmitPhase1to2,
    ) -> Result<(Multiplied, TransmitPhase2to3<Secp256k1>), EngineError> {
        let Self { signer, unique, kept } = self;
        check_parties(signer.role.peer(), &theirs.parties)?;
        let (unique, kept, messages) = signer.party.sign_phase2(&signer.data, unique, kept, &[theirs])?;
        Ok((Multiplied { signer, unique, kept }, only(messages)?))
    }
}

impl Multiplied {
    /// Answers the peer's second message.
    pub(super) fn open(self, theirs: TransmitPhase2to3<Secp256k1>) -> Result<Opened, EngineError> {
        let Self { signer, unique, kept } = self;
        check_parties(signer.role.peer(), &theirs.parties)?;
        let (x_coordinate, ours) = signer.party.sign_phase3(&signer.data, unique, kept, &[theirs])?;
        Ok(Opened { signer, x_coordinate, ours })
    }
}

impl Opened {
    /// Our third message. The server's never leaves: who has both can assemble the signature.
    pub(super) fn message(&self) -> &Broadcast3to4<Secp256k1> {
        &self.ours
    }

    /// Assembles the signature, low-S and verified.
    pub(super) fn assemble(self, theirs: Broadcast3to4<Secp256k1>) -> Result<Signature, EngineError> {
        let Self { signer: Signer { party, data, .. }, x_coordinate, ours } = self;
        let normalize = true;
        let (s, recovery_id) = party.sign_phase4(&data, &x_coordinate, &[ours, theirs], normalize)?;
        let r_s = parse_hex(&x_coordinate, &s).ok_or(EngineError::InvalidSignature)?;
        let public_key = PublicKey::from_point(&party.pk).map_err(|_| EngineError::InvalidSignature)?;
        release(&r_s, recovery_id, &public_key, &data.message_hash)
    }
}

/// The one door for signatures: nothing leaves that is not low-S, verified by k256 and recoverable.
pub(super) fn release(
    r_s: &[u8; 64],
    recovery_id: u8,
    public_key: &PublicKey,
    digest: &[u8; 32],
) -> Result<Signature, EngineError> {
    let signature = Signature::from_parts(r_s, recovery_id).map_err(|_| EngineError::InvalidSignature)?;
    if !signature.verify(public_key, digest) || signature.recover(digest) != Some(*public_key) {
        return Err(EngineError::InvalidSignature);
    }
    Ok(signature)
}

/// `r || s` out of the engine's hexadecimal halves. r is the x-coordinate reduced by the group order, and the
/// engine verified it unreduced, so it is below the order already.
fn parse_hex(r: &str, s: &str) -> Option<[u8; 64]> {
    let text = [r.as_bytes(), s.as_bytes()].concat();
    let mut bytes = [0; 64];
    if text.len() != 128 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
