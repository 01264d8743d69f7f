//! An old archive put back: the wallets that have moved on since are known by both sides' epochs, and they alone; the
//! newest archive brings all of them back.
#![cfg(test)]

use maany_coordinator::WalletInfo;
use maany_coordinator_proto::session::Backup;
use maany_coordinator_proto::session::reconcile::{
    Agreement, Confirmed, DeviceClaim, FreezeCause, Identity, ServerHolds, Verdict, reconcile,
};
use maany_coordinator_storage::record::WalletRecord;
use maany_coordinator_storage::{Owner, RedbStore, WalletId, archive};
use maany_tests::running_server::{self, Folder, Setup, TENANT};
use maany_tests::{Failure, Holder, RunningServer, planted};

/// A server on this folder, and its holder's way to it.
async fn start(folder: &Folder, holder: &Holder) -> (RunningServer, Holder) {
    let setup = Setup { folder: Some(Folder::clone(folder)), ..Setup::default() };
    let server = RunningServer::start_with(setup).await.unwrap();
    let holder = holder.through(&server.url());
    (server, holder)
}

async fn export(folder: &Folder) -> Vec<u8> {
    let store = RedbStore::open(running_server::database(folder.path())).await.unwrap();
    let manifest = archive::survey(&store, "server store", 1).await.unwrap();
    let mut bytes = Vec::new();
    archive::write(&store, &manifest, &mut bytes).await.unwrap();
    store.close().await;
    bytes
}

/// A new folder with the archive's store, and the key of the old one.
async fn import(bytes: &[u8], old: &Folder) -> Folder {
    let folder = running_server::folder().unwrap();
    std::fs::copy(running_server::key_file(old.path()), running_server::key_file(folder.path())).unwrap();
    let manifest = archive::verify(&mut &*bytes).unwrap();
    let store = RedbStore::open(running_server::database(folder.path())).await.unwrap();
    archive::restore(&mut &*bytes, &manifest, &store).await.unwrap();
    store.close().await;
    folder
}

/// What reconciliation says about this wallet, from what both sides hold on disk.
async fn verdict(server: &RunningServer, holder: &Holder, wallet: &WalletInfo) -> Result<Verdict, Failure> {
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let row = server.vault().wallet(&Owner::new(TENANT, "alice"), id).await?.ok_or("no such wallet")?;
    let active = |record: &WalletRecord| -> Result<_, Failure> {
        let share = record.active.ok_or("no active share")?;
        Ok(maany_coordinator_proto::ShareId::from_bytes(share.to_bytes())?)
    };
    let holds = ServerHolds {
        active: active(&row)?,
        pending: None,
        retired: None,
        confirmed: Confirmed::No,
        backup: Backup::NotRequired,
    };
    let device = holder.row(&wallet.wallet).await?;
    let claim = DeviceClaim { active: Some(active(&device)?), pending: None, identity: Identity::RanAttempt };
    Ok(reconcile(holds, claim))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_archive_stops_exactly_the_wallets_that_have_moved_on_and_a_newer_one_brings_them_back() {
    let first = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&first.url(), &first.token("alice").await.unwrap()).await.unwrap();
    let stayed = planted::wallet(&first, "alice", &holder).await.unwrap();
    let moved = planted::wallet(&first, "alice", &holder).await.unwrap();
    let folder = first.stop().await.unwrap();
    let old = export(&folder).await;

    let (server, at) = start(&folder, &holder).await;
    let refreshed = at.device().unwrap().refresh(&moved.wallet).await.unwrap().value;
    assert_eq!((refreshed.public_key, refreshed.epoch), (moved.public_key, moved.epoch + 1));
    at.sign(&stayed).await.unwrap();
    at.sign(&moved).await.unwrap();
    server.stop().await.unwrap();
    let new = export(&folder).await;

    let rolled_back = import(&old, &folder).await;
    let (server, at) = start(&rolled_back, &holder).await;
    let of_moved = verdict(&server, &at, &moved).await.unwrap();
    assert!(matches!(of_moved, Verdict::Freeze(FreezeCause::RolledBack)), "{of_moved:?}");
    let of_stayed = verdict(&server, &at, &stayed).await.unwrap();
    assert!(
        matches!(of_stayed, Verdict::Settled { change: None, agreement: Agreement::Equal, .. }),
        "{of_stayed:?}"
    );
    at.sign(&stayed).await.unwrap();
    at.sign(&moved).await.unwrap_err();
    server.stop().await.unwrap();

    let restored = import(&new, &folder).await;
    let (server, at) = start(&restored, &holder).await;
    at.sign(&stayed).await.unwrap();
    at.sign(&moved).await.unwrap();
    server.stop().await.unwrap();
}
