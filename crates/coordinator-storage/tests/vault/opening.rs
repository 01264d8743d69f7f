//! A wrong key, the other side's store and a store without its canary are found before anything is written.

use std::sync::Arc;

use maany_coordinator_storage::{Corruption, Role, ShareStore, StoreError, Table, Vault};

use crate::lab::{Lab, active, alice, keys, open, server, wallet_id};

#[tokio::test]
async fn a_wrong_key_is_found_at_once_and_changes_nothing() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let before = lab.rows();
    for provider in [keys("k1", 8), keys("k2", 7), keys("k2", 8)] {
        let store = Arc::clone(&lab) as Arc<dyn ShareStore>;
        let error = Vault::open(store, provider, Role::Server).await.unwrap_err();
        assert!(matches!(&error, StoreError::WrongKey { key_id } if key_id == "k1"), "{error}");
        assert!(error.to_string().contains("k1"));
    }
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn an_opened_store_opens_again() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let again = open(&lab, Role::Server).await.unwrap();
    assert!(again.wallet(&alice(), wallet_id(1)).await.unwrap().is_some());
    assert_eq!(lab.count(Table::Meta), 1);
}

#[tokio::test]
async fn a_store_of_the_other_role_is_refused() {
    let (lab, _) = server().await;
    let error = open(&lab, Role::Device).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongRole { found: "server" }), "{error}");
}

#[tokio::test]
async fn a_store_with_rows_and_without_a_canary_gets_no_new_one() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let mut rows = lab.rows();
    rows.retain(|(table, _), _| *table != Table::Meta);
    lab.set_rows(rows.clone());
    let error = open(&lab, Role::Server).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Corrupt { table: Table::Meta, cause: Corruption::Missing, .. }),
        "{error}"
    );
    assert_eq!(lab.rows(), rows);
}

#[tokio::test]
async fn two_who_open_a_new_store_at_once_share_one_canary() {
    let lab = Lab::new();
    let (other, _) = server().await;
    lab.overtake_with(other.rows());
    open(&lab, Role::Server).await.unwrap();
    assert_eq!(lab.rows(), other.rows());
}

#[tokio::test]
async fn a_damaged_canary_is_damage_and_no_wrong_key() {
    let (lab, _) = server().await;
    let key = lab.keys(Table::Meta).remove(0);
    lab.change(Table::Meta, &key, |value| *value.last_mut().unwrap() ^= 1);
    let error = open(&lab, Role::Server).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: Table::Meta, .. }), "{error}");
}

#[test]
fn debug_shows_nothing_that_is_stored() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (_, vault) = runtime.block_on(server());
    assert_eq!(format!("{vault:?}"), "Vault { role: Server, .. }");
}

/// Sessions run as tasks on any thread.
#[tokio::test]
async fn the_vaults_futures_can_be_spawned() {
    let (_, vault) = server().await;
    let row = active(&vault).await;
    let share = tokio::spawn(async move { vault.share(&row, crate::lab::share_id(1)).await });
    share.await.unwrap().unwrap();
}
