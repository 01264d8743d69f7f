//! What every error answers, in one table: whose fault, again or not, and what the peer hears.

use maany_coordinator_proto::session::{AbortClass, Refusal, SessionError, StoreFault, Verdict, Waiting};
use maany_coordinator_proto::{CloseCode, Epoch, FrameError, HelloError, Intent, ShareId};

fn all() -> Vec<SessionError> {
    let share = ShareId::new(Epoch::FIRST, [1; 16]);
    let epoch = |number| Epoch::new(number).expect("an epoch");
    let mut errors = vec![
        SessionError::Hello(HelloError::NotAnObject),
        SessionError::Hello(HelloError::NotUtf8),
        SessionError::Frame(FrameError::Kind),
        SessionError::OutOfTurn { state: "prepared", input: "commit" },
        SessionError::SecondHello,
        SessionError::TooBig { limit: 7 },
        SessionError::QueueFull,
        SessionError::TooManyRounds,
        SessionError::PeerFault { code: CloseCode::NotUtf8 },
        SessionError::NotEngine,
        SessionError::Disagreement,
        SessionError::Unrecorded { class: AbortClass::C, fault: StoreFault::Full },
        SessionError::EngineUnavailable,
        SessionError::Locked,
        SessionError::Diverged,
        SessionError::StaleBackup { backup: epoch(1), wallet: epoch(3) },
        SessionError::BackupFirst,
        SessionError::WrongAdmission(Intent::Sign),
        SessionError::WrongOutput,
        SessionError::Misuse { state: "prepared", input: "stored" },
        SessionError::Cancelled,
    ];
    let waiting = [Waiting::Hello, Waiting::Peer, Waiting::Host, Waiting::Engine, Waiting::Store];
    errors.extend(waiting.map(|waiting| SessionError::Deadline { waiting }));
    errors.extend(CloseCode::ALL.map(|code| SessionError::Closed { code: Some(code) }));
    errors.push(SessionError::Closed { code: None });
    let refusals = [
        Refusal::NotAuthenticated,
        Refusal::NotAllowed,
        Refusal::UnknownWallet,
        Refusal::KeyIdTaken,
        Refusal::WalletBusy,
        Refusal::WalletLocked,
        Refusal::TooMany { again_s: 7 },
        Refusal::Internal,
    ];
    errors.extend(refusals.map(SessionError::Refused));
    let aborts = [
        (AbortClass::A, Verdict::NotCounted),
        (AbortClass::B, Verdict::Counted),
        (AbortClass::B, Verdict::Quarantine),
        (AbortClass::C, Verdict::Quarantine),
        (AbortClass::C, Verdict::NotCounted),
        (AbortClass::Freeze, Verdict::Freeze),
    ];
    errors.extend(aborts.map(|(class, verdict)| SessionError::Engine { class, verdict }));
    let faults = [StoreFault::Conflict, StoreFault::Full, StoreFault::Corrupt, StoreFault::Unavailable];
    errors.extend(faults.map(SessionError::Store));
    let source = Box::new(SessionError::Closed { code: None });
    errors.push(SessionError::Undecided { share, source });
    errors
}

#[test]
fn every_error_says_whose_fault_whether_again_and_what_the_peer_hears() {
    let table: Vec<String> = all()
        .iter()
        .map(|error| {
            format!("{error} | {:?} | {:?} | {}", error.blame(), error.retry(), error.close_code().as_u16())
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn texts_are_lower_case_and_without_a_full_stop() {
    for error in all() {
        let text = error.to_string();
        assert!(text.starts_with(|first: char| first.is_lowercase()), "{text}");
        assert!(!text.ends_with('.'), "{text}");
    }
}

#[test]
fn an_unknown_wallet_and_one_that_is_not_allowed_are_answered_alike() {
    assert_eq!(Refusal::UnknownWallet.close_code(), Refusal::NotAllowed.close_code());
}

#[test]
fn close_codes_have_short_reasons_and_are_read_back() {
    for code in CloseCode::ALL {
        assert!(code.reason().len() <= 123 && code.reason().is_ascii());
        assert_eq!(CloseCode::from_u16(code.as_u16()), Some(code));
    }
    for number in [0, 999, 1003, 4000, 4404, u16::MAX] {
        assert_eq!(CloseCode::from_u16(number), None, "{number}");
    }
}
