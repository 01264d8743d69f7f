//! Every frame of every verb meets with every fault, every side vanishes at every effect, and every write fails. After
//! each of them the wallet must still be there: the next sessions sign, refresh and sign again, and no share is left over.

use maany_coordinator_proto::session::{AbortClass, LeaveBackup, SessionError, Standing, StoreFault};
use maany_coordinator_proto::{Control, Epoch, Intent, ShareId};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg};
use crate::plan::Wish;
use crate::store::FakeStore;
use crate::wire::{Fault, Hit};

/// A flip in the id that the server gives a new wallet: the device has only the server's word for it, and the channel's.
const NEW_WALLET_ID: Hit = Hit { from: Role::Server, frame: 3, fault: Fault::Flip };

/// How a session begins.
struct Start {
    name: &'static str,
    wish: Wish,
    server: FakeStore,
    device: FakeStore,
}

fn first_share() -> ShareId {
    ShareId::new(Epoch::FIRST, [1; 16])
}

fn starts() -> Vec<Start> {
    let (server, device) = after_dkg();
    let verbs = [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore];
    let mut starts = Vec::new();
    for intent in verbs {
        let wish = match intent {
            Intent::Restore => Wish::restore(first_share()),
            intent => Wish::plain(intent),
        };
        let (server, device) = match intent {
            Intent::Dkg => (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device)),
            Intent::Restore => (server.clone(), FakeStore::empty(Role::Device)),
            Intent::Sign | Intent::Refresh => (server.clone(), device.clone()),
        };
        if intent != Intent::Sign {
            let wish = Wish { backup: LeaveBackup::Yes, ..wish };
            starts.push(Start {
                name: "with a backup",
                wish,
                server: server.clone(),
                device: device.clone(),
            });
        }
        starts.push(Start { name: "without a backup", wish, server, device });
    }
    starts
}

/// Whatever happened: nobody lost the wallet.
fn recover(pair: &Pair, start: &Start, what: &str) {
    let (mut server, mut device) = (pair.server.store.clone(), pair.device.store.clone());
    let rebuilt = first_share();
    let mut attempt = 100;
    let mut next = |wish: Wish, server: &mut FakeStore, device: &mut FakeStore| {
        attempt += 1;
        let pair = Pair::new(wish, server, device, attempt).run();
        let fine = pair.server.end.as_ref().is_some_and(Result::is_ok)
            && pair.device.end.as_ref().is_some_and(Result::is_ok);
        (*server, *device) = (pair.server.store.clone(), pair.device.store.clone());
        fine
    };
    let sign = Wish::plain(Intent::Sign);
    if !next(sign, &mut server, &mut device) {
        match start.wish.intent {
            Intent::Dkg => {
                assert!(
                    server.record.as_ref().is_none_or(|record| record.standing == Standing::Provisional),
                    "{what}: a key that the server has in use signs"
                );
                assert!(
                    device.record.as_ref().is_none_or(|record| record.standing == Standing::Provisional),
                    "{what}: a device that shows an address can sign"
                );
                assert!(
                    next(Wish::plain(Intent::Dkg), &mut server, &mut device),
                    "{what}: a second dkg works"
                );
            }
            Intent::Restore => {
                assert!(
                    next(Wish::restore(rebuilt), &mut server, &mut device),
                    "{what}: a second restore works"
                );
            }
            Intent::Sign | Intent::Refresh => panic!("{what}: the wallet is lost"),
        }
        assert!(next(sign, &mut server, &mut device), "{what}: the wallet is lost");
    }
    assert!(next(Wish::plain(Intent::Refresh), &mut server, &mut device), "{what}: it refreshes");
    assert!(next(sign, &mut server, &mut device), "{what}: it signs after the refresh");
    for store in [&server, &device] {
        let record = store.record();
        assert_eq!(record.active, server.record().active, "{what}");
        assert_eq!((record.pending, record.retired), (None, None), "{what}");
        assert_eq!(store.shares.len(), 1, "{what}: no share is left over");
    }
}

fn ended(pair: &Pair, what: &str) {
    assert!(pair.now <= 61_000, "{what}: it ends in time");
    for side in [&pair.server, &pair.device] {
        let vanished = side.machine.is_none() && side.end.is_none();
        assert!(vanished || side.end.is_some(), "{what}: both sides end");
    }
}

#[test]
fn no_fault_of_a_frame_loses_a_wallet() {
    let control = Control::Committed { id: first_share() }.to_bytes();
    let faults = [
        Fault::Lose,
        Fault::Late(1_000),
        Fault::Late(20_000),
        Fault::Late(70_000),
        Fault::Twice,
        Fault::Swap,
        Fault::Flip,
        Fault::Cut,
        Fault::Forge(b"garbage".to_vec()),
        Fault::Forge(Vec::new()),
        Fault::Forge(b"MYC\x01\x09".to_vec()),
        Fault::Forge(control),
    ];
    let mut runs = 0;
    for start in starts() {
        for from in [Role::Server, Role::Device] {
            for frame in 0..8 {
                for fault in &faults {
                    let hit = Hit { from, frame, fault: fault.clone() };
                    if start.wish.intent == Intent::Dkg && hit == NEW_WALLET_ID {
                        continue;
                    }
                    let what = format!("{} {}: {hit:?}", start.wish.intent, start.name);
                    let pair = Pair::new(start.wish, &start.server, &start.device, 2).hit(hit).run();
                    ended(&pair, &what);
                    recover(&pair, &start, &what);
                    runs += 1;
                }
            }
        }
    }
    assert_eq!(runs, 7 * 2 * 8 * faults.len() - 2);
}

#[test]
fn no_side_that_vanishes_loses_a_wallet() {
    for start in starts() {
        for role in [Role::Server, Role::Device] {
            for at in 1.. {
                let what =
                    format!("{} {}: {role:?} vanishes before effect {at}", start.wish.intent, start.name);
                let mut pair = Pair::new(start.wish, &start.server, &start.device, 2);
                pair.side(role).vanish = Some(at);
                let mut pair = pair.run();
                ended(&pair, &what);
                recover(&pair, &start, &what);
                if pair.side(role).end.is_some() && pair.side(role).result().is_ok() {
                    break;
                }
                assert!(at < 40, "{what}: it ends");
            }
        }
    }
}

#[test]
fn two_faults_in_a_row_lose_no_wallet() {
    let faults = [Fault::Lose, Fault::Cut];
    for start in starts() {
        for first in 0..16 {
            let hit = |number: usize, fault: &Fault| Hit {
                from: if number < 8 { Role::Server } else { Role::Device },
                frame: number % 8,
                fault: fault.clone(),
            };
            for second in 0..16 {
                for fault in &faults {
                    let what =
                        format!("{} {}: {fault:?} at {first}, then {second}", start.wish.intent, start.name);
                    let one =
                        Pair::new(start.wish, &start.server, &start.device, 2).hit(hit(first, fault)).run();
                    let wish = Wish::plain(Intent::Refresh);
                    if one.device.store.holds().is_none() {
                        continue;
                    }
                    let two = Pair::new(wish, &one.server.store, &one.device.store, 3)
                        .hit(hit(second, fault))
                        .run();
                    ended(&two, &what);
                    recover(&two, &start, &what);
                }
            }
        }
    }
}

#[test]
fn no_write_that_fails_loses_a_wallet() {
    for start in starts() {
        for role in [Role::Server, Role::Device] {
            for write in 1..6 {
                for fault in
                    [StoreFault::Full, StoreFault::Conflict, StoreFault::Unavailable, StoreFault::Corrupt]
                {
                    let what =
                        format!("{} {}: {role:?}'s write {write}: {fault:?}", start.wish.intent, start.name);
                    let mut pair = Pair::new(start.wish, &start.server, &start.device, 2);
                    pair.side(role).store.fail = Some((write, fault));
                    let pair = pair.run();
                    ended(&pair, &what);
                    recover(&pair, &start, &what);
                }
            }
        }
    }
}

#[test]
fn a_disk_that_fills_up_is_named_and_nothing_is_promised() {
    let (server, device) = after_dkg();
    let mut pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 2);
    pair.server.store.fail = Some((1, StoreFault::Full));
    let pair = pair.run();
    assert_eq!(pair.server.error(), &SessionError::Store(StoreFault::Full));
    assert!(pair.device.result().is_err(), "no signature left");
    assert_eq!(pair.server.store.signatures, 0);
}

#[test]
fn an_engine_that_fails_at_any_step_loses_no_wallet() {
    for start in starts() {
        for role in [Role::Server, Role::Device] {
            for call in 1..5 {
                for class in [AbortClass::A, AbortClass::B] {
                    let what = format!(
                        "{} {}: {role:?}'s engine {class:?} at {call}",
                        start.wish.intent, start.name
                    );
                    let mut pair = Pair::new(start.wish, &start.server, &start.device, 2);
                    pair.side(role).engine.fail = Some((call, class));
                    let pair = pair.run();
                    ended(&pair, &what);
                    recover(&pair, &start, &what);
                }
            }
        }
    }
}
