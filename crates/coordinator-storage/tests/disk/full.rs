//! A full disk, as RLIMIT_FSIZE shows it to a real process: a typed error, nothing lost, and on it goes when there is
//! room again.

use std::sync::Arc;

use maany_coordinator_storage::{Batch, Blame, RecordTable, ShareStore, StoreError, Table};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::kinds::{KINDS, Kind};
use crate::process::{say, spawn, told};

/// More than a new redb file, and more than a row of 50 KB.
const ROOM: u64 = 4 * 1024 * 1024;
const SIZE: usize = 50_000;

#[test]
fn a_full_disk_is_a_typed_error_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = folder.path().join(format!("{kind:?}"));
        let output = spawn("full", "full::child", kind, &path).wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{kind:?}: {text}");
        let rows = text.lines().find_map(|line| line.strip_prefix("rows ")?.parse::<usize>().ok());
        let rows = rows.unwrap_or_else(|| panic!("{kind:?}: {text}"));

        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        runtime.block_on(async {
            let store = kind.open(&path).await.unwrap();
            all_there(&store, rows).await;
        });
    }
}

async fn insert(store: &Arc<dyn ShareStore>, n: usize, size: usize) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.insert(RecordTable::Wallets, n.to_be_bytes(), n.to_be_bytes());
    batch.insert_share(n.to_be_bytes(), vec![n as u8; size]);
    store.commit(batch).await
}

async fn all_there(store: &Arc<dyn ShareStore>, rows: usize) {
    let wallets = store.scan(Table::Wallets, b"", None, 10_000).await.unwrap();
    assert_eq!(wallets.len(), rows);
    assert_eq!(store.scan(Table::Shares, b"", None, 10_000).await.unwrap().len(), rows);
    for (n, wallet) in wallets.into_iter().enumerate() {
        assert_eq!(wallet.row.unwrap().value, n.to_be_bytes());
        let share = store.get(Table::Shares, &n.to_be_bytes()).await.unwrap().unwrap();
        assert!(share.value.iter().all(|byte| *byte == n as u8));
    }
}

fn limit(room: Option<u64>) {
    let hard = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: room.or(hard), maximum: hard }).unwrap();
}

/// In a child process only: the limit would hold for the other tests too.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(told) = told("full") else { return };
    let store = told.kind.open(&told.path).await.unwrap();
    for n in 0..5 {
        insert(&store, n, SIZE).await.unwrap();
    }
    let mut rows = 5;
    // In the file store each row is a file of its own: there the row is too large; in redb the file is full in the end.
    limit(Some(ROOM.min(if told.kind == Kind::Files { SIZE as u64 / 2 } else { ROOM })));
    let error = loop {
        match insert(&store, rows, SIZE).await {
            Ok(()) => rows += 1,
            Err(error) => break error,
        }
        assert!(rows < 1_000, "the disk is never full");
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert_eq!((error.blame(), error.is_retryable()), (Blame::Machine, false));
    all_there(&store, rows).await;

    // Many at once, and again: still the same answer, still everything there.
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = Arc::clone(&store);
        callers.spawn(async move { insert(&store, 5_000 + n, SIZE * 20).await });
    }
    while let Some(answer) = callers.join_next().await {
        let answer = answer.unwrap();
        assert!(matches!(answer, Err(StoreError::Full { .. })), "{answer:?}");
    }
    all_there(&store, rows).await;

    // Somebody makes room: no restart is needed.
    limit(None);
    insert(&store, rows, SIZE).await.unwrap();
    rows += 1;
    all_there(&store, rows).await;
    say(&format!("\nrows {rows}"));
}
