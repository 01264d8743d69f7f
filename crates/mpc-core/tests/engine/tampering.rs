//! Sweeps: every frame of every ceremony, changed in every way a line or a peer can change it. Nothing
//! panics, no wrong signature or mismatched key comes out, and noise under a tag is never taken for cheating.

use maany_mpc_core::{AbortClass, EngineError, Flight, Role, Signature};

use crate::peer::{Keys, session_of};
use crate::peer_sign::{SignTricks, against_device, against_server, play_sign};
use crate::support::{
    Outcome, Pair, Passing, WALLET, dkg_frames, pair, refresh_frames, refreshed, run_dkg, run_refresh,
    run_sign, sign_context,
};

const FLIGHTS: [Flight; 2] = [Flight::ServerFirst, Flight::DeviceFirst];

/// What can happen to a frame on its way.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Flip one bit at this fraction (in 1/64) of the frame.
    Flip(usize),
    Truncate(usize),
    Extend(usize),
    Empty,
    Zero,
}

impl Harm {
    fn apply(self, frame: &mut Vec<u8>) {
        let length = frame.len();
        match self {
            Self::Flip(at) => frame[(length - 1) * at / 64] ^= 1 << (at % 8),
            Self::Truncate(by) => frame.truncate(length.saturating_sub(by)),
            Self::Extend(by) => frame.resize(length + by, 0xa5),
            Self::Empty => frame.clear(),
            Self::Zero => frame[64..].fill(0),
        }
    }

    fn all(flips: usize) -> Vec<Self> {
        let flips = (0..=flips).map(|at| Self::Flip(at * 64 / flips));
        flips
            .chain([Self::Truncate(1), Self::Truncate(33), Self::Extend(1), Self::Empty, Self::Zero])
            .collect()
    }
}

fn harm(sender: Role, round: usize, harm: Harm) -> impl FnMut(Passing<'_>) {
    move |passing| {
        if (passing.sender, passing.round) == (sender, round) {
            harm.apply(passing.frame);
        }
    }
}

fn assert_no_wrong_signature(outcome: &Outcome<Signature>, pair: &Pair) {
    let digest = sign_context(Role::Device, Flight::ServerFirst).digest;
    for signature in [&outcome.device, &outcome.server].into_iter().flatten().flatten() {
        assert!(signature.verify(&pair.device.public_key(), &digest));
    }
}

#[test]
fn harmed_frames_of_a_signature_are_class_a() {
    for flight in FLIGHTS {
        let rounds = match flight {
            Flight::ServerFirst => [(Role::Device, 2), (Role::Server, 3)],
            Flight::DeviceFirst => [(Role::Device, 2), (Role::Server, 2)],
        };
        for (sender, last) in rounds {
            for round in 1..=last {
                for what in Harm::all(24) {
                    let (outcome, _) = run_sign(pair(), flight, harm(sender, round, what));
                    assert_no_wrong_signature(&outcome, pair());
                    let error = outcome.error();
                    let class = error.class();
                    assert_eq!(class, AbortClass::A, "{flight:?} {sender:?} {round} {what:?}: {error}");
                }
            }
        }
    }
}

/// Changes one byte of one payload, under the peer's own tag.
struct FlipsPayload {
    round: u8,
    sixty_fourth: usize,
}

impl SignTricks for FlipsPayload {
    fn payload(&mut self, round: u8, payload: &mut Vec<u8>) {
        if round == self.round {
            let at = (payload.len() - 1) * self.sixty_fourth / 64;
            payload[at] ^= 1 << (self.sixty_fourth % 8);
        }
    }
}

#[test]
fn authentic_but_changed_payloads_give_no_wrong_signature() {
    for opponents in [against_server(), against_device()] {
        for flight in FLIGHTS {
            for round in 1..=2 {
                for sixty_fourth in (0..=64).step_by(2) {
                    let mut tricks = FlipsPayload { round, sixty_fourth };
                    match play_sign(opponents, flight, &mut tricks) {
                        Ok(signature) => {
                            assert!(signature.verify(&opponents.victim.public_key(), &[0xd1; 32]))
                        }
                        Err(error) => {
                            assert_ne!(error.class(), AbortClass::Freeze, "the peer's fault: {error}")
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn harmed_frames_of_a_dkg_give_no_key() {
    // A frame that has no tag yet: what is wrong shows at once, in the next check, or in the confirmation.
    let harms: [(usize, &[Harm]); 6] = [
        (1, &[Harm::Flip(32), Harm::Flip(50), Harm::Flip(62), Harm::Extend(1), Harm::Empty]),
        (2, &[Harm::Flip(24), Harm::Flip(40), Harm::Flip(64), Harm::Truncate(1), Harm::Zero]),
        (3, &[Harm::Flip(1), Harm::Flip(2), Harm::Flip(33), Harm::Extend(1)]),
        (4, &[Harm::Flip(1), Harm::Flip(64)]),
        (5, &[Harm::Flip(40)]),
        (6, &[Harm::Flip(60)]),
    ];
    for (at, (round, harms)) in harms.into_iter().enumerate() {
        let sender = if at % 2 == 0 { Role::Server } else { Role::Device };
        for what in harms {
            let (run, _) = run_dkg(harm(sender, round, *what));
            let victim = if sender == Role::Server { run.0.device } else { run.0.server };
            let Err(error) = victim else { panic!("round {round} {what:?}: a key") };
            assert!(matches!(error.class(), AbortClass::A | AbortClass::B), "{round} {what:?}: {error}");
        }
    }
}

#[test]
fn harmed_frames_of_a_refresh_are_class_a() {
    let harms: [(usize, &[Harm]); 6] = [
        (
            1,
            &[Harm::Flip(10), Harm::Flip(40), Harm::Flip(64), Harm::Truncate(1), Harm::Extend(1), Harm::Zero],
        ),
        (2, &[Harm::Flip(24), Harm::Flip(40), Harm::Empty]),
        (3, &[Harm::Flip(5), Harm::Flip(60)]),
        (4, &[Harm::Flip(20)]),
        (5, &[Harm::Flip(20)]),
        (6, &[Harm::Flip(50)]),
    ];
    for (at, (round, harms)) in harms.into_iter().enumerate() {
        let sender = if at % 2 == 0 { Role::Device } else { Role::Server };
        for what in harms {
            let (run, _) = run_refresh(pair(), harm(sender, round, *what));
            let victim = if sender == Role::Server { run.0.device } else { run.0.server };
            let Err(error) = victim else { panic!("round {round} {what:?}: a share") };
            assert_eq!(error.class(), AbortClass::A, "{round} {what:?}: {error}");
        }
    }
}

/// The device's tag keys of the shared pair, as its export holds them.
fn keys(pair: &Pair) -> Keys {
    let slim = pair.device.slim();
    let seed = slim.dangerous_expose_bytes()[173..205].try_into().unwrap();
    Keys { seed, wallet: WALLET.to_vec(), share_id: pair.device.share_id().to_bytes() }
}

#[test]
fn authentic_but_changed_frames_of_a_refresh_give_no_share() {
    let keys = keys(pair());
    for (round, at) in [(1, 70), (2, 70), (2, 130), (3, 200), (3, 9_000), (3, 90_000)] {
        let (run, _) = run_refresh(pair(), |passing: Passing<'_>| {
            if (passing.sender, passing.round) == (Role::Device, round) {
                passing.frame[at] ^= 1;
                let session = session_of(passing.frame);
                keys.retag(&session, Role::Device, passing.frame);
            }
        });
        let Err(error) = run.0.server else { panic!("round {round} byte {at}: a share") };
        assert!(matches!(error.class(), AbortClass::A | AbortClass::B), "round {round} byte {at}: {error}");
    }
}

#[test]
fn replayed_frames_are_class_a_whatever_session_epoch_or_role_they_are_from() {
    let old_sign = run_sign(pair(), Flight::ServerFirst, |_| ()).1;
    let other_epoch = run_sign(refreshed(), Flight::ServerFirst, |_| ()).1;
    for library in [&old_sign, &other_epoch, dkg_frames(), refresh_frames()] {
        for (_, replayed) in library {
            for (sender, round) in
                [(Role::Server, 1), (Role::Device, 1), (Role::Server, 2), (Role::Device, 2)]
            {
                let (outcome, _) = run_sign(pair(), Flight::ServerFirst, |passing: Passing<'_>| {
                    if (passing.sender, passing.round) == (sender, round) {
                        passing.frame.clone_from(replayed);
                    }
                });
                assert_no_wrong_signature(&outcome, pair());
                // The server's first frame of an old session is authentic when the device repeats its own
                // session id; then the next one is not.
                assert_eq!(outcome.error().class(), AbortClass::A);
            }
        }
    }
}

#[test]
fn a_peer_that_falls_silent_leaves_the_other_side_waiting_with_nothing() {
    let (outcome, _) = run_sign(pair(), Flight::ServerFirst, |passing: Passing<'_>| {
        if (passing.sender, passing.round) == (Role::Device, 2) {
            passing.frame.clear();
        }
    });
    assert!(matches!(outcome.device, Ok(None)));
    assert!(matches!(outcome.server, Err(EngineError::Frame(_))));
}
