//! Frames out of turn, in every state: the session ends with 1002, and nothing of it stays.

use maany_coordinator_proto::session::{
    Admission, Effect, EngineOutput, Input, LeaveBackup, Outbox, SessionError, SteppedUp,
};
use maany_coordinator_proto::{
    CloseCode, Control, Epoch, Hello, HelloError, Intent, Limits, Millis, ServerSession, ShareId, WalletId,
};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg};
use crate::plan::Wish;
use crate::store::FakeStore;

const HELLO: &[u8] = br#"{"type":"hello","sessionId":"s-1","role":"device","intent":"dkg"}"#;

fn now() -> Millis {
    Millis::new(1)
}

fn text() -> Input {
    Input::Text(HELLO.to_vec())
}

fn admitted() -> Input {
    Input::Admitted(Admission::Dkg { wallet: WalletId::from_bytes([9; 16]) })
}

fn stepped() -> Input {
    Input::EngineStepped { outbound: Some(b"m".to_vec()), output: EngineOutput::None }
}

fn frame() -> Input {
    Input::Binary(b"ENG".to_vec())
}

/// A server that was given these inputs, and what it said last.
fn after(inputs: impl IntoIterator<Item = Input>) -> (Result<ServerSession, SessionError>, Vec<Effect>) {
    let mut session = ServerSession::new(Limits::default(), Millis::new(0));
    let mut last = Vec::new();
    for input in inputs {
        let mut out = Outbox::new();
        let stepped = session.step(now(), input, &mut out);
        last = out.drain().collect();
        match stepped {
            Ok(next) => session = next,
            Err(error) => return (Err(error), last),
        }
    }
    (Ok(session), last)
}

#[track_caller]
fn fails(inputs: impl IntoIterator<Item = Input>, code: CloseCode) -> SessionError {
    let (result, effects) = after(inputs);
    let error = result.expect_err("it fails");
    assert_eq!(error.close_code(), code, "{error}");
    assert!(matches!(effects.last(), Some(Effect::Close(closed)) if *closed == code), "{effects:?}");
    error
}

#[test]
fn before_the_hello_nothing_else_is_taken() {
    fails([frame()], CloseCode::Malformed);
    fails([Input::Binary(Vec::new())], CloseCode::Malformed);
    fails([Input::Binary(HELLO.to_vec())], CloseCode::Malformed);
    fails([Input::Text(b"null".to_vec())], CloseCode::Malformed);
    let error = fails([Input::Text(vec![b' '; 9 * 1024])], CloseCode::Malformed);
    assert_eq!(error, SessionError::Hello(HelloError::TooLong { limit: 8 * 1024 }));
    fails([Input::Text(vec![0xff])], CloseCode::NotUtf8);
}

#[test]
fn a_second_hello_ends_the_session_in_every_state() {
    let to_waiting = [text(), admitted(), stepped(), text()];
    assert_eq!(fails(to_waiting, CloseCode::Malformed), SessionError::SecondHello);
    let while_the_engine_runs = [text(), admitted(), text(), stepped()];
    assert_eq!(fails(while_the_engine_runs, CloseCode::Malformed), SessionError::SecondHello);
    let before_the_admission = [text(), text(), admitted(), stepped()];
    assert_eq!(fails(before_the_admission, CloseCode::Malformed), SessionError::SecondHello);
}

#[test]
fn nothing_is_read_between_the_hello_and_its_admission() {
    let (session, _) = after([]);
    assert_eq!(session.expect("a session").read_limit(), Some(8 * 1024));
    let (session, _) = after([text()]);
    assert_eq!(session.expect("a session").read_limit(), None);
    let (session, _) = after([text(), admitted()]);
    assert_eq!(session.expect("a session").read_limit(), Some(300 * 1024));
}

#[test]
fn two_frames_may_wait_while_the_engine_runs_and_a_third_may_not() {
    let waiting = [text(), admitted(), frame(), frame()];
    let (session, _) = after(waiting);
    assert!(session.is_ok());
    let error = fails([text(), admitted(), frame(), frame(), frame()], CloseCode::Malformed);
    assert_eq!(error, SessionError::QueueFull);
}

#[test]
fn honest_sides_never_have_more_than_two_frames_waiting_however_slow_one_is() {
    for intent in [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore] {
        for (at_server, at_device, latency) in
            [(900, 1, 0), (1, 900, 0), (900, 1, 50), (1, 900, 50), (0, 0, 0)]
        {
            let (server, device) = after_dkg();
            let rebuilt = server.record().active.expect("a share");
            let (wish, server, device) = match intent {
                Intent::Dkg => {
                    (Wish::plain(intent), FakeStore::empty(Role::Server), FakeStore::empty(Role::Device))
                }
                Intent::Restore => (Wish::restore(rebuilt), server, FakeStore::empty(Role::Device)),
                Intent::Sign | Intent::Refresh => (Wish::plain(intent), server, device),
            };
            let wish = Wish { backup: LeaveBackup::Yes, ..wish };
            let mut pair = Pair::new(wish, &server, &device, 2);
            (pair.server.pace, pair.device.pace, pair.latency) = (at_server, at_device, latency);
            let pair = pair.run();
            assert!(
                pair.server.result().is_ok(),
                "{intent} {at_server} {at_device}: {:?}",
                pair.server.result()
            );
            assert!(
                pair.device.result().is_ok(),
                "{intent} {at_server} {at_device}: {:?}",
                pair.device.result()
            );
        }
    }
}

#[test]
fn frames_that_waited_are_taken_in_order_one_for_each_step() {
    let first = || Input::Binary(b"first".to_vec());
    let second = || Input::Binary(b"second".to_vec());
    let runs = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::RunEngine(frame) => Some(frame.clone()),
            _ => None,
        })
    };
    let (_, effects) = after([text(), admitted(), first(), second(), stepped()]);
    assert_eq!(runs(&effects).as_deref(), Some(&b"first"[..]));
    let (_, effects) = after([text(), admitted(), first(), second(), stepped(), stepped()]);
    assert_eq!(runs(&effects).as_deref(), Some(&b"second"[..]));
}

#[test]
fn a_close_waits_behind_the_frames_before_it() {
    let (session, effects) = after([text(), admitted(), frame(), Input::PeerClosed(Some(1000)), stepped()]);
    assert!(session.is_ok());
    assert!(effects.iter().any(|effect| matches!(effect, Effect::RunEngine(_))));
    let (result, effects) =
        after([text(), admitted(), frame(), Input::PeerClosed(Some(1000)), stepped(), stepped()]);
    assert_eq!(result.expect_err("gone"), SessionError::Closed { code: Some(CloseCode::Finished) });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Close(_))), "nobody is left to close for");
}

#[test]
fn too_large_messages_are_refused_by_their_own_code() {
    let limits = Limits::default();
    let at = |bytes: usize| Input::Binary(vec![1; bytes]);
    let (session, _) = after([text(), admitted(), stepped(), at(limits.ceremony_bytes)]);
    assert!(session.is_ok());
    let error = fails([text(), admitted(), stepped(), at(limits.ceremony_bytes + 1)], CloseCode::TooBig);
    assert_eq!(error, SessionError::TooBig { limit: 300 * 1024 });
}

#[test]
fn rounds_without_end_are_ended() {
    let endless = [text(), admitted(), stepped()].into_iter().chain((0..40).map(|n| match n % 2 {
        0 => frame(),
        _ => Input::EngineStepped { outbound: None, output: EngineOutput::None },
    }));
    assert_eq!(fails(endless, CloseCode::Malformed), SessionError::TooManyRounds);
}

#[test]
fn control_frames_out_of_turn_end_the_session() {
    let (server, device) = after_dkg();
    let share = server.record().active.expect("a share");
    let wallet = server.record().wallet;
    let frames = [
        Control::Status { active: share },
        Control::Holding { active: share, pending: None },
        Control::Prepared { id: share, wallet: None },
        Control::Commit { id: share, wallet },
        Control::Committed { id: share },
    ];
    for intent in [Intent::Dkg, Intent::Sign, Intent::Refresh] {
        for control in frames.clone() {
            let is_expected = intent == Intent::Refresh && matches!(control, Control::Holding { .. });
            if is_expected {
                continue;
            }
            let (server, device) = match intent {
                Intent::Dkg => (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device)),
                _ => (server.clone(), device.clone()),
            };
            let pair = Pair::new(Wish::plain(intent), &server, &device, 2)
                .hit(crate::wire::Hit {
                    from: Role::Device,
                    frame: 1,
                    fault: crate::wire::Fault::Forge(control.to_bytes()),
                })
                .run();
            let error = pair.server.error();
            assert!(matches!(error, SessionError::OutOfTurn { .. }), "{intent} {control:?}: {error}");
            assert_eq!(error.close_code(), CloseCode::Malformed);
        }
    }
}

#[test]
fn another_share_or_wallet_in_the_commit_ends_the_session() {
    let (server, device) = after_dkg();
    let other = ShareId::new(Epoch::FIRST, [77; 16]);
    let wallet = WalletId::from_bytes([9; 16]);
    let forged = [
        (Role::Device, 5, Control::Prepared { id: other, wallet: None }),
        (Role::Device, 6, Control::Committed { id: other }),
        (Role::Server, 4, Control::Prepared { id: other, wallet: Some(wallet) }),
        (Role::Server, 5, Control::Commit { id: other, wallet }),
    ];
    for (from, frame, control) in forged {
        let fault = crate::wire::Fault::Forge(control.to_bytes());
        let mut pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 2)
            .hit(crate::wire::Hit { from, frame, fault })
            .run();
        let error = pair.side(from.other()).error().clone();
        let disagreement = match &error {
            SessionError::Undecided { source, .. } => source.as_ref(),
            error => error,
        };
        assert_eq!(disagreement, &SessionError::Disagreement, "{control:?}");
        assert_eq!(error.close_code(), CloseCode::Malformed);
    }
}

#[test]
fn an_answer_that_was_not_asked_for_is_the_drivers_fault() {
    for input in [Input::Stored, stepped(), admitted(), Input::BackupMade(None)] {
        let error = fails([input], CloseCode::Internal);
        assert!(matches!(error, SessionError::Misuse { .. }), "{error}");
    }
    let error = fails([text(), admitted(), stepped(), stepped()], CloseCode::Internal);
    assert!(matches!(error, SessionError::Misuse { .. }), "{error}");
}

#[test]
fn an_admission_for_another_intent_is_the_hosts_fault() {
    let sign = br#"{"type":"hello","sessionId":"s-1","role":"device","intent":"sign","keyId":"k"}"#;
    let error = fails([Input::Text(sign.to_vec()), admitted()], CloseCode::Internal);
    assert_eq!(error, SessionError::WrongAdmission(Intent::Sign));
}

#[test]
fn the_hello_that_the_host_sees_is_the_one_that_came() {
    let (_, effects) = after([text()]);
    let [Effect::Admit(hello)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(hello.to_json(), Hello::parse(HELLO).expect("a hello").to_json());
}

#[test]
fn an_engine_that_makes_another_thing_than_it_was_asked_for_is_stopped() {
    let (server, _) = after_dkg();
    let active = server.record().active.expect("a share");
    let share = |epoch| {
        let epoch = Epoch::new(epoch).expect("an epoch");
        Input::EngineStepped { outbound: None, output: EngineOutput::Share(ShareId::new(epoch, [7; 16])) }
    };
    let signature = |outbound| Input::EngineStepped { outbound, output: EngineOutput::Signature };
    let opened = |intent: Intent| {
        let key = if intent == Intent::Dkg { "" } else { r#","keyId":"k""# };
        let hello =
            format!(r#"{{"type":"hello","sessionId":"s-1","role":"device","intent":"{intent}"{key}}}"#);
        let admission = server.admission(intent, SteppedUp::No).expect("an admission");
        let mut inputs = vec![Input::Text(hello.into_bytes()), Input::Admitted(admission)];
        if intent == Intent::Refresh {
            inputs.push(Input::Binary(Control::Holding { active, pending: None }.to_bytes()));
        }
        inputs
    };
    let wrong = [
        (Intent::Dkg, share(2)),
        (Intent::Dkg, signature(None)),
        (Intent::Refresh, share(1)),
        (Intent::Refresh, share(3)),
        (Intent::Refresh, signature(None)),
        (Intent::Sign, share(1)),
        (Intent::Sign, signature(None)),
    ];
    for (intent, output) in wrong {
        let error = fails(opened(intent).into_iter().chain([output]), CloseCode::Internal);
        assert_eq!(error, SessionError::WrongOutput, "{intent}");
    }
    for (intent, output) in
        [(Intent::Dkg, share(1)), (Intent::Refresh, share(2)), (Intent::Sign, signature(Some(vec![1])))]
    {
        let (session, effects) = after(opened(intent).into_iter().chain([output]));
        assert!(session.is_ok() && matches!(effects[..], [Effect::Store(_)]), "{intent}");
    }
}
