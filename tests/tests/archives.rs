//! An old archive put back: the wallets that have moved on since are frozen by their next session, and they alone. A backup of the
//! epoch that the archive holds thaws them; the newest archive brings all of them back.
#![cfg(test)]

use maany_coordinator::WalletInfo;
use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::proto::{self, CloseCode};
use maany_coordinator::quarantine::{self, Cause, Remedy};
use maany_coordinator_storage::record::{WalletRecord, WalletState};
use maany_coordinator_storage::{Owner, RedbStore, WalletId, archive};
use maany_tests::running_server::{self, Folder, Setup, TENANT};
use maany_tests::{Holder, RunningServer, holder, order, planted};

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

/// The server's record of a wallet.
async fn record(server: &RunningServer, wallet: &WalletInfo) -> WalletRecord {
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    server.vault().wallet(&Owner::new(TENANT, "alice"), id).await.unwrap().unwrap().into_record()
}

/// The wallets that the server's operator is told to look after.
async fn locked(server: &RunningServer) -> Vec<(proto::WalletId, Cause, Remedy)> {
    let page = quarantine::list(server.vault(), None).await.unwrap();
    page.wallets.into_iter().map(|locked| (locked.wallet, locked.cause, locked.remedy)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_archive_freezes_exactly_the_wallets_that_have_moved_on_and_a_newer_one_brings_them_back() {
    let first = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&first.url(), &first.token("alice").await.unwrap()).await.unwrap();
    planted::acquainted(&first, &holder).await.unwrap();
    let stayed = planted::proven_wallet(&first, "alice", &holder).await.unwrap();
    let moved = planted::proven_wallet(&first, "alice", &holder).await.unwrap();
    let backup = holder.device().unwrap().backup(&moved.wallet, Threshold::default()).await.unwrap();
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
    let refused = at.device().unwrap();
    let order = order::send_one(&moved.public_key, holder::fresh()).unwrap();
    let refused = refused.sign(&moved.wallet, &order).await.unwrap_err();
    assert_eq!(refused.close_code(), Some(CloseCode::Quarantined), "{refused:?}");
    at.sign(&stayed).await.unwrap();
    assert_eq!(record(&server, &moved).await.standing.state, WalletState::Frozen);
    assert_eq!(record(&server, &stayed).await.standing.state, WalletState::Active);
    assert_eq!(locked(&server).await, [(moved.wallet, Cause::OwnState, Remedy::Restore)]);

    // The way out: new shares from a backup of the epoch that this store holds.
    let successor = Holder::in_memory(&server.url(), holder.token()).await.unwrap();
    let code = server.step_up(&moved.wallet).await.unwrap();
    let thawed = successor.device().unwrap().restore(backup, &code).await.unwrap().value;
    assert_eq!((thawed.public_key, thawed.epoch), (moved.public_key, moved.epoch + 1));
    successor.sign(&thawed).await.unwrap();
    at.sign(&moved).await.unwrap_err();
    at.sign(&stayed).await.unwrap();
    assert!(locked(&server).await.is_empty());
    server.stop().await.unwrap();

    // The newest archive knows of no freeze: nobody has moved on from it.
    let restored = import(&new, &folder).await;
    let (server, at) = start(&restored, &holder).await;
    at.sign(&stayed).await.unwrap();
    at.sign(&moved).await.unwrap();
    server.stop().await.unwrap();
}
