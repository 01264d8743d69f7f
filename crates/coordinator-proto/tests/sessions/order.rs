//! The order of every honest session, effect by effect. A change here is a change of the protocol.

use maany_coordinator_proto::session::{BackupOutcome, LeaveBackup, Outcome, SteppedUp};
use maany_coordinator_proto::{Epoch, Intent, ShareId, WalletId};

use crate::engine::Role;
use crate::pair::{Pair, after_dkg};
use crate::plan::Wish;
use crate::store::FakeStore;

fn share(epoch: u64, attempt: u8) -> ShareId {
    ShareId::new(Epoch::new(epoch).expect("an epoch"), [attempt; 16])
}

fn effects(log: &[String]) -> String {
    log.iter().filter(|word| !word.starts_with('<')).map(String::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn dkg() {
    let empty = (FakeStore::empty(Role::Server), FakeStore::empty(Role::Device));
    let pair = Pair::new(Wish::plain(Intent::Dkg), &empty.0, &empty.1, 1).run();
    let wallet = WalletId::from_bytes([9; 16]);
    let created = Outcome::Created { wallet, share: share(1, 1), backup: BackupOutcome::None };
    assert_eq!((pair.server.result(), pair.device.result()), (&Ok(created), &Ok(created)));
    insta::assert_snapshot!(effects(&pair.server.trace.log), @r"
    admit
    ready
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store provisional
    send prepared
    store promote
    send commit
    finish
    ");
    insta::assert_snapshot!(effects(&pair.device.trace.log), @r"
    send text
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store provisional
    send prepared
    store promote
    send committed
    close 1000
    finish
    ");
    for store in [&pair.server.store, &pair.device.store] {
        assert_eq!((store.record().active, store.record().pending), (Some(share(1, 1)), None));
    }
}

#[test]
fn sign() {
    let (server, device) = after_dkg();
    let pair = Pair::new(Wish::plain(Intent::Sign), &server, &device, 2).run();
    assert_eq!((pair.server.result(), pair.device.result()), (&Ok(Outcome::Signed), &Ok(Outcome::Signed)));
    assert_eq!(pair.server.store.signatures, 1);
    insta::assert_snapshot!(effects(&pair.server.trace.log), @r"
    admit
    ready
    start engine
    send engine
    run engine
    send engine
    run engine
    store signature
    send engine
    close 1000
    finish
    ");
    insta::assert_snapshot!(effects(&pair.device.trace.log), @r"
    send text
    peek
    start engine
    run engine
    send engine
    run engine
    send engine
    run engine
    close 1000
    finish
    ");
}

#[test]
fn refresh() {
    let (server, device) = after_dkg();
    let pair = Pair::new(Wish::plain(Intent::Refresh), &server, &device, 2).run();
    let renewed = Outcome::Renewed {
        intent: Intent::Refresh,
        share: share(2, 2),
        retired: None,
        backup: BackupOutcome::None,
    };
    assert_eq!((pair.server.result(), pair.device.result()), (&Ok(renewed), &Ok(renewed)));
    insta::assert_snapshot!(effects(&pair.server.trace.log), @r"
    admit
    send status
    ready
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store pending
    send prepared
    store promote
    send commit
    store erase retired
    finish
    ");
    insta::assert_snapshot!(effects(&pair.device.trace.log), @r"
    send text
    send holding
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store pending
    send prepared
    store promote
    send committed
    close 1000
    finish
    ");
    for store in [&pair.server.store, &pair.device.store] {
        assert_eq!(store.shares.iter().copied().collect::<Vec<_>>(), [share(2, 2)]);
    }
}

#[test]
fn refresh_with_a_backup() {
    let (server, device) = after_dkg();
    let wish = Wish { backup: LeaveBackup::Yes, ..Wish::plain(Intent::Refresh) };
    let pair = Pair::new(wish, &server, &device, 2).run();
    insta::assert_snapshot!(effects(&pair.server.trace.log), @r"
    admit
    send status
    ready
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store pending
    send prepared
    store promote
    send commit
    store erase retired
    store backup
    send text
    close 1000
    finish
    ");
    insta::assert_snapshot!(effects(&pair.device.trace.log), @r"
    send text
    send holding
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store pending
    send prepared
    store promote
    send committed
    make backup
    send text
    close 1000
    finish
    ");
    assert_eq!(pair.server.store.backups, 1);
}

#[test]
fn restore() {
    let (server, _) = after_dkg();
    let pair = Pair::new(Wish::restore(share(1, 1)), &server, &FakeStore::empty(Role::Device), 2).run();
    let renewed = Outcome::Renewed {
        intent: Intent::Restore,
        share: share(2, 2),
        retired: None,
        backup: BackupOutcome::None,
    };
    assert_eq!((pair.server.result(), pair.device.result()), (&Ok(renewed), &Ok(renewed)));
    insta::assert_snapshot!(effects(&pair.server.trace.log), @r"
    admit
    send status
    ready
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store pending
    send prepared
    store promote
    send commit
    store erase retired
    finish
    ");
    insta::assert_snapshot!(effects(&pair.device.trace.log), @r"
    send text
    send holding
    start engine
    send engine
    run engine
    send engine
    run engine
    send engine
    run engine
    store pending
    send prepared
    store promote
    send committed
    close 1000
    finish
    ");
}

#[test]
fn what_dkg_makes_signs_and_what_refresh_makes_signs() {
    let (server, device) = after_dkg();
    let signed = Pair::new(Wish::plain(Intent::Sign), &server, &device, 2).run();
    let refreshed =
        Pair::new(Wish::plain(Intent::Refresh), &signed.server.store, &signed.device.store, 3).run();
    let old_device = Pair::new(Wish::plain(Intent::Sign), &refreshed.server.store, &device, 4).run();
    assert!(
        old_device.server.result().is_err() && old_device.device.result().is_err(),
        "old shares do not sign"
    );
    let signed =
        Pair::new(Wish::plain(Intent::Sign), &refreshed.server.store, &refreshed.device.store, 5).run();
    assert!(signed.server.result().is_ok() && signed.device.result().is_ok());
}

#[test]
fn a_stepped_up_refresh_leads_out_of_quarantine() {
    let (mut server, device) = after_dkg();
    server.record_mut().standing = maany_coordinator_proto::session::Standing::Quarantined;
    let wish = Wish { stepped_up: SteppedUp::Yes, ..Wish::plain(Intent::Refresh) };
    let pair = Pair::new(wish, &server, &device, 2).run();
    assert!(pair.server.result().is_ok());
    assert_eq!(pair.server.store.record().standing, maany_coordinator_proto::session::Standing::Active);
}
