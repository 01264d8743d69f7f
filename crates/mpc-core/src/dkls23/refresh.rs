//! The complete refresh: new shares, new OT state and a new pair seed under the same public key.
//!
//! Never the crate's fast refresh: it keeps the OT gadget, so a peer that knew the old correlation bits
//! predicts the new ones.

use std::slice::from_ref;
use std::sync::Arc;

use dkls23_secp256k1::Party;
use k256::Scalar;

use super::generation::{Begin, Committed, Generation, Ours, SetUp, Theirs, proofs};
use super::party::{self, only};
use super::rounds::NotBegun;
use super::session::{Nonces, joint_session};
use super::wipe::Wiped;
use super::wire::{Commitments, Reveals};
use crate::context::RefreshContext;
use crate::engine::BoxedCeremony;
use crate::envelope::Operation;
use crate::error::EngineError;
use crate::key_share::{KeyShare, ShareError};
use crate::public_key::PublicKey;
use crate::role::Role;
use crate::share_id::ShareId;
use crate::tag::TagKeys;

struct Refresh {
    context: RefreshContext,
    party: Arc<Party>,
    shares: ShareId,
    verifying_shares: [PublicKey; 2],
}

pub(super) fn begin(
    share: Arc<KeyShare>,
    context: RefreshContext,
) -> Result<BoxedCeremony<KeyShare>, EngineError> {
    let party = party::of(&share, context.role)?;
    let (shares, verifying_shares) = (share.share_id(), share.verifying_shares());
    Ok(Box::new(NotBegun(Begin(Refresh { context, party, shares, verifying_shares }))))
}

impl Generation for Refresh {
    const OPERATION: Operation = Operation::Refresh;

    fn role(&self) -> Role {
        self.context.role
    }

    fn key_id(&self) -> &[u8] {
        &self.context.wallet
    }

    fn shares(&self) -> Option<ShareId> {
        Some(self.shares)
    }

    fn keys(&self) -> Option<TagKeys> {
        Some(TagKeys::new(party::pair_seed(&self.party), &self.context.wallet, self.shares))
    }

    fn session(&self, nonces: &Nonces) -> [u8; 32] {
        let RefreshContext { wallet, session, .. } = &self.context;
        joint_session(Operation::Refresh, nonces, wallet, Some(self.shares), session)
    }

    fn fragments(&self) -> Vec<Scalar> {
        self.party.refresh_complete_phase1()
    }

    fn commit(&self, session: &[u8; 32], fragments: &[Scalar]) -> Result<Committed, EngineError> {
        let (point, proof, seed, seed_message) = self.party.refresh_complete_phase2(session, fragments);
        let seed_message = only(seed_message)?;
        let message =
            Commitments { index: proof.index, proof: proof.commitment, seed: seed_message, chain_code: None };
        let (point, seed) = (Wiped::new(point), Wiped::new(seed));
        Ok(Committed { point, proof, seed, chain_code: None, message })
    }

    fn set_up(&self, session: &[u8; 32], committed: &Committed) -> Result<SetUp, EngineError> {
        let (seed, seed_message, multiplication, multiplication_message) =
            self.party.refresh_complete_phase3(session, committed.seed.expose());
        let message = Reveals {
            index: committed.proof.index,
            proof: committed.proof.proof.clone(),
            seed: only(seed_message)?,
            multiplication: only(multiplication_message)?,
            chain_code: None,
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
        let reveals = theirs.reveals.expose();
        let party = self.party.refresh_complete_phase4(
            session,
            ours.committed.point.expose(),
            &proofs(ours, theirs),
            ours.set_up.seed.expose(),
            from_ref(&theirs.commitments.seed),
            from_ref(&reveals.seed),
            ours.set_up.multiplication.expose(),
            from_ref(&reveals.multiplication),
        )?;
        let verifying_shares = self.moved(ours, theirs)?;
        let epoch = self.shares.epoch.checked_add(1).ok_or(ShareError::Epoch)?;
        party::into_share(party, self.context.role, epoch, verifying_shares)
    }
}

impl Refresh {
    /// The new verifying shares: each is the old one plus its owner's proof point. That ours is the image of
    /// our new share and that both lie on a line through the public key is checked where the share is put
    /// together; that the peer holds what its own is the image of, the test signature shows.
    fn moved(&self, ours: &Ours, theirs: &Theirs) -> Result<[PublicKey; 2], EngineError> {
        let (ours, theirs) = (&ours.committed.proof.proof.point, &theirs.reveals.expose().proof.point);
        let corrections = match self.context.role {
            Role::Device => [ours, theirs],
            Role::Server => [theirs, ours],
        };
        let [device, server] = self.verifying_shares;
        let moved = |old: PublicKey, correction: &k256::AffinePoint| {
            PublicKey::from_point(&(old.to_projective() + correction).to_affine())
                .map_err(|_| EngineError::VerifyingShares)
        };
        Ok([moved(device, corrections[0])?, moved(server, corrections[1])?])
    }
}
