//! Opening: permissions, one process at a time, and things that are no store.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use maany_coordinator_storage::{Batch, Blame, RecordTable, RedbStore, StoreError, Table};

use crate::kinds::{KINDS, Kind, files};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_for_the_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = folder.path().join(format!("{kind:?}"));
        let store = kind.open(&path).await.unwrap();
        let mut batch = Batch::new();
        batch.insert(RecordTable::Wallets, b"k", b"v").insert_share(b"s", b"v");
        store.commit(batch).await.unwrap();
        for file in files(&path) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        if kind == Kind::Files {
            for folder in ["", "tables", "tables/wallets", "staging"] {
                assert_eq!(mode(&path.join(folder)), 0o700, "{folder}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = folder.path().join(format!("{kind:?}"));
        drop(kind.open(&path).await.unwrap());
        let own = mode(&path);
        for looser in [0o040, 0o004, 0o010, 0o022] {
            fs::set_permissions(&path, Permissions::from_mode(own | looser)).unwrap();
            let error = kind.open(&path).await.err().unwrap();
            assert!(matches!(error, StoreError::LoosePermissions { .. }), "{error}");
            assert_eq!(error.blame(), Blame::Operator);
        }
        fs::set_permissions(&path, Permissions::from_mode(own)).unwrap();
        kind.open(&path).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_handle_is_told_that_the_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = folder.path().join(format!("{kind:?}"));
        let store = kind.open(&path).await.unwrap();
        let error = kind.open(&path).await.err().unwrap();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("already open") && text.contains(&format!("{kind:?}")), "{text}");
        assert_eq!(error.blame(), Blame::Operator);
        drop(store);
        kind.open(&path).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_without_a_folder_is_an_io_error() {
    for kind in KINDS {
        let error = kind.open(Path::new("/no/such/folder/store")).await.err().unwrap();
        assert!(matches!(error, StoreError::Io { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a database".repeat(1000)).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let error = Kind::Redb.open(&file).await.err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a database".repeat(1000));

    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, Permissions::from_mode(0o700)).unwrap();
    fs::write(other.join("photo.jpg"), "precious").unwrap();
    let error = Kind::Files.open(&other).await.err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(!other.join("tables").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_programs_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.redb");
    let database = redb::Database::create(&path).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(redb::TableDefinition::<&str, u32>::new("theirs")).unwrap();
    write.commit().unwrap();
    drop(database);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let error = Kind::Redb.open(&path).await.err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_format_is_refused_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("files");
    drop(Kind::Files.open(&path).await.unwrap());
    fs::write(path.join("format"), "maany-files 2\n").unwrap();
    let error = Kind::Files.open(&path).await.err().unwrap();
    assert!(matches!(error, StoreError::UnsupportedVersion { found: 2, .. }), "{error}");

    let path = folder.path().join("redb");
    drop(Kind::Redb.open(&path).await.unwrap());
    let database = redb::Database::create(&path).unwrap();
    let write = database.begin_write().unwrap();
    let format = redb::TableDefinition::<&str, u32>::new("maany-format");
    write.open_table(format).unwrap().insert("format", 2).unwrap();
    write.commit().unwrap();
    drop(database);
    let error = Kind::Redb.open(&path).await.err().unwrap();
    assert!(matches!(error, StoreError::UnsupportedVersion { found: 2, .. }), "{error}");
}

/// A store folder whose format file is gone but whose rows are there is not made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_rows_and_without_a_format_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("files");
    let store = Kind::Files.open(&path).await.unwrap();
    let mut batch = Batch::new();
    batch.insert(RecordTable::Wallets, b"k", b"v");
    store.commit(batch).await.unwrap();
    drop(store);
    fs::remove_file(path.join("format")).unwrap();
    let error = Kind::Files.open(&path).await.err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert_eq!(files(&path.join("tables")).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_what_was_queued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redb");
    let store = RedbStore::open(&path).await.unwrap();
    store.close().await;
    let store = Kind::Redb.open(&path).await.unwrap();
    // Nobody waits for these: they were taken in, so they are written.
    for n in 0..20_u8 {
        let mut batch = Batch::new();
        batch.insert(RecordTable::Wallets, [n], b"v");
        let commit = store.commit(batch);
        let polled = tokio::time::timeout(std::time::Duration::ZERO, commit).await;
        drop(polled);
    }
    drop(store);
    let store = Kind::Redb.open(&path).await.unwrap();
    assert_eq!(store.scan(Table::Wallets, b"", None, 100).await.unwrap().len(), 20);
}
