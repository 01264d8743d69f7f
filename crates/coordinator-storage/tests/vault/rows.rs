//! Listings, policy and receipts, fragments, API keys, the audit log.

use maany_coordinator_storage::record::{ApiKeyRecord, AuditRow, BackupRule, FragmentRecord};
use maany_coordinator_storage::vault::Confirmation;
use maany_coordinator_storage::{Role, SecretBytes, StoreError, Table};

use crate::lab::{active, alice, audit, bob, open, refreshed, server, share, share_id, wallet, wallet_id};

#[tokio::test]
async fn wallets_are_listed_page_by_page_and_by_owner() {
    let (_, vault) = server().await;
    for n in 1..=7 {
        let owner = if n == 4 { bob() } else { alice() };
        let new = wallet(n, owner, None, Role::Server);
        vault.insert_provisional(new, &share(n, 1), audit("made")).await.unwrap();
    }
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = vault.wallets(&alice(), after.as_deref(), 2).await.unwrap();
        assert!(page.rows.len() <= 2 && page.damaged.is_empty());
        found.extend(page.rows.iter().map(|row| row.wallet));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(found, [1, 2, 3, 5, 6, 7].map(wallet_id));
    assert_eq!(vault.all_wallets(None, 100).await.unwrap().rows.len(), 7);
    assert_eq!(vault.find_wallet(wallet_id(4)).await.unwrap().unwrap().owner, bob());
    assert_eq!(vault.find_wallet(wallet_id(9)).await.unwrap(), None);
}

#[tokio::test]
async fn policy_rule_and_receipt_change_alone() {
    let (_, vault) = server().await;
    let row = refreshed(&vault).await;
    let row = vault.set_policy(&row, vec![1, 2], audit("policy")).await.unwrap();
    let row = vault.set_backup_rule(&row, BackupRule::Required, audit("rule")).await.unwrap();
    let other = vault.store_receipt(&row, share_id(1), audit("receipt")).await;
    assert!(matches!(other, Err(StoreError::WrongState { .. })), "{other:?}");
    let row = vault.store_receipt(&row, share_id(2), audit("receipt")).await.unwrap();
    let stored = vault.wallet(&alice(), wallet_id(1)).await.unwrap().unwrap();
    assert_eq!(stored, row);
    assert_eq!(
        (stored.policy.as_slice(), stored.backup_rule, stored.receipt, stored.active),
        ([1, 2].as_slice(), BackupRule::Required, Some(share_id(2)), Some(share_id(2)))
    );
}

fn fragment(subject: &str, epoch: u64, byte: u8) -> FragmentRecord {
    FragmentRecord {
        owner: alice(),
        subject: subject.into(),
        epoch,
        document: SecretBytes::new(vec![byte; 20]),
        stored_ms: 5,
    }
}

#[tokio::test]
async fn the_two_latest_epochs_of_fragments_are_kept() {
    let (_, vault) = server().await;
    let found = |subject: &'static str| {
        let vault = vault.clone();
        async move {
            let page = vault.fragments(&alice(), subject).await.unwrap();
            assert!(page.damaged.is_empty());
            page.rows.iter().map(|f| (f.epoch, f.document.dangerous_expose()[0])).collect::<Vec<_>>()
        }
    };
    let put = |epoch, byte| vault.put_fragment(fragment("w", epoch, byte), audit("fragment"));
    put(1, 1).await.unwrap();
    put(3, 3).await.unwrap();
    assert_eq!(found("w").await, [(3, 3), (1, 1)]);
    put(3, 33).await.unwrap();
    assert_eq!(found("w").await, [(3, 33), (1, 1)]);
    put(2, 2).await.unwrap();
    assert_eq!(found("w").await, [(3, 33), (2, 2)]);
    put(256, 4).await.unwrap();
    assert_eq!(found("w").await, [(256, 4), (3, 33)]);
    let late = put(2, 2).await;
    assert!(matches!(late, Err(StoreError::WrongState { .. })), "{late:?}");
    assert_eq!(found("w").await, [(256, 4), (3, 33)]);

    vault.put_fragment(fragment("other", 0, 9), audit("fragment")).await.unwrap();
    vault.put_fragment(fragment("other", 0, 8), audit("fragment")).await.unwrap();
    assert_eq!(found("other").await, [(0, 8)]);
    assert!(vault.fragments(&bob(), "w").await.unwrap().rows.is_empty());

    let theirs = FragmentRecord { owner: bob(), ..fragment("w", 1, 1) };
    vault.put_fragment(theirs, audit("fragment")).await.unwrap();
    let mut owners = vault.fragment_owners("w").await.unwrap();
    owners.sort();
    assert_eq!(owners, [alice(), bob()]);
    assert_eq!(vault.fragment_owners("other").await.unwrap(), [alice()]);
    assert!(vault.fragment_owners("nobody's").await.unwrap().is_empty());
    for (most, counted) in [(1, 1), (3, 3), (9, 3)] {
        assert_eq!(vault.fragment_count(&alice(), most).await.unwrap(), counted);
    }
}

#[tokio::test]
async fn a_fragment_and_its_receipt_are_one_write() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let before = lab.rows();
    lab.fail_next_commit(StoreError::Full { source: std::io::ErrorKind::StorageFull.into() });
    let put = |share| vault.put_fragment_with_receipt(&row, fragment("w", 2, 1), share, audit("f"));
    assert!(put(share_id(2)).await.is_err());
    assert!(matches!(put(share_id(1)).await, Err(StoreError::WrongState { .. })));
    assert_eq!(lab.rows(), before);
    let stored = put(share_id(2)).await.unwrap();
    assert_eq!(stored.receipt, Some(share_id(2)));
    assert_eq!(vault.fragments(&alice(), "w").await.unwrap().rows.len(), 1);
    // The row is an old one now: neither receipt nor fragment is stored.
    let before = lab.rows();
    assert!(matches!(put(share_id(2)).await, Err(StoreError::Conflict { .. })));
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn the_fragment_of_a_complete_backup_is_written_over_by_none_of_the_ways() {
    let (_, vault) = server().await;
    let row = refreshed(&vault).await;
    let of = |epoch, byte| fragment(&row.wallet.to_string(), epoch, byte);
    vault.put_fragment_of(&row, of(2, 1), audit("f")).await.unwrap();
    // Not complete yet.
    vault.put_fragment_of(&row, of(2, 2), audit("f")).await.unwrap();
    let done = vault.put_fragment_with_receipt(&row, of(2, 3), share_id(2), audit("f")).await.unwrap();
    let complete = |result: Result<(), StoreError>| matches!(result, Err(StoreError::BackupComplete));
    assert!(complete(vault.put_fragment_of(&row, of(2, 4), audit("f")).await), "whatever row the caller has");
    let put = vault.put_fragment_with_receipt(&done, of(2, 4), share_id(2), audit("f")).await;
    assert!(complete(put.map(|_| ())));
    let confirm = |byte| {
        let confirmation = Confirmation {
            id: share_id(2),
            erase_retired: None,
            receipt: Some(share_id(2)),
            fragment: Some(of(2, byte)),
        };
        vault.confirm(&done, confirmation, audit("confirmed"))
    };
    assert!(complete(confirm(4).await.map(|_| ())));
    vault.put_fragment_of(&done, of(2, 3), audit("f")).await.unwrap();
    vault.put_fragment_of(&done, of(1, 9), audit("f")).await.unwrap();
    let kept = vault.fragments(&alice(), &row.wallet.to_string()).await.unwrap();
    let kept: Vec<_> = kept.rows.iter().map(|f| (f.epoch, f.document.dangerous_expose()[0])).collect();
    assert_eq!(kept, [(2, 3), (1, 9)]);
    confirm(3).await.unwrap();
}

#[tokio::test]
async fn api_keys_are_found_by_id_and_revoked() {
    let (_, vault) = server().await;
    let key = |id: &str| ApiKeyRecord {
        id: id.into(),
        hash: [1; 32],
        owner: alice(),
        scopes: vec!["sign".into()],
        created_ms: 1,
    };
    vault.insert_api_key(key("a"), audit("key")).await.unwrap();
    vault.insert_api_key(key("b"), audit("key")).await.unwrap();
    let again = vault.insert_api_key(key("a"), audit("key")).await;
    assert!(matches!(again, Err(StoreError::AlreadyExists { what: "API key" })), "{again:?}");
    let row = vault.api_key("a").await.unwrap().unwrap();
    assert_eq!(*row, key("a"));
    assert_eq!(vault.api_key(&"x".repeat(10_000)).await.unwrap(), None);
    assert_eq!(vault.api_keys(None, 10).await.unwrap().rows.len(), 2);
    vault.erase_api_key(&row, audit("revoked")).await.unwrap();
    assert_eq!(vault.api_key("a").await.unwrap(), None);
    assert!(matches!(vault.erase_api_key(&row, audit("revoked")).await, Err(StoreError::Conflict { .. })));
}

#[tokio::test]
async fn the_audit_log_keeps_the_order_of_its_rows() {
    let (lab, vault) = server().await;
    // The clock steps back in between.
    let at = [5, 5, 9, 3, 9, 10];
    for (index, at_ms) in at.into_iter().enumerate() {
        let row = AuditRow { at_ms, details: index.to_string(), ..audit("event") };
        vault.append_audit(row).await.unwrap();
    }
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = vault.audit(after.as_deref(), 4).await.unwrap();
        found.extend(page.rows.into_iter().map(|row| (row.at_ms, row.details)));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let expected: Vec<_> = at.into_iter().enumerate().map(|(index, at)| (at, index.to_string())).collect();
    assert_eq!(found, expected);
    // Another process's rows of the same millisecond have their own keys.
    let other = open(&lab, Role::Server).await.unwrap();
    other.append_audit(AuditRow { at_ms: 5, ..audit("event") }).await.unwrap();
    assert_eq!(lab.count(Table::Audit), at.len() + 1);
}

#[tokio::test]
async fn every_transaction_has_its_audit_row() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    assert_eq!(lab.count(Table::Audit), 2);
    vault.set_policy(&row, vec![1], audit("policy")).await.unwrap();
    vault.use_id("session", b"id", 1, audit("used")).await.unwrap();
    vault.put_fragment(fragment("w", 1, 1), audit("fragment")).await.unwrap();
    assert_eq!(lab.count(Table::Audit), 5);
    let events: Vec<_> = vault.audit(None, 10).await.unwrap().rows.into_iter().map(|row| row.event).collect();
    assert_eq!(events, ["made", "activated", "policy", "used", "fragment"]);
}
