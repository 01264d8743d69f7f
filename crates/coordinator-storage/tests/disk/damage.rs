//! Damaged bytes on the disk: the record is named, and the others can be read.

use std::fs;
use std::path::Path;

use maany_coordinator_storage::record::{ApiKeyRecord, AuditRow};
use maany_coordinator_storage::{Batch, Corruption, Owner, RecordTable, Role, StoreError, Table, Vault};

use crate::kinds::{KINDS, Kind, files, keys};

const ROWS: [&[u8]; 3] = [b"a", b"b", b"c"];

async fn filled(kind: Kind, path: &Path) {
    let store = kind.open(path).await.unwrap();
    let mut batch = Batch::new();
    for key in ROWS {
        batch.insert(RecordTable::Wallets, key, format!("value-of-{}", String::from_utf8_lossy(key)));
    }
    store.commit(batch).await.unwrap();
}

/// Row b is damaged, with this cause; a and c are not.
async fn only_b_is_damaged(path: &Path, name: &str) -> Corruption {
    let store = Kind::Files.open(path).await.unwrap();
    let mut cause = None;
    for entry in store.scan(Table::Wallets, b"", None, 10).await.unwrap() {
        match entry.row {
            Ok(row) => assert!(row.value.starts_with(b"value-of-") && entry.key != b"b", "{name}"),
            Err(StoreError::Corrupt { table: Table::Wallets, key, cause: found }) => {
                assert_eq!((key.as_str(), entry.key.as_slice()), ("62", &b"b"[..]), "{name}");
                assert!(cause.replace(found).is_none());
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
    for key in [b"a", b"c"] {
        assert!(store.get(Table::Wallets, key).await.unwrap().is_some(), "{name}");
    }
    let error = store.get(Table::Wallets, b"b").await.unwrap_err();
    assert!(error.to_string().contains("wallets row 62"), "{name}: {error}");

    // It is not overwritten either, and its neighbours can be changed.
    let mut batch = Batch::new();
    batch.insert(RecordTable::Wallets, b"b", b"new");
    assert!(matches!(store.commit(batch).await, Err(StoreError::Corrupt { .. })), "{name}");
    let mut batch = Batch::new();
    batch.replace(RecordTable::Wallets, b"c", 1, b"value-of-c, again");
    store.commit(batch).await.unwrap();
    let mut batch = Batch::new();
    batch.replace(RecordTable::Wallets, b"c", 2, b"value-of-c");
    store.commit(batch).await.unwrap();
    cause.unwrap_or_else(|| panic!("{name}: nothing was noticed"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_or_changed_row_file_is_named_and_the_others_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("files");
    filled(Kind::Files, &path).await;
    let (b, c) = (path.join("tables/wallets/62"), path.join("tables/wallets/63"));
    let good = fs::read(&b).unwrap();
    let good_c = fs::read(&c).unwrap();
    for at in (0..good.len()).step_by(3) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&b, &bad).unwrap();
        fs::write(&c, &good_c).unwrap();
        only_b_is_damaged(&path, &format!("byte {at} changed")).await;
        fs::write(&b, &good[..at]).unwrap();
        fs::write(&c, &good_c).unwrap();
        only_b_is_damaged(&path, &format!("cut to {at}")).await;
    }
    fs::write(&c, &good_c).unwrap();
    fs::write(&b, [good.as_slice(), b"x"].concat()).unwrap();
    assert_eq!(only_b_is_damaged(&path, "one byte more").await, Corruption::Checksum);
    fs::write(&c, &good_c).unwrap();
    fs::copy(path.join("tables/wallets/61"), &b).unwrap();
    assert_eq!(only_b_is_damaged(&path, "another row's file").await, Corruption::Misplaced);
}

/// A file that goes while the store is open was a row; the store does not take it for one that never was.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_file_that_vanishes_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("files");
    filled(Kind::Files, &path).await;
    let store = Kind::Files.open(&path).await.unwrap();
    fs::remove_file(path.join("tables/wallets/62")).unwrap();
    let error = store.get(Table::Wallets, b"b").await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { cause: Corruption::Missing, .. }), "{error}");
    assert_eq!(store.scan(Table::Wallets, b"", None, 10).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_files_among_the_rows_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("files");
    filled(Kind::Files, &path).await;
    for name in ["62.bak", ".hidden", "6G", "6", "AB"] {
        fs::write(path.join("tables/wallets").join(name), "x").unwrap();
    }
    let store = Kind::Files.open(&path).await.unwrap();
    assert_eq!(store.scan(Table::Wallets, b"", None, 10).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_not_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("files");
    filled(Kind::Files, &path).await;
    fs::write(path.join("journal"), "half a journal").unwrap();
    let error = Kind::Files.open(&path).await.err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(path.join("journal").exists());
}

/// A flipped byte inside a sealed value, on the disk, below everything that checks.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_in_a_sealed_value_names_its_record() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = folder.path().join(format!("{kind:?}"));
        let vault = open_vault(kind, &path).await;
        for id in ["one", "two", "three"] {
            vault.insert_api_key(api_key(id), audit()).await.unwrap();
        }
        drop(vault);
        let store = kind.open(&path).await.unwrap();
        let entry = store.scan(Table::ApiKeys, b"", None, 10).await.unwrap().remove(1);
        let (victim, sealed) = (entry.key, entry.row.unwrap().value);
        drop(store);
        flip(&path, &sealed);

        let vault = open_vault(kind, &path).await;
        let page = vault.api_keys(None, 10).await.unwrap();
        assert_eq!((page.rows.len(), page.damaged.len()), (2, 1), "{kind:?}");
        let named: String = victim.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            matches!(&page.damaged[0], StoreError::Corrupt { table: Table::ApiKeys, key, .. } if *key == named),
            "{kind:?}: {:?}",
            page.damaged
        );
        vault.insert_api_key(api_key("four"), audit()).await.unwrap();
    }
}

/// Random damage anywhere in the database file: an error or the right answer, never a panic or a wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_file_gives_errors_and_no_wrong_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redb");
    filled(Kind::Redb, &path).await;
    let good = fs::read(&path).unwrap();
    let mut noticed = 0;
    for step in 0..60_usize {
        let mut bad = good.clone();
        let at = step * 7919 % bad.len().min(64 * 1024);
        bad[at..].iter_mut().take(16).for_each(|byte| *byte ^= 0x5a);
        fs::write(&path, &bad).unwrap();
        let Ok(store) = Kind::Redb.open(&path).await else {
            noticed += 1;
            continue;
        };
        for key in ROWS {
            match store.get(Table::Wallets, key).await {
                Ok(Some(row)) => assert!(row.value.len() < 100),
                Ok(None) => noticed += 1,
                Err(error) => {
                    noticed += 1;
                    assert!(
                        matches!(
                            error,
                            StoreError::Corrupt { .. } | StoreError::Damaged { .. } | StoreError::Io { .. }
                        ),
                        "{error}"
                    );
                }
            }
        }
    }
    assert!(noticed > 0);
}

async fn open_vault(kind: Kind, path: &Path) -> Vault {
    Vault::open(kind.open(path).await.unwrap(), keys(), Role::Server).await.unwrap()
}

fn api_key(id: &str) -> ApiKeyRecord {
    let owner = Owner::new("tenant", "owner");
    ApiKeyRecord { id: id.into(), hash: [1; 32], owner, scopes: vec![], created_ms: 1 }
}

fn audit() -> AuditRow {
    AuditRow { at_ms: 1, actor: "t".into(), event: "e".into(), wallet: None, details: String::new() }
}

/// Flips one bit in the middle of these bytes, in every file in which they stand.
fn flip(path: &Path, bytes: &[u8]) {
    let mut flipped = 0;
    for file in files(path) {
        let mut content = fs::read(&file).unwrap();
        let places: Vec<usize> = content
            .windows(bytes.len())
            .enumerate()
            .filter(|(_, window)| *window == bytes)
            .map(|(at, _)| at)
            .collect();
        for at in &places {
            content[at + bytes.len() / 2] ^= 1;
        }
        if !places.is_empty() {
            fs::write(file, content).unwrap();
            flipped += 1;
        }
    }
    assert!(flipped > 0, "the sealed value is in no file");
}
