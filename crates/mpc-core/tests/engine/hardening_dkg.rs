//! What the engine's crate accepts in a DKG and the wrapper does not. Each test fails when its check is
//! removed.

use std::collections::BTreeMap;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::PartyIndex;
use dkls23_secp256k1::protocols::dkg::KeepInitMulPhase3to4;
use dkls23_secp256k1::protocols::signing::Broadcast3to4;
use dkls23_secp256k1::utilities::hashes::{point_to_bytes, scalar_to_bytes, tagged_hash};
use dkls23_secp256k1::utilities::oracle_tags::TAG_DLOG_PROOF_FISCHLIN;
use dkls23_secp256k1::utilities::proofs::{DLogProof, InteractiveDLogProof};
use k256::{AffinePoint, ProjectivePoint, Scalar, Secp256k1};
use maany_mpc_core::error::Contribution;
use maany_mpc_core::{AbortClass, Dkls23, Engine, EngineError, Role};

use crate::peer::index;
use crate::peer_generation::{Base, Commitments, FirstRound, Honest, Reveals, Tricks, compressed, play};
use crate::support::{Passing, dkg_context, go_on, refused, run_dkg};

type MulKept = BTreeMap<PartyIndex, KeepInitMulPhase3to4<Secp256k1>>;

/// What our device says to a server that plays these tricks.
#[track_caller]
fn dkg_against(tricks: &mut dyn Tricks) -> EngineError {
    let context = dkg_context(Role::Device);
    let base = Base::Dkg { session: &context.session.clone() };
    let error = refused(play(Dkls23.dkg(context).unwrap(), Role::Server, &base, tricks));
    assert_eq!(error.class(), AbortClass::B, "{error}");
    error
}

struct CopyCat;

impl Tricks for CopyCat {
    fn commitments(&mut self, ours: &mut Commitments, theirs: &Commitments) {
        ours.proof = theirs.proof;
    }

    fn reveals(&mut self, ours: &mut Reveals, theirs: &Reveals, _: &mut MulKept) {
        ours.proof = theirs.proof.clone();
    }
}

#[test]
fn copied_proof_commitment_is_refused() {
    assert!(matches!(dkg_against(&mut CopyCat), EngineError::Copied(Contribution::ProofCommitment)));
}

struct CopiedSeed;

impl Tricks for CopiedSeed {
    fn commitments(&mut self, ours: &mut Commitments, theirs: &Commitments) {
        ours.seed.commitment = theirs.seed.commitment;
    }
}

#[test]
fn copied_seed_commitment_is_refused() {
    assert!(matches!(dkg_against(&mut CopiedSeed), EngineError::Copied(Contribution::SeedCommitment)));
}

struct CopiedChainCode;

impl Tricks for CopiedChainCode {
    fn commitments(&mut self, ours: &mut Commitments, theirs: &Commitments) {
        let theirs = theirs.chain_code.as_ref().unwrap().cc_commitment;
        ours.chain_code.as_mut().unwrap().cc_commitment = theirs;
    }

    fn reveals(&mut self, ours: &mut Reveals, theirs: &Reveals, _: &mut MulKept) {
        let (ours, theirs) = (ours.chain_code.as_mut().unwrap(), theirs.chain_code.as_ref().unwrap());
        (ours.aux_chain_code, ours.cc_salt) = (theirs.aux_chain_code, theirs.cc_salt.clone());
    }
}

#[test]
fn copied_chain_code_commitment_is_refused() {
    let error = dkg_against(&mut CopiedChainCode);
    assert!(matches!(error, EngineError::Copied(Contribution::ChainCodeCommitment)));
}

struct NoChainCode {
    commitment: bool,
}

impl Tricks for NoChainCode {
    fn commitments(&mut self, ours: &mut Commitments, _: &Commitments) {
        if self.commitment {
            ours.chain_code = None;
        }
    }

    fn reveals(&mut self, ours: &mut Reveals, _: &Reveals, _: &mut MulKept) {
        ours.chain_code = None;
    }
}

#[test]
fn missing_chain_code_is_refused() {
    for commitment in [true, false] {
        assert!(matches!(dkg_against(&mut NoChainCode { commitment }), EngineError::Payload));
    }
}

struct CopiedNonce;

impl Tricks for CopiedNonce {
    fn first(&mut self, round: FirstRound<'_>) {
        *round.nonce = round.their_nonce;
    }
}

#[test]
fn copied_nonce_is_refused() {
    assert!(matches!(dkg_against(&mut CopiedNonce), EngineError::Copied(Contribution::Nonce)));
}

/// With a share of zero, the victim's share alone is the key.
struct NoShare;

impl Tricks for NoShare {
    fn first(&mut self, round: FirstRound<'_>) {
        *round.kept = -round.their_fragment;
    }
}

#[test]
fn peer_share_of_zero_is_refused() {
    assert!(matches!(dkg_against(&mut NoShare), EngineError::Trivial(Contribution::Point)));
}

/// With the identity as the sender's point of the base OT, both of its messages are known to everybody. The
/// crate takes it, and the key signs.
#[derive(Default)]
struct IdentityOt {
    session: Vec<u8>,
}

impl Tricks for IdentityOt {
    fn session(&mut self, session: &[u8; 32]) {
        self.session = ot_session(session);
    }

    fn reveals(&mut self, ours: &mut Reveals, _: &Reveals, kept: &mut MulKept) {
        kept.get_mut(&index(Role::Device)).unwrap().ot_sender.s = Scalar::ZERO;
        ours.multiplication.dlog_proof = DLogProof::prove(&Scalar::ZERO, &self.session).unwrap();
    }
}

#[test]
fn identity_as_base_ot_point_is_refused() {
    let error = dkg_against(&mut IdentityOt::default());
    assert!(matches!(error, EngineError::Trivial(Contribution::OtPoint)));
}

/// The crate takes challenges of one to four bytes; of the shorter ones there are fewer to try.
#[derive(Default)]
struct ShortBaseOtChallenges {
    session: Vec<u8>,
}

impl Tricks for ShortBaseOtChallenges {
    fn session(&mut self, session: &[u8; 32]) {
        self.session = ot_session(session);
    }

    fn reveals(&mut self, ours: &mut Reveals, _: &Reveals, kept: &mut MulKept) {
        let secret = kept[&index(Role::Device)].ot_sender.s;
        ours.multiplication.dlog_proof = prove_with_short_challenges(&secret, &self.session);
        assert!(DLogProof::verify(&ours.multiplication.dlog_proof, &self.session));
    }
}

#[test]
fn base_ot_proof_with_short_challenges_is_refused() {
    let error = dkg_against(&mut ShortBaseOtChallenges::default());
    assert!(matches!(error, EngineError::ChallengeLength));
}

struct ShortShareChallenge;

impl Tricks for ShortShareChallenge {
    fn reveals(&mut self, ours: &mut Reveals, _: &Reveals, _: &mut MulKept) {
        ours.proof.proofs[5].challenge.pop();
    }
}

#[test]
fn share_proof_with_a_short_challenge_is_refused() {
    assert!(matches!(dkg_against(&mut ShortShareChallenge), EngineError::ChallengeLength));
}

/// The session of the base OT in which the server sends.
fn ot_session(session: &[u8; 32]) -> Vec<u8> {
    [b"Multiplication protocol", &[Role::Server.party_index(), Role::Device.party_index()][..], session]
        .concat()
}

/// The crate's proof of a discrete logarithm, with challenges of three bytes.
fn prove_with_short_challenges(secret: &Scalar, session: &[u8]) -> DLogProof<Secp256k1> {
    const R: usize = 64;
    let mut rng = dkls23_secp256k1::utilities::rng::get_rng();
    let (states, rand_commitments): (Vec<Scalar>, Vec<AffinePoint>) =
        (0..R).map(|_| InteractiveDLogProof::<Secp256k1>::prove_step1(&mut rng)).unzip();
    let commitments: Vec<u8> = rand_commitments.iter().flat_map(point_to_bytes::<Secp256k1>).collect();
    let generator = point_to_bytes::<Secp256k1>(&AffinePoint::GENERATOR);
    let answer = |at: usize, challenge: u32| {
        let challenge = &challenge.to_be_bytes()[1..];
        let proof = InteractiveDLogProof::<Secp256k1>::prove_step2(secret, &states[at], challenge);
        let response = scalar_to_bytes::<Secp256k1>(&proof.challenge_response);
        let at = (at as u16).to_be_bytes();
        let message = [&generator[..], &commitments, &at, challenge, &response].concat();
        (tagged_hash(TAG_DLOG_PROOF_FISCHLIN, &[session, &message])[0], proof)
    };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for at in 0..R / 2 {
        let (wanted, proof) = answer(at, 1);
        first.push(proof);
        let found = (0..).map(|challenge| answer(at + R / 2, challenge)).find(|(hash, _)| *hash == wanted);
        second.push(found.unwrap().1);
    }
    let point = (ProjectivePoint::GENERATOR * secret).to_affine();
    DLogProof { point, rand_commitments, proofs: [first, second].concat() }
}

/// Our second frame is hashes; the proof they commit to goes out in the third, when the peer's hashes are in.
#[test]
fn commitments_go_out_without_what_they_commit_to() {
    let mut second = Vec::new();
    let mut third = Vec::new();
    let record = |passing: Passing<'_>| {
        if (passing.sender, passing.round) == (Role::Device, 2) {
            second = passing.frame.clone();
        }
        if (passing.sender, passing.round) == (Role::Device, 3) {
            third = passing.frame.clone();
            // Enough has been seen.
            passing.frame.clear();
        }
    };
    let _ = run_dkg(record);
    assert!(second.len() < 256, "{} bytes are more than hashes", second.len());
    let (reveals, _): (Reveals, _) = postcard::take_from_bytes(&third[64..]).unwrap();
    let revealed = [
        compressed(&reveals.proof.point),
        reveals.seed.seed.to_vec(),
        reveals.chain_code.unwrap().aux_chain_code.to_vec(),
    ];
    for secret in &revealed {
        assert!(!second.windows(secret.len()).any(|window| window == secret));
    }
}

#[test]
fn nothing_follows_the_first_frame_before_the_peers_is_in() {
    let (_, first) = go_on(Dkls23.dkg(dkg_context(Role::Device)).unwrap().start());
    assert!(first.unwrap().len() < 128);
}

struct LyingIndex(fn(&mut Commitments), fn(&mut Reveals));

impl Tricks for LyingIndex {
    fn commitments(&mut self, ours: &mut Commitments, _: &Commitments) {
        (self.0)(ours);
    }

    fn reveals(&mut self, ours: &mut Reveals, _: &Reveals, _: &mut MulKept) {
        (self.1)(ours);
    }
}

#[test]
fn index_that_lies_is_refused_wherever_it_stands() {
    fn device() -> PartyIndex {
        index(Role::Device)
    }
    fn server() -> PartyIndex {
        index(Role::Server)
    }
    let in_commitments: [fn(&mut Commitments); 4] = [
        |ours| ours.index = device(),
        |ours| ours.seed.parties.sender = device(),
        |ours| ours.seed.parties.receiver = server(),
        |ours| ours.chain_code.as_mut().unwrap().sender_index = device(),
    ];
    for lie in in_commitments {
        assert!(matches!(dkg_against(&mut LyingIndex(lie, |_| ())), EngineError::PartyIndex));
    }
    let in_reveals: [fn(&mut Reveals); 4] = [
        |ours| ours.index = device(),
        |ours| ours.seed.parties.sender = device(),
        |ours| ours.multiplication.parties.receiver = server(),
        |ours| ours.chain_code.as_mut().unwrap().sender_index = device(),
    ];
    for lie in in_reveals {
        assert!(matches!(dkg_against(&mut LyingIndex(|_| (), lie)), EngineError::PartyIndex));
    }
}

struct OtherConfirmation;

impl Tricks for OtherConfirmation {
    fn confirmation(&mut self, ours: &mut [u8; 32]) {
        ours[31] ^= 1;
    }
}

#[test]
fn confirmation_of_something_else_is_refused() {
    assert!(matches!(dkg_against(&mut OtherConfirmation), EngineError::Confirmation));
}

/// The nonce of the multiplications is accepted whatever it is; only the confirmation shows that the two sides
/// do not have the same.
#[test]
fn tampered_multiplication_nonce_is_found_by_the_confirmation() {
    let (run, _) = run_dkg(|passing| {
        if (passing.sender, passing.round) == (Role::Server, 3) {
            let header = passing.frame[..64].to_vec();
            let (mut reveals, _): (Reveals, _) = postcard::take_from_bytes(&passing.frame[64..]).unwrap();
            reveals.multiplication.nonce += Scalar::ONE;
            *passing.frame = [header, postcard::to_allocvec(&reveals).unwrap()].concat();
        }
    });
    let error = run.0.error();
    assert!(matches!(error, EngineError::Confirmation), "{error}");
    assert_eq!(error.class(), AbortClass::B);
}

/// A peer that confirms the right shares and holds another one.
struct ShareNotHeld;

impl Tricks for ShareNotHeld {
    fn party(&mut self, party: &mut Party) {
        party.poly_point += Scalar::ONE;
        party.derivation_data.poly_point += Scalar::ONE;
    }
}

#[test]
fn peer_that_cannot_sign_with_its_new_share_gets_no_key() {
    assert!(matches!(dkg_against(&mut ShareNotHeld), EngineError::Abort { .. }));
}

/// A peer whose last message of the test signature is wrong.
struct WrongLast;

impl Tricks for WrongLast {
    fn last(&mut self, open: &mut Broadcast3to4<Secp256k1>) {
        open.w += Scalar::ONE;
    }
}

#[test]
fn test_signature_that_does_not_verify_gives_no_key() {
    let context = dkg_context(Role::Device);
    let base = Base::Dkg { session: &context.session.clone() };
    let error = refused(play(Dkls23.dkg(context).unwrap(), Role::Server, &base, &mut WrongLast));
    assert_eq!(error.class(), AbortClass::C, "{error}");
}

#[test]
fn peer_written_from_the_documents_makes_a_key_with_ours() {
    let context = dkg_context(Role::Server);
    let base = Base::Dkg { session: &context.session.clone() };
    let (share, peer) = play(Dkls23.dkg(context).unwrap(), Role::Device, &base, &mut Honest).unwrap();
    assert_eq!(share.public_key().to_bytes().to_vec(), compressed(&peer.party.pk));
}
