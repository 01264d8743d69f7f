//! The writes of reconciliation and of a commit's end: each names what the row holds, each is all or nothing.

use maany_coordinator_storage::record::{
    BackupRule, Devices, FragmentRecord, ShareRecord, WalletRecord, WalletState,
};
use maany_coordinator_storage::vault::{Change, Confirmation};
use maany_coordinator_storage::{Role, Row, SecretBytes, ShareId, StoreError, Table, Vault};

use crate::lab::{
    Lab, active, alice, audit, bob, open, provisional, refreshed, server, share, share_id, standing, wallet,
    wallet_id,
};

const OLD: [u8; 33] = [2; 33];
const NEW: [u8; 33] = [3; 33];

/// Share 1 active, share 2 pending; the device of `OLD` is enrolled and that of `enrol` comes with the pending share.
async fn pending(vault: &Vault, enrol: Option<[u8; 33]>) -> Row<WalletRecord> {
    let mut new = wallet(1, alice(), Some("phone"), Role::Server);
    new.device.enrolled = Some(OLD);
    let row = vault.insert_provisional(new, &share(1, 1), audit("made")).await.unwrap();
    let row = vault.activate(&row, share_id(1), audit("activated")).await.unwrap();
    vault.supersede_pending(&row, share_id(1), &share(1, 2), enrol, audit("pending")).await.unwrap()
}

fn held(row: &WalletRecord) -> (Option<ShareId>, Option<ShareId>, Option<ShareId>, bool) {
    (row.active, row.pending, row.retired, row.confirmed)
}

fn stored(lab: &Lab) -> Vec<ShareId> {
    let keys = lab.keys(Table::Shares).into_iter();
    keys.map(|key| ShareId::from_bytes(*key.last_chunk().unwrap())).collect()
}

fn promote(confirmed: bool) -> Change {
    Change::Promote { id: share_id(2), retire: share_id(1), confirmed }
}

fn confirmation(id: u8) -> Confirmation {
    Confirmation { id: share_id(id), erase_retired: None, receipt: None, fragment: None }
}

fn fragment(epoch: u64) -> FragmentRecord {
    FragmentRecord {
        owner: alice(),
        subject: wallet_id(1).to_string(),
        epoch,
        document: SecretBytes::new(vec![9; 50]),
        stored_ms: 3,
    }
}

#[tokio::test]
async fn a_promotion_keeps_the_old_share_and_says_whether_the_device_has_followed() {
    for confirmed in [false, true] {
        let (lab, vault) = server().await;
        let row = pending(&vault, None).await;
        let row = vault.apply_change(&row, promote(confirmed), audit("reconciled")).await.unwrap();
        assert_eq!(held(&row), (Some(share_id(2)), None, Some(share_id(1)), confirmed));
        assert_eq!(row.device, Devices { enrolled: Some(OLD), ..Devices::default() });
        assert_eq!(stored(&lab), [share_id(1), share_id(2)]);
        assert_eq!(vault.wallet(&alice(), wallet_id(1)).await.unwrap().unwrap(), row);
    }
}

#[tokio::test]
async fn the_promotion_of_a_restore_enrols_its_device_and_revokes_the_old_one_in_one_write() {
    for by_reconciliation in [false, true] {
        let (lab, vault) = server().await;
        let row = pending(&vault, Some(NEW)).await;
        assert_eq!((row.device.enrolled, row.device.pending), (Some(OLD), Some(NEW)));
        let audits = lab.count(Table::Audit);
        let row = if by_reconciliation {
            vault.apply_change(&row, promote(true), audit("reconciled")).await.unwrap()
        } else {
            let active = standing(WalletState::Active);
            vault.promote_pending(&row, share_id(2), active, audit("promoted")).await.unwrap()
        };
        let expected = Devices { enrolled: Some(NEW), pending: None, revoked: vec![OLD] };
        assert_eq!((&row.device, row.active), (&expected, Some(share_id(2))));
        assert_eq!(lab.count(Table::Audit), audits + 1);

        let again = vault.erase_retired(&row, share_id(1), audit("erased")).await.unwrap();
        let before = lab.rows();
        let revoked =
            vault.supersede_pending(&again, share_id(2), &share(1, 3), Some(OLD), audit("pending")).await;
        assert!(matches!(revoked, Err(StoreError::WrongState { .. })), "{revoked:?}");
        assert_eq!(lab.rows(), before);
    }
}

#[tokio::test]
async fn a_dropped_attempt_takes_its_identity_along() {
    for by_reconciliation in [false, true] {
        let (lab, vault) = server().await;
        let row = pending(&vault, Some(NEW)).await;
        let row = if by_reconciliation {
            vault.apply_change(&row, Change::DropPending(share_id(2)), audit("dropped")).await.unwrap()
        } else {
            vault.drop_pending(&row, audit("dropped")).await.unwrap()
        };
        assert_eq!(held(&row), (Some(share_id(1)), None, None, false));
        assert_eq!(row.device, Devices { enrolled: Some(OLD), ..Devices::default() });
        assert_eq!(stored(&lab), [share_id(1)]);
    }
    let (_, vault) = server().await;
    let row = pending(&vault, Some(NEW)).await;
    let row = vault.supersede_pending(&row, share_id(1), &share(1, 3), None, audit("pending")).await.unwrap();
    assert_eq!(row.device.pending, None, "a new attempt of the enrolled device");
}

#[tokio::test]
async fn a_return_to_the_retired_share_erases_the_one_that_the_device_never_had() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let row = vault.store_receipt(&row, share_id(2), audit("receipt")).await.unwrap();
    let back = Change::ReturnToRetired { id: share_id(1), erase: share_id(2) };
    let row = vault.apply_change(&row, back, audit("returned")).await.unwrap();
    assert_eq!(held(&row), (Some(share_id(1)), None, None, true));
    assert_eq!((row.receipt, stored(&lab)), (None, vec![share_id(1)]));
}

#[tokio::test]
async fn a_retired_share_waits_for_the_backup_that_the_wallet_needs() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let row = vault.set_backup_rule(&row, BackupRule::Required, audit("rule")).await.unwrap();
    let before = lab.rows();
    let erase = Change::EraseRetired(share_id(1));
    let early = vault.apply_change(&row, erase, audit("erased")).await;
    assert!(matches!(early, Err(StoreError::WrongState { .. })), "{early:?}");
    let early = Confirmation { erase_retired: Some(share_id(1)), ..confirmation(2) };
    let early = vault.confirm(&row, early, audit("confirmed")).await;
    assert!(matches!(early, Err(StoreError::WrongState { .. })), "{early:?}");
    assert_eq!(lab.rows(), before);

    let row = vault.store_receipt(&row, share_id(2), audit("receipt")).await.unwrap();
    let row = vault.apply_change(&row, erase, audit("erased")).await.unwrap();
    assert_eq!((row.retired, stored(&lab)), (None, vec![share_id(2)]));
}

#[tokio::test]
async fn a_wallet_without_backup_lets_its_retired_share_go_at_once() {
    for rule in [BackupRule::None, BackupRule::Waived] {
        let (lab, vault) = server().await;
        let row = refreshed(&vault).await;
        let row = vault.set_backup_rule(&row, rule, audit("rule")).await.unwrap();
        let end = Confirmation { erase_retired: Some(share_id(1)), ..confirmation(2) };
        let row = vault.confirm(&row, end, audit("confirmed")).await.unwrap();
        assert_eq!(held(&row), (Some(share_id(2)), None, None, true));
        assert_eq!(stored(&lab), [share_id(2)]);
    }
}

#[tokio::test]
async fn the_end_of_a_refresh_is_one_write() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let row = vault.set_backup_rule(&row, BackupRule::Required, audit("rule")).await.unwrap();
    let (audits, version) = (lab.count(Table::Audit), row.version());
    let end = Confirmation {
        erase_retired: Some(share_id(1)),
        receipt: Some(share_id(2)),
        fragment: Some(fragment(2)),
        ..confirmation(2)
    };
    let row = vault.confirm(&row, end, audit("confirmed")).await.unwrap();
    assert_eq!(held(&row), (Some(share_id(2)), None, None, true));
    assert_eq!((row.receipt, row.version()), (Some(share_id(2)), version + 1));
    assert_eq!((lab.count(Table::Audit), lab.count(Table::Fragments)), (audits + 1, 1));
    assert_eq!(stored(&lab), [share_id(2)]);

    // A device that lost the answer says it again.
    let again = Confirmation { receipt: Some(share_id(2)), fragment: Some(fragment(2)), ..confirmation(2) };
    let row = vault.confirm(&row, again, audit("confirmed")).await.unwrap();
    assert_eq!((row.confirmed, lab.count(Table::Fragments)), (true, 1));
}

#[tokio::test]
async fn a_backup_that_is_not_complete_erases_nothing() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let part = Confirmation { fragment: Some(fragment(2)), ..confirmation(2) };
    let row = vault.confirm(&row, part, audit("confirmed")).await.unwrap();
    assert_eq!(held(&row), (Some(share_id(2)), None, Some(share_id(1)), true));
    assert_eq!((row.receipt, stored(&lab).len(), lab.count(Table::Fragments)), (None, 2, 1));
}

#[tokio::test]
async fn what_the_row_does_not_hold_is_refused() {
    use Change::{DropPending, EraseRetired, ReturnToRetired};
    let (id, other) = (share_id, share_id(9));
    let promote = |id, retire| Change::Promote { id, retire, confirmed: false };

    let (lab, vault) = server().await;
    let row = pending(&vault, None).await;
    let before = lab.rows();
    for change in [
        promote(id(2), other),
        promote(other, id(1)),
        promote(id(1), id(2)),
        DropPending(id(1)),
        DropPending(other),
        EraseRetired(id(1)),
        EraseRetired(id(2)),
        ReturnToRetired { id: id(1), erase: id(2) },
        ReturnToRetired { id: id(2), erase: id(1) },
    ] {
        let refused = vault.apply_change(&row, change, audit("reconciled")).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{change:?}: {refused:?}");
    }
    let refused = vault.confirm(&row, confirmation(2), audit("confirmed")).await;
    assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
    assert_eq!(lab.rows(), before);

    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let before = lab.rows();
    for change in [
        promote(id(2), id(1)),
        promote(id(1), id(2)),
        DropPending(id(2)),
        EraseRetired(id(2)),
        EraseRetired(other),
        ReturnToRetired { id: id(1), erase: other },
        ReturnToRetired { id: id(2), erase: id(1) },
    ] {
        let refused = vault.apply_change(&row, change, audit("reconciled")).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{change:?}: {refused:?}");
    }
    let strange = [
        confirmation(1),
        confirmation(9),
        Confirmation { erase_retired: Some(id(2)), ..confirmation(2) },
        Confirmation { erase_retired: Some(other), ..confirmation(2) },
        Confirmation { receipt: Some(id(1)), ..confirmation(2) },
        Confirmation { fragment: Some(fragment(1)), ..confirmation(2) },
        Confirmation { fragment: Some(FragmentRecord { owner: bob(), ..fragment(2) }), ..confirmation(2) },
        Confirmation {
            fragment: Some(FragmentRecord { subject: "other".into(), ..fragment(2) }),
            ..confirmation(2)
        },
    ];
    for end in strange {
        let shown = format!("{end:?}");
        let refused = vault.confirm(&row, end, audit("confirmed")).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{shown}: {refused:?}");
    }
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn a_provisional_or_retired_wallet_is_not_reconciled() {
    let (lab, vault) = server().await;
    let row = provisional(&vault).await;
    let retired = standing(WalletState::Retired);
    for retire in [false, true] {
        let row = match retire {
            false => row.clone(),
            true => vault.set_standing(&row, retired.clone(), audit("retired")).await.unwrap(),
        };
        let before = lab.rows();
        let refused = vault.confirm(&row, confirmation(1), audit("confirmed")).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
        let refused = vault.apply_change(&row, Change::DropPending(share_id(2)), audit("r")).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
        assert_eq!(lab.rows(), before);
    }
}

/// Reconciliation runs in quarantine too, and does not end it.
#[tokio::test]
async fn a_locked_wallet_is_reconciled_and_stays_locked() {
    for state in [WalletState::Quarantined, WalletState::Frozen] {
        let (_, vault) = server().await;
        let row = pending(&vault, None).await;
        let row = vault.set_standing(&row, standing(state), audit("locked")).await.unwrap();
        let row = vault.apply_change(&row, promote(false), audit("reconciled")).await.unwrap();
        assert_eq!((row.standing.state, row.active), (state, Some(share_id(2))));
    }
}

/// Whatever fails, fails whole; and who holds an old row changes nothing.
#[tokio::test]
async fn a_write_that_fails_leaves_everything_as_it_was() {
    let (lab, vault) = server().await;
    let refreshed = refreshed(&vault).await;
    let stale = refreshed.clone();
    let row = vault.set_policy(&refreshed, vec![1], audit("policy")).await.unwrap();
    let before = lab.rows();
    let changes =
        [Change::EraseRetired(share_id(1)), Change::ReturnToRetired { id: share_id(1), erase: share_id(2) }];
    let end = || Confirmation {
        erase_retired: Some(share_id(1)),
        receipt: Some(share_id(2)),
        fragment: Some(fragment(2)),
        ..confirmation(2)
    };
    let full = || StoreError::Full { source: std::io::ErrorKind::StorageFull.into() };
    for change in changes {
        lab.fail_next_commit(full());
        let failed = vault.apply_change(&row, change, audit("r")).await;
        assert!(matches!(failed, Err(StoreError::Full { .. })), "{failed:?}");
        let old = vault.apply_change(&stale, change, audit("r")).await;
        assert!(matches!(old, Err(StoreError::Conflict { table: Table::Wallets, .. })), "{old:?}");
        assert_eq!(lab.rows(), before);
    }
    lab.fail_next_commit(full());
    let failed = vault.confirm(&row, end(), audit("confirmed")).await;
    assert!(matches!(failed, Err(StoreError::Full { .. })), "{failed:?}");
    let old = vault.confirm(&stale, end(), audit("confirmed")).await;
    assert!(matches!(old, Err(StoreError::Conflict { .. })), "{old:?}");
    assert_eq!(lab.rows(), before);
    vault.confirm(&row, end(), audit("confirmed")).await.unwrap();
}

#[tokio::test]
async fn a_device_keeps_its_identity_with_its_share_and_a_server_keeps_none() {
    let lab = Lab::new();
    let vault = open(&lab, Role::Device).await.unwrap();
    let own = ShareRecord { identity: SecretBytes::new(vec![5; 32]), ..share(1, 1) };
    let new = wallet(1, alice(), None, Role::Device);
    let row = vault.insert_provisional(new, &own, audit("made")).await.unwrap();
    let opened = vault.share(&row, share_id(1)).await.unwrap();
    assert_eq!(opened.identity.dangerous_expose(), [5; 32]);
    let (_, server) = server().await;
    let row = active(&server).await;
    for (vault, row, len, epoch) in [(&vault, &row, 31, 2), (&server, &row, 32, 2)] {
        let bad = ShareRecord { identity: SecretBytes::new(vec![5; len]), ..share(1, epoch) };
        let refused = vault.insert_pending(row, &bad, audit("pending")).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_new_wallet_has_no_pending_device_and_enrols_no_revoked_one() {
    let (lab, vault) = server().await;
    let before = lab.rows();
    let strange = [
        Devices { pending: Some(NEW), ..Devices::default() },
        Devices { enrolled: Some(OLD), revoked: vec![OLD], ..Devices::default() },
        Devices { revoked: vec![OLD; 17], ..Devices::default() },
    ];
    for device in strange {
        let new = WalletRecord { device, ..wallet(1, alice(), None, Role::Server) };
        let refused = vault.insert_provisional(new, &share(1, 1), audit("made")).await;
        assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
    }
    assert_eq!(lab.rows(), before);
}
