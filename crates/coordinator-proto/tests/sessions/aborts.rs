//! Aborts of the engine: counted before they are told, and what follows from the count.

use maany_coordinator_proto::session::{
    AbortClass, Blame, Effect, EngineOutput, Input, Outbox, Retry, SessionError, Standing, StoreFault,
    Verdict,
};
use maany_coordinator_proto::{CloseCode, Intent, Millis};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg};
use crate::plan::Wish;
use crate::side::Machine;
use crate::store::FakeStore;

fn failing(intent: Intent, role: Role, class: AbortClass, server: &FakeStore, device: &FakeStore) -> Pair {
    let mut pair = Pair::new(Wish::plain(intent), server, device, 2);
    pair.side(role).engine.fail = Some((2, class));
    pair.run()
}

#[test]
fn class_a_is_never_counted() {
    let (server, device) = after_dkg();
    for role in [Role::Server, Role::Device] {
        for intent in [Intent::Sign, Intent::Refresh] {
            let mut pair = failing(intent, role, AbortClass::A, &server, &device);
            let expected = SessionError::Engine { class: AbortClass::A, verdict: Verdict::NotCounted };
            assert_eq!(pair.side(role).error(), &expected);
            assert_eq!(pair.side(role).store.record().standing, Standing::Active);
            assert!(!pair.side(role).trace.log.iter().any(|word| word == "store abort"));
            assert_eq!(expected.close_code(), CloseCode::Malformed);
            assert_eq!(expected.retry(), Retry::Later);
        }
    }
}

#[test]
fn three_class_b_aborts_quarantine_and_each_is_durable_before_it_is_told() {
    for role in [Role::Server, Role::Device] {
        for intent in [Intent::Sign, Intent::Refresh] {
            let (mut server, mut device) = after_dkg();
            let mut seen = Vec::new();
            for _ in 0..3 {
                let mut pair = failing(intent, role, AbortClass::B, &server, &device);
                let log = &pair.side(role).trace.log;
                let stored = log.iter().position(|word| word == "store abort").expect("it is counted");
                let closed = log.iter().position(|word| word.starts_with("close ")).expect("it closes");
                assert_eq!(log[stored + 1], "< stored");
                assert!(stored + 1 < closed);
                seen.push((pair.side(role).error().clone(), pair.side(role).store.record().standing));
                (server, device) = (pair.server.store, pair.device.store);
            }
            let abort = |verdict| SessionError::Engine { class: AbortClass::B, verdict };
            assert_eq!(
                seen,
                [
                    (abort(Verdict::Counted), Standing::Active),
                    (abort(Verdict::Counted), Standing::Active),
                    (abort(Verdict::Quarantine), Standing::Quarantined),
                ]
            );
            assert_eq!(seen[1].0.close_code(), CloseCode::Malformed);
            assert_eq!(seen[2].0.close_code(), CloseCode::Quarantined);
            assert_eq!(seen[0].0.blame(), Blame::Peer);

            let next = Pair::new(Wish::plain(Intent::Sign), &server, &device, 9).run();
            assert!(next.device.result().is_err(), "a quarantined wallet does not sign");
        }
    }
}

#[test]
fn a_refresh_starts_the_count_anew() {
    let (server, device) = after_dkg();
    let one = failing(Intent::Sign, Role::Server, AbortClass::B, &server, &device);
    let two = failing(Intent::Sign, Role::Server, AbortClass::B, &one.server.store, &one.device.store);
    let fresh = Pair::new(Wish::plain(Intent::Refresh), &two.server.store, &two.device.store, 3).run();
    let third = failing(Intent::Sign, Role::Server, AbortClass::B, &fresh.server.store, &fresh.device.store);
    let expected = SessionError::Engine { class: AbortClass::B, verdict: Verdict::Counted };
    assert_eq!(third.server.error(), &expected);
}

#[test]
fn one_class_c_quarantines_at_once() {
    let (server, device) = after_dkg();
    for role in [Role::Server, Role::Device] {
        let mut pair = failing(Intent::Sign, role, AbortClass::C, &server, &device);
        assert_eq!(pair.side(role).store.record().standing, Standing::Quarantined);
        assert_eq!(pair.side(role).error().close_code(), CloseCode::Quarantined);
    }
}

#[test]
fn trouble_of_ones_own_freezes_and_blames_nobody_else() {
    let (server, device) = after_dkg();
    let pair = failing(Intent::Sign, Role::Server, AbortClass::Freeze, &server, &device);
    assert_eq!(pair.server.store.record().standing, Standing::Frozen);
    assert_eq!(
        (pair.server.error().blame(), pair.server.error().close_code()),
        (Blame::Local, CloseCode::Internal)
    );
}

#[test]
fn an_abort_that_cannot_be_recorded_is_not_told() {
    let (server, device) = after_dkg();
    let mut pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 2);
    pair.server.engine.fail = Some((2, AbortClass::C));
    pair.server.store.fail = Some((1, StoreFault::Full));
    let pair = pair.run();
    let expected = SessionError::Unrecorded { class: AbortClass::C, fault: StoreFault::Full };
    assert_eq!(pair.server.error(), &expected);
    assert_eq!(expected.close_code(), CloseCode::Internal, "the peer does not hear of an abort");
    assert_eq!(pair.device.error(), &SessionError::Closed { code: Some(CloseCode::Internal) });
}

#[test]
fn an_abort_in_dkg_has_no_wallet_to_be_counted_for() {
    let empty = (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device));
    for class in [AbortClass::B, AbortClass::C] {
        let pair = failing(Intent::Dkg, Role::Server, class, &empty.0, &empty.1);
        assert_eq!(pair.server.error(), &SessionError::Engine { class, verdict: Verdict::NotCounted });
        assert_eq!(pair.server.store.writes, 0);
        assert_eq!(pair.server.error().close_code(), CloseCode::Malformed);
    }
}

/// A server whose engine has failed with class B, and that waits for the record of it.
fn recording() -> (maany_coordinator_proto::ServerSession, Pair) {
    let (server, device) = after_dkg();
    let mut pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 2);
    pair.server.engine.fail = Some((2, AbortClass::B));
    pair.stop_at(Role::Server, "the peer's round");
    let mut pair = pair.run();
    let Some(Machine::Server(session)) = pair.server.machine.take() else { panic!("a server") };
    let mut out = Outbox::new();
    let now = Millis::new(pair.now);
    let session = session.step(now, Input::Binary(b"ENG".to_vec()), &mut out).expect("a round");
    let session =
        session.step(now, Input::EngineFailed(AbortClass::B), &mut out).expect("it is recorded first");
    assert_eq!(session.state(), "the abort to be recorded");
    assert!(matches!(out.drain().last(), Some(Effect::Store(_))));
    (session, pair)
}

#[test]
fn while_an_abort_is_recorded_the_peer_is_not_heard() {
    let (mut session, pair) = recording();
    assert_eq!(session.read_limit(), None);
    let now = Millis::new(pair.now);
    let mut out = Outbox::new();
    for input in
        [Input::Binary(b"ENG".to_vec()), Input::Text(Vec::new()), Input::PeerClosed(None), Input::Tick]
    {
        session = session.step(now, input, &mut out).expect("still recording");
        assert!(out.is_empty());
    }
    let error = session.step(now, Input::Stored, &mut out).expect_err("recorded");
    assert_eq!(error, SessionError::Engine { class: AbortClass::B, verdict: Verdict::Counted });
    assert!(matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Close(CloseCode::Malformed)]));
}

#[test]
fn a_store_that_never_answers_ends_the_session_without_telling() {
    for (input, seconds) in [(Input::Tick, 30), (Input::Cancel, 0), (Input::BackupMade(None), 0)] {
        let (session, pair) = recording();
        let mut out = Outbox::new();
        let error = session.step(Millis::new(pair.now + seconds * 1000), input, &mut out).expect_err("over");
        assert_eq!(error.close_code(), CloseCode::Internal);
        assert!(matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Close(CloseCode::Internal)]));
    }
}

/// A server whose engine is at work on the device's message.
fn at_work() -> (maany_coordinator_proto::ServerSession, u64) {
    let (server, device) = after_dkg();
    let mut pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 2);
    pair.stop_at(Role::Server, "the peer's round");
    let mut pair = pair.run();
    let Some(Machine::Server(session)) = pair.server.machine.take() else { panic!("a server") };
    let mut out = Outbox::new();
    let session = session.step(Millis::new(pair.now), Input::Binary(b"ENG".to_vec()), &mut out);
    (session.expect("a round"), pair.now)
}

#[test]
fn whatever_else_goes_wrong_while_the_engine_works_its_verdict_is_counted() {
    let troubles = [
        (Input::PeerFault(CloseCode::TooBig), 0),
        (Input::Cancel, 0),
        (Input::Binary(vec![0; 400 * 1024]), 0),
        (Input::Tick, 16),
        (Input::Tick, 61),
    ];
    for (trouble, seconds) in troubles {
        let (session, begin) = at_work();
        let now = Millis::new(begin + seconds * 1000);
        let mut out = Outbox::new();
        let name = format!("{trouble:?}");
        let session = session.step(now, trouble, &mut out).expect("the engine has not spoken");
        assert!(matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Close(_)]), "{name}");
        assert_eq!((session.read_limit(), session.is_over()), (None, false), "{name}");
        let session =
            session.step(now, Input::EngineFailed(AbortClass::C), &mut out).expect("recorded first");
        assert!(matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Store(_)]), "{name}");
        let error = session.step(now, Input::Stored, &mut out).expect_err("over");
        assert_eq!(
            error,
            SessionError::Engine { class: AbortClass::C, verdict: Verdict::Quarantine },
            "{name}"
        );
        assert!(out.is_empty(), "{name}: the peer has its close");
    }
}

#[test]
fn an_engine_that_finds_nothing_leaves_the_first_failure() {
    let (session, begin) = at_work();
    let now = Millis::new(begin);
    let mut out = Outbox::new();
    let session = session.step(now, Input::Cancel, &mut out).expect("the engine has not spoken");
    let stepped = Input::EngineStepped { outbound: Some(b"m".to_vec()), output: EngineOutput::None };
    assert_eq!(session.step(now, stepped, &mut out).expect_err("over"), SessionError::Cancelled);
    assert!(
        matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Close(_)]),
        "nothing but the close went out"
    );
}
