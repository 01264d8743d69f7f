//! An old archive put back. Over the store that it replaces it forgets nothing that matters: what has moved on is frozen, and that
//! alone; who was replaced, quarantined or signed since stays so. Without that store every wallet comes up locked, until
//! somebody who answers for it leads it out.
#![cfg(test)]

use std::sync::Arc;

use maany_coordinator::WalletInfo;
use maany_coordinator::cosmos::SignMode;
use maany_coordinator::engine::PublicKey;
use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::proto;
use maany_coordinator::quarantine::{self, Cause, ClearError, Forgotten, Remedy};
use maany_coordinator::step_up::StepUps;
use maany_coordinator::{Device, SignOrder};
use maany_coordinator_storage::record::{AuditRow, Standing, WalletRecord, WalletState};
use maany_coordinator_storage::vault::import::{Gap, LastInUse, OldStore, Settled};
use maany_coordinator_storage::{FileKeyProvider, Owner, RedbStore, Role, Vault, WalletId, archive};
use maany_tests::running_server::{self, Folder, Setup, TENANT};
use maany_tests::{Holder, RunningServer, order, planted};

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

/// What replaces a store.
enum Over<'a> {
    /// The store that is replaced is at hand.
    Old(&'a Folder),
    /// Nobody has it any more.
    Nothing,
}

/// A new folder with the archive's store, and the key of the old one.
async fn import(bytes: &[u8], key_of: &Folder, over: Over<'_>) -> (Folder, Settled) {
    let folder = running_server::folder().unwrap();
    let key_file = running_server::key_file(folder.path());
    std::fs::copy(running_server::key_file(key_of.path()), &key_file).unwrap();
    let manifest = archive::verify(&mut &*bytes).unwrap();
    let store = RedbStore::open(running_server::database(folder.path())).await.unwrap();
    archive::restore(&mut &*bytes, &manifest, &store).await.unwrap();
    let store = Arc::new(store);
    let keys = || Arc::new(FileKeyProvider::open(&key_file).unwrap());
    let vault = Vault::open(Arc::clone(&store) as _, keys(), Role::Server).await.unwrap();
    let gap = Gap { from_ms: 1, until_ms: 2 };
    let settled = match over {
        Over::Nothing => vault.settle_import(gap, None).await.unwrap(),
        Over::Old(old) => {
            let remains = Arc::new(RedbStore::open(running_server::database(old.path())).await.unwrap());
            let old = Vault::open_remains(Arc::clone(&remains) as _, keys(), Role::Server).await.unwrap();
            let said = OldStore { vault: &old, last_in_use: LastInUse::Stated };
            let settled = vault.settle_import(gap, Some(said)).await.unwrap();
            drop(old);
            Arc::into_inner(remains).unwrap().close().await;
            settled
        }
    };
    drop(vault);
    Arc::into_inner(store).unwrap().close().await;
    (folder, settled)
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

/// Leads a wallet out for somebody who answers for it: the code, where one is needed.
async fn clear(
    server: &RunningServer,
    wallet: &WalletInfo,
    forgotten: Forgotten,
) -> Result<Option<String>, ClearError> {
    let step_ups = StepUps::new(server.vault().clone());
    let made = quarantine::clear(server.vault(), &step_ups, wallet.wallet, forgotten, "tests").await?;
    Ok(made.step_up.map(|made| made.code.dangerous_expose().to_owned()))
}

/// A transaction of sequence 7.
fn of_seven(key: &PublicKey, amount: &str) -> SignOrder {
    order::send(key, amount, 7, SignMode::Direct).unwrap()
}

async fn quarantine_now(server: &RunningServer, wallet: &WalletInfo) {
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let row = server.vault().wallet(&Owner::new(TENANT, "alice"), id).await.unwrap().unwrap();
    let standing = Standing { state: WalletState::Quarantined, aborts: row.standing.aborts.clone() };
    let audit = AuditRow {
        at_ms: 1,
        actor: "test".to_owned(),
        event: "wallet-quarantined".to_owned(),
        wallet: Some(id),
        details: String::new(),
    };
    server.vault().set_standing(&row, standing, audit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_archive_over_the_old_store_freezes_exactly_the_wallets_that_have_moved_on_and_a_newer_one_brings_them_back()
 {
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

    let (rolled_back, settled) = import(&old, &folder, Over::Old(&folder)).await;
    let id = WalletId::from_bytes(*moved.wallet.as_bytes());
    assert_eq!((settled.frozen, settled.locked, settled.unreadable.len()), (vec![id], vec![], 0));
    assert_eq!((settled.signed, settled.forgotten), (2, 0));
    let (server, at) = start(&rolled_back, &holder).await;
    at.sign(&moved).await.unwrap_err();
    at.sign(&stayed).await.unwrap();
    assert_eq!(record(&server, &moved).await.standing.state, WalletState::Frozen);
    assert_eq!(record(&server, &stayed).await.standing.state, WalletState::Active);
    assert_eq!(locked(&server).await, [(moved.wallet, Cause::OwnState, Remedy::Restore)]);

    // The way out: new shares from a backup of the epoch that this store holds.
    let successor = Holder::in_memory(&server.url(), holder.token()).await.unwrap();
    let code = clear(&server, &moved, Forgotten::Refuse).await.unwrap().unwrap();
    let thawed = successor.device().unwrap().restore(backup, &code).await.unwrap().value;
    assert_eq!((thawed.public_key, thawed.epoch), (moved.public_key, moved.epoch + 1));
    successor.sign(&thawed).await.unwrap();
    at.sign(&moved).await.unwrap_err();
    at.sign(&stayed).await.unwrap();
    assert!(locked(&server).await.is_empty());
    server.stop().await.unwrap();

    // The newest archive knows of no freeze: nobody has moved on from it.
    let (restored, settled) = import(&new, &folder, Over::Old(&folder)).await;
    assert_eq!((settled.frozen.len(), settled.locked.len(), settled.forgotten), (0, 0, 0));
    let (server, at) = start(&restored, &holder).await;
    at.sign(&stayed).await.unwrap();
    at.sign(&moved).await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_was_lost_and_replaced_since_does_not_sign_from_an_old_archive() {
    let first = RunningServer::start().await.unwrap();
    let lost = Holder::in_memory(&first.url(), &first.token("alice").await.unwrap()).await.unwrap();
    planted::acquainted(&first, &lost).await.unwrap();
    let wallet = planted::proven_wallet(&first, "alice", &lost).await.unwrap();
    let backup =
        || async { lost.device().unwrap().backup(&wallet.wallet, Threshold::default()).await.unwrap() };
    let (documents, again) = (backup().await, backup().await);
    let folder = first.stop().await.unwrap();
    let old = export(&folder).await;

    let (server, at) = start(&folder, &lost).await;
    let successor = Holder::in_memory(&server.url(), lost.token()).await.unwrap();
    let code = server.step_up(&wallet.wallet).await.unwrap();
    successor.device().unwrap().restore(documents, &code).await.unwrap();
    at.sign(&wallet).await.unwrap_err();
    server.stop().await.unwrap();

    for (over, state) in [(Over::Old(&folder), WalletState::Frozen), (Over::Nothing, WalletState::Imported)] {
        let (rolled_back, _) = import(&old, &folder, over).await;
        let (server, at) = start(&rolled_back, &lost).await;
        assert!(at.sign(&wallet).await.is_err(), "the lost phone signs");
        at.device().unwrap().refresh(&wallet.wallet).await.unwrap_err();
        assert_eq!(record(&server, &wallet).await.standing.state, state);
        successor.through(&server.url()).sign(&wallet).await.unwrap_err();
        server.stop().await.unwrap();
    }

    // The owner, whom the operator knows, comes back with the backup of that epoch; the lost phone does not.
    let (rolled_back, _) = import(&old, &folder, Over::Nothing).await;
    let (server, at) = start(&rolled_back, &lost).await;
    let code = clear(&server, &wallet, Forgotten::Accept).await.unwrap().unwrap();
    let third = Holder::in_memory(&server.url(), lost.token()).await.unwrap();
    third.device().unwrap().restore(again, &code).await.unwrap();
    third.sign(&wallet).await.unwrap();
    at.sign(&wallet).await.unwrap_err();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_archive_gives_no_second_signature_of_a_sequence_and_keeps_what_is_quarantined() {
    let first = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&first.url(), &first.token("alice").await.unwrap()).await.unwrap();
    planted::acquainted(&first, &holder).await.unwrap();
    let wallet = planted::proven_wallet(&first, "alice", &holder).await.unwrap();
    let cheat = planted::proven_wallet(&first, "alice", &holder).await.unwrap();
    let folder = first.stop().await.unwrap();
    let old = export(&folder).await;

    let (server, at) = start(&folder, &holder).await;
    let sign = |device: Device, amount| {
        let order = of_seven(&wallet.public_key, amount);
        async move { device.sign(&wallet.wallet, &order).await.map(|done| done.value.signature) }
    };
    let signature = sign(at.device().unwrap(), "1").await.unwrap();
    sign(at.device().unwrap(), "2").await.unwrap_err();
    quarantine_now(&server, &cheat).await;
    at.sign(&cheat).await.unwrap_err();
    server.stop().await.unwrap();

    let (rolled_back, settled) = import(&old, &folder, Over::Old(&folder)).await;
    assert_eq!((settled.signed, settled.guards, settled.standings, settled.forgotten), (1, 1, 1, 0));
    let (server, at) = start(&rolled_back, &holder).await;
    sign(at.device().unwrap(), "2").await.unwrap_err();
    assert_eq!(sign(at.device().unwrap(), "1").await.unwrap(), signature, "the one that there is");
    at.sign(&cheat).await.unwrap_err();
    at.sign(&wallet).await.unwrap();
    assert_eq!(locked(&server).await, [(cheat.wallet, Cause::PeerCheated, Remedy::Refresh)]);
    server.stop().await.unwrap();

    // Without the old store nothing is signed until somebody answers for what may have been signed, and the device has
    // proven itself with a code and made new shares.
    let (rolled_back, _) = import(&old, &folder, Over::Nothing).await;
    let (server, at) = start(&rolled_back, &holder).await;
    for amount in ["1", "2"] {
        sign(at.device().unwrap(), amount).await.unwrap_err();
    }
    at.sign(&cheat).await.unwrap_err();
    assert!(matches!(clear(&server, &wallet, Forgotten::Refuse).await, Err(ClearError::Forgotten(_))));
    let code = server.step_up(&wallet.wallet).await.unwrap();
    at.device().unwrap().refresh_stepped_up(&wallet.wallet, &code).await.unwrap();
    sign(at.device().unwrap(), "2").await.unwrap_err();
    let expected = (wallet.wallet, Cause::Imported, Remedy::Accept);
    assert!(locked(&server).await.contains(&expected), "new shares do not bring a memory back");
    assert_eq!(clear(&server, &wallet, Forgotten::Accept).await.unwrap(), None);
    sign(at.device().unwrap(), "2").await.unwrap();
    at.sign(&cheat).await.unwrap_err();
    server.stop().await.unwrap();
}
