//! What the engine's crate accepts in a complete refresh and the wrapper does not, and what a refresh must
//! leave behind. Each test fails when its check is removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::PartyIndex;
use dkls23_secp256k1::protocols::dkg::KeepInitMulPhase3to4;
use k256::{AffinePoint, ProjectivePoint, PublicKey, Scalar, Secp256k1};
use maany_mpc_core::error::{Contribution, FrameError};
use maany_mpc_core::{AbortClass, Dkls23, Engine, EngineError, Flight, KeyShare, RefreshContext, Role};

use crate::peer_generation::{
    Base, Commitments, Ended, FirstRound, Honest, Reveals, Tricks, compressed, play,
};
use crate::peer_sign::against_server;
use crate::support::{
    Pair, Passing, pair, pass, pump, refresh_context, refresh_frames, refreshed, refused, run_refresh,
    run_sign, sign_context,
};

type MulKept = BTreeMap<PartyIndex, KeepInitMulPhase3to4<Secp256k1>>;

/// A refresh of our device share with a server that starts from `party` and plays these tricks.
fn refresh_with(party: &Party, tricks: &mut dyn Tricks) -> Result<(KeyShare, Ended), EngineError> {
    let opponents = against_server();
    let context = refresh_context(Role::Device);
    let base = Base::Refresh {
        session: &context.session.clone(),
        party,
        epoch: 1,
        verifying_shares: &opponents.peer.verifying_shares,
    };
    let victim = Dkls23.refresh(Arc::clone(&opponents.victim), context).unwrap();
    play(victim, Role::Server, &base, tricks)
}

#[track_caller]
fn refresh_against(tricks: &mut dyn Tricks) -> EngineError {
    let error = refused(refresh_with(&against_server().peer.party, tricks));
    assert_eq!(error.class(), AbortClass::B, "{error}");
    error
}

/// The peer's polynomial is minus ours, so nothing moves and both keep their shares.
struct NothingMoves;

impl Tricks for NothingMoves {
    fn first(&mut self, round: FirstRound<'_>) {
        // We sent a*2 to the server (index 2); the polynomial is a*x.
        let half = round.their_fragment * Scalar::from(2u64).invert().unwrap();
        *round.kept = -round.their_fragment;
        *round.sent = -half;
    }
}

#[test]
fn refresh_that_changes_no_share_is_refused() {
    assert!(matches!(refresh_against(&mut NothingMoves), EngineError::Trivial(Contribution::Point)));
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
fn copied_correction_is_refused() {
    assert!(matches!(refresh_against(&mut CopyCat), EngineError::Copied(Contribution::ProofCommitment)));
}

fn with_wrong_base_share(party: &Party) -> Party {
    let mut party = party.clone();
    party.poly_point += Scalar::ONE;
    party.derivation_data.poly_point += Scalar::ONE;
    party
}

/// The peer's base share was damaged, and it goes on in good faith: it confirms what it computes.
#[test]
fn wrong_base_share_is_found_by_the_confirmation() {
    let party = with_wrong_base_share(&against_server().peer.party);
    let error = refused(refresh_with(&party, &mut ConfirmsWhatItHolds));
    assert!(matches!(error, EngineError::Confirmation), "{error}");
    assert_eq!(error.class(), AbortClass::B);
}

struct ConfirmsWhatItHolds;

impl Tricks for ConfirmsWhatItHolds {
    fn hears(&mut self, as_expected: bool) {
        assert!(!as_expected);
    }
}

/// The peer's base share is wrong, and it confirms what we expect to hear.
#[test]
fn wrong_base_share_behind_the_right_confirmation_is_found_by_the_test_signature() {
    struct HoldsAnother;
    impl Tricks for HoldsAnother {
        fn party(&mut self, party: &mut Party) {
            *party = with_wrong_base_share(party);
        }
    }
    assert!(matches!(refresh_against(&mut HoldsAnother), EngineError::Abort { .. }));
}

#[test]
fn new_verifying_shares_are_the_old_ones_plus_the_proof_points() {
    let old = pair().device.verifying_shares();
    let new = refreshed().device.verifying_shares();
    let third = |role: Role| {
        let (_, frame) = refresh_frames().iter().filter(|(sender, _)| *sender == role).nth(2).unwrap();
        let (reveals, _): (Reveals, _) = postcard::take_from_bytes(&frame[64..]).unwrap();
        reveals.proof.point
    };
    for (at, role) in [Role::Device, Role::Server].into_iter().enumerate() {
        let old = PublicKey::from_sec1_bytes(old[at].as_bytes()).unwrap().to_projective();
        assert_eq!(compressed(&(old + third(role)).to_affine()), new[at].to_bytes());
    }
    let [device, server] =
        new.map(|share| PublicKey::from_sec1_bytes(share.as_bytes()).unwrap().to_projective());
    assert_eq!(
        compressed(&(device.double() - server).to_affine()),
        refreshed().device.public_key().to_bytes()
    );
}

/// The crate's fast refresh would keep the OT gadgets. The complete one leaves no part of the state as it was.
#[test]
fn refresh_replaces_every_part_of_the_engine_state() {
    const CORE: usize = 190 + 4;
    const FIELDS: [(&str, usize); 8] = [
        ("session id", 32),
        ("pair seed", 32),
        ("sender's gadget", 416 * 32),
        ("sender's choices", 32),
        ("sender's seeds", 256 * 32),
        ("receiver's gadget", 416 * 32),
        ("receiver's seeds for 0", 256 * 32),
        ("receiver's seeds for 1", 256 * 32),
    ];
    for role in [Role::Device, Role::Server] {
        let (old, new) = (pair().of(role).dangerous_export(), refreshed().of(role).dangerous_export());
        let mut at = CORE + 1;
        for (name, length) in FIELDS {
            let (old, new) = (&old[at..at + length], &new[at..at + length]);
            let equal = old.chunks(16).zip(new.chunks(16)).filter(|(old, new)| old == new).count();
            assert_eq!(equal, 0, "{name}");
            at += length;
        }
        assert_eq!(at, old.len());
    }
}

#[test]
fn old_share_signs_no_more_with_a_new_one() {
    let (old, new) = (pair(), refreshed());
    for mixed in [
        Pair { device: old.of(Role::Device), server: new.of(Role::Server) },
        Pair { device: new.of(Role::Device), server: old.of(Role::Server) },
    ] {
        for flight in [Flight::ServerFirst, Flight::DeviceFirst] {
            let error = run_sign(&mixed, flight, pass).0.error();
            assert!(matches!(error, EngineError::ShareMismatch { .. }), "{error}");
            assert_eq!(error.class(), AbortClass::A, "state drift is nobody's cheating");
        }
    }
}

#[test]
fn stale_backup_is_refused_by_name() {
    let stale = Dkls23.restore_slim(pair().device.slim()).unwrap();
    let mixed = Pair { device: Arc::new(stale), server: refreshed().of(Role::Server) };
    let error = run_refresh(&mixed, pass).0.0.error();
    assert_eq!(error.class(), AbortClass::A);
    let EngineError::ShareMismatch { ours, theirs } = &error else { panic!("{error}") };
    assert_eq!([ours.epoch.min(theirs.epoch), ours.epoch.max(theirs.epoch)], [1, 2]);
    assert!(error.to_string().contains("stale"));
}

#[test]
fn restored_share_cannot_sign_and_a_refresh_makes_it_whole() {
    let restored = Arc::new(Dkls23.restore_slim(pair().device.slim()).unwrap());
    assert!(!restored.can_sign());
    let context = sign_context(Role::Device, Flight::ServerFirst);
    let error = refused(Dkls23.sign(Arc::clone(&restored), context));
    assert!(matches!(error, EngineError::RefreshFirst));
    assert_eq!(error.class(), AbortClass::A);

    let mixed = Pair { device: restored, server: pair().of(Role::Server) };
    let whole = run_refresh(&mixed, pass).0.unwrap();
    assert_eq!(whole.device.public_key(), pair().device.public_key());
    assert!(whole.device.can_sign());
    run_sign(&whole, Flight::ServerFirst, pass).0.both();
    // The lost device's full share is of no more use.
    let lost = Pair { device: pair().of(Role::Device), server: whole.of(Role::Server) };
    assert!(matches!(
        run_sign(&lost, Flight::ServerFirst, pass).0.error(),
        EngineError::ShareMismatch { .. }
    ));
}

#[test]
fn refresh_frames_are_tagged_under_the_old_seed() {
    for (round, at) in [(1, 40), (1, 70), (1, 100), (2, 80), (2, 120)] {
        let (run, _) = run_refresh(pair(), |passing: Passing<'_>| {
            if (passing.sender, passing.round) == (Role::Server, round) {
                passing.frame[at] ^= 4;
            }
        });
        let error = run.0.error();
        assert_eq!(error.class(), AbortClass::A, "round {round} byte {at}: {error}");
    }
    // Another wallet's name is another key.
    let other = RefreshContext { wallet: b"wallet-2".to_vec(), ..refresh_context(Role::Server) };
    let device = Dkls23.refresh(pair().of(Role::Device), refresh_context(Role::Device)).unwrap();
    let server = Dkls23.refresh(pair().of(Role::Server), other).unwrap();
    assert!(matches!(pump(device, server, pass).0.error(), EngineError::BadTag));
}

#[test]
fn sides_in_different_sessions_do_not_refresh() {
    let other = RefreshContext { session: b"another".to_vec(), ..refresh_context(Role::Server) };
    let device = Dkls23.refresh(pair().of(Role::Device), refresh_context(Role::Device)).unwrap();
    let server = Dkls23.refresh(pair().of(Role::Server), other).unwrap();
    let error = pump(device, server, pass).0.error();
    assert!(matches!(error, EngineError::Frame(FrameError::Session)), "{error}");
}

#[test]
fn peer_written_from_the_documents_refreshes_with_ours() {
    let (share, peer) = refresh_with(&against_server().peer.party, &mut Honest).unwrap();
    let ours = share.verifying_shares()[0];
    assert_eq!(ours.to_bytes().to_vec(), compressed(&peer.verifying_shares[0]));
    let theirs: AffinePoint = (ProjectivePoint::GENERATOR * peer.party.poly_point).to_affine();
    assert_eq!(share.verifying_shares()[1].to_bytes().to_vec(), compressed(&theirs));
}
