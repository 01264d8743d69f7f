//! The backup window after a commit: what is acked, what is erased, and that nothing there can undo the key.

use maany_coordinator_proto::session::{
    Backup, BackupOutcome, Effect, Input, LeaveBackup, Outcome, Receipt, SessionError, StoreFault,
};
use maany_coordinator_proto::{
    AckStatus, BackupShareAck, CloseCode, Intent, Millis, ServerSession, ShareId, backup_share::AckError,
};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg};
use crate::plan::{KEY, Wish, backup_share};
use crate::side::Machine;
use crate::store::FakeStore;

fn backup_of(result: &Result<Outcome, SessionError>) -> BackupOutcome {
    match result {
        Ok(Outcome::Created { backup, .. } | Outcome::Renewed { backup, .. }) => *backup,
        other => panic!("{other:?}"),
    }
}

fn wish(intent: Intent) -> Wish {
    Wish { backup: LeaveBackup::Yes, ..Wish::plain(intent) }
}

#[test]
fn a_backup_that_is_stored_is_acked() {
    let empty = (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device));
    let pair = Pair::new(wish(Intent::Dkg), &empty.0, &empty.1, 1).run();
    assert_eq!(backup_of(pair.server.result()), BackupOutcome::Stored);
    assert_eq!(backup_of(pair.device.result()), BackupOutcome::Stored);
    assert_eq!(pair.server.store.backups, 1);
}

#[test]
fn a_backup_that_cannot_be_stored_is_told_and_the_key_stays() {
    let empty = (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device));
    let mut pair = Pair::new(wish(Intent::Dkg), &empty.0, &empty.1, 1);
    pair.server.store.fail = Some((3, StoreFault::Full));
    let pair = pair.run();
    assert_eq!(backup_of(pair.server.result()), BackupOutcome::Failed);
    assert_eq!(backup_of(pair.device.result()), BackupOutcome::Failed);
}

#[test]
fn the_retired_share_goes_with_a_complete_receipt_and_not_before() {
    let (mut server, device) = after_dkg();
    let old = server.record().active.expect("a share");
    server.record_mut().backup = Backup::Required { receipt: Some(old) };
    let run = |receipt, backup| {
        let server = FakeStore { receipt, ..server.clone() };
        let wish = Wish { backup, ..Wish::plain(Intent::Refresh) };
        Pair::new(wish, &server, &device, 2).run().server.store.record().retired
    };
    assert_eq!(run(Receipt::Complete, LeaveBackup::Yes), None);
    assert_eq!(run(Receipt::Partial, LeaveBackup::Yes), Some(old));
    assert_eq!(run(Receipt::Complete, LeaveBackup::No), Some(old));
}

#[test]
fn a_wallet_without_backups_loses_the_retired_share_at_once() {
    let (server, device) = after_dkg();
    let pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 2).run();
    assert_eq!(pair.server.store.record().retired, None);
}

#[test]
fn an_erasure_that_fails_is_left_for_the_next_session() {
    let (server, device) = after_dkg();
    let old = server.record().active;
    let mut pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 2);
    pair.server.store.fail = Some((3, StoreFault::Unavailable));
    let pair = pair.run();
    let Ok(Outcome::Renewed { retired, .. }) = pair.server.result() else {
        panic!("{:?}", pair.server.result())
    };
    assert_eq!((*retired, pair.server.store.record().retired), (old, old));
    let next = Pair::new(Wish::plain(Intent::Refresh), &pair.server.store, &pair.device.store, 3).run();
    assert_eq!(next.server.store.shares.len(), 1);
}

/// A server that has just heard of the device's commit in a DKG, and is given one more frame.
fn in_the_window(input: Input) -> (Result<Outcome, SessionError>, Vec<Effect>) {
    let (session, now) = window();
    let mut out = maany_coordinator_proto::Outbox::new();
    let result = session.step(now, input, &mut out);
    let effects: Vec<Effect> = out.drain().collect();
    let outcome = match (result, effects.last()) {
        (Ok(_), Some(Effect::Finish(outcome))) => Ok(*outcome),
        (Ok(_), _) => panic!("it goes on: {effects:?}"),
        (Err(error), _) => Err(error),
    };
    (outcome, effects)
}

fn window() -> (ServerSession, Millis) {
    use maany_coordinator_proto::session::{Admission, EngineOutput};
    use maany_coordinator_proto::{Control, Epoch, WalletId};
    let id = ShareId::new(Epoch::FIRST, [1; 16]);
    let hello = format!(r#"{{"type":"hello","sessionId":"s-1","role":"device","keyId":"{KEY}"}}"#);
    let inputs = [
        Input::Text(hello.into_bytes()),
        Input::Admitted(Admission::Dkg { wallet: WalletId::from_bytes([9; 16]) }),
        Input::EngineStepped { outbound: None, output: EngineOutput::Share(id) },
        Input::Stored,
        Input::Binary(Control::Prepared { id, wallet: None }.to_bytes()),
        Input::Stored,
        Input::Binary(Control::Committed { id }.to_bytes()),
    ];
    let now = Millis::new(1000);
    let mut out = maany_coordinator_proto::Outbox::new();
    let session = inputs
        .into_iter()
        .try_fold(ServerSession::new(maany_coordinator_proto::Limits::default(), now), |session, input| {
            session.step(now, input, &mut out)
        })
        .expect("a session");
    assert_eq!(session.state(), "a backup share");
    (session, now)
}

fn ack(effects: &[Effect]) -> AckStatus {
    let text = effects
        .iter()
        .find_map(|effect| match effect {
            Effect::SendText(text) => Some(text),
            _ => None,
        })
        .expect("an ack");
    BackupShareAck::parse(text.as_bytes()).expect("an ack").status
}

fn closed(effects: &[Effect]) -> CloseCode {
    match effects[effects.len() - 2] {
        Effect::Close(code) => code,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_backup_of_another_key_or_session_is_refused() {
    let text = backup_share("another").to_json();
    let (outcome, effects) = in_the_window(Input::Text(text.as_bytes().to_vec()));
    assert_eq!(backup_of(&outcome), BackupOutcome::Failed);
    assert_eq!(ack(&effects), AckStatus::Error(AckError::WrongWallet));
    assert_eq!(closed(&effects), CloseCode::Finished);

    let text = backup_share(KEY).to_json().replace("s-1", "s-2");
    let (_, effects) = in_the_window(Input::Text(text.into_bytes()));
    assert_eq!(ack(&effects), AckStatus::Error(AckError::WrongWallet));
}

#[test]
fn the_wallet_id_is_as_good_a_name_as_the_key_id() {
    let (session, now) = window();
    let mut out = maany_coordinator_proto::Outbox::new();
    let text = backup_share(&"09".repeat(16)).to_json();
    let _ = session.step(now, Input::Text(text.as_bytes().to_vec()), &mut out).expect("it goes on");
    assert!(matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Store(_)]));
}

#[test]
fn a_malformed_backup_is_told_so() {
    let text = backup_share(KEY).to_json().replace("\"threshold\":2", "\"threshold\":1");
    let (outcome, effects) = in_the_window(Input::Text(text.into_bytes()));
    assert_eq!(backup_of(&outcome), BackupOutcome::Failed);
    assert_eq!(ack(&effects), AckStatus::Error(AckError::Malformed));
}

#[test]
fn anything_else_closes_malformed_but_the_key_stays() {
    let others = [
        Input::Text(br#"{"type":"hello","sessionId":"s-1","role":"device"}"#.to_vec()),
        Input::Text(b"null".to_vec()),
        Input::Text(br#"{"type":"approve"}"#.to_vec()),
        Input::Binary(b"ENG".to_vec()),
        Input::Binary(Vec::new()),
    ];
    for input in others {
        let what = format!("{input:?}");
        let (outcome, effects) = in_the_window(input);
        assert_eq!(backup_of(&outcome), BackupOutcome::None, "{what}");
        assert_eq!(closed(&effects), CloseCode::Malformed, "{what}");
    }
}

#[test]
fn the_window_ends_in_order_by_itself_by_the_devices_close_and_by_a_shutdown() {
    let (session, _) = window();
    assert_eq!(session.deadline(), Some(Millis::new(16_000)));
    let mut out = maany_coordinator_proto::Outbox::new();
    let session = session.step(Millis::new(16_000), Input::Tick, &mut out).expect("over");
    assert!(session.is_over());
    let effects: Vec<Effect> = out.drain().collect();
    assert_eq!(closed(&effects), CloseCode::Finished);

    let (outcome, effects) = in_the_window(Input::PeerClosed(Some(1000)));
    assert_eq!(backup_of(&outcome), BackupOutcome::None);
    assert_eq!(effects.len(), 1, "nobody is left to close for");

    let (outcome, effects) = in_the_window(Input::Cancel);
    assert_eq!(backup_of(&outcome), BackupOutcome::None);
    assert_eq!(closed(&effects), CloseCode::GoingAway);
}

/// A device that waits for the ack of its backup.
fn awaiting_ack(input: Input) -> (Result<Outcome, SessionError>, Vec<Effect>) {
    let empty = (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device));
    let hit = crate::wire::Hit { from: Role::Server, frame: 5, fault: crate::wire::Fault::Late(1_000_000) };
    let mut pair = Pair::new(wish(Intent::Dkg), &empty.0, &empty.1, 1).hit(hit);
    pair.stop_at(Role::Device, "the ack of the backup share");
    let pair = pair.run();
    let Some(Machine::Device(device)) = pair.device.machine else { panic!("a device") };
    assert_eq!(device.state(), "the ack of the backup share");
    let mut out = maany_coordinator_proto::Outbox::new();
    let result = device.step(Millis::new(pair.now), input, &mut out);
    let effects: Vec<Effect> = out.drain().collect();
    let outcome = match (result, effects.last()) {
        (Ok(_), Some(Effect::Finish(outcome))) => Ok(*outcome),
        (result, _) => Err(result.expect_err("an end")),
    };
    (outcome, effects)
}

#[test]
fn a_device_ends_in_order_whatever_comes_in_place_of_the_ack() {
    let error = br#"{"type":"backup-share:ack","keyId":"k","status":"error","error":"not-stored"}"#;
    let cases = [
        (Input::Text(error.to_vec()), Some(CloseCode::Finished)),
        (Input::Text(b"{}".to_vec()), Some(CloseCode::Malformed)),
        (Input::Binary(b"ENG".to_vec()), Some(CloseCode::Malformed)),
        (Input::PeerClosed(Some(1000)), None),
        (Input::Cancel, Some(CloseCode::GoingAway)),
    ];
    for (input, code) in cases {
        let what = format!("{input:?}");
        let (outcome, effects) = awaiting_ack(input);
        assert_eq!(backup_of(&outcome), BackupOutcome::Failed, "{what}");
        match code {
            Some(code) => assert_eq!(closed(&effects), code, "{what}"),
            None => assert_eq!(effects.len(), 1, "{what}"),
        }
    }
}
