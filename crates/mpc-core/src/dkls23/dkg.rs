//! Distributed key generation, by the crate's low-level phases: its session type wants the session id
//! before the peer's nonce can be known.

use std::collections::BTreeMap;
use std::slice::from_ref;
use std::sync::Arc;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::dkg::{self, SessionData};
use dkls23_secp256k1::protocols::{Parameters, PartyIndex};
use k256::{AffinePoint, Scalar, Secp256k1};

use super::contribution::check_chain_code;
use super::generation::{Begin, Committed, Generation, Ours, SetUp, Theirs, proofs};
use super::party::{self, only};
use super::rounds::NotBegun;
use super::session::{Nonces, joint_session};
use super::wipe::Wiped;
use super::wire::{Commitments, Reveals, index};
use crate::context::DkgContext;
use crate::engine::BoxedCeremony;
use crate::envelope::Operation;
use crate::error::{EngineError, LocalFault};
use crate::key_share::KeyShare;
use crate::public_key::PublicKey;
use crate::role::Role;
use crate::share_id::ShareId;
use crate::tag::TagKeys;

/// The epoch of the shares that a DKG makes.
const FIRST_EPOCH: u64 = 1;

struct Dkg(DkgContext);

pub(super) fn begin(context: DkgContext) -> BoxedCeremony<KeyShare> {
    Box::new(NotBegun(Begin(Dkg(context))))
}

impl Dkg {
    fn data(&self, session: &[u8]) -> SessionData {
        SessionData {
            parameters: Parameters::new(2, 2).expect("2-of-2 is within the engine's range"),
            party_index: index(self.0.role),
            session_id: session.to_vec(),
        }
    }
}

impl Generation for Dkg {
    const OPERATION: Operation = Operation::Dkg;

    fn role(&self) -> Role {
        self.0.role
    }

    fn key_id(&self) -> &[u8] {
        &self.0.key_id
    }

    fn shares(&self) -> Option<ShareId> {
        None
    }

    fn keys(&self) -> Option<TagKeys> {
        None
    }

    fn session(&self, nonces: &Nonces) -> [u8; 32] {
        joint_session(Operation::Dkg, nonces, &self.0.key_id, None, &self.0.session)
    }

    fn fragments(&self) -> Vec<Scalar> {
        dkg::phase1::<Secp256k1>(&self.data(&[]))
    }

    fn commit(&self, session: &[u8; 32], fragments: &[Scalar]) -> Result<Committed, EngineError> {
        let (point, proof, seed, seed_message, chain_code, chain_code_message) =
            dkg::phase2::<Secp256k1>(&self.data(session), fragments);
        let message = Commitments {
            index: proof.index,
            proof: proof.commitment,
            seed: only(seed_message)?,
            chain_code: Some(chain_code_message),
        };
        let (point, seed, chain_code) = (Wiped::new(point), Wiped::new(seed), Some(Wiped::new(chain_code)));
        Ok(Committed { point, proof, seed, chain_code, message })
    }

    fn set_up(&self, session: &[u8; 32], committed: &Committed) -> Result<SetUp, EngineError> {
        let kept = committed.chain_code.as_ref().ok_or(LocalFault::RoundState)?;
        let (seed, seed_message, multiplication, multiplication_message, chain_code_message) =
            dkg::phase3::<Secp256k1>(&self.data(session), committed.seed.expose(), kept.expose());
        let message = Reveals {
            index: committed.proof.index,
            proof: committed.proof.proof.clone(),
            seed: only(seed_message)?,
            multiplication: only(multiplication_message)?,
            chain_code: Some(chain_code_message),
        };
        let (seed, multiplication) = (Wiped::new(seed), Wiped::new(multiplication));
        Ok(SetUp { seed, multiplication, message: Wiped::new(message) })
    }

    fn finish(
        &self,
        session: &[u8; 32],
        ours: &Ours,
        theirs: &Theirs,
    ) -> Result<(KeyShare, Arc<Party>), EngineError> {
        let (our_reveals, their_reveals) = (ours.set_up.message.expose(), theirs.reveals.expose());
        let (party, package) = dkg::phase4::<Secp256k1>(
            &self.data(session),
            ours.committed.point.expose(),
            &proofs(ours, theirs),
            ours.set_up.seed.expose(),
            from_ref(&theirs.commitments.seed),
            from_ref(&their_reveals.seed),
            ours.set_up.multiplication.expose(),
            from_ref(&their_reveals.multiplication),
            &both(&ours.committed.message.chain_code, &theirs.commitments.chain_code, |part| {
                part.sender_index
            }),
            &both(&our_reveals.chain_code, &their_reveals.chain_code, |part| part.sender_index),
            |_| String::new(),
        )?;
        check_chain_code(party.chain_code())?;
        let share = |role| package.verifying_share(index(role)).and_then(point);
        let verifying_shares =
            share(Role::Device).zip(share(Role::Server)).ok_or(EngineError::VerifyingShares)?;
        party::into_share(party, self.0.role, FIRST_EPOCH, verifying_shares.into())
    }
}

/// Both sides' parts, each under the index that it names (checked on arrival).
fn both<P: Clone>(
    ours: &Option<P>,
    theirs: &Option<P>,
    index: fn(&P) -> PartyIndex,
) -> BTreeMap<PartyIndex, P> {
    ours.iter().chain(theirs).map(|part| (index(part), part.clone())).collect()
}

fn point(point: &AffinePoint) -> Option<PublicKey> {
    PublicKey::from_point(point).ok()
}
