//! What a server makes of a key that does not fit and of records that are damaged.
#![cfg(test)]

use std::path::Path;

use maany_coordinator::http::client::ClientError;
use maany_coordinator::storage::record::WalletRecord;
use maany_coordinator::storage::{
    Batch, FileKeyProvider, RecordTable, RedbStore, Role, Row, ShareStore, StoreError, Table, Versioned,
    WalletId,
};
use maany_coordinator::{DeviceError, WalletInfo};
use maany_coordinator_proto::CloseCode;
use maany_tests::holder::fresh;
use maany_tests::running_server::{self, Folder, Setup, database, key_file, open_vault};
use maany_tests::{Failure, Holder, RunningServer, order, planted};

/// A server's folder with two wallets of alice, and their device.
async fn two_wallets() -> Result<(Folder, Holder, [WalletInfo; 2]), Failure> {
    let server = RunningServer::start().await?;
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await?).await?;
    let wallets = [
        planted::wallet(&server, "alice", &holder).await?,
        planted::wallet(&server, "alice", &holder).await?,
    ];
    for wallet in &wallets {
        holder.sign(wallet).await?;
    }
    Ok((server.stop().await?, holder, wallets))
}

async fn restart(folder: &Folder) -> RunningServer {
    let setup = Setup { folder: Some(Folder::clone(folder)), ..Setup::default() };
    RunningServer::start_with(setup).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_file_does_not_open_the_store_and_changes_nothing_in_it() {
    let (folder, holder, [wallet, _]) = two_wallets().await.unwrap();
    let before = contents(folder.path()).await;
    let elsewhere = running_server::folder().unwrap();
    let opened = async |key_id: &str| {
        let keys = FileKeyProvider::create(&key_file(elsewhere.path()), key_id).unwrap();
        std::fs::remove_file(key_file(elsewhere.path())).unwrap();
        let store = RedbStore::open(database(folder.path())).await.unwrap();
        running_server::vault(store, keys, Role::Server).await
    };
    // Under another name, and under the same.
    for key_id in ["other", "tests"] {
        let refused = opened(key_id).await.expect_err("another key opens nothing");
        assert!(matches!(refused, StoreError::WrongKey { .. }), "{refused:?}");
    }
    assert!(before == contents(folder.path()).await, "the store was changed");
    let server = restart(&folder).await;
    holder.through(&server.url()).sign(&wallet).await.unwrap();
}

/// Every row of every table, as the store holds it.
async fn contents(folder: &Path) -> Vec<(Table, Vec<u8>, Versioned)> {
    let store = RedbStore::open(database(folder)).await.unwrap();
    let mut rows = Vec::new();
    for table in Table::ALL {
        let entries = store.scan(table, &[], None, 10_000).await.unwrap();
        rows.extend(entries.into_iter().map(|entry| (table, entry.key, entry.row.unwrap())));
    }
    store.close().await;
    rows
}

/// The wallet's row as the server has it, and its raw key and version in the store.
async fn find(folder: &Path, wallet: &WalletInfo) -> (Row<WalletRecord>, Vec<u8>, u64) {
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let row = open_vault(folder).await.unwrap().find_wallet(id).await.unwrap().unwrap();
    let store = RedbStore::open(database(folder)).await.unwrap();
    let entries = store.scan(Table::Wallets, &[], None, 100).await.unwrap();
    let entry = entries.into_iter().find(|entry| entry.key.ends_with(id.as_bytes())).unwrap();
    (row, entry.key, entry.row.unwrap().version)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_wallet_record_is_named_and_other_wallets_sign() {
    let (folder, holder, [damaged, whole]) = two_wallets().await.unwrap();
    let (_, key, version) = find(folder.path(), &damaged).await;
    let store = RedbStore::open(database(folder.path())).await.unwrap();
    let mut value = store.get(Table::Wallets, &key).await.unwrap().unwrap().value;
    let middle = value.len() / 2;
    value[middle] ^= 1;
    let mut batch = Batch::new();
    batch.replace(RecordTable::Wallets, key.as_slice(), version, value);
    store.commit(batch).await.unwrap();
    store.close().await;

    let vault = open_vault(folder.path()).await.unwrap();
    let page = vault.all_wallets(None, 100).await.unwrap();
    assert_eq!(page.rows.len(), 1, "the other one is listed");
    let [named] = &page.damaged[..] else { panic!("{:?}", page.damaged) };
    assert!(named.to_string().contains(&hex::encode(&key)), "{named}");
    assert!(matches!(named, StoreError::Corrupt { table: Table::Wallets, .. }), "{named:?}");
    drop(vault);

    let server = restart(&folder).await;
    let holder = holder.through(&server.url());
    let order = order::send_one(&damaged.public_key, fresh()).unwrap();
    let refused = holder.device().unwrap().sign(&damaged.wallet, &order).await.unwrap_err();
    let DeviceError::Http(ClientError::Refused { status, error }) = refused else { panic!("{refused:?}") };
    assert_eq!((status, error.code.as_str()), (500, "internal"));
    let refused = holder.device().unwrap().refresh(&damaged.wallet).await.unwrap_err();
    assert_eq!(refused.close_code(), Some(CloseCode::Internal), "{refused:?}");
    holder.sign(&whole).await.unwrap();
    holder.device().unwrap().refresh(&whole.wallet).await.unwrap();
    holder.sign(&whole).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_share_is_named_and_other_wallets_sign() {
    let (folder, holder, [damaged, whole]) = two_wallets().await.unwrap();
    let (row, _, _) = find(folder.path(), &damaged).await;
    let store = RedbStore::open(database(folder.path())).await.unwrap();
    let shares = store.scan(Table::Shares, &[], None, 100).await.unwrap();
    let mut hit = None;
    for entry in shares {
        // A share's key holds its wallet's id.
        if entry.key.windows(16).any(|part| part == damaged.wallet.as_bytes()) {
            let mut sealed = entry.row.unwrap();
            let last = sealed.value.len() - 1;
            sealed.value[last] ^= 1;
            let mut batch = Batch::new();
            batch.erase_share(entry.key.as_slice());
            store.commit(batch).await.unwrap();
            let mut batch = Batch::new();
            batch.insert_share(entry.key.as_slice(), sealed.value);
            store.commit(batch).await.unwrap();
            hit = Some(entry.key);
        }
    }
    store.close().await;
    let hit = hit.expect("the share of the wallet");

    let vault = open_vault(folder.path()).await.unwrap();
    let named = vault.share(&row, row.active.unwrap()).await.unwrap_err();
    assert!(named.to_string().contains(&hex::encode(&hit)), "{named}");
    drop(vault);

    let server = restart(&folder).await;
    let holder = holder.through(&server.url());
    let order = order::send_one(&damaged.public_key, fresh()).unwrap();
    let refused = holder.device().unwrap().sign(&damaged.wallet, &order).await.unwrap_err();
    assert!(refused.close_code().is_some(), "closed with a code: {refused:?}");
    holder.sign(&whole).await.unwrap();
}
