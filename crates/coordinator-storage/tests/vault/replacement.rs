//! Shares that give way: what goes and what comes are one write, and nothing goes that the wallet still names.

use maany_coordinator_storage::record::{ShareRecord, WalletState};
use maany_coordinator_storage::{Role, Row, ShareId, StoreError, Table, Vault};

use crate::lab::{Lab, active, audit, open, refreshed, server, share, share_id, standing, wallet, wallet_id};
use maany_coordinator_storage::record::WalletRecord;
use std::sync::Arc;

async fn device() -> (Arc<Lab>, Vault) {
    let lab = Lab::new();
    let vault = open(&lab, Role::Device).await.unwrap();
    (lab, vault)
}

/// The wallet's shares in the store, and that all of them open.
async fn stored(lab: &Lab, vault: &Vault, row: &Row<WalletRecord>) -> Vec<ShareId> {
    let named: Vec<ShareId> = [row.active, row.pending, row.retired].into_iter().flatten().collect();
    for id in &named {
        vault.share(row, *id).await.unwrap();
    }
    let keys = lab.keys(Table::Shares).into_iter();
    let mut stored: Vec<_> = keys.map(|key| ShareId::from_bytes(*key.last_chunk().unwrap())).collect();
    stored.sort();
    stored
}

#[tokio::test]
async fn a_new_attempt_erases_the_undecided_share_with_the_write_that_brings_its_own() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    let row = vault.insert_pending(&row, &share(1, 2), audit("pending")).await.unwrap();
    let row = vault.supersede_pending(&row, share_id(1), &share(1, 3), None, audit("pending")).await.unwrap();
    assert_eq!((row.active, row.pending, row.retired), (Some(share_id(1)), Some(share_id(3)), None));
    assert_eq!(stored(&lab, &vault, &row).await, [share_id(1), share_id(3)]);
}

#[tokio::test]
async fn a_new_attempt_may_go_on_from_the_retired_share() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let row = vault.supersede_pending(&row, share_id(1), &share(1, 3), None, audit("pending")).await.unwrap();
    assert_eq!((row.active, row.pending, row.retired), (Some(share_id(1)), Some(share_id(3)), None));
    assert_eq!(stored(&lab, &vault, &row).await, [share_id(1), share_id(3)]);
}

#[tokio::test]
async fn a_new_attempt_needs_a_share_of_the_wallet_and_a_new_one_of_its_own() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let before = lab.rows();
    let foreign = vault.supersede_pending(&row, share_id(9), &share(1, 3), None, audit("pending")).await;
    assert!(matches!(foreign, Err(StoreError::WrongState { .. })), "{foreign:?}");
    for named in [1, 2] {
        let again =
            vault.supersede_pending(&row, share_id(2), &share(1, named), None, audit("pending")).await;
        assert!(matches!(again, Err(StoreError::ShareInUse)), "{again:?}");
    }
    for bad in [share(2, 3), ShareRecord { engine: 2, ..share(1, 3) }] {
        let other = vault.supersede_pending(&row, share_id(2), &bad, None, audit("pending")).await;
        assert!(matches!(other, Err(StoreError::WrongState { .. })), "{other:?}");
    }
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn a_devices_promotion_erases_the_old_share_with_the_same_write() {
    let (lab, vault) = device().await;
    let row = active(&vault).await;
    let row = vault.insert_pending(&row, &share(1, 2), audit("pending")).await.unwrap();
    let before = lab.rows();
    let wrong = vault.promote_over(&row, share_id(1), standing(WalletState::Active), audit("p")).await;
    assert!(matches!(wrong, Err(StoreError::WrongState { .. })), "{wrong:?}");
    assert_eq!(lab.rows(), before);
    let row = vault.promote_over(&row, share_id(2), standing(WalletState::Active), audit("p")).await.unwrap();
    assert_eq!((row.active, row.pending, row.retired), (Some(share_id(2)), None, None));
    assert_eq!(stored(&lab, &vault, &row).await, [share_id(2)]);
}

#[tokio::test]
async fn a_restore_gives_every_old_share_for_the_new_one() {
    let (lab, vault) = device().await;
    let row = refreshed(&vault).await;
    let again = vault.supersede_all(&row, &share(1, 2), audit("restored")).await;
    assert!(matches!(again, Err(StoreError::ShareInUse)), "{again:?}");
    let row = vault.supersede_all(&row, &share(1, 7), audit("restored")).await.unwrap();
    assert_eq!((row.active, row.pending, row.retired), (Some(share_id(7)), None, None));
    assert_eq!(row.standing.state, WalletState::Provisional);
    assert_eq!(stored(&lab, &vault, &row).await, [share_id(7)]);
}

#[tokio::test]
async fn a_server_never_gives_its_shares_away_before_the_commit() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    let before = lab.rows();
    let refused = vault.supersede_all(&row, &share(1, 2), audit("restored")).await;
    assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
    assert_eq!(lab.rows(), before);
}

/// A commit that fails, and a row that is an old one, leave every share where it was.
#[tokio::test]
async fn inserting_and_erasing_is_one_write() {
    let (lab, vault) = device().await;
    let old = active(&vault).await;
    let row = vault.insert_pending(&old, &share(1, 2), audit("pending")).await.unwrap();
    let before = lab.rows();
    let stale = vault.supersede_all(&old, &share(1, 3), audit("restored")).await;
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    assert_eq!(lab.rows(), before);
    for failing in 0..3 {
        lab.fail_next_commit(StoreError::Full { source: std::io::ErrorKind::StorageFull.into() });
        let failed = match failing {
            0 => vault.supersede_all(&row, &share(1, 3), audit("a")).await,
            1 => vault.supersede_pending(&row, share_id(1), &share(1, 3), None, audit("a")).await,
            _ => vault.promote_over(&row, share_id(2), standing(WalletState::Active), audit("a")).await,
        };
        assert!(matches!(failed, Err(StoreError::Full { .. })), "{failed:?}");
        assert_eq!(lab.rows(), before);
    }
    assert_eq!(stored(&lab, &vault, &row).await, [share_id(1), share_id(2)]);
}

#[tokio::test]
async fn each_change_is_one_batch_with_one_audit_row() {
    let (lab, vault) = device().await;
    let new = wallet(1, crate::lab::alice(), None, Role::Device);
    let mut row = vault.insert_provisional(new, &share(1, 1), audit("made")).await.unwrap();
    assert_eq!((row.wallet, lab.count(Table::Audit)), (wallet_id(1), 1));
    row = vault.activate(&row, share_id(1), audit("activated")).await.unwrap();
    assert_eq!(lab.count(Table::Audit), 2);
    row = vault.supersede_pending(&row, share_id(1), &share(1, 2), None, audit("pending")).await.unwrap();
    assert_eq!(lab.count(Table::Audit), 3);
    row = vault
        .promote_over(&row, share_id(2), standing(WalletState::Active), audit("promoted"))
        .await
        .unwrap();
    assert_eq!(lab.count(Table::Audit), 4);
    vault.supersede_all(&row, &share(1, 3), audit("restored")).await.unwrap();
    assert_eq!(lab.count(Table::Audit), 5);
}
