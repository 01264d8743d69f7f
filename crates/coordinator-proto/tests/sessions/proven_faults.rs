//! Protocol 2: what can go wrong with a frame, a side or a write, in every verb and at every place. Nobody loses the wallet.

use maany_coordinator_proto::control::{ErrorText, What};
use maany_coordinator_proto::session::{LeaveBackup, SessionError, Standing, StoreFault};
use maany_coordinator_proto::{Control, Intent};

use crate::engine::Role;
use crate::pair::{Pair, after_proven_dkg};
use crate::plan::Wish;
use crate::store::{FakeStore, share};
use crate::wire::{Fault, Hit};

fn start(intent: Intent, server: &FakeStore, device: &FakeStore) -> (Wish, FakeStore, FakeStore) {
    match intent {
        Intent::Dkg => (Wish::plain(intent), FakeStore::empty(Role::Server), FakeStore::empty(Role::Device)),
        Intent::Restore => (Wish::restore(share(1, 1)), server.clone(), FakeStore::empty(Role::Device)),
        Intent::Sign | Intent::Refresh => (Wish::plain(intent), server.clone(), device.clone()),
    }
}

/// Whatever happened: nobody lost the wallet.
fn recover(pair: &Pair, intent: Intent, what: &str) {
    let (mut server, mut device) = (pair.server.store.clone(), pair.device.store.clone());
    let mut attempt = 100;
    let mut next = |wish: Wish, server: &mut FakeStore, device: &mut FakeStore| {
        attempt += 1;
        let pair = Pair::proven(wish, server, device, attempt).run();
        let fine = pair.server.end.as_ref().is_some_and(Result::is_ok)
            && pair.device.end.as_ref().is_some_and(Result::is_ok);
        (*server, *device) = (pair.server.store.clone(), pair.device.store.clone());
        fine
    };
    let sign = Wish::plain(Intent::Sign);
    if !next(sign, &mut server, &mut device) {
        let again = match intent {
            Intent::Dkg => {
                for store in [&server, &device] {
                    let record = store.record.as_ref();
                    assert!(
                        record.is_none_or(|record| record.standing == Standing::Provisional),
                        "{what}: it was in use"
                    );
                }
                Wish::plain(Intent::Dkg)
            }
            Intent::Restore => Wish::restore(share(1, 1)),
            Intent::Sign | Intent::Refresh => panic!("{what}: the wallet is lost"),
        };
        assert!(next(again, &mut server, &mut device), "{what}: it works again");
        assert!(next(sign, &mut server, &mut device), "{what}: the wallet is lost");
    }
    // A wallet whose backup was complete once goes on needing one.
    let refresh = Wish { backup: LeaveBackup::Yes, ..Wish::plain(Intent::Refresh) };
    assert!(next(refresh, &mut server, &mut device), "{what}: it refreshes");
    assert!(next(sign, &mut server, &mut device), "{what}: it signs after the refresh");
    for store in [&server, &device] {
        let record = store.record();
        assert_eq!(record.active, server.record().active, "{what}");
        assert_eq!((record.pending, record.retired), (None, None), "{what}");
        assert_eq!(store.shares.len(), 1, "{what}: no share is left over");
    }
}

const INTENTS: [Intent; 4] = [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore];

#[test]
fn no_fault_of_a_frame_loses_a_wallet() {
    let (server, device) = after_proven_dkg();
    let done = Control::Done(What::Renewed { id: share(9, 9) }).to_bytes();
    let faults = [
        Fault::Lose,
        Fault::Late(1_000),
        Fault::Late(20_000),
        Fault::Twice,
        Fault::Swap,
        Fault::Forge(Control::Committed { id: share(1, 1) }.to_bytes()),
        Fault::Forge(done),
        Fault::Cut,
    ];
    let mut tried = 0;
    for intent in INTENTS {
        for backup in [LeaveBackup::No, LeaveBackup::Yes] {
            for from in [Role::Device, Role::Server] {
                for frame in 0..9 {
                    for fault in &faults {
                        let (wish, server, device) = start(intent, &server, &device);
                        let wish = Wish { backup, ..wish };
                        let what = format!("{intent} {backup:?} {from:?} {frame} {fault:?}");
                        let hit = Hit { from, frame, fault: fault.clone() };
                        let pair = Pair::proven(wish, &server, &device, 2).hit(hit).run();
                        assert!(pair.now <= 61_000, "{what}: it ends in time");
                        recover(&pair, intent, &what);
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried >= 1_000, "{tried}");
}

#[test]
fn no_side_that_vanishes_loses_a_wallet() {
    let (server, device) = after_proven_dkg();
    for intent in INTENTS {
        for role in [Role::Device, Role::Server] {
            for at in 1..24 {
                let (wish, server, device) = start(intent, &server, &device);
                let mut pair = Pair::proven(wish, &server, &device, 2);
                pair.side(role).vanish = Some(at);
                let pair = pair.run();
                recover(&pair, intent, &format!("{intent} {role:?} vanishes at {at}"));
            }
        }
    }
}

#[test]
fn no_write_that_fails_loses_a_wallet() {
    let (server, device) = after_proven_dkg();
    for intent in INTENTS {
        for role in [Role::Device, Role::Server] {
            for write in 1..4 {
                for fault in [StoreFault::Conflict, StoreFault::Full] {
                    let (wish, server, device) = start(intent, &server, &device);
                    let mut pair = Pair::proven(wish, &server, &device, 2);
                    pair.side(role).store.fail = Some((write, fault));
                    let pair = pair.run();
                    recover(&pair, intent, &format!("{intent} {role:?} write {write} {fault:?}"));
                }
            }
        }
    }
}

#[test]
fn an_error_frame_ends_a_device_in_every_state() {
    let (server, device) = after_proven_dkg();
    let error = Control::Error { code: 4500, retryable: true, message: ErrorText::new("internal error") };
    for intent in [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore] {
        for frame in 0..7 {
            let (wish, server, device) = start(intent, &server, &device);
            let hit = Hit { from: Role::Server, frame, fault: Fault::Forge(error.to_bytes()) };
            let pair = Pair::proven(wish, &server, &device, 2).hit(hit).run();
            let told = match pair.device.result() {
                Ok(_) => continue,
                Err(SessionError::Undecided { source, .. }) => source.as_ref(),
                Err(error) => error,
            };
            assert!(
                matches!(told, SessionError::Told { code: 4500, retryable: true, .. }),
                "{intent} {frame}: {told:?}"
            );
        }
    }
}
