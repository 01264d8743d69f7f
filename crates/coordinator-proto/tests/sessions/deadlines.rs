//! Deadlines: for the hello, for each step, and one for the session that no traffic moves.

use maany_coordinator_proto::session::{
    Admission, Blame, Effect, EngineOutput, Input, Outbox, Retry, SessionError, Waiting,
};
use maany_coordinator_proto::{CloseCode, Intent, Limits, Millis, ServerSession, WalletId};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg};
use crate::plan::Wish;
use crate::wire::{Fault, Hit};

const HELLO: &[u8] = br#"{"type":"hello","sessionId":"s-1","role":"device","intent":"dkg"}"#;

fn at(seconds: u64) -> Millis {
    Millis::new(seconds * 1000)
}

fn step(session: ServerSession, now: Millis, input: Input) -> Result<ServerSession, SessionError> {
    session.step(now, input, &mut Outbox::new())
}

fn admitted() -> Input {
    Input::Admitted(Admission::Dkg { wallet: WalletId::from_bytes([9; 16]) })
}

fn stepped() -> Input {
    Input::EngineStepped { outbound: None, output: EngineOutput::None }
}

#[test]
fn the_hello_has_five_seconds() {
    let session = ServerSession::new(Limits::default(), at(100));
    assert_eq!(session.deadline(), Some(at(105)));
    let session = step(session, Millis::new(104_999), Input::Tick).expect("still waiting");
    let mut out = Outbox::new();
    let error = session.step(at(105), Input::Tick, &mut out).expect_err("too late");
    assert_eq!(error, SessionError::Deadline { waiting: Waiting::Hello });
    assert!(matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Close(CloseCode::Deadline)]));
}

#[test]
fn a_hello_that_comes_too_late_is_not_read() {
    let session = ServerSession::new(Limits::default(), at(0));
    let error = step(session, at(5), Input::Text(HELLO.to_vec())).expect_err("too late");
    assert_eq!(error, SessionError::Deadline { waiting: Waiting::Hello });
}

#[test]
fn each_step_has_fifteen_seconds_and_names_who_was_waited_for() {
    let session = ServerSession::new(Limits::default(), at(0));
    let session = step(session, at(1), Input::Text(HELLO.to_vec())).expect("a hello");
    assert_eq!(session.deadline(), Some(at(16)));
    let session = step(session, at(2), admitted()).expect("admitted");
    assert_eq!(session.deadline(), Some(at(17)), "the engine");
    let session = step(session, at(3), stepped()).expect("started");
    assert_eq!(session.deadline(), Some(at(18)), "the peer");
    let error = step(session, at(18), Input::Tick).expect_err("too late");
    assert_eq!(error, SessionError::Deadline { waiting: Waiting::Peer });
    assert_eq!((error.blame(), error.retry()), (Blame::Circumstance, Retry::Later));
}

#[test]
fn no_traffic_moves_the_deadline_of_the_session() {
    let mut session = ServerSession::new(Limits::default(), at(0));
    session = step(session, at(1), Input::Text(HELLO.to_vec())).expect("a hello");
    session = step(session, at(2), admitted()).expect("admitted");
    session = step(session, at(3), stepped()).expect("started");
    for second in (10..58).step_by(8) {
        session = step(session, at(second), Input::Binary(b"round".to_vec())).expect("a round");
        session = step(session, at(second + 1), stepped()).expect("stepped");
    }
    assert_eq!(session.deadline(), Some(at(60)));
    let error = step(session, at(60), Input::Binary(b"round".to_vec())).expect_err("too late");
    assert_eq!(error, SessionError::Deadline { waiting: Waiting::Peer });
}

#[test]
fn frames_that_only_wait_move_no_deadline() {
    let session = ServerSession::new(Limits::default(), at(0));
    let session = step(session, at(1), Input::Text(HELLO.to_vec())).expect("a hello");
    let session = step(session, at(2), admitted()).expect("admitted");
    let session = step(session, at(9), Input::Binary(b"early".to_vec())).expect("it waits");
    assert_eq!(session.deadline(), Some(at(17)));
    let error = step(session, at(17), Input::Tick).expect_err("too late");
    assert_eq!(error, SessionError::Deadline { waiting: Waiting::Engine });
    assert_eq!(error.blame(), Blame::Local);
}

#[test]
fn a_finished_session_wants_no_tick_and_takes_late_frames_in_silence() {
    let (server, device) = after_dkg();
    let pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 2).run();
    let Some(crate::side::Machine::Server(session)) = pair.server.machine else { panic!("a server") };
    assert!(session.is_over());
    assert_eq!((session.deadline(), session.read_limit()), (None, None));
    let mut out = Outbox::new();
    let session = session.step(at(90), Input::Binary(b"late".to_vec()), &mut out).expect("over");
    let session = session.step(at(90), Input::PeerClosed(None), &mut out).expect("over");
    let session = session.step(at(90), Input::Cancel, &mut out).expect("over");
    assert!(out.is_empty());
    assert!(session.step(at(90), Input::Stored, &mut out).is_err());
}

#[test]
fn a_device_gives_up_on_a_silent_server_and_a_server_on_a_silent_device() {
    let (server, device) = after_dkg();
    let lost = [
        (Intent::Sign, Role::Server, 0),
        (Intent::Sign, Role::Device, 1),
        (Intent::Refresh, Role::Server, 0),
        (Intent::Refresh, Role::Device, 4),
    ];
    for (intent, from, frame) in lost {
        let hit = Hit { from, frame, fault: Fault::Lose };
        let mut pair = Pair::new(Wish::plain(intent), &server, &device, 2).hit(hit).run();
        assert!(pair.now < 16_000, "after one step's deadline");
        let waiting = SessionError::Deadline { waiting: Waiting::Peer };
        assert!(
            [Role::Server, Role::Device].map(|role| pair.side(role).error().clone()).contains(&waiting),
            "{intent} {from:?}"
        );
    }
}

#[test]
fn other_limits_are_kept_just_as_well() {
    let limits = Limits {
        hello_deadline: core::time::Duration::from_millis(70),
        session_deadline: core::time::Duration::from_millis(100),
        hello_bytes: 100,
        queue: 1,
        ..Limits::default()
    };
    let session = ServerSession::new(limits, Millis::new(0));
    assert_eq!((session.deadline(), session.read_limit()), (Some(Millis::new(70)), Some(100)));
    let session = step(session, Millis::new(60), Input::Text(HELLO.to_vec())).expect("a hello");
    assert_eq!(session.deadline(), Some(Millis::new(100)));
    let session = step(session, Millis::new(61), admitted()).expect("admitted");
    let session = step(session, Millis::new(62), Input::Binary(b"1".to_vec())).expect("it waits");
    let error = step(session, Millis::new(63), Input::Binary(b"2".to_vec())).expect_err("one too many");
    assert_eq!(error, SessionError::QueueFull);
}
