//! What a cheating peer or a bad line does to a signature, and what follows. Each test fails when its check is
//! removed.

use std::sync::Arc;

use dkls23_secp256k1::protocols::signing::{Broadcast3to4, TransmitPhase1to2, TransmitPhase2to3};
use k256::{Scalar, Secp256k1};
use maany_mpc_core::error::FrameError;
use maany_mpc_core::{AbortClass, Dkls23, Engine, EngineError, Flight, Role, SignContext};

use crate::peer_generation::Honest;
use crate::peer_sign::{Finished, SignTricks, against_device, against_server, play_sign};
use crate::support::{
    Passing, SERVER_NONCE, go_on, pair, pass, refusal, refused, run_sign, run_sign_with, sign_context,
};

const FLIGHTS: [Flight; 2] = [Flight::ServerFirst, Flight::DeviceFirst];

#[test]
fn flipped_bit_on_the_line_is_class_a_and_never_reaches_the_engine() {
    // Byte 300 is deep in the OT extension, where the engine would say that the peer cheats.
    for flight in FLIGHTS {
        for (sender, rounds) in [(Role::Device, 1..=2), (Role::Server, 1..=2)] {
            for round in rounds {
                for from_end in [1, 40, 300] {
                    let (outcome, _) = run_sign(pair(), flight, |passing: Passing<'_>| {
                        if (passing.sender, passing.round) == (sender, round) {
                            let at = passing.frame.len().saturating_sub(from_end).max(64);
                            passing.frame[at] ^= 0x10;
                        }
                    });
                    let error = outcome.error();
                    assert!(matches!(error, EngineError::BadTag), "{flight:?} {sender:?} {round}: {error}");
                    assert_eq!(error.class(), AbortClass::A);
                }
            }
        }
    }
}

/// The same bit, under the peer's own tag.
struct CheatsInTheOt;

impl SignTricks for CheatsInTheOt {
    fn commit(&mut self, message: &mut TransmitPhase1to2) {
        message.mul_transmit.u[3][5] ^= 0x10;
    }
}

#[test]
fn peer_that_the_engine_bans_is_class_c_and_gets_no_answer() {
    for opponents in [against_server(), against_device()] {
        let mut banned = 0;
        for flight in FLIGHTS {
            let error = refused(play_sign(opponents, flight, &mut CheatsInTheOt));
            assert!(matches!(error, EngineError::Abort { .. }), "{error}");
            banned += u32::from(error.class() == AbortClass::C);
        }
        assert_eq!(banned, 2);
    }
}

#[derive(Default)]
struct ForgedSignature {
    recovery_only: bool,
}

impl SignTricks for ForgedSignature {
    fn finished(&mut self, message: &mut Finished) {
        if self.recovery_only {
            message.recovery_id ^= 1;
        } else {
            message.s[31] ^= 1;
        }
    }
}

#[test]
fn device_takes_no_signature_that_does_not_verify() {
    for flight in FLIGHTS {
        let error = refused(play_sign(against_server(), flight, &mut ForgedSignature::default()));
        assert!(matches!(error, EngineError::InvalidSignature), "{error}");
        assert_eq!(error.class(), AbortClass::C);
    }
    let error =
        refused(play_sign(against_server(), FLIGHTS[0], &mut ForgedSignature { recovery_only: true }));
    assert!(matches!(error, EngineError::InvalidSignature), "{error}");
}

struct HighS;

impl SignTricks for HighS {
    fn finished(&mut self, message: &mut Finished) {
        use k256::elliptic_curve::PrimeField;
        let s = Scalar::from_repr(message.s.into()).unwrap();
        message.s = (-s).to_repr().into();
        message.recovery_id ^= 1;
    }
}

#[test]
fn device_takes_no_high_s() {
    let error = refused(play_sign(against_server(), FLIGHTS[0], &mut HighS));
    assert!(matches!(error, EngineError::InvalidSignature), "{error}");
}

struct WrongLast;

impl SignTricks for WrongLast {
    fn open(&mut self, message: &mut Broadcast3to4<Secp256k1>) {
        message.w += Scalar::ONE;
    }
}

#[test]
fn signature_that_does_not_come_together_from_authentic_frames_is_class_c() {
    for flight in FLIGHTS {
        let error = refused(play_sign(against_device(), flight, &mut WrongLast));
        assert_eq!(error.class(), AbortClass::C, "{error}");
    }
}

#[test]
fn every_signature_is_low_s() {
    // Without normalisation, all sixteen would be low once in 65,536 runs.
    for _ in 0..16 {
        let signature = run_sign(pair(), Flight::DeviceFirst, pass).0.both().0;
        let inner = k256::ecdsa::Signature::from_slice(&signature.to_bytes()).unwrap();
        assert_eq!(inner.normalize_s(), inner);
    }
}

struct LyingParty {
    first: bool,
    second: bool,
}

impl SignTricks for LyingParty {
    fn commit(&mut self, message: &mut TransmitPhase1to2) {
        if self.first {
            message.parties.sender = message.parties.receiver;
        }
    }

    fn multiply(&mut self, message: &mut TransmitPhase2to3<Secp256k1>) {
        if self.second {
            message.parties.receiver = message.parties.sender;
        }
    }
}

#[test]
fn index_that_lies_in_a_signature_is_refused() {
    for opponents in [against_server(), against_device()] {
        for (first, second) in [(true, false), (false, true)] {
            let error = refused(play_sign(opponents, Flight::DeviceFirst, &mut LyingParty { first, second }));
            assert!(matches!(error, EngineError::PartyIndex), "{error}");
            assert_eq!(error.class(), AbortClass::B);
        }
    }
}

struct Appended {
    round: u8,
}

impl SignTricks for Appended {
    fn payload(&mut self, round: u8, payload: &mut Vec<u8>) {
        if round == self.round {
            payload.push(0);
        }
    }
}

struct CutShort {
    round: u8,
}

impl SignTricks for CutShort {
    fn payload(&mut self, round: u8, payload: &mut Vec<u8>) {
        if round == self.round {
            payload.pop();
        }
    }
}

#[test]
fn authentic_payload_that_is_too_long_or_too_short_is_class_b() {
    for opponents in [against_server(), against_device()] {
        for flight in FLIGHTS {
            for round in [1, 2] {
                let long = refused(play_sign(opponents, flight, &mut Appended { round }));
                let short = refused(play_sign(opponents, flight, &mut CutShort { round }));
                for error in [long, short] {
                    assert!(matches!(error, EngineError::Payload), "{flight:?} {round}: {error}");
                    assert_eq!(error.class(), AbortClass::B);
                }
            }
        }
    }
}

type Change = fn(&mut SignContext);

/// Everything that the sign id is made of, each changed on one side only.
#[test]
fn sides_that_differ_in_anything_bound_do_not_sign() {
    let changes: [(&str, Change); 7] = [
        ("session", |context| context.session.push(b'x')),
        ("sign bytes", |context| context.sign_bytes.push(b'x')),
        ("chain id", |context| context.chain_id.push(b'x')),
        ("path", |context| context.path = "m/0".parse().unwrap()),
        ("request id", |context| context.request_id.push(b'x')),
        ("server nonce", |context| context.server_nonce = Some([1; 32])),
        ("wallet", |context| context.wallet.push(b'x')),
    ];
    for flight in FLIGHTS {
        for (what, change) in changes {
            if (what, flight) == ("server nonce", Flight::ServerFirst) {
                continue; // The device learns it from the frame.
            }
            let mut server = sign_context(Role::Server, flight);
            change(&mut server);
            let error = run_sign_with(pair(), sign_context(Role::Device, flight), server, pass).0.error();
            let before_the_engine =
                matches!(error, EngineError::BadTag | EngineError::Frame(FrameError::Session));
            assert!(before_the_engine, "{flight:?} {what}: {error}");
            assert_eq!(error.class(), AbortClass::A);
        }
        // The digest is the engine's to compare.
        let mut server = sign_context(Role::Server, flight);
        server.digest = [0; 32];
        let error = run_sign_with(pair(), sign_context(Role::Device, flight), server, pass).0.error();
        assert!(matches!(error, EngineError::Abort { .. }), "{error}");
        assert_eq!(error.class(), AbortClass::A);
    }
}

#[test]
fn device_that_knows_the_servers_nonce_takes_no_other() {
    let mut device = sign_context(Role::Device, Flight::ServerFirst);
    device.server_nonce = Some(SERVER_NONCE);
    let server = sign_context(Role::Server, Flight::ServerFirst);
    let error = run_sign_with(pair(), device.clone(), server.clone(), pass).0.error();
    assert!(matches!(error, EngineError::Frame(FrameError::Session)));
    let agreed = SignContext { server_nonce: Some(SERVER_NONCE), ..server };
    run_sign_with(pair(), device, agreed, pass).0.both();
}

#[test]
fn device_first_needs_the_servers_nonce() {
    for role in [Role::Device, Role::Server] {
        let context = SignContext { server_nonce: None, ..sign_context(role, Flight::DeviceFirst) };
        let error = refused(Dkls23.sign(pair().of(role), context));
        assert!(matches!(error, EngineError::MissingServerNonce));
        assert_eq!(error.class(), AbortClass::A);
    }
}

#[test]
fn share_of_the_other_role_is_refused() {
    let context = sign_context(Role::Server, Flight::ServerFirst);
    let error = refused(Dkls23.sign(pair().of(Role::Device), context));
    assert!(matches!(error, EngineError::WrongRole));
    assert_eq!(error.class(), AbortClass::A);
}

#[test]
fn ceremony_cannot_be_started_twice_or_stepped_before_its_start() {
    let begin = |role| Dkls23.sign(pair().of(role), sign_context(role, Flight::ServerFirst)).unwrap();
    assert!(matches!(refusal(begin(Role::Server).step(&[])), EngineError::OutOfTurn));
    for role in [Role::Device, Role::Server] {
        let (begun, _) = go_on(begin(role).start());
        assert!(matches!(refusal(begun.start()), EngineError::OutOfTurn));
    }
}

/// Until the step that yields the signature, a device that kept everything it received has nothing to assemble
/// it from: the server's frames hold its first two messages and not a byte more (`Line::read` insists).
#[test]
fn servers_last_message_never_leaves() {
    for flight in FLIGHTS {
        play_sign(against_device(), flight, &mut Honest).unwrap();
        let (outcome, frames) = run_sign(pair(), flight, |passing: Passing<'_>| {
            if (passing.sender, passing.round) == (Role::Device, 2) {
                passing.frame.truncate(100);
            }
        });
        assert!(outcome.server.is_err() && matches!(outcome.device, Ok(None)));
        let from_server = frames.iter().filter(|(sender, _)| *sender == Role::Server).count();
        assert_eq!(from_server, if flight == Flight::ServerFirst { 2 } else { 1 });
    }
}

#[test]
fn a_share_is_not_used_up_by_a_failed_signature() {
    let pair = pair();
    let shares = Arc::strong_count(&pair.device);
    let (outcome, _) = run_sign(pair, Flight::ServerFirst, |passing: Passing<'_>| passing.frame[80] ^= 1);
    assert_eq!(outcome.error().class(), AbortClass::A);
    run_sign(pair, Flight::ServerFirst, pass).0.both();
    assert!(Arc::strong_count(&pair.device) <= shares + 1);
}
