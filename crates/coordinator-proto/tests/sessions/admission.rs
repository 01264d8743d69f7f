//! Which wallet may do what: the server's rule over the host's facts, and the device's own.

use maany_coordinator_proto::session::{
    AbortLedger, Admission, Backup, DeviceHolds, DevicePlan, Effect, Input, LeaveBackup, Outbox, Outcome,
    Refusal, SessionError, SignFacts, Standing, SteppedUp, WalletFacts,
};
use maany_coordinator_proto::{
    CloseCode, DeviceSession, Epoch, Hello, Intent, KeyId, Limits, Millis, ServerSession, SessionId, ShareId,
    StepUp, WalletId,
};

const STANDINGS: [Standing; 5] =
    [Standing::Provisional, Standing::Active, Standing::Quarantined, Standing::Frozen, Standing::Retired];

fn share() -> ShareId {
    ShareId::new(Epoch::FIRST, [1; 16])
}

fn facts(standing: Standing, stepped_up: SteppedUp) -> WalletFacts {
    WalletFacts {
        wallet: WalletId::from_bytes([9; 16]),
        standing,
        active: share(),
        pending: None,
        retired: None,
        backup: Backup::NotRequired,
        aborts: AbortLedger::default(),
        stepped_up,
    }
}

fn hello(intent: Intent, stepped_up: SteppedUp) -> Hello {
    let session = SessionId::new("s-1").expect("a session id");
    let key = KeyId::new("k").expect("a key id");
    let code = || StepUp::new("code").expect("a code");
    match (intent, stepped_up) {
        (Intent::Dkg, _) => Hello::dkg(session, Some(key)),
        (Intent::Sign, _) => Hello::sign(session, key),
        (Intent::Refresh, SteppedUp::No) => Hello::refresh(session, key),
        (Intent::Refresh, SteppedUp::Yes) => Hello::refresh(session, key).with_step_up(code()),
        (Intent::Restore, _) => Hello::restore(session, key, code()),
    }
}

/// What a server makes of a hello and the host's answer.
fn admit(intent: Intent, answer: Input) -> (Result<ServerSession, SessionError>, Vec<Effect>) {
    let hello = hello(intent, SteppedUp::Yes);
    let mut out = Outbox::new();
    let session = ServerSession::new(Limits::default(), Millis::new(0));
    let text = Input::Text(hello.to_json().as_bytes().to_vec());
    let session = session.step(Millis::new(1), text, &mut out).expect("a hello");
    let _: Vec<Effect> = out.drain().collect();
    let result = session.step(Millis::new(2), answer, &mut out);
    (result, out.drain().collect())
}

#[test]
fn the_server_judges_every_standing() {
    let mut table = Vec::new();
    for intent in [Intent::Sign, Intent::Refresh, Intent::Restore] {
        for standing in STANDINGS {
            for stepped_up in [SteppedUp::No, SteppedUp::Yes] {
                let facts = facts(standing, stepped_up);
                let admission = match intent {
                    Intent::Sign | Intent::Dkg => Admission::Sign(SignFacts::Open(facts)),
                    Intent::Refresh => Admission::Refresh(facts),
                    Intent::Restore => Admission::Restore(facts),
                };
                let (result, effects) = admit(intent, Input::Admitted(admission));
                let answer = match result {
                    Ok(_) => "goes on".to_owned(),
                    Err(error) => {
                        assert!(matches!(effects[..], [Effect::Close(_)]), "nothing but the close");
                        error.close_code().to_string()
                    }
                };
                let code = match stepped_up {
                    SteppedUp::No => "without",
                    SteppedUp::Yes => "with",
                };
                table.push(format!("{intent} {standing:?} {code} step-up: {answer}"));
            }
        }
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn the_device_judges_every_standing_too() {
    let mut table = Vec::new();
    for intent in [Intent::Sign, Intent::Refresh, Intent::Restore] {
        for standing in STANDINGS {
            for stepped_up in [SteppedUp::No, SteppedUp::Yes] {
                let holds = DeviceHolds {
                    wallet: WalletId::from_bytes([9; 16]),
                    standing,
                    active: Some(share()),
                    pending: None,
                    aborts: AbortLedger::default(),
                };
                let (hello, backup) = (Box::new(hello(intent, stepped_up)), LeaveBackup::No);
                let plan = match intent {
                    Intent::Sign | Intent::Dkg => DevicePlan::Sign { hello, holds },
                    Intent::Refresh => DevicePlan::Refresh { hello, holds, backup },
                    Intent::Restore => DevicePlan::Restore { hello, holds, rebuilt: share(), backup },
                };
                let mut out = Outbox::new();
                let answer = match DeviceSession::new(plan, Limits::default(), Millis::new(0), &mut out) {
                    Ok(_) => "goes on".to_owned(),
                    Err(error) => {
                        assert!(out.is_empty(), "nothing is sent");
                        error.to_string()
                    }
                };
                let code = match stepped_up {
                    SteppedUp::No => "without",
                    SteppedUp::Yes => "with",
                };
                table.push(format!("{intent} {standing:?} {code} step-up: {answer}"));
            }
        }
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn every_refusal_closes_with_its_code_and_starts_nothing() {
    let refusals = [
        (Refusal::NotAuthenticated, CloseCode::NotAuthenticated),
        (Refusal::NotAllowed, CloseCode::NotAllowed),
        (Refusal::UnknownWallet, CloseCode::NotAllowed),
        (Refusal::KeyIdTaken, CloseCode::Busy),
        (Refusal::WalletBusy, CloseCode::Busy),
        (Refusal::WalletLocked, CloseCode::Quarantined),
        (Refusal::TooMany { again_s: 7 }, CloseCode::TooMany),
        (Refusal::Internal, CloseCode::Internal),
    ];
    for (refusal, code) in refusals {
        let (result, effects) = admit(Intent::Dkg, Input::Refused(refusal));
        assert_eq!(result.expect_err("refused"), SessionError::Refused(refusal));
        assert!(matches!(effects[..], [Effect::Close(closed)] if closed == code), "{refusal:?}");
    }
}

#[test]
fn a_request_that_was_signed_before_ends_in_order_without_a_frame() {
    let (result, effects) = admit(Intent::Sign, Input::Admitted(Admission::Sign(SignFacts::AlreadySigned)));
    assert!(result.expect("a session").is_over());
    assert!(matches!(
        effects[..],
        [Effect::Close(CloseCode::Finished), Effect::Finish(Outcome::AlreadySigned)]
    ));
}

#[test]
fn a_device_that_is_closed_on_in_order_before_any_frame_asks_over_http() {
    let holds = DeviceHolds {
        wallet: WalletId::from_bytes([9; 16]),
        standing: Standing::Active,
        active: Some(share()),
        pending: None,
        aborts: AbortLedger::default(),
    };
    let hello = Box::new(hello(Intent::Sign, SteppedUp::No));
    let mut out = Outbox::new();
    let plan = DevicePlan::Sign { hello, holds };
    let session = DeviceSession::new(plan, Limits::default(), Millis::new(0), &mut out).expect("a session");
    let _: Vec<Effect> = out.drain().collect();
    let session = session.step(Millis::new(1), Input::PeerClosed(Some(1000)), &mut out).expect("over");
    assert!(session.is_over());
    assert!(matches!(out.drain().collect::<Vec<_>>()[..], [Effect::Finish(Outcome::AlreadySigned)]));
}

#[test]
fn a_plan_whose_hello_asks_for_something_else_is_refused() {
    let plan =
        DevicePlan::Dkg { hello: Box::new(hello(Intent::Sign, SteppedUp::No)), backup: LeaveBackup::No };
    let mut out = Outbox::new();
    let error = DeviceSession::new(plan, Limits::default(), Millis::new(0), &mut out).expect_err("refused");
    assert_eq!(error, SessionError::WrongAdmission(Intent::Dkg));
}
