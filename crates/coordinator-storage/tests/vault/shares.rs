//! DKG and refresh: shares and the row that names them change together, and nothing that counts is lost.

use maany_coordinator_storage::record::WalletState;
use maany_coordinator_storage::{Corruption, Role, StoreError, Table};

use crate::lab::{
    Lab, active, alice, audit, bob, content, open, provisional, refreshed, server, share, share_id, standing,
    wallet, wallet_id,
};

#[tokio::test]
async fn a_new_wallet_is_found_by_id_and_key_id_and_its_share_opens() {
    let (lab, vault) = server().await;
    let row = provisional(&vault).await;
    let found = vault.wallet(&alice(), wallet_id(1)).await.unwrap().unwrap();
    assert_eq!(found, row);
    assert_eq!(vault.wallet_by_key_id(&alice(), "phone").await.unwrap().unwrap(), row);
    let opened = vault.share(&row, share_id(1)).await.unwrap();
    assert_eq!(opened.bytes.dangerous_expose(), content(1, 1));
    assert_eq!(lab.count(Table::Audit), 1);
}

#[tokio::test]
async fn a_taken_wallet_id_or_key_id_is_never_overwritten() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let before = lab.rows();
    for (n, key_id, what) in [(1, None, "wallet"), (1, Some("new"), "wallet"), (2, Some("phone"), "key id")] {
        let again = wallet(n, alice(), key_id, Role::Server);
        let error = vault.insert_provisional(again, &share(n, 1), audit("made")).await.unwrap_err();
        assert!(matches!(error, StoreError::AlreadyExists { what: found } if found == what), "{error}");
        assert_eq!(lab.rows(), before);
    }
}

#[tokio::test]
async fn another_owners_same_key_id_is_another_wallet() {
    let (_, vault) = server().await;
    active(&vault).await;
    let hers = wallet(2, bob(), Some("phone"), Role::Server);
    vault.insert_provisional(hers, &share(2, 1), audit("made")).await.unwrap();
    let found = vault.wallet_by_key_id(&bob(), "phone").await.unwrap().unwrap();
    assert_eq!(found.wallet, wallet_id(2));
    let found = vault.wallet_by_key_id(&alice(), "phone").await.unwrap().unwrap();
    assert_eq!(found.wallet, wallet_id(1));
}

#[tokio::test]
async fn another_owners_wallet_is_not_there() {
    let (_, vault) = server().await;
    active(&vault).await;
    assert_eq!(vault.wallet(&bob(), wallet_id(1)).await.unwrap(), None);
    assert_eq!(vault.wallet_by_key_id(&bob(), "phone").await.unwrap(), None);
    assert!(vault.wallets(&bob(), None, 10).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn a_record_and_a_share_that_do_not_fit_are_refused() {
    let (lab, vault) = server().await;
    let before = lab.rows();
    let good = || wallet(1, alice(), None, Role::Server);
    let mut bad = vec![good(), good(), good(), good(), good()];
    bad[0].role = Role::Device;
    bad[1].standing = standing(WalletState::Active);
    bad[2].active = Some(share_id(2));
    bad[3].active = None;
    bad[4].pending = Some(share_id(2));
    for wallet in bad {
        let error = vault.insert_provisional(wallet, &share(1, 1), audit("made")).await.unwrap_err();
        assert!(matches!(error, StoreError::WrongState { .. }), "{error}");
    }
    for bad in [share(2, 1), maany_coordinator_storage::record::ShareRecord { engine: 2, ..share(1, 1) }] {
        let error = vault.insert_provisional(good(), &bad, audit("made")).await.unwrap_err();
        assert!(matches!(error, StoreError::WrongState { .. }), "{error}");
    }
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn only_a_provisional_wallet_is_activated_or_discarded() {
    let (lab, vault) = server().await;
    let row = provisional(&vault).await;
    let error = vault.activate(&row, share_id(2), audit("activated")).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongState { .. }), "{error}");
    let row = vault.activate(&row, share_id(1), audit("activated")).await.unwrap();
    assert_eq!(row.standing.state, WalletState::Active);
    let before = lab.rows();
    assert!(matches!(
        vault.activate(&row, share_id(1), audit("activated")).await,
        Err(StoreError::WrongState { .. })
    ));
    assert!(matches!(
        vault.discard_provisional(&row, audit("discarded")).await,
        Err(StoreError::WrongState { .. })
    ));
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn a_discarded_wallet_frees_its_key_id_and_leaves_no_share() {
    let (lab, vault) = server().await;
    let row = provisional(&vault).await;
    vault.discard_provisional(&row, audit("discarded")).await.unwrap();
    assert_eq!((lab.count(Table::Wallets), lab.count(Table::Shares), lab.count(Table::KeyIds)), (0, 0, 0));
    assert_eq!(lab.count(Table::Audit), 2);
    provisional(&vault).await;
}

#[tokio::test]
async fn a_refresh_goes_pending_active_retired_and_ends_with_one_share() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    let row = vault.insert_pending(&row, &share(1, 2), audit("pending")).await.unwrap();
    assert_eq!((row.active, row.pending, row.retired), (Some(share_id(1)), Some(share_id(2)), None));
    let after = standing(WalletState::Active);
    let row = vault.promote_pending(&row, share_id(2), after, audit("promoted")).await.unwrap();
    assert_eq!((row.active, row.pending, row.retired), (Some(share_id(2)), None, Some(share_id(1))));
    assert_eq!(vault.share(&row, share_id(2)).await.unwrap().bytes.dangerous_expose(), content(1, 2));
    assert_eq!(vault.share(&row, share_id(1)).await.unwrap().bytes.dangerous_expose(), content(1, 1));
    let row = vault.erase_retired(&row, share_id(1), audit("erased")).await.unwrap();
    assert_eq!((row.active, row.pending, row.retired), (Some(share_id(2)), None, None));
    assert_eq!(lab.count(Table::Shares), 1);
    assert_eq!(lab.count(Table::Audit), 5);
    let gone = vault.share(&row, share_id(1)).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { what: "share" }), "{gone}");
    assert_eq!(vault.wallet(&alice(), wallet_id(1)).await.unwrap().unwrap(), row);
}

#[tokio::test]
async fn a_promotion_clears_a_quarantine_in_the_same_write() {
    let (_, vault) = server().await;
    let row = active(&vault).await;
    let mut bad = standing(WalletState::Quarantined);
    bad.aborts = vec![1, 2, 3];
    let row = vault.set_standing(&row, bad.clone(), audit("quarantined")).await.unwrap();
    assert_eq!(row.standing, bad);
    let row = vault.insert_pending(&row, &share(1, 2), audit("pending")).await.unwrap();
    assert_eq!(row.standing, bad);
    let good = standing(WalletState::Active);
    let row = vault.promote_pending(&row, share_id(2), good.clone(), audit("promoted")).await.unwrap();
    assert_eq!(row.standing, good);
}

#[tokio::test]
async fn a_share_in_use_is_not_erased() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let before = lab.rows();
    let error = vault.erase_retired(&row, share_id(2), audit("erased")).await.unwrap_err();
    assert!(matches!(error, StoreError::ShareInUse), "{error}");
    let error = vault.erase_retired(&row, share_id(3), audit("erased")).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongState { .. }), "{error}");
    assert_eq!(lab.rows(), before);

    let row = vault.erase_retired(&row, share_id(1), audit("erased")).await.unwrap();
    let row = vault.insert_pending(&row, &share(1, 3), audit("pending")).await.unwrap();
    let error = vault.erase_retired(&row, share_id(3), audit("erased")).await.unwrap_err();
    assert!(matches!(error, StoreError::ShareInUse), "{error}");
}

/// The row that the caller holds is an old one: what it calls retired may be in use by now.
#[tokio::test]
async fn an_old_row_erases_nothing() {
    let (lab, vault) = server().await;
    let old = refreshed(&vault).await;
    vault.set_policy(&old, vec![1], audit("policy")).await.unwrap();
    let before = lab.rows();
    let error = vault.erase_retired(&old, share_id(1), audit("erased")).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { table: Table::Wallets, .. }), "{error}");
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn a_second_pending_share_is_refused() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    let row = vault.insert_pending(&row, &share(1, 2), audit("pending")).await.unwrap();
    let before = lab.rows();
    let error = vault.insert_pending(&row, &share(1, 3), audit("pending")).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongState { .. }), "{error}");
    assert_eq!(lab.rows(), before);
    let error = vault
        .promote_pending(&row, share_id(3), standing(WalletState::Active), audit("promoted"))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::WrongState { .. }), "{error}");

    let row = vault.drop_pending(&row, audit("dropped")).await.unwrap();
    assert_eq!((row.pending, lab.count(Table::Shares)), (None, 1));
    assert!(matches!(vault.drop_pending(&row, audit("dropped")).await, Err(StoreError::WrongState { .. })));
    let row = refreshed_from(&vault, row).await;
    let error = vault.insert_pending(&row, &share(1, 3), audit("pending")).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongState { .. }), "a retired share is held: {error}");
}

async fn refreshed_from(
    vault: &maany_coordinator_storage::Vault,
    row: maany_coordinator_storage::Row<maany_coordinator_storage::record::WalletRecord>,
) -> maany_coordinator_storage::Row<maany_coordinator_storage::record::WalletRecord> {
    let row = vault.insert_pending(&row, &share(1, 2), audit("pending")).await.unwrap();
    vault.promote_pending(&row, share_id(2), standing(WalletState::Active), audit("promoted")).await.unwrap()
}

#[tokio::test]
async fn a_share_of_another_wallet_or_id_is_not_taken_in() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    let before = lab.rows();
    assert!(matches!(
        vault.insert_pending(&row, &share(2, 2), audit("pending")).await,
        Err(StoreError::WrongState { .. })
    ));
    assert!(matches!(
        vault.insert_pending(&row, &share(1, 1), audit("pending")).await,
        Err(StoreError::ShareInUse)
    ));
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn a_failed_commit_leaves_row_share_and_audit_as_they_were() {
    let (lab, vault) = server().await;
    let full = || StoreError::Full { source: std::io::ErrorKind::StorageFull.into() };
    let before = lab.rows();
    lab.fail_next_commit(full());
    let new = wallet(1, alice(), Some("phone"), Role::Server);
    let error = vault.insert_provisional(new, &share(1, 1), audit("made")).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert_eq!(lab.rows(), before);

    let row = refreshed(&vault).await;
    let before = lab.rows();
    lab.fail_next_commit(full());
    assert!(vault.erase_retired(&row, share_id(1), audit("erased")).await.is_err());
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn a_missing_share_that_the_wallet_names_is_damage() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    let mut rows = lab.rows();
    rows.retain(|(table, _), _| *table != Table::Shares);
    lab.set_rows(rows);
    let error = vault.share(&row, share_id(1)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Corrupt { table: Table::Shares, cause: Corruption::Missing, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_device_keeps_its_shares_in_the_same_way() {
    let lab = Lab::new();
    let vault = open(&lab, Role::Device).await.unwrap();
    let row = refreshed(&vault).await;
    assert_eq!(row.role, Role::Device);
    assert_eq!(vault.share(&row, share_id(2)).await.unwrap().bytes.dangerous_expose(), content(1, 2));
}
