//! What the profile without proof settles between two sessions: with which share both go on, and what is written only
//! when the engine has proven the claim.

use maany_coordinator_proto::session::{Backup, BackupOutcome, Outcome, SessionError};
use maany_coordinator_proto::{CloseCode, Epoch, Intent};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg};
use crate::plan::Wish;
use crate::store::{FakeStore, holding, share};
use crate::wire::{Fault, Hit};

/// A server that has promoted, and a device that never heard of it.
fn after_a_lost_commit() -> (FakeStore, FakeStore) {
    let (server, device) = after_dkg();
    let (old, new) = (share(1, 1), share(2, 2));
    (holding(&server, Some(new), None, Some(old)), holding(&device, Some(old), Some(new), None))
}

fn position(log: &[String], word: &str) -> usize {
    log.iter().position(|logged| logged == word).unwrap_or_else(|| panic!("{word} in {log:?}"))
}

#[test]
fn a_device_promotes_after_a_lost_commit_only_when_the_signature_has_proven_it() {
    let (server, device) = after_a_lost_commit();
    let pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 3).run();
    assert_eq!(pair.device.result(), &Ok(Outcome::Signed));
    assert_eq!(pair.device.store.record().active, Some(share(2, 2)));
    assert_eq!(pair.device.store.shares.len(), 1, "the old share is erased");
    let log = &pair.device.trace.log;
    let last_round = log.iter().rposition(|word| word == "run engine").expect("a round");
    assert!(last_round < position(log, "store promote"));
}

#[test]
fn a_forged_first_frame_makes_a_device_forget_nothing() {
    let (server, device) = after_dkg();
    let (active, pending) = (share(1, 1), share(2, 2));
    let device = holding(&device, Some(active), Some(pending), None);
    for claimed in [active, pending] {
        let forged = [b"ENG", &[2, 2, 1, 3][..], &claimed.to_bytes(), &[1]].concat();
        let hit = Hit { from: Role::Server, frame: 0, fault: Fault::Forge(forged) };
        let pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 3).hit(hit).run();
        assert!(pair.device.result().is_err());
        let record = pair.device.store.record();
        assert_eq!((record.active, record.pending), (Some(active), Some(pending)));
    }
}

#[test]
fn a_share_of_an_attempt_that_came_to_nothing_goes_after_the_next_signature() {
    let (server, device) = after_dkg();
    let device = holding(&device, Some(share(1, 1)), Some(share(2, 2)), None);
    let pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 3).run();
    assert_eq!(pair.device.result(), &Ok(Outcome::Signed));
    assert_eq!(pair.device.store.record().pending, None);
}

#[test]
fn a_device_that_holds_neither_share_signs_nothing_and_writes_nothing() {
    let (server, device) = after_dkg();
    let server = holding(&server, Some(share(3, 7)), None, None);
    for intent in [Intent::Sign, Intent::Refresh] {
        let pair = Pair::new(Wish::plain(intent), &server, &device, 3).run();
        assert_eq!(pair.device.error(), &SessionError::Diverged);
        assert_eq!(pair.device.store.writes, 0);
        assert_eq!(pair.server.store.writes, 0);
    }
}

#[test]
fn a_first_frame_that_is_no_engines_is_refused() {
    let (server, device) = after_dkg();
    let hit = Hit { from: Role::Server, frame: 0, fault: Fault::Forge(b"hello".to_vec()) };
    let pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 3).hit(hit).run();
    assert_eq!(pair.device.error(), &SessionError::NotEngine);
}

#[test]
fn a_refresh_after_a_lost_commit_goes_on_from_the_new_share() {
    let (server, device) = after_a_lost_commit();
    let pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 3).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok());
    for store in [&pair.server.store, &pair.device.store] {
        assert_eq!(store.shares.iter().copied().collect::<Vec<_>>(), [share(3, 3)]);
    }
}

#[test]
fn a_pending_share_on_either_side_does_not_stop_the_next_refresh() {
    let (server, device) = after_dkg();
    let old = Some(share(1, 1));
    for (at_server, at_device) in
        [(Some(share(2, 2)), None), (None, Some(share(2, 2))), (Some(share(2, 2)), Some(share(2, 2)))]
    {
        let server = holding(&server, old, at_server, None);
        let device = holding(&device, old, at_device, None);
        let pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 3).run();
        assert!(pair.server.result().is_ok() && pair.device.result().is_ok());
        for store in [&pair.server.store, &pair.device.store] {
            assert_eq!(store.shares.iter().copied().collect::<Vec<_>>(), [share(2, 3)]);
        }
    }
}

#[test]
fn a_claim_of_another_share_stops_a_refresh_and_changes_nothing() {
    let (server, device) = after_dkg();
    let claim = maany_coordinator_proto::Control::Holding { active: share(1, 8), pending: None };
    let hit = Hit { from: Role::Device, frame: 1, fault: Fault::Forge(claim.to_bytes()) };
    let pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 3).hit(hit).run();
    assert_eq!(pair.server.error(), &SessionError::Diverged);
    assert_eq!(pair.server.error().close_code(), CloseCode::Busy);
    assert_eq!(pair.server.store.writes, 0);
}

#[test]
fn a_retired_share_without_a_backup_of_the_new_one_stops_the_next_refresh_but_no_signature() {
    let (server, device) = after_dkg();
    let (old, new) = (share(1, 1), share(2, 2));
    let mut server = holding(&server, Some(new), None, Some(old));
    server.record_mut().backup = Backup::Required { receipt: Some(old) };
    let device = holding(&device, Some(new), None, None);
    let pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 3).run();
    assert_eq!(pair.server.error(), &SessionError::BackupFirst);
    assert_eq!(pair.server.store.shares.len(), 2);
    assert_eq!(pair.device.error(), &SessionError::Closed { code: Some(CloseCode::Busy) });
    let pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 3).run();
    assert_eq!(pair.server.result(), &Ok(Outcome::Signed));

    server.record_mut().backup = Backup::Required { receipt: Some(new) };
    let pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 3).run();
    let kept = Outcome::Renewed {
        intent: Intent::Refresh,
        share: share(3, 3),
        retired: Some(new),
        backup: BackupOutcome::None,
    };
    assert_eq!(pair.server.result(), &Ok(kept));
    assert_eq!(pair.server.store.record().retired, Some(new), "kept until the newest share is backed up");
    assert!(!pair.server.store.shares.contains(&old));
}

#[test]
fn a_backup_of_the_retired_share_restores() {
    let (server, _) = after_dkg();
    let (old, new) = (share(1, 1), share(2, 2));
    let mut server = holding(&server, Some(new), None, Some(old));
    server.record_mut().backup = Backup::Required { receipt: Some(old) };
    let pair = Pair::new(Wish::restore(old), &server, &FakeStore::empty(Role::Device), 3).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok());
    assert_eq!(pair.device.store.record().active, Some(share(2, 3)));
    let record = pair.server.store.record();
    assert_eq!((record.active, record.retired), (Some(share(2, 3)), Some(old)));
    let signed = Pair::new(Wish::plain(Intent::Sign), &pair.server.store, &pair.device.store, 4).run();
    assert!(signed.server.result().is_ok() && signed.device.result().is_ok());
}

#[test]
fn a_stale_backup_is_called_stale_on_both_sides() {
    let (server, _) = after_dkg();
    let server = holding(&server, Some(share(3, 7)), None, Some(share(2, 6)));
    let pair = Pair::new(Wish::restore(share(1, 1)), &server, &FakeStore::empty(Role::Device), 8).run();
    let epoch = |number| Epoch::new(number).expect("an epoch");
    let stale = SessionError::StaleBackup { backup: epoch(1), wallet: epoch(3) };
    assert_eq!((pair.server.error(), pair.device.error()), (&stale, &stale));
    assert_eq!((pair.server.store.writes, pair.device.store.writes), (0, 0));
}

#[test]
fn a_backup_of_another_attempt_at_the_same_epoch_is_no_stale_one() {
    let (server, _) = after_dkg();
    let pair = Pair::new(Wish::restore(share(1, 8)), &server, &FakeStore::empty(Role::Device), 8).run();
    assert_eq!(
        (pair.server.error(), pair.device.error()),
        (&SessionError::Diverged, &SessionError::Diverged)
    );
}

#[test]
fn a_restore_whose_commit_was_lost_goes_on_with_the_share_it_made() {
    let (server, _) = after_dkg();
    let old = share(1, 1);
    let commit = Hit { from: Role::Server, frame: 5, fault: Fault::Cut };
    let cut = Pair::new(Wish::restore(old), &server, &FakeStore::empty(Role::Device), 2).hit(commit).run();
    assert!(matches!(cut.device.error(), SessionError::Undecided { .. }));
    assert!(matches!(cut.server.error(), SessionError::Undecided { .. }));
    assert_eq!(cut.server.store.record().active, Some(share(2, 2)));
    let again = Pair::new(Wish::restore(old), &cut.server.store, &cut.device.store, 3).run();
    assert!(again.server.result().is_ok() && again.device.result().is_ok());
    assert_eq!(again.device.store.record().active, Some(share(3, 3)));
}

#[test]
fn a_dkg_that_fails_before_the_decision_leaves_no_wallet_on_the_server() {
    let empty = (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device));
    let prepared = Hit { from: Role::Device, frame: 4, fault: Fault::Cut };
    let pair = Pair::new(Wish::plain(Intent::Dkg), &empty.0, &empty.1, 1).hit(prepared).run();
    assert!(pair.server.store.record.is_none(), "the key id is free again");
    assert_eq!(pair.server.error(), &SessionError::Closed { code: None });
    assert_eq!(pair.device.store.record().pending, Some(share(1, 1)), "the device cannot know");
}

#[test]
fn a_dkg_whose_commit_was_lost_is_settled_by_the_first_signature() {
    let empty = (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device));
    let commit = Hit { from: Role::Server, frame: 4, fault: Fault::Cut };
    let pair = Pair::new(Wish::plain(Intent::Dkg), &empty.0, &empty.1, 1).hit(commit).run();
    assert!(matches!(pair.server.error(), SessionError::Undecided { .. }));
    assert_eq!(pair.device.store.record().active, None);
    let signed = Pair::new(Wish::plain(Intent::Sign), &pair.server.store, &pair.device.store, 2).run();
    assert_eq!(signed.device.result(), &Ok(Outcome::Signed));
    assert_eq!(signed.device.store.record().active, Some(share(1, 1)));
}
