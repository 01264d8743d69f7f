//! The three rounds that make a generation of shares, for DKG and complete refresh alike.
//!
//! 1. nonce and polynomial fragment, 2. hashes of everything that is revealed later, 3. the reveals and
//!    the set-up of the multiplications. Both sides send at once in every round and compute at the same
//!    time; a round is sent only when the peer's frame of the one before is in, so every commitment is
//!    out before any reveal. The confirmation and the test signature follow (`trial`).

use std::collections::BTreeMap;
use std::sync::Arc;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::PartyIndex;
use dkls23_secp256k1::protocols::dkg::{
    KeepInitMulPhase3to4, KeepInitZeroSharePhase2to3, KeepInitZeroSharePhase3to4, ProofCommitment,
    UniqueKeepDerivationPhase2to3,
};
use k256::{Scalar, Secp256k1};

use super::contribution::{check_challenges, check_not_copied, check_points};
use super::rounds::{Opening, Round, send_and_wait};
use super::session::{Nonces, fresh_nonce};
use super::trial;
use super::wipe::Wiped;
use super::wire::{Commitments, Fragment, Reveals};
use crate::channel::Channel;
use crate::engine::{EngineId, Step};
use crate::envelope::Operation;
use crate::error::{Contribution, EngineError};
use crate::key_share::KeyShare;
use crate::role::Role;
use crate::share_id::ShareId;
use crate::tag::TagKeys;

/// What DKG and refresh do each in their own way.
pub(super) trait Generation: Send + 'static {
    const OPERATION: Operation;

    fn role(&self) -> Role;

    /// The key id in DKG, the wallet in a refresh.
    fn key_id(&self) -> &[u8];

    /// The shares that the ceremony starts from.
    fn shares(&self) -> Option<ShareId>;

    /// The tag keys that both sides hold already.
    fn keys(&self) -> Option<TagKeys>;

    /// The session id that follows from both nonces.
    fn session(&self, nonces: &Nonces) -> [u8; 32];

    /// Our polynomial at 1 and at 2.
    fn fragments(&self) -> Vec<Scalar>;

    /// Round 2, out of both sides' fragments at our index.
    fn commit(&self, session: &[u8; 32], fragments: &[Scalar]) -> Result<Committed, EngineError>;

    /// Round 3.
    fn set_up(&self, session: &[u8; 32], committed: &Committed) -> Result<SetUp, EngineError>;

    /// The new share, with every check on what the peer contributed.
    fn finish(
        &self,
        session: &[u8; 32],
        ours: &Ours,
        theirs: &Theirs,
    ) -> Result<(KeyShare, Arc<Party>), EngineError>;
}

/// Our side of round 2.
pub(super) struct Committed {
    pub(super) point: Wiped<Scalar>,
    pub(super) proof: ProofCommitment<Secp256k1>,
    pub(super) seed: Wiped<BTreeMap<PartyIndex, KeepInitZeroSharePhase2to3>>,
    pub(super) chain_code: Option<Wiped<UniqueKeepDerivationPhase2to3>>,
    pub(super) message: Commitments,
}

/// Our side of round 3.
pub(super) struct SetUp {
    pub(super) seed: Wiped<BTreeMap<PartyIndex, KeepInitZeroSharePhase3to4>>,
    pub(super) multiplication: Wiped<BTreeMap<PartyIndex, KeepInitMulPhase3to4<Secp256k1>>>,
    pub(super) message: Wiped<Reveals>,
}

/// Our side of both rounds.
pub(super) struct Ours {
    pub(super) committed: Committed,
    pub(super) set_up: SetUp,
}

/// The peer's side of both rounds.
pub(super) struct Theirs {
    pub(super) commitments: Commitments,
    pub(super) reveals: Wiped<Reveals>,
}

/// Prepares a generation.
pub(super) struct Begin<G: Generation>(pub(super) G);

struct AwaitFragment<G: Generation> {
    generation: G,
    channel: Channel,
    nonce: [u8; 32],
    fragments: Wiped<Vec<Scalar>>,
}

struct AwaitCommitments<G: Generation> {
    generation: G,
    channel: Channel,
    committed: Committed,
}

struct AwaitReveals<G: Generation> {
    generation: G,
    channel: Channel,
    ours: Ours,
    commitments: Commitments,
}

impl<G: Generation> Opening for Begin<G> {
    type Output = KeyShare;

    fn open(self) -> Result<Step<KeyShare>, EngineError> {
        let Self(generation) = self;
        let nonce = fresh_nonce()?;
        let role = generation.role();
        let (shares, keys) = (generation.shares(), generation.keys());
        let mut channel = Channel::new(EngineId::DKLS23, G::OPERATION, role, shares, nonce, keys);
        let fragments = Wiped::new(generation.fragments());
        let value = at(&fragments, role.peer());
        let outbound = channel.seal(Wiped::new(Fragment { value }).expose())?;
        Ok(send_and_wait(outbound, AwaitFragment { generation, channel, nonce, fragments }))
    }
}

impl<G: Generation> Round for AwaitFragment<G> {
    type Output = KeyShare;

    fn receive(self, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        let Self { generation, mut channel, nonce: ours, fragments } = self;
        let (theirs, fragment) = channel.open_first::<Fragment>(inbound)?;
        let fragment = Wiped::new(fragment);
        check_not_copied(&ours, &theirs, Contribution::Nonce)?;
        let role = generation.role();
        let session = generation.session(&Nonces { role, ours, theirs });
        channel.join(session);
        let both = Wiped::new(vec![at(&fragments, role), fragment.expose().value]);
        let committed = generation.commit(&session, both.expose())?;
        // The hashes only: phase 2 of the engine's crate hands the proof out together with its commitment.
        let outbound = channel.seal(&committed.message)?;
        Ok(send_and_wait(outbound, AwaitCommitments { generation, channel, committed }))
    }
}

impl<G: Generation> Round for AwaitCommitments<G> {
    type Output = KeyShare;

    fn receive(self, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        let Self { generation, mut channel, committed } = self;
        let theirs: Commitments = channel.open(inbound)?;
        theirs.check_indices(generation.role().peer())?;
        check_commitments(&committed.message, &theirs)?;
        let set_up = generation.set_up(channel.session(), &committed)?;
        let outbound = channel.seal(set_up.message.expose())?;
        let ours = Ours { committed, set_up };
        Ok(send_and_wait(outbound, AwaitReveals { generation, channel, ours, commitments: theirs }))
    }
}

impl<G: Generation> Round for AwaitReveals<G> {
    type Output = KeyShare;

    fn receive(self, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        let Self { generation, mut channel, ours, commitments } = self;
        let reveals = Wiped::new(channel.open::<Reveals>(inbound)?);
        reveals.expose().check_indices(generation.role().peer())?;
        check_reveals(ours.set_up.message.expose(), reveals.expose())?;
        let theirs = Theirs { commitments, reveals };
        let (share, party) = generation.finish(channel.session(), &ours, &theirs)?;
        trial::begin(channel, generation.key_id(), share, party)
    }
}

/// Refuses a commitment that is a copy of ours, of whatever kind.
fn check_commitments(ours: &Commitments, theirs: &Commitments) -> Result<(), EngineError> {
    check_not_copied(&ours.proof, &theirs.proof, Contribution::ProofCommitment)?;
    check_not_copied(&ours.seed.commitment, &theirs.seed.commitment, Contribution::SeedCommitment)?;
    match (&ours.chain_code, &theirs.chain_code) {
        (Some(ours), Some(theirs)) => {
            check_not_copied(&ours.cc_commitment, &theirs.cc_commitment, Contribution::ChainCodeCommitment)
        }
        (None, None) => Ok(()),
        _ => Err(EngineError::Payload),
    }
}

/// Refuses short challenges and trivial or copied points, before the engine verifies the proofs.
fn check_reveals(ours: &Reveals, theirs: &Reveals) -> Result<(), EngineError> {
    check_challenges(&theirs.proof)?;
    check_challenges(&theirs.multiplication.dlog_proof)?;
    check_points(&ours.proof.point, &theirs.proof.point, Contribution::Point)?;
    let ot_point = |reveals: &Reveals| reveals.multiplication.dlog_proof.point;
    check_points(&ot_point(ours), &ot_point(theirs), Contribution::OtPoint)?;
    if ours.chain_code.is_some() != theirs.chain_code.is_some() {
        return Err(EngineError::Payload);
    }
    Ok(())
}

/// A polynomial's value at a role's index.
fn at(fragments: &Wiped<Vec<Scalar>>, role: Role) -> Scalar {
    fragments.expose()[usize::from(role.party_index()) - 1]
}

/// Both sides' proofs with their commitments, for the last phase.
pub(super) fn proofs(ours: &Ours, theirs: &Theirs) -> [ProofCommitment<Secp256k1>; 2] {
    let theirs = ProofCommitment {
        index: theirs.commitments.index,
        proof: theirs.reveals.expose().proof.clone(),
        commitment: theirs.commitments.proof,
    };
    [ours.committed.proof.clone(), theirs]
}
