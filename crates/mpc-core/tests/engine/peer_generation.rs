//! A peer in DKG and refresh that waits for our frame in every round before it makes its own, and may change
//! what it sends.

use std::collections::BTreeMap;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::dkg::{
    self, BroadcastDerivationPhase2to4, BroadcastDerivationPhase3to4, KeepInitMulPhase3to4,
    KeepInitZeroSharePhase3to4, ProofCommitment, SessionData, TransmitInitMulPhase3to4,
    TransmitInitZeroSharePhase2to4, TransmitInitZeroSharePhase3to4,
};
use dkls23_secp256k1::protocols::signing::{Broadcast3to4, SignData, TransmitPhase1to2, TransmitPhase2to3};
use dkls23_secp256k1::protocols::{Parameters, PartyIndex};
use dkls23_secp256k1::utilities::proofs::DLogProof;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{AffinePoint, ProjectivePoint, Scalar, Secp256k1};
use maany_mpc_core::{BoxedCeremony, EngineError, KeyShare, Role, Step};
use serde::{Deserialize, Serialize};

use crate::peer::{DKG, Keys, Line, REFRESH, hash, index, pair_seed, session_of, share_id};
use crate::support::{KEY_ID, WALLET};

#[derive(Serialize, Deserialize)]
pub(crate) struct Commitments {
    pub(crate) index: PartyIndex,
    pub(crate) proof: [u8; 32],
    pub(crate) seed: TransmitInitZeroSharePhase2to4,
    pub(crate) chain_code: Option<BroadcastDerivationPhase2to4>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Reveals {
    pub(crate) index: PartyIndex,
    pub(crate) proof: DLogProof<Secp256k1>,
    pub(crate) seed: TransmitInitZeroSharePhase3to4,
    pub(crate) multiplication: TransmitInitMulPhase3to4<Secp256k1>,
    pub(crate) chain_code: Option<BroadcastDerivationPhase3to4>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Confirm {
    pub(crate) confirmation: [u8; 32],
    pub(crate) commit: TransmitPhase1to2,
}

/// Round 1 as the peer is about to play it.
pub(crate) struct FirstRound<'a> {
    pub(crate) their_nonce: [u8; 32],
    pub(crate) their_fragment: Scalar,
    pub(crate) nonce: &'a mut [u8; 32],
    pub(crate) sent: &'a mut Scalar,
    pub(crate) kept: &'a mut Scalar,
}

/// What the peer does otherwise than it should. Each hook sees our frame of the round first.
pub(crate) trait Tricks {
    fn first(&mut self, _: FirstRound<'_>) {}
    /// The session id, once it is known.
    fn session(&mut self, _: &[u8; 32]) {}
    fn commitments(&mut self, _ours: &mut Commitments, _theirs: &Commitments) {}
    /// After the set-up, before the reveals are sent. `kept` may be changed along.
    fn reveals(
        &mut self,
        _ours: &mut Reveals,
        _theirs: &Reveals,
        _kept: &mut BTreeMap<PartyIndex, KeepInitMulPhase3to4<Secp256k1>>,
    ) {
    }
    /// The party that the peer goes on with.
    fn party(&mut self, _: &mut Party) {}
    /// Whether our confirmation is what the peer expected.
    fn hears(&mut self, as_expected: bool) {
        assert!(as_expected, "an honest side confirms what this peer computes");
    }
    fn confirmation(&mut self, _: &mut [u8; 32]) {}
    fn last(&mut self, _: &mut Broadcast3to4<Secp256k1>) {}
}

/// An honest peer.
pub(crate) struct Honest;

impl Tricks for Honest {}

/// What the peer starts from.
pub(crate) enum Base<'a> {
    Dkg { session: &'a [u8] },
    Refresh { session: &'a [u8], party: &'a Party, epoch: u64, verifying_shares: &'a [AffinePoint; 2] },
}

/// What the peer ends with: its own party, and what it holds for the verifying shares.
pub(crate) struct Ended {
    pub(crate) party: Party,
    pub(crate) verifying_shares: [AffinePoint; 2],
}

pub(crate) fn compressed(point: &AffinePoint) -> Vec<u8> {
    point.to_sec1_point(true).as_bytes().to_vec()
}

/// Plays `role` against `victim`. The first refusal of the victim ends the run.
pub(crate) fn play(
    victim: BoxedCeremony<KeyShare>,
    role: Role,
    base: &Base<'_>,
    tricks: &mut dyn Tricks,
) -> Result<(KeyShare, Ended), EngineError> {
    Peer::new(role, base).play(victim, tricks)
}

struct Peer<'a> {
    role: Role,
    base: &'a Base<'a>,
    line: Line,
}

impl<'a> Peer<'a> {
    fn new(role: Role, base: &'a Base<'a>) -> Self {
        let line = match base {
            Base::Dkg { .. } => Line::new(DKG, role, [0; 24], None),
            Base::Refresh { party, epoch, .. } => {
                let share_id = share_id(*epoch, party);
                let keys = Keys { seed: pair_seed(party), wallet: WALLET.to_vec(), share_id };
                Line::new(REFRESH, role, share_id, Some(keys))
            }
        };
        Self { role, base, line }
    }

    fn play(
        mut self,
        victim: BoxedCeremony<KeyShare>,
        tricks: &mut dyn Tricks,
    ) -> Result<(KeyShare, Ended), EngineError> {
        let (victim, inbound) = goes_on(victim.start()?);

        // Round 1: nonces and fragments.
        let their_nonce = session_of(&inbound);
        let their_fragment: Scalar = self.line.read(&inbound);
        let mut nonce = [0x77; 32];
        let fragments = self.fragments();
        let mut kept = fragments[usize::from(self.role.party_index()) - 1];
        let mut sent = fragments[usize::from(self.role.peer().party_index()) - 1];
        tricks.first(FirstRound {
            their_nonce,
            their_fragment,
            nonce: &mut nonce,
            sent: &mut sent,
            kept: &mut kept,
        });
        // Until both nonces are known, a frame's own nonce stands for the session.
        self.line.session = nonce;
        let outbound = self.line.write(&sent);
        self.line.session = self.session(&nonce, &their_nonce);
        let (victim, inbound) = goes_on(victim.step(&outbound)?);
        assert_eq!(session_of(&inbound), self.line.session, "the session id is H(both nonces, ...)");

        tricks.session(&self.line.session);

        // Round 2: commitments.
        let theirs: Commitments = self.line.read(&inbound);
        let committed = self.commit(&[kept, their_fragment]);
        let mut ours = committed.message(self.role);
        tricks.commitments(&mut ours, &theirs);
        let (victim, inbound) = goes_on(victim.step(&self.line.write(&ours))?);

        // Round 3: reveals.
        let their_reveals: Reveals = self.line.read(&inbound);
        let (mut reveals, zero_kept, mut mul_kept) = self.set_up(&committed);
        tricks.reveals(&mut reveals, &their_reveals, &mut mul_kept);
        let (victim, inbound) = goes_on(victim.step(&self.line.write(&reveals))?);

        // Round 4: confirmation, and the test signature begins.
        let mut ended =
            self.finish(&committed, &ours, &reveals, &zero_kept, &mul_kept, &theirs, &their_reveals);
        let transcript = self.line.transcript();
        let new_id = share_id(self.epoch() + 1, &ended.party);
        let key_id = match self.base {
            Base::Dkg { .. } => KEY_ID,
            Base::Refresh { .. } => WALLET,
        };
        self.line.keys =
            Some(Keys { seed: pair_seed(&ended.party), wallet: key_id.to_vec(), share_id: new_id });
        let theirs: Confirm = self.line.read(&inbound);
        let expected = confirmation(self.role.peer(), &transcript, &ended, &new_id);
        tricks.hears(theirs.confirmation == expected);
        let pk = compressed(&ended.party.pk);
        let data = SignData {
            sign_id: hash("maany-mpc/test-signature-id/1", &[&self.line.session]).to_vec(),
            counterparties: vec![index(self.role.peer())],
            message_hash: hash("maany-mpc/test-signature/1", &[&transcript, &pk]),
        };
        let mut ours = confirmation(self.role, &transcript, &ended, &new_id);
        tricks.confirmation(&mut ours);
        tricks.party(&mut ended.party);
        let party = &ended.party;
        let (unique, kept, commit) = party.sign_phase1(&data).unwrap();
        let message = Confirm { confirmation: ours, commit: commit.into_iter().next().unwrap() };
        let (victim, inbound) = goes_on(victim.step(&self.line.write(&message))?);

        // Rounds 5 and 6: the rest of the test signature.
        let (unique, kept, multiply) = party.sign_phase2(&data, unique, kept, &[theirs.commit]).unwrap();
        let theirs: TransmitPhase2to3<Secp256k1> = self.line.read(&inbound);
        let (victim, inbound) = goes_on(victim.step(&self.line.write(&multiply[0]))?);
        let (x, mut open) = party.sign_phase3(&data, unique, kept, &[theirs]).unwrap();
        let theirs: Broadcast3to4<Secp256k1> = self.line.read(&inbound);
        party.sign_phase4(&data, &x, &[open.clone(), theirs], true).unwrap();
        tricks.last(&mut open);
        match victim.step(&self.line.write(&open))? {
            Step::Done { output, outbound: None } => Ok((output, ended)),
            _ => panic!("the sixth frame ends the ceremony"),
        }
    }

    fn epoch(&self) -> u64 {
        match self.base {
            Base::Dkg { .. } => 0,
            Base::Refresh { epoch, .. } => *epoch,
        }
    }

    fn data(&self) -> SessionData {
        SessionData {
            parameters: Parameters::new(2, 2).unwrap(),
            party_index: index(self.role),
            session_id: self.line.session.to_vec(),
        }
    }

    fn session(&self, ours: &[u8; 32], theirs: &[u8; 32]) -> [u8; 32] {
        let (device, server) = match self.role {
            Role::Device => (ours, theirs),
            Role::Server => (theirs, ours),
        };
        let (key_id, session) = match self.base {
            Base::Dkg { session } => (KEY_ID, session),
            Base::Refresh { session, .. } => (WALLET, session),
        };
        let operation = [self.line.operation];
        hash("maany-mpc/session/1", &[device, server, key_id, &self.line.share_id, &operation, session])
    }

    fn fragments(&self) -> Vec<Scalar> {
        match self.base {
            Base::Dkg { .. } => dkg::phase1::<Secp256k1>(&self.data()),
            Base::Refresh { party, .. } => party.refresh_complete_phase1(),
        }
    }

    fn commit(&self, fragments: &[Scalar]) -> Committed {
        match self.base {
            Base::Dkg { .. } => {
                let (point, proof, zero_kept, zero, bip_kept, bip) =
                    dkg::phase2::<Secp256k1>(&self.data(), fragments);
                Committed { point, proof, zero_kept, zero, chain_code: Some((bip_kept, bip)) }
            }
            Base::Refresh { party, .. } => {
                let (point, proof, zero_kept, zero) =
                    party.refresh_complete_phase2(&self.line.session, fragments);
                Committed { point, proof, zero_kept, zero, chain_code: None }
            }
        }
    }

    fn set_up(&self, committed: &Committed) -> (Reveals, ZeroKept, MulKept) {
        let (zero_kept, zero, mul_kept, mul, chain_code) = match (self.base, &committed.chain_code) {
            (Base::Dkg { .. }, Some((bip_kept, _))) => {
                let (zero_kept, zero, mul_kept, mul, bip) =
                    dkg::phase3::<Secp256k1>(&self.data(), &committed.zero_kept, bip_kept);
                (zero_kept, zero, mul_kept, mul, Some(bip))
            }
            (Base::Refresh { party, .. }, _) => {
                let (zero_kept, zero, mul_kept, mul) =
                    party.refresh_complete_phase3(&self.line.session, &committed.zero_kept);
                (zero_kept, zero, mul_kept, mul, None)
            }
            _ => panic!("a DKG keeps its chain code"),
        };
        let reveals = Reveals {
            index: index(self.role),
            proof: committed.proof.proof.clone(),
            seed: zero[0].clone(),
            multiplication: mul[0].clone(),
            chain_code,
        };
        (reveals, zero_kept, mul_kept)
    }

    #[expect(clippy::too_many_arguments, reason = "the engine's last phase takes as many")]
    fn finish(
        &self,
        committed: &Committed,
        commitments: &Commitments,
        reveals: &Reveals,
        zero_kept: &ZeroKept,
        mul_kept: &MulKept,
        theirs: &Commitments,
        their_reveals: &Reveals,
    ) -> Ended {
        let their_proof = ProofCommitment {
            index: theirs.index,
            proof: their_reveals.proof.clone(),
            commitment: theirs.proof,
        };
        let proofs = [committed.proof.clone(), their_proof];
        let (zero2, zero3) = ([theirs.seed.clone()], [their_reveals.seed.clone()]);
        let mul = [their_reveals.multiplication.clone()];
        let points = match self.role {
            Role::Device => [proofs[0].proof.point, proofs[1].proof.point],
            Role::Server => [proofs[1].proof.point, proofs[0].proof.point],
        };
        match self.base {
            Base::Dkg { .. } => {
                let both2 = [&commitments.chain_code, &theirs.chain_code];
                let both3 = [&reveals.chain_code, &their_reveals.chain_code];
                let bip2 =
                    both2.into_iter().flatten().map(|part| (part.sender_index, part.clone())).collect();
                let bip3 =
                    both3.into_iter().flatten().map(|part| (part.sender_index, part.clone())).collect();
                let (party, _) = dkg::phase4::<Secp256k1>(
                    &self.data(),
                    &committed.point,
                    &proofs,
                    zero_kept,
                    &zero2,
                    &zero3,
                    mul_kept,
                    &mul,
                    &bip2,
                    &bip3,
                    |_| String::new(),
                )
                .unwrap();
                Ended { party, verifying_shares: points }
            }
            Base::Refresh { party, verifying_shares: old, .. } => {
                let (session, point) = (&self.line.session, &committed.point);
                let party = party
                    .refresh_complete_phase4(
                        session, point, &proofs, zero_kept, &zero2, &zero3, mul_kept, &mul,
                    )
                    .unwrap();
                let mut moved = [0, 1].map(|at| (ProjectivePoint::from(old[at]) + points[at]).to_affine());
                // Like an honest side, the peer takes its own share for what it is.
                let own = usize::from(self.role.party_index()) - 1;
                moved[own] = (ProjectivePoint::GENERATOR * party.poly_point).to_affine();
                Ended { party, verifying_shares: moved }
            }
        }
    }
}

type ZeroKept = BTreeMap<PartyIndex, KeepInitZeroSharePhase3to4>;
type MulKept = BTreeMap<PartyIndex, KeepInitMulPhase3to4<Secp256k1>>;

struct Committed {
    point: Scalar,
    proof: ProofCommitment<Secp256k1>,
    zero_kept: BTreeMap<PartyIndex, dkg::KeepInitZeroSharePhase2to3>,
    zero: Vec<TransmitInitZeroSharePhase2to4>,
    chain_code: Option<(dkg::UniqueKeepDerivationPhase2to3, BroadcastDerivationPhase2to4)>,
}

impl Committed {
    fn message(&self, role: Role) -> Commitments {
        Commitments {
            index: index(role),
            proof: self.proof.commitment,
            seed: self.zero[0].clone(),
            chain_code: self.chain_code.as_ref().map(|(_, message)| message.clone()),
        }
    }
}

fn confirmation(role: Role, transcript: &[u8; 32], ended: &Ended, new_id: &[u8; 24]) -> [u8; 32] {
    let [device, server] = ended.verifying_shares.each_ref().map(compressed);
    let pk = compressed(&ended.party.pk);
    let role = [role.party_index()];
    let chain_code = ended.party.chain_code();
    hash("maany-mpc/confirmation/1", &[&role, transcript, &pk, chain_code, &device, &server, new_id])
}

fn goes_on(step: Step<KeyShare>) -> (BoxedCeremony<KeyShare>, Vec<u8>) {
    match step {
        Step::Continue { ceremony, outbound: Some(frame) } => (ceremony, frame),
        _ => panic!("every inbound frame but the last is answered by one frame"),
    }
}
