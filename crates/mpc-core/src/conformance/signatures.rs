//! Checks on signatures: both flights, child keys, contexts that differ, harmed frames.

use super::{DIGEST, FLIGHTS, Passing, ROLES, Suite, dkg_context, pass, sign_context};
use crate::context::{Flight, SignContext};
use crate::engine::{BoxedCeremony, Step};
use crate::envelope::{Operation, peek};
use crate::error::{AbortClass, EngineError};
use crate::path::DerivationPath;
use crate::role::Role;
use crate::signature::Signature;

impl Suite<'_> {
    /// Both flights give both sides the same signature, with the sides speaking in the documented order.
    ///
    /// # Panics
    /// When a signature or the order of frames is wrong.
    pub fn signs_in_both_flights(&self) {
        for flight in FLIGHTS {
            let mut outcome = self.sign(&self.pair, flight, pass);
            let frames = std::mem::take(&mut outcome.frames);
            let first = frames.first().map(|(sender, _)| *sender);
            let expected = match flight {
                Flight::ServerFirst => Role::Server,
                Flight::DeviceFirst => Role::Device,
            };
            assert_eq!(first, Some(expected), "who moves first");
            assert_eq!(
                frames.last().map(|(sender, _)| *sender),
                Some(Role::Server),
                "who sends the signature"
            );
            for (sender, frame) in &frames {
                let header = peek(frame).expect("a frame has a header");
                assert_eq!((header.operation, header.sender), (Operation::Sign, *sender));
                assert_eq!(header.share_id, Some(self.pair.device.share_id()), "a frame names its shares");
                assert!(frame.len() <= Operation::Sign.max_message(), "a frame of {} bytes", frame.len());
            }
            let (device, server) = outcome.both();
            assert_eq!(device, server, "one signature");
            assert!(device.verify(&self.pair.device.public_key(), &DIGEST));
            assert_eq!(device.recover(&DIGEST), Some(self.pair.device.public_key()), "the recovery id");
            assert!(Signature::from_parts(&device.to_bytes(), device.recovery_id()).is_ok(), "low-S");
        }
    }

    /// A child key signs, and its public key is the one derived from public values.
    ///
    /// # Panics
    /// When it does not.
    pub fn signs_with_child_keys(&self) {
        let path = DerivationPath::new(&[44, 118, 0, 0, 5]).expect("a non-hardened path");
        let child = self.pair.device.child_public_key(&path).expect("the child exists");
        assert_ne!(child, self.pair.device.public_key());
        for flight in FLIGHTS {
            let contexts = ROLES.map(|role| SignContext { path: path.clone(), ..sign_context(role, flight) });
            let (device, _) = self.sign_with(&self.pair, contexts, pass).both();
            assert!(device.verify(&child, &DIGEST), "signed by the child key");
        }
    }

    /// Sides that were given different contexts do not sign, and it is nobody's cheating.
    ///
    /// # Panics
    /// When they sign, or one blames the other.
    pub fn refuses_to_sign_across_contexts(&self) {
        let changes: [(&str, Change); 7] = [
            ("session", |context| context.session.push(b'x')),
            ("wallet", |context| context.wallet.push(b'x')),
            ("request id", |context| context.request_id.push(b'x')),
            ("chain id", |context| context.chain_id.push(b'x')),
            ("path", |context| context.path = DerivationPath::new(&[0]).expect("a path")),
            ("digest", |context| context.digest = [0; 32]),
            ("sign bytes", |context| context.sign_bytes.push(b'x')),
        ];
        for flight in FLIGHTS {
            for (what, change) in changes {
                let [device, mut server] = ROLES.map(|role| sign_context(role, flight));
                change(&mut server);
                let error = self.sign_with(&self.pair, [device, server], pass).refusal(what);
                assert_eq!(error.class(), AbortClass::A, "another {what} is a mismatch: {error}");
            }
        }
    }

    /// Refuses the other role's share, a flight without its nonce, and ceremonies out of turn.
    ///
    /// # Panics
    /// When one of these goes through.
    pub fn refuses_misuse(&self) {
        for role in ROLES {
            let share = self.pair.of(role);
            let context = sign_context(role.peer(), Flight::ServerFirst);
            assert!(self.engine.sign(share, context).is_err(), "the other role's share");
            let context = SignContext { server_nonce: None, ..sign_context(role, Flight::DeviceFirst) };
            assert!(self.engine.sign(self.pair.of(role), context).is_err(), "a flight without its nonce");
            let dkg = || self.engine.dkg(dkg_context(role)).expect("a DKG can be prepared");
            assert!(matches!(dkg().step(&[]), Err(EngineError::OutOfTurn)), "a step before the start");
            assert!(matches!(begun(dkg()).start(), Err(EngineError::OutOfTurn)), "a second start");
        }
    }

    /// Every frame of a signature, harmed in several ways: refused, never as the peer's cheating.
    ///
    /// # Panics
    /// When a harmed frame is taken, or a wrong signature comes out.
    pub fn survives_harmed_frames(&self) {
        for flight in FLIGHTS {
            let sent = self.sign(&self.pair, flight, pass).frames;
            for (target, (sender, frame)) in sent.iter().enumerate() {
                let count = sent[..=target].iter().filter(|(role, _)| role == sender).count();
                for harm in harms(frame.len()) {
                    let tamper = |passing: Passing<'_>| {
                        if (passing.sender, passing.count) == (*sender, count) {
                            harm(passing.frame);
                        }
                    };
                    let outcome = self.sign(&self.pair, flight, tamper);
                    for signature in [&outcome.device, &outcome.server].into_iter().flatten().flatten() {
                        assert!(signature.verify(&self.pair.device.public_key(), &DIGEST));
                    }
                    let error = outcome.refusal("a harmed frame");
                    assert_eq!(error.class(), AbortClass::A, "frame {target} of {flight:?}: {error}");
                }
            }
        }
    }
}

type Change = fn(&mut SignContext);

type Harm = Box<dyn Fn(&mut Vec<u8>)>;

fn harms(length: usize) -> Vec<Harm> {
    let mut harms: Vec<Harm> = vec![
        Box::new(Vec::clear),
        Box::new(|frame| frame.push(0)),
        Box::new(|frame| frame.truncate(frame.len() - 1)),
        Box::new(|frame| frame.resize(Operation::Sign.max_message() + 1, 0)),
    ];
    for part in 0..8 {
        let at = (length - 1) * part / 7;
        harms.push(Box::new(move |frame| {
            // What was sent before may differ in length by a byte or two.
            let at = at.min(frame.len() - 1);
            frame[at] ^= 1 << part;
        }));
    }
    harms
}

fn begun<T>(ceremony: BoxedCeremony<T>) -> BoxedCeremony<T> {
    match ceremony.start() {
        Ok(Step::Continue { ceremony, .. }) => ceremony,
        _ => panic!("a DKG does not end with its start"),
    }
}
