//! An archive put back: what the store that it replaces still knows is carried forward, and what nobody knows is locked.

use std::sync::Arc;

use maany_coordinator_storage::record::{
    ApiKeyRecord, SignRequestRecord, Standing, StepUpRecord, WalletRecord, WalletState,
};
use maany_coordinator_storage::vault::Listing;
use maany_coordinator_storage::vault::import::{Gap, LastInUse, OldStore, Settled};
use maany_coordinator_storage::{RequestId, Role, Row, ShareStore, StoreError, Table, Vault};

use crate::lab::{
    Lab, Rows, active, alice, audit, keys, open, request, server, share, share_id, standing, wallet,
    wallet_id,
};

const GUARD: [u8; 32] = [6; 32];
/// Every audit row of these tests is of 10.
const GAP: Gap = Gap { from_ms: 9, until_ms: 9_000 };

fn guarded(n: u8) -> SignRequestRecord {
    SignRequestRecord { guard: Some(GUARD), ..request(n, alice(), 1, n) }
}

async fn make(vault: &Vault, request: SignRequestRecord) -> Result<Row<SignRequestRecord>, StoreError> {
    vault.insert_request(request, Listing::Open, audit("made")).await
}

async fn sign(vault: &Vault, row: &Row<SignRequestRecord>) {
    vault.store_signature(row, [7; 65], 9, audit("signed")).await.unwrap();
}

async fn key(vault: &Vault, id: &str) {
    key_with(vault, id, "sign").await;
}

async fn key_with(vault: &Vault, id: &str, scope: &str) {
    let key = ApiKeyRecord {
        id: id.to_owned(),
        hash: [1; 32],
        owner: alice(),
        scopes: vec![scope.into()],
        created_ms: 1,
    };
    vault.insert_api_key(key, audit("key")).await.unwrap();
}

/// A store with these rows.
async fn put_back(archive: Rows) -> (Arc<Lab>, Vault) {
    let lab = Lab::new();
    lab.set_rows(archive);
    let vault = open(&lab, Role::Server).await.unwrap();
    (lab, vault)
}

async fn remains(lab: &Arc<Lab>) -> Vault {
    Vault::open_remains(Arc::clone(lab) as Arc<dyn ShareStore>, keys("k1", 7), Role::Server).await.unwrap()
}

async fn settle(archive: Rows, old: &Arc<Lab>) -> (Arc<Lab>, Vault, Settled) {
    settle_as(archive, old, GAP, LastInUse::Stated).await
}

async fn settle_as(
    archive: Rows,
    old: &Arc<Lab>,
    gap: Gap,
    last_in_use: LastInUse,
) -> (Arc<Lab>, Vault, Settled) {
    let (lab, vault) = put_back(archive).await;
    let old = remains(old).await;
    let settled = vault.settle_import(gap, Some(OldStore { vault: &old, last_in_use })).await.unwrap();
    (lab, vault, settled)
}

async fn row(vault: &Vault) -> Row<WalletRecord> {
    vault.wallet(&alice(), wallet_id(1)).await.unwrap().unwrap()
}

#[tokio::test]
async fn without_the_old_store_a_wallet_comes_up_locked_and_what_it_signed_is_forgotten() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let code = StepUpRecord { wallet: wallet_id(1), hash: [5; 32], expires_ms: 50_000 };
    vault.put_step_up(code, audit("code")).await.unwrap();
    let (_, vault) = put_back(lab.rows()).await;
    let settled = vault.settle_import(GAP, None).await.unwrap();
    assert_eq!((settled.wallets, settled.locked, settled.forgotten), (1, vec![wallet_id(1)], 1));
    assert_eq!(row(&vault).await.standing.state, WalletState::Imported);
    let forgotten = vault.forgotten(wallet_id(1)).await.unwrap().unwrap();
    assert_eq!((forgotten.from_ms, forgotten.until_ms), (9, 9_000));
    assert_eq!(settled.void_codes, 1);
    assert!(!vault.step_up_open(wallet_id(1), 9_000).await.unwrap(), "a code of that day may have been used");
    // A second archive of the same wallet does not make the time shorter that is forgotten.
    let later = Gap { from_ms: 10_000, until_ms: 11_000 };
    vault.settle_import(later, None).await.unwrap();
    let forgotten = vault.forgotten(wallet_id(1)).await.unwrap().unwrap();
    assert_eq!((forgotten.from_ms, forgotten.until_ms), (9, 11_000));
    let before = vault.forgotten(wallet_id(1)).await.unwrap().unwrap();
    vault.accept_forgotten(wallet_id(1), &before, audit("accepted")).await.unwrap();
    assert_eq!(vault.forgotten(wallet_id(1)).await.unwrap(), None);
    assert!(vault.accept_forgotten(wallet_id(1), &before, audit("accepted")).await.is_err());
}

#[tokio::test]
async fn an_old_store_locks_what_it_is_not_known_to_be_the_latest_of_and_what_it_knows_is_carried_all_the_same()
 {
    let (lab, vault) = server().await;
    active(&vault).await;
    let archive = lab.rows();
    let first = make(&vault, guarded(1)).await.unwrap();
    sign(&vault, &first).await;
    // As old as the archive whatever is said of it; later, and nobody says that it is the latest; without a row that tells.
    let as_old = Gap { from_ms: 10, ..GAP };
    let mut no_rows = lab.rows();
    no_rows.retain(|(table, _), _| *table != Table::Audit);
    let timeless = Lab::new();
    timeless.set_rows(no_rows);
    for (old, gap, said, until) in [
        (&lab, as_old, LastInUse::Stated, Some(10)),
        (&lab, GAP, LastInUse::Unknown, Some(10)),
        (&timeless, GAP, LastInUse::Stated, None),
    ] {
        let (_, vault, settled) = settle_as(archive.clone(), old, gap, said).await;
        assert_eq!((settled.old_until_ms, settled.is_latest), (until, false));
        assert_eq!((settled.locked, settled.forgotten, settled.signed), (vec![wallet_id(1)], 1, 1));
        assert_eq!(row(&vault).await.standing.state, WalletState::Imported);
        assert!(vault.forgotten(wallet_id(1)).await.unwrap().is_some());
        assert!(
            matches!(make(&vault, guarded(9)).await, Err(StoreError::Held { by }) if by == first.request)
        );
    }
    let (_, vault, settled) = settle(archive, &lab).await;
    assert_eq!((settled.is_latest, settled.locked.len(), settled.forgotten), (true, 0, 0));
    assert_eq!(row(&vault).await.standing.state, WalletState::Active);
}

#[tokio::test]
async fn an_admin_key_comes_back_only_with_the_store_that_would_know_of_its_end() {
    let (lab, vault) = server().await;
    active(&vault).await;
    key(&vault, "device").await;
    key_with(&vault, "operator", "admin").await;
    for (old, withdrawn) in [
        (None, vec!["operator"]),
        (Some(LastInUse::Unknown), vec!["operator"]),
        (Some(LastInUse::Stated), vec![]),
    ] {
        let (vault, settled) = match old {
            Some(said) => {
                let (_, vault, settled) = settle_as(lab.rows(), &lab, GAP, said).await;
                (vault, settled)
            }
            None => {
                let (_, vault) = put_back(lab.rows()).await;
                let settled = vault.settle_import(GAP, None).await.unwrap();
                (vault, settled)
            }
        };
        assert_eq!(settled.withdrawn_keys, withdrawn);
        assert_eq!(vault.api_key("operator").await.unwrap().is_none(), !withdrawn.is_empty());
        assert!(vault.api_key("device").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_old_store_whose_requests_were_emptied_forgets_what_was_signed() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let first = make(&vault, guarded(1)).await.unwrap();
    sign(&vault, &first).await;
    let archive = lab.rows();
    let emptied = Lab::new();
    for gone in [b'r', b'g'] {
        let mut rows = archive.clone();
        rows.retain(|(table, key), _| *table != Table::Requests || key.first() != Some(&gone));
        emptied.set_rows(rows);
        let (_, vault, settled) = settle(archive.clone(), &emptied).await;
        assert_eq!((settled.is_latest, settled.unreadable.len(), settled.forgotten), (true, 1, 1));
        assert!(vault.forgotten(wallet_id(1)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_latest_store_that_knows_nothing_more_changes_nothing() {
    let (lab, vault) = server().await;
    let before = active(&vault).await;
    let open_one = make(&vault, guarded(1)).await.unwrap();
    key(&vault, "k").await;
    vault.use_id("session", b"1", u64::MAX, audit("used")).await.unwrap();
    let (new, vault, settled) = settle(lab.rows(), &lab).await;
    assert_eq!(new.rows(), lab.rows(), "{settled:?}");
    assert_eq!(row(&vault).await.into_record(), before.into_record());
    assert_eq!(vault.guard(&GUARD).await.unwrap().unwrap().holder, open_one.request);
}

#[tokio::test]
async fn what_was_signed_reserved_used_and_revoked_since_is_carried_forward_and_no_share_is() {
    let (lab, vault) = server().await;
    let wallet = active(&vault).await;
    let ended =
        make(&vault, SignRequestRecord { guard: Some([7; 32]), ..request(3, alice(), 1, 3) }).await.unwrap();
    key(&vault, "leaked").await;
    key(&vault, "kept").await;
    let archive = lab.rows();

    let first = make(&vault, guarded(1)).await.unwrap();
    sign(&vault, &first).await;
    let live = SignRequestRecord { guard: Some([8; 32]), ..request(2, alice(), 1, 2) };
    make(&vault, live).await.unwrap();
    vault.judge_request(&ended, 1, 5, "expired".into(), Listing::Closed, audit("ended")).await.unwrap();
    vault.use_id("session", b"1", u64::MAX, audit("used")).await.unwrap();
    let leaked = vault.api_key("leaked").await.unwrap().unwrap();
    vault.erase_api_key(&leaked, audit("revoked")).await.unwrap();
    key(&vault, "new").await;
    let counted = Standing { state: WalletState::Quarantined, aborts: vec![1, 0, 3] };
    let wallet = vault.set_standing(&wallet, counted.clone(), audit("quarantined")).await.unwrap();
    vault.insert_pending(&wallet, &share(1, 2), audit("pending")).await.unwrap();

    let (new, vault, settled) = settle(archive, &lab).await;
    let now = row(&vault).await;
    assert_eq!((now.standing.clone(), now.active, now.pending), (counted, Some(share_id(1)), None));
    assert_eq!(new.count(Table::Shares), 1, "no share is taken from the old store");
    let second = make(&vault, guarded(9)).await;
    assert!(matches!(second, Err(StoreError::Held { by }) if by == first.request), "{second:?}");
    let signed = vault.request(&alice(), first.request).await.unwrap().unwrap();
    assert_eq!(signed.signature, Some([7; 65]));
    let open = vault.open_requests(&alice(), wallet_id(1), None, 0).await.unwrap();
    assert_eq!(open.rows.iter().map(|row| row.request).collect::<Vec<_>>(), [RequestId::from_bytes([2; 16])]);
    assert!(vault.use_id("session", b"1", u64::MAX, audit("used")).await.is_err());
    assert!(vault.api_key("leaked").await.unwrap().is_none());
    assert!(vault.api_key("kept").await.unwrap().is_some() && vault.api_key("new").await.unwrap().is_some());
    assert_eq!((settled.signed, settled.open, settled.guards, settled.used_ids), (1, 1, 2, 1));
    assert_eq!((settled.api_keys, settled.revoked_api_keys, settled.standings), (1, 1, 1));
    assert_eq!((settled.forgotten, settled.locked.len(), settled.unreadable.len()), (0, 0, 0));
    let events = vault.audit(None, 100).await.unwrap().rows;
    for event in [
        "requests-carried-forward",
        "used-ids-carried-forward",
        "api-key-revoked",
        "wallet-carried-forward",
        "quarantined",
    ] {
        assert!(events.iter().any(|row| row.event == event), "{event}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_does_no_harm() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let archive = lab.rows();
    let first = make(&vault, guarded(1)).await.unwrap();
    sign(&vault, &first).await;
    vault.use_id("session", b"1", u64::MAX, audit("used")).await.unwrap();
    let before = lab.rows();
    let damaged = |table: Table, with: u8| {
        lab.set_rows(before.clone());
        let key = lab.keys(table).into_iter().find(|key| with == 0 || key.first() == Some(&with)).unwrap();
        lab.change(table, &key, |value| *value.last_mut().unwrap() ^= 1);
    };

    // A guard that is damaged holds its sequence, whoever it was for.
    damaged(Table::Requests, b'g');
    let (_, vault, settled) = settle(archive.clone(), &lab).await;
    assert_eq!((settled.unreadable.len(), settled.forgotten), (1, 0));
    assert!(matches!(make(&vault, guarded(9)).await, Err(StoreError::Held { .. })));

    // So does one whose request is damaged; and one that is gone, by the signed request that it was for.
    damaged(Table::Requests, b'r');
    let (_, vault, settled) = settle(archive.clone(), &lab).await;
    assert_eq!(settled.unreadable.len(), 1);
    assert!(matches!(make(&vault, guarded(9)).await, Err(StoreError::Held { by }) if by == first.request));
    let mut gone = before.clone();
    gone.retain(|(_, key), _| key.first() != Some(&b'g'));
    lab.set_rows(gone);
    let (_, vault, settled) = settle(archive.clone(), &lab).await;
    assert_eq!((settled.unreadable.len(), settled.guards), (0, 1));
    assert!(matches!(make(&vault, guarded(9)).await, Err(StoreError::Held { by }) if by == first.request));

    damaged(Table::UsedIds, 0);
    let (_, vault, settled) = settle(archive.clone(), &lab).await;
    assert_eq!((settled.unreadable.len(), settled.used_ids), (1, 1));
    assert!(vault.use_id("session", b"1", u64::MAX, audit("used")).await.is_err());

    // A wallet of which nobody can tell how it stands is as one without an old store.
    damaged(Table::Wallets, 0);
    let (_, vault, settled) = settle(archive, &lab).await;
    assert_eq!((settled.unreadable.len(), settled.locked, settled.forgotten), (1, vec![wallet_id(1)], 1));
    assert_eq!(row(&vault).await.standing.state, WalletState::Imported);
}

#[tokio::test]
async fn remains_without_a_canary_are_read_and_not_written_to() {
    let (lab, vault) = server().await;
    let wallet = active(&vault).await;
    let archive = lab.rows();
    vault.set_standing(&wallet, standing(WalletState::Quarantined), audit("q")).await.unwrap();
    let mut rows = lab.rows();
    rows.retain(|(table, _), _| *table != Table::Meta);
    lab.set_rows(rows.clone());
    assert!(open(&lab, Role::Server).await.is_err());
    let (_, vault, _) = settle(archive, &lab).await;
    assert_eq!(row(&vault).await.standing.state, WalletState::Quarantined);
    assert_eq!(lab.rows(), rows);
}

#[tokio::test]
async fn wallets_that_only_the_old_store_has_are_named_and_those_that_only_the_archive_has_are_locked() {
    let (lab, vault) = server().await;
    active(&vault).await;
    let archive = lab.rows();
    let (other, others) = server().await;
    let second = wallet(2, alice(), Some("second"), Role::Server);
    others.insert_provisional(second, &share(2, 1), audit("made")).await.unwrap();
    let (new, vault, settled) = settle(archive, &other).await;
    assert_eq!((settled.missing, settled.locked), (vec![wallet_id(2)], vec![wallet_id(1)]));
    assert_eq!(row(&vault).await.standing.state, WalletState::Imported);
    assert_eq!((new.count(Table::Wallets), new.count(Table::Shares)), (1, 1));
}

#[tokio::test]
async fn another_keys_store_is_refused() {
    let (lab, _) = server().await;
    let store = Arc::clone(&lab) as Arc<dyn ShareStore>;
    let other = Vault::open_remains(Arc::clone(&store), keys("k1", 8), Role::Server).await;
    assert!(matches!(other, Err(StoreError::WrongKey { .. })), "{other:?}");
    let device = Vault::open_remains(store, keys("k1", 7), Role::Device).await;
    assert!(matches!(device, Err(StoreError::WrongRole { .. })), "{device:?}");
}
