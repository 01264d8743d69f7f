//! Protocol 2: a session begins with a proof, reconciles before its verb, and says at its end what it has come to.

use maany_coordinator_proto::control::{Document, ErrorText};
use maany_coordinator_proto::proof::{Claim, Proof};
use maany_coordinator_proto::session::reconcile::{Confirmed, FreezeCause};
use maany_coordinator_proto::session::{
    Backup, BackupOutcome, LeaveBackup, Outcome, Receipt, Refusal, SessionError, Standing, SteppedUp,
    StoreFault,
};
use maany_coordinator_proto::{CloseCode, Control, Intent, ShareId};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg, after_proven_dkg};
use crate::plan::{DIGEST, Wish, challenge, identity};
use crate::store::{FakeStore, Record, holding, share, signature};
use crate::wire::{Fault, Hit};

fn words(pair: &Pair, role: Role) -> Vec<String> {
    let side = if role == Role::Device { &pair.device } else { &pair.server };
    let sent = side.trace.log.iter().filter(|word| word.starts_with("send") || word.starts_with("store"));
    sent.cloned().collect()
}

fn agree(pair: &Pair) {
    let (server, device) = (pair.server.store.record(), pair.device.store.record());
    assert_eq!(server.active, device.active);
    assert_eq!((server.pending, device.pending), (None, None));
}

#[test]
fn a_dkg_proves_itself_commits_and_is_told_its_result() {
    let wish = Wish::plain(Intent::Dkg);
    let pair = Pair::proven(wish, &FakeStore::empty(Role::Server), &FakeStore::empty(Role::Device), 1).run();
    assert!(matches!(pair.server.result(), Ok(Outcome::Created { .. })), "{:?}", pair.server.result());
    assert!(matches!(pair.device.result(), Ok(Outcome::Created { .. })), "{:?}", pair.device.result());
    agree(&pair);
    assert_eq!((pair.server.store.writes, pair.device.store.writes), (3, 2));
    let record = pair.server.store.record();
    assert_eq!(record.devices.enrolled, Some(*identity(1).public().as_bytes()));
    assert_eq!((record.standing, record.confirmed), (Standing::Active, Confirmed::Yes));
    let expected = [
        "send ready",
        "send engine",
        "send engine",
        "send engine",
        "store provisional",
        "send prepared",
        "store promote",
        "send commit",
        "store confirm",
        "send done",
    ];
    assert_eq!(words(&pair, Role::Server), expected);
    let expected = [
        "send proof",
        "send engine",
        "send engine",
        "send engine",
        "store provisional",
        "send prepared",
        "store promote",
        "send committed",
        "send backup",
    ];
    assert_eq!(words(&pair, Role::Device), expected);
}

#[test]
fn a_signature_takes_one_write_and_two_round_trips_after_the_channel_is_open() {
    let (server, device) = after_proven_dkg();
    let mut pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 2);
    (pair.server.pace, pair.device.pace, pair.latency) = (0, 0, 50);
    let pair = pair.run();
    assert_eq!(pair.server.result(), &Ok(Outcome::Signed));
    assert_eq!(pair.device.result(), &Ok(Outcome::Signed));
    assert_eq!((pair.server.store.writes, pair.device.store.writes), (1, 0));
    assert_eq!(words(&pair, Role::Device), ["send proof", "send engine", "send engine"]);
    let expected = ["send ready", "send engine", "store signature", "send engine", "send done"];
    assert_eq!(words(&pair, Role::Server), expected);
    // The device has its signature after two round trips of 100 ms, and its close arrives 50 ms later.
    assert!(pair.now <= 250, "{}", pair.now);
}

#[test]
fn a_refresh_takes_three_writes_on_the_server_and_two_on_the_device() {
    let (server, device) = after_proven_dkg();
    let pair = Pair::proven(Wish::plain(Intent::Refresh), &server, &device, 2).run();
    assert!(matches!(pair.server.result(), Ok(Outcome::Renewed { retired: None, .. })));
    assert!(matches!(pair.device.result(), Ok(Outcome::Renewed { .. })));
    agree(&pair);
    assert_eq!((pair.server.store.writes, pair.device.store.writes), (3, 2));
    assert_eq!(
        pair.server.store.shares.len(),
        1,
        "without a backup rule the old share goes with the last write"
    );
    let enrolled = pair.server.store.record().devices.enrolled;
    assert_eq!(enrolled, Some(*identity(1).public().as_bytes()), "the identity stays");
}

#[test]
fn a_restore_enrols_a_new_device_and_revokes_the_old_one() {
    let (server, device) = after_proven_dkg();
    let wish = Wish::restore(share(1, 1));
    let pair = Pair::proven(wish, &server, &FakeStore::empty(Role::Device), 7).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok(), "{:?}", pair.server.result());
    agree(&pair);
    let devices = &pair.server.store.record().devices;
    let key = |seed| *identity(seed).public().as_bytes();
    assert_eq!((devices.enrolled, &devices.revoked[..]), (Some(key(7)), &[key(1)][..]));
    assert!(pair.server.store.writes <= 3 && pair.device.store.writes <= 2);
    let (server, new) = (pair.server.store.clone(), pair.device.store.clone());
    for intent in [Intent::Sign, Intent::Refresh] {
        let pair = Pair::proven(Wish::plain(intent), &server, &device, 8).run();
        assert_eq!(pair.server.error(), &SessionError::Refused(Refusal::UnknownWallet), "{intent}");
        assert_eq!(pair.server.store.writes, 0, "a revoked device changes nothing");
        let pair = Pair::proven(Wish::plain(intent), &server, &new, 9).run();
        assert!(pair.device.result().is_ok(), "{intent}: the new device goes on");
    }
}

#[test]
fn a_backup_is_stored_with_the_last_write_and_only_a_complete_one_lets_the_old_share_go() {
    for (receipt, kept) in [(Receipt::Partial, 2), (Receipt::Complete, 1)] {
        let (server, device) = after_proven_dkg();
        let record =
            Record { backup: Backup::Required { receipt: Some(share(1, 1)) }, ..server.record().clone() };
        let server = FakeStore { record: Some(record), ..server };
        let device = FakeStore { receipt, ..device };
        let wish = Wish { backup: LeaveBackup::Yes, ..Wish::plain(Intent::Refresh) };
        let pair = Pair::proven(wish, &server, &device, 2).run();
        let stored = BackupOutcome::Stored;
        assert!(matches!(pair.device.result(), Ok(Outcome::Renewed { backup, .. }) if *backup == stored));
        assert_eq!((pair.server.store.writes, pair.server.store.documents.len()), (3, 1), "{receipt:?}");
        assert_eq!(pair.server.store.shares.len(), kept, "{receipt:?}");
        let log = words(&pair, Role::Server);
        assert_eq!(log[log.len() - 3..], ["store confirm", "send backup stored", "send done"]);
    }
}

#[test]
fn a_backup_that_is_owed_and_does_not_come_keeps_the_old_share_and_a_refresh_away() {
    let (server, device) = after_proven_dkg();
    let record =
        Record { backup: Backup::Required { receipt: Some(share(1, 1)) }, ..server.record().clone() };
    let server = FakeStore { record: Some(record), ..server };
    let pair = Pair::proven(Wish::plain(Intent::Refresh), &server, &device, 2).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok());
    assert_eq!(pair.server.store.record().retired, Some(share(1, 1)));
    let (server, device) = (pair.server.store.clone(), pair.device.store.clone());
    let pair = Pair::proven(Wish::plain(Intent::Refresh), &server, &device, 3).run();
    assert_eq!(pair.server.error(), &SessionError::BackupFirst);
    let told = "the wallet needs a complete backup of its present share first";
    assert!(
        matches!(pair.device.error(), SessionError::Told { retryable: false, message, .. } if message.as_str() == told),
        "{:?}",
        pair.device.error()
    );
    let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 4).run();
    assert_eq!(pair.device.result(), &Ok(Outcome::Signed), "it signs meanwhile");
}

#[test]
fn a_forged_proof_is_refused_before_anybody_looks_anything_up() {
    let (server, device) = after_proven_dkg();
    let claim = Claim {
        intent: Intent::Sign,
        active: Some(share(1, 1)),
        pending: None,
        digest: Some(*DIGEST.as_bytes()),
    };
    let good = identity(1).prove(&challenge(2), &claim);
    let frame = |proof: Proof, claim: Claim| {
        let Claim { active, pending, digest, .. } = claim;
        let Proof { identity, signature } = proof;
        Control::Proof { identity, signature, active, pending, digest }.to_bytes()
    };
    let flipped =
        Proof { signature: core::array::from_fn(|at| good.signature[at] ^ u8::from(at == 63)), ..good };
    let forged = [
        ("a flipped bit", frame(flipped, claim)),
        ("another key", frame(Proof { identity: *identity(2).public().as_bytes(), ..good }, claim)),
        ("no key", frame(Proof { identity: [5; 33], ..good }, claim)),
        ("no signature", frame(Proof { signature: [0; 64], ..good }, claim)),
        ("another claim", frame(good, Claim { active: Some(share(2, 2)), ..claim })),
        ("another digest", frame(good, Claim { digest: Some([9; 32]), ..claim })),
        (
            "another intent",
            frame(identity(1).prove(&challenge(2), &Claim { intent: Intent::Refresh, ..claim }), claim),
        ),
        ("a proof of another session", frame(identity(1).prove(&challenge(3), &claim), claim)),
    ];
    for (name, bytes) in forged {
        let hit = Hit { from: Role::Device, frame: 0, fault: Fault::Forge(bytes) };
        let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 2).hit(hit).run();
        assert!(
            matches!(pair.server.error(), SessionError::NotProven(_)),
            "{name}: {:?}",
            pair.server.error()
        );
        assert_eq!(pair.server.error().close_code(), CloseCode::NotAuthenticated);
        assert!(
            !pair.server.trace.log.iter().any(|word| word == "admit proven"),
            "{name}: nothing is looked up"
        );
        assert_eq!(pair.server.store.writes, 0, "{name}");
        assert!(
            matches!(pair.device.error(), SessionError::Told { code: 4401, retryable: false, .. }),
            "{name}"
        );
    }
    let hit = Hit { from: Role::Device, frame: 0, fault: Fault::Forge(frame(good, claim)) };
    let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 2).hit(hit).run();
    assert_eq!(pair.device.result(), &Ok(Outcome::Signed), "the good one is good");
}

#[test]
fn nothing_but_the_proof_begins_a_session() {
    let (server, device) = after_proven_dkg();
    let first = share(1, 1);
    let frames = [
        Control::Committed { id: first },
        Control::Holding { active: first, pending: None },
        Control::Ready { active: None, retired: false, stepped_up: true },
        Control::Backup { id: first, complete: true, document: Document::default() },
        Control::Error { code: 1000, retryable: true, message: ErrorText::default() },
    ];
    let others = frames.iter().map(Control::to_bytes).chain([b"ENG".to_vec(), b"MYC\x01\x06".to_vec()]);
    for bytes in others {
        let hit = Hit { from: Role::Device, frame: 0, fault: Fault::Forge(bytes.clone()) };
        let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 2).hit(hit).run();
        assert_eq!(pair.server.error().close_code(), CloseCode::Malformed, "{bytes:?}");
        assert_eq!(pair.server.store.writes, 0);
    }
}

#[test]
fn a_device_that_is_not_the_wallets_is_answered_like_an_unknown_wallet() {
    let (server, device) = after_proven_dkg();
    let stranger = FakeStore { identity: Some(99), ..device };
    for intent in [Intent::Sign, Intent::Refresh] {
        let pair = Pair::proven(Wish::plain(intent), &server, &stranger, 2).run();
        assert!(matches!(pair.device.error(), SessionError::Told { code: 4403, retryable: false, .. }));
        assert_eq!(pair.server.store.writes, 0);
    }
}

/// Both sides before a session, and what the rules make of them.
struct Case {
    name: &'static str,
    server: FakeStore,
    device: FakeStore,
    /// What the server writes, what the device writes, before the verb.
    writes: (&'static [&'static str], &'static [&'static str]),
    active: ShareId,
}

fn cases() -> Vec<Case> {
    let (server, device) = after_proven_dkg();
    let (old, new, other) = (share(1, 1), share(2, 2), share(2, 3));
    let confirmed = |store: FakeStore, confirmed| FakeStore {
        record: Some(Record { confirmed, ..store.record().clone() }),
        ..store
    };
    let at_server = |active, pending, retired| holding(&server, Some(active), pending, retired);
    let at_device = |active, pending| holding(&device, active, pending, None);
    let reconcile = &["store reconcile"][..];
    let case = |name, server, device, writes, active| Case { name, server, device, writes, active };
    vec![
        case(
            "R1",
            at_server(old, Some(new), None),
            at_device(Some(new), None),
            (&["store reconcile", "store reconcile"], &[]),
            new,
        ),
        case(
            "R2",
            at_server(old, Some(new), None),
            at_device(Some(old), Some(new)),
            (reconcile, &["store promote"]),
            new,
        ),
        case("R3", at_server(old, Some(new), None), at_device(Some(old), None), (reconcile, &[]), old),
        case(
            "R3 against another attempt",
            at_server(old, Some(new), None),
            at_device(Some(old), Some(other)),
            (reconcile, &["store drop pending"]),
            old,
        ),
        case(
            "R4",
            confirmed(at_server(new, None, Some(old)), Confirmed::No),
            at_device(Some(old), None),
            (reconcile, &[]),
            old,
        ),
        case("R5", at_server(new, None, Some(old)), at_device(Some(new), None), (reconcile, &[]), new),
        case(
            "the device follows",
            at_server(new, None, Some(old)),
            at_device(Some(old), Some(new)),
            (&[], &["store promote"]),
            new,
        ),
        case(
            "the device drops",
            at_server(old, None, None),
            at_device(Some(old), Some(new)),
            (&[], &["store drop pending"]),
            old,
        ),
        case(
            "a dkg whose commit was lost",
            at_server(old, None, None),
            at_device(None, Some(old)),
            (&[], &["store promote"]),
            old,
        ),
        case("nothing to settle", at_server(old, None, None), at_device(Some(old), None), (&[], &[]), old),
    ]
}

#[test]
fn every_rule_settles_before_a_signature() {
    for Case { name, server, device, writes, active } in cases() {
        let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 9).run();
        assert_eq!(pair.server.result(), &Ok(Outcome::Signed), "{name}");
        assert_eq!(pair.device.result(), &Ok(Outcome::Signed), "{name}");
        agree(&pair);
        assert_eq!(pair.device.store.record().active, Some(active), "{name}");
        let settled = |role| {
            let log = words(&pair, role);
            let writes: Vec<_> = log.into_iter().filter(|word| word.starts_with("store")).collect();
            writes.into_iter().filter(|word| word != "store signature").collect::<Vec<_>>()
        };
        assert_eq!(
            (settled(Role::Server), settled(Role::Device)),
            (strings(writes.0), strings(writes.1)),
            "{name}"
        );
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn every_rule_settles_before_a_refresh_which_then_ends_with_equal_shares() {
    for Case { name, server, device, .. } in cases() {
        let pair = Pair::proven(Wish::plain(Intent::Refresh), &server, &device, 9).run();
        assert!(pair.server.result().is_ok(), "{name}: {:?}", pair.server.result());
        assert!(pair.device.result().is_ok(), "{name}: {:?}", pair.device.result());
        agree(&pair);
        for store in [&pair.server.store, &pair.device.store] {
            assert_eq!(store.shares.len(), 1, "{name}: no share is left over");
        }
        assert_eq!(pair.server.store.record().confirmed, Confirmed::Yes, "{name}");
    }
}

#[test]
fn a_provisional_wallet_whose_device_holds_its_share_is_made_active() {
    let (server, device) = after_proven_dkg();
    let first = share(1, 1);
    let provisional = |store: &FakeStore| {
        let store = holding(store, None, Some(first), None);
        FakeStore {
            record: Some(Record { standing: Standing::Provisional, ..store.record().clone() }),
            ..store
        }
    };
    let pair = Pair::proven(Wish::plain(Intent::Sign), &provisional(&server), &provisional(&device), 2).run();
    assert_eq!(pair.device.result(), &Ok(Outcome::Signed), "{:?}", pair.server.result());
    agree(&pair);
    assert_eq!(pair.server.store.record().standing, Standing::Active);
}

#[test]
fn a_provisional_wallet_is_restored_from_a_backup_of_its_first_share_and_from_no_other() {
    let (server, _) = after_proven_dkg();
    let store = holding(&server, None, Some(share(1, 1)), None);
    let provisional = FakeStore {
        record: Some(Record { standing: Standing::Provisional, ..store.record().clone() }),
        ..store
    };
    let phone = FakeStore::empty(Role::Device);
    let pair = Pair::proven(Wish::restore(share(1, 1)), &provisional, &phone, 5).run();
    assert!(pair.device.result().is_ok(), "{:?}", pair.server.result());
    agree(&pair);
    assert_eq!(pair.server.store.record().standing, Standing::Active);
    let pair = Pair::proven(Wish::restore(share(1, 9)), &provisional, &phone, 5).run();
    assert_eq!(pair.server.error(), &SessionError::Refused(Refusal::UnknownWallet));
    assert_eq!(pair.server.store.writes, 0, "a claim that proves nothing changes nothing");
}

#[test]
fn quarantine_is_reconciled_and_left_by_a_stepped_up_refresh_alone() {
    let (server, device) = after_proven_dkg();
    let (old, new) = (share(1, 1), share(2, 2));
    let server = holding(&server, Some(old), Some(new), None);
    let record = Record { standing: Standing::Quarantined, ..server.record().clone() };
    let server = FakeStore { record: Some(record), ..server };
    for wish in [Wish::plain(Intent::Sign), Wish::plain(Intent::Refresh)] {
        let pair = Pair::proven(wish, &server, &device, 3).run();
        assert_eq!(pair.server.error(), &SessionError::Refused(Refusal::WalletLocked));
        assert_eq!(words(&pair, Role::Server), ["store reconcile", "send error"], "also in quarantine");
        assert!(matches!(pair.device.error(), SessionError::Told { code: 4423, .. }));
    }
    let wish = Wish { stepped_up: SteppedUp::Yes, ..Wish::plain(Intent::Refresh) };
    let pair = Pair::proven(wish, &server, &device, 3).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok(), "{:?}", pair.server.result());
    assert_eq!(pair.server.store.record().standing, Standing::Active);
}

#[test]
fn a_promotion_that_was_prepared_before_a_lock_unlocks_nothing() {
    let (server, device) = after_proven_dkg();
    let (old, new) = (share(1, 1), share(2, 2));
    let server = holding(&server, Some(old), Some(new), None);
    let device = holding(&device, Some(old), Some(new), None);
    let record = Record { standing: Standing::Quarantined, ..server.record().clone() };
    let server = FakeStore { record: Some(record), ..server };
    let stepped_up = |intent| Wish { stepped_up: SteppedUp::Yes, ..Wish::plain(intent) };
    for wish in [Wish::plain(Intent::Sign), Wish::plain(Intent::Refresh), stepped_up(Intent::Sign)] {
        for device in [&device, &holding(&device, Some(new), None, None)] {
            let pair = Pair::proven(wish, &server, device, 3).run();
            assert_eq!(pair.server.error(), &SessionError::Refused(Refusal::WalletLocked));
            let record = pair.server.store.record();
            assert_eq!((record.active, record.standing), (Some(new), Standing::Quarantined), "R1 and R2");
        }
    }
    // With a code it is finished too, and the next session makes the shares that unlock.
    let pair = Pair::proven(stepped_up(Intent::Refresh), &server, &device, 3).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok(), "{:?}", pair.server.result());
    assert_eq!(pair.server.store.record().standing, Standing::Quarantined);
    let pair = Pair::proven(stepped_up(Intent::Refresh), &pair.server.store, &pair.device.store, 3).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok(), "{:?}", pair.server.result());
    assert_eq!(pair.server.store.record().standing, Standing::Active);
}

#[test]
fn a_server_that_was_rolled_back_freezes_the_wallet_before_it_says_so() {
    let (server, device) = after_proven_dkg();
    let device = holding(&device, Some(share(3, 3)), None, None);
    let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 4).run();
    assert_eq!(pair.server.error(), &SessionError::Frozen(FreezeCause::RolledBack));
    assert_eq!(words(&pair, Role::Server), ["store freeze", "send error"]);
    assert_eq!(pair.server.store.record().standing, Standing::Frozen);
    assert!(matches!(pair.device.error(), SessionError::Told { code: 4423, retryable: false, .. }));
    let again = Pair::proven(Wish::plain(Intent::Refresh), &pair.server.store, &device, 5).run();
    assert_eq!(again.server.store.writes, 0, "a frozen wallet is not touched");
    assert!(matches!(again.device.error(), SessionError::Told { code: 4423, .. }));
}

#[test]
fn a_frozen_wallet_thaws_by_a_restore_from_the_epoch_that_the_server_holds() {
    let (server, _) = after_proven_dkg();
    let record = Record { standing: Standing::Frozen, ..server.record().clone() };
    let server = FakeStore { record: Some(record), ..server };
    let pair = Pair::proven(Wish::restore(share(1, 1)), &server, &FakeStore::empty(Role::Device), 5).run();
    assert!(pair.device.result().is_ok(), "{:?}", pair.server.result());
    assert_eq!(pair.server.store.record().standing, Standing::Active);
}

#[test]
fn a_device_freezes_where_the_server_names_a_share_that_it_does_not_hold() {
    let (server, device) = after_proven_dkg();
    for (named, cause) in [(share(5, 5), FreezeCause::BrokenRecord), (share(1, 9), FreezeCause::BrokenRecord)]
    {
        let ready = Control::Ready { active: Some(named), retired: false, stepped_up: false };
        let hit = Hit { from: Role::Server, frame: 0, fault: Fault::Forge(ready.to_bytes()) };
        let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 4).hit(hit).run();
        assert_eq!(pair.device.error(), &SessionError::Frozen(cause));
        assert_eq!(pair.device.store.record().standing, Standing::Frozen);
    }
    let device = holding(&device, Some(share(4, 4)), None, None);
    let ready = Control::Ready { active: Some(share(2, 2)), retired: false, stepped_up: false };
    let hit = Hit { from: Role::Server, frame: 0, fault: Fault::Forge(ready.to_bytes()) };
    let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 4).hit(hit).run();
    assert_eq!(pair.device.error(), &SessionError::Frozen(FreezeCause::RolledBack));
}

#[test]
fn two_sides_that_have_gone_apart_sign_nothing() {
    let (server, device) = after_proven_dkg();
    let server = holding(&server, Some(share(3, 3)), None, None);
    let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 4).run();
    assert_eq!(pair.server.error(), &SessionError::Diverged);
    assert_eq!((pair.server.store.writes, pair.device.store.writes), (0, 0));
    assert!(matches!(pair.device.error(), SessionError::Told { code: 4409, retryable: false, .. }));
}

#[test]
fn a_stale_backup_is_refused_by_name() {
    let (server, _) = after_proven_dkg();
    let server = holding(&server, Some(share(3, 3)), None, None);
    let pair = Pair::proven(Wish::restore(share(1, 1)), &server, &FakeStore::empty(Role::Device), 5).run();
    assert!(matches!(pair.server.error(), SessionError::StaleBackup { .. }));
    let SessionError::Told { message, .. } = pair.device.error() else { panic!("{:?}", pair.device.error()) };
    assert_eq!(
        message.as_str(),
        "the backup is of epoch 1, the wallet is at epoch 3: a newer backup is needed"
    );
}

#[test]
fn a_request_that_is_signed_gives_its_stored_signature_and_no_second_ceremony() {
    let (server, device) = after_proven_dkg();
    let server = FakeStore { signed: Some(signature()), ..server };
    let follows = holding(&device, Some(share(0x7f, 1)), None, None);
    let pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 2).run();
    assert_eq!(pair.device.result(), &Ok(Outcome::StoredSignature(signature())));
    assert_eq!(pair.server.result(), &Ok(Outcome::AlreadySigned));
    assert_eq!((pair.server.store.writes, pair.server.engine.calls), (0, 0));
    assert_eq!(words(&pair, Role::Server), ["send done"]);
    // Also for a wallet that has been locked since, but for nobody else.
    let record = Record { standing: Standing::Frozen, ..server.record().clone() };
    let frozen = FakeStore { record: Some(record), ..server };
    let pair = Pair::proven(Wish::plain(Intent::Sign), &frozen, &follows, 2).run();
    assert_eq!(pair.device.result(), &Ok(Outcome::StoredSignature(signature())));
    let stranger = FakeStore { identity: Some(99), ..device };
    let pair = Pair::proven(Wish::plain(Intent::Sign), &frozen, &stranger, 2).run();
    assert!(pair.device.result().is_err());
}

#[test]
fn a_write_that_fails_is_told_with_whether_to_try_again() {
    let (server, device) = after_proven_dkg();
    for (fault, code, again) in [
        (StoreFault::Conflict, 4409, true),
        (StoreFault::Unavailable, 4500, true),
        (StoreFault::Full, 4500, false),
        (StoreFault::Corrupt, 4500, false),
    ] {
        let mut pair = Pair::proven(Wish::plain(Intent::Sign), &server, &device, 2);
        pair.server.store.fail = Some((1, fault));
        let pair = pair.run();
        assert_eq!(pair.server.error(), &SessionError::Store(fault));
        let SessionError::Told { code: told, retryable, .. } = pair.device.error() else {
            panic!("{:?}", pair.device.error())
        };
        assert_eq!((*told, *retryable), (code, again), "{fault:?}");
    }
}

#[test]
fn a_wallet_of_the_older_profile_gets_its_identity_by_a_restore() {
    let (server, _) = after_dkg();
    assert_eq!(server.record().devices.enrolled, None);
    let pair = Pair::proven(Wish::restore(share(1, 1)), &server, &FakeStore::empty(Role::Device), 5).run();
    assert!(pair.device.result().is_ok(), "{:?}", pair.server.result());
    let devices = &pair.server.store.record().devices;
    assert_eq!(devices.enrolled, Some(*identity(5).public().as_bytes()));
    assert!(devices.revoked.is_empty());
}
