//! Archives of stores in memory: whole, damaged, cut, swapped; and what a restore that fails leaves.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::*;
use crate::batch::Batch;
use crate::error::StoreError;
use crate::id::{Owner, ShareId, WalletId};
use crate::key::StaticKeyProvider;
use crate::memory::MemoryStore;
use crate::record::{AuditRow, BackupRule, Devices, ShareRecord, Standing, WalletRecord, WalletState};
use crate::secret::SecretBytes;
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};
use crate::vault::{Role, Vault};

const WHAT: &str = "server store";

async fn open(store: &Arc<MemoryStore>, key_id: &str) -> Result<Vault, StoreError> {
    let keys = StaticKeyProvider::new(key_id, Zeroizing::new([7; 32])).unwrap();
    Vault::open(Arc::clone(store) as Arc<dyn ShareStore>, Arc::new(keys), Role::Server).await
}

fn share_id(n: u8) -> ShareId {
    ShareId::from_bytes([n; 24])
}

fn audit() -> AuditRow {
    AuditRow { at_ms: 1, actor: "test".into(), event: "e".into(), wallet: None, details: String::new() }
}

/// A store with this many wallets, which sign.
async fn store(wallets: u8, key_id: &str) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let vault = open(&store, key_id).await.unwrap();
    for n in 1..=wallets {
        let wallet = WalletRecord {
            wallet: WalletId::from_bytes([n; 16]),
            owner: Owner::new("acme", "alice"),
            key_id: None,
            role: Role::Server,
            engine: 1,
            public_key: [n; 33],
            chain_code: [n; 32],
            standing: Standing { state: WalletState::Provisional, aborts: vec![] },
            active: Some(share_id(n)),
            pending: None,
            retired: None,
            backup_rule: BackupRule::None,
            receipt: None,
            policy: vec![],
            created_ms: 1,
            device: Devices::default(),
            confirmed: false,
        };
        let share = ShareRecord {
            wallet: wallet.wallet,
            id: share_id(n),
            engine: 1,
            bytes: SecretBytes::new(vec![n; 3_000]),
            stored_ms: 1,
            identity: SecretBytes::default(),
        };
        let row = vault.insert_provisional(wallet, &share, audit()).await.unwrap();
        vault.activate(&row, share_id(n), audit()).await.unwrap();
    }
    store
}

async fn archive(store: &MemoryStore) -> (Manifest, Vec<u8>) {
    let manifest = survey(store, WHAT, 1_700_000_000_000).await.unwrap();
    let mut bytes = Vec::new();
    write(store, &manifest, &mut bytes).await.unwrap();
    (manifest, bytes)
}

async fn rows(store: &MemoryStore) -> BTreeMap<(Table, Vec<u8>), Vec<u8>> {
    let mut rows = BTreeMap::new();
    for table in Table::ALL {
        for entry in store.scan(table, &[], None, usize::MAX).await.unwrap() {
            rows.insert((table, entry.key), entry.row.unwrap().value);
        }
    }
    rows
}

#[tokio::test]
async fn a_store_comes_back_row_by_row_and_opens() {
    // More rows than a page and a batch have.
    let original = store(150, "k1").await;
    let (manifest, bytes) = archive(&original).await;
    assert_eq!((manifest.what.as_str(), manifest.key_ids.len()), (WHAT, 1));
    let count = |table: Table| manifest.parts.iter().find(|part| part.table == table).unwrap().rows;
    assert_eq!((count(Table::Wallets), count(Table::Shares), count(Table::Audit)), (150, 150, 300));
    assert_eq!((count(Table::Meta), count(Table::Fragments), manifest.rows()), (1, 0, 601));

    assert_eq!(verify(&mut bytes.as_slice()).unwrap(), manifest);
    let copy = Arc::new(MemoryStore::new());
    restore(&mut bytes.as_slice(), &manifest, &*copy).await.unwrap();
    assert_eq!(rows(&copy).await, rows(&original).await);
    let vault = open(&copy, "k1").await.unwrap();
    let row = vault.find_wallet(WalletId::from_bytes([77; 16])).await.unwrap().unwrap();
    vault.share(&row, share_id(77)).await.unwrap();
    // Row versions begin anew, and the next change goes by them.
    vault.set_policy(&row, vec![1], audit()).await.unwrap();
}

#[tokio::test]
async fn the_keys_that_are_needed_are_named_and_another_opens_nothing() {
    let (manifest, bytes) = archive(&*store(1, "key-2024").await).await;
    assert_eq!(manifest.key_ids.iter().collect::<Vec<_>>(), ["key-2024"]);
    let copy = Arc::new(MemoryStore::new());
    restore(&mut bytes.as_slice(), &manifest, &*copy).await.unwrap();
    let error = open(&copy, "key-2025").await.unwrap_err();
    assert!(matches!(&error, StoreError::WrongKey { key_id } if key_id == "key-2024"), "{error}");
}

#[tokio::test]
async fn no_plaintext_is_in_an_archive() {
    let (_, bytes) = archive(&*store(3, "k1").await).await;
    // Wallet and share ids stand in row keys as they are, 40 bytes; what a row holds does not.
    for canary in [&[2; 60][..], b"alice", b"acme"] {
        assert!(!bytes.windows(canary.len()).any(|window| window == canary), "{canary:?}");
    }
}

#[tokio::test]
async fn every_changed_byte_and_every_cut_is_noticed_before_a_row_is_written() {
    let (_, bytes) = archive(&*store(1, "k1").await).await;
    for at in (0..700).chain((700..bytes.len()).step_by(61)) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        // The words of the manifest that are not about rows are not hashed: the encryption around it guards them.
        match verify(&mut changed.as_slice()) {
            Err(_) => {}
            Ok(manifest) => {
                let (what, made) = (MAGIC.len() + 4 + 1 + 4, MAGIC.len() + 4 + 1 + 4 + WHAT.len());
                let key_id = made + 8 + 4 + 4;
                assert!((what..made + 8).contains(&at) || (key_id..key_id + 2).contains(&at), "byte {at}");
                let error = restore(&mut bytes.as_slice(), &manifest, &MemoryStore::new()).await.unwrap_err();
                assert!(matches!(error, ArchiveError::Swapped), "{error}");
            }
        }
        let error = verify(&mut &bytes[..at]).unwrap_err();
        assert!(matches!(error, ArchiveError::Truncated), "cut to {at}: {error}");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(matches!(verify(&mut longer.as_slice()), Err(ArchiveError::Trailing)));
}

#[tokio::test]
async fn what_is_no_archive_and_what_a_later_release_wrote_are_told_apart() {
    assert!(matches!(verify(&mut &b"PK\x03\x04 anything else"[..]), Err(ArchiveError::NotAnArchive)));
    let (_, mut bytes) = archive(&*store(0, "k1").await).await;
    bytes[MAGIC.len() + 4] = 2;
    assert!(matches!(verify(&mut bytes.as_slice()), Err(ArchiveError::Format(2))));
}

/// Two good archives of one size: a part, a row or the order of rows of the one in the other.
#[tokio::test]
async fn parts_and_rows_of_another_archive_do_not_pass() {
    let (manifest, one) = archive(&*store(2, "k1").await).await;
    let (_, two) = archive(&*store(2, "k1").await).await;
    assert_eq!(one.len(), two.len());
    let head =
        one.len() - usize::try_from(manifest.parts.iter().map(|part| part.bytes).sum::<u64>()).unwrap();
    let mut start = head;
    for part in &manifest.parts {
        let end = start + usize::try_from(part.bytes).unwrap();
        if part.rows > 0 {
            let mixed = [&one[..start], &two[start..end], &one[end..]].concat();
            let error = verify(&mut mixed.as_slice()).unwrap_err();
            assert!(matches!(error, ArchiveError::Part(table) if table == part.table), "{error}");
        }
        if part.rows == 2 {
            let middle = usize::midpoint(start, end);
            let turned = [&one[..start], &one[middle..end], &one[start..middle], &one[end..]].concat();
            let error = verify(&mut turned.as_slice()).unwrap_err();
            assert!(matches!(error, ArchiveError::Part(table) if table == part.table), "{error}");
        }
        start = end;
    }
    assert_eq!(start, one.len());
    let other_manifest = [&two[..head], &one[head..]].concat();
    assert!(matches!(verify(&mut other_manifest.as_slice()), Err(ArchiveError::Part(_))));
}

#[tokio::test]
async fn an_archive_that_is_exchanged_after_it_was_verified_opens_as_no_vault() {
    let (manifest, one) = archive(&*store(2, "k1").await).await;
    let (_, two) = archive(&*store(2, "k1").await).await;
    let store = Arc::new(MemoryStore::new());
    let error = restore(&mut two.as_slice(), &manifest, &*store).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Swapped), "{error}");
    assert!(rows(&store).await.is_empty());

    // The same manifest, and other rows behind it: at any byte, and the end missing.
    for at in (manifest.parts[0].bytes as usize..one.len()).step_by(501) {
        let mut changed = one.clone();
        changed[at] ^= 1;
        for bytes in [&changed[..], &one[..at]] {
            let store = Arc::new(MemoryStore::new());
            assert!(restore(&mut &*bytes, &manifest, &*store).await.is_err(), "byte {at}");
            if !rows(&store).await.is_empty() {
                let error = open(&store, "k1").await.unwrap_err();
                assert!(matches!(error, StoreError::Corrupt { table: Table::Meta, .. }), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_store_with_any_row_is_not_restored_to() {
    let (manifest, bytes) = archive(&*store(1, "k1").await).await;
    for table in [RecordTable::Wallets, RecordTable::ApiKeys, RecordTable::Meta] {
        let target = MemoryStore::new();
        let mut batch = Batch::new();
        batch.insert(table, b"k", b"v");
        target.commit(batch).await.unwrap();
        let before = rows(&target).await;
        let error = restore(&mut bytes.as_slice(), &manifest, &target).await.unwrap_err();
        assert!(matches!(error, ArchiveError::NotEmpty(found) if found == Table::from(table)), "{error}");
        assert_eq!(rows(&target).await, before);
    }
}

#[tokio::test]
async fn a_store_that_changes_meanwhile_gives_no_archive() {
    let store = store(1, "k1").await;
    let manifest = survey(&*store, WHAT, 1).await.unwrap();
    open(&store, "k1").await.unwrap().append_audit(audit()).await.unwrap();
    let error = write(&*store, &manifest, &mut Vec::new()).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Changed), "{error}");
}

#[tokio::test]
async fn a_row_that_was_never_sealed_is_named() {
    let store = store(1, "k1").await;
    let mut batch = Batch::new();
    batch.insert(RecordTable::KeyIds, b"k", b"plain");
    store.commit(batch).await.unwrap();
    let error = survey(&*store, WHAT, 1).await.unwrap_err();
    assert!(
        matches!(&error, ArchiveError::Store(StoreError::Corrupt { table: Table::KeyIds, .. })),
        "{error}"
    );
}

#[tokio::test]
async fn the_bytes_of_an_archive_are_pinned() {
    let sealed = crate::golden::bytes("sealed-envelope-v1");
    let store = MemoryStore::new();
    let mut batch = Batch::new();
    batch.insert(RecordTable::Wallets, b"wallet", sealed.clone()).insert_share(b"share", sealed.clone());
    batch.append_audit(b"audit", sealed.clone()).insert(RecordTable::Meta, b"canary", sealed);
    store.commit(batch).await.unwrap();
    let (manifest, bytes) = archive(&store).await;
    crate::golden::check("archive-v1", &bytes);
    assert_eq!(verify(&mut crate::golden::bytes("archive-v1").as_slice()).unwrap(), manifest);
}
