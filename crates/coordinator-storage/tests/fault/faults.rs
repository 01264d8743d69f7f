//! The wrapper itself.

use std::sync::Arc;
use std::time::Duration;

use maany_coordinator_storage::fault::{Commits, Fault, FaultStore};
use maany_coordinator_storage::{Batch, RecordTable, ShareStore, StoreError, Table};

use crate::backend::{KINDS, Machine};

const W: RecordTable = RecordTable::Wallets;

fn batch(fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}

/// Rows `a`, `b`, `c`, of which the batch of [`second`] replaces, erases and keeps one each.
fn first() -> Batch {
    batch(|b| b.insert(W, b"a", b"1").insert(W, b"b", b"1").insert(W, b"c", b"1"))
}

fn second() -> Batch {
    batch(|b| b.replace(W, b"a", 1, b"2").erase(W, b"b", 1).insert(W, b"d", b"1").append_audit(b"1", b"x"))
}

async fn rows(store: &dyn ShareStore) -> Vec<(Vec<u8>, u64)> {
    let entries = store.scan(Table::Wallets, b"", None, 100).await.unwrap();
    entries.into_iter().map(|entry| (entry.key, entry.row.unwrap().version)).collect()
}

fn before() -> Vec<(Vec<u8>, u64)> {
    [(b"a", 1), (b"b", 1), (b"c", 1)].map(|(key, version)| (key.to_vec(), version)).to_vec()
}

fn after() -> Vec<(Vec<u8>, u64)> {
    [(b"a", 2), (b"c", 1), (b"d", 1)].map(|(key, version)| (key.to_vec(), version)).to_vec()
}

/// Runs a commit that nobody hears the end of, and waits for the death of its process.
async fn until_death(store: &Arc<FaultStore<dyn ShareStore>>, batch: Batch) {
    tokio::select! {
        answer = store.commit(batch) => panic!("a dead process answers {answer:?}"),
        () = store.died() => {}
    }
}

/// Nothing that the dead are asked returns: whatever is ready at once has been answered by then.
async fn is_silent(store: &FaultStore<dyn ShareStore>) {
    let calls = async {
        tokio::select! {
            _ = store.get(Table::Wallets, b"a") => "get",
            _ = store.scan(Table::Wallets, b"", None, 1) => "scan",
            _ = store.commit(batch(|b| b.insert(W, b"z", b"1"))) => "commit",
        }
    };
    assert!(tokio::time::timeout(Duration::from_millis(1), calls).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_before_or_after_a_commit_leaves_it_out_or_in() {
    for kind in KINDS {
        for (fault, expected) in [(Fault::DieBefore(2), before()), (Fault::DieAfter(2), after())] {
            let machine = Machine::new(kind);
            let store = machine.start().await;
            let name = format!("{kind:?} {fault:?}");
            store.arm(fault);
            store.commit(first()).await.unwrap();
            assert!(!store.is_dead(), "{name}");
            until_death(&store, second()).await;
            assert!(store.is_dead(), "{name}");
            is_silent(&store).await;
            // The dead process is still in scope, and holds nothing.
            assert_eq!(rows(&*machine.open().await).await, expected, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_commit_is_answered_and_read_and_gone() {
    for kind in KINDS {
        for next in [false, true] {
            let machine = Machine::new(kind);
            let store = machine.start().await;
            store.arm(Fault::Lose(2));
            store.commit(first()).await.unwrap();
            store.commit(second()).await.unwrap();
            assert_eq!(rows(&*store).await, after(), "{kind:?}");
            assert_eq!(store.get(Table::Wallets, b"a").await.unwrap().unwrap().value, b"2");
            assert_eq!(store.get(Table::Wallets, b"b").await.unwrap(), None);
            for (from, limit, expected) in
                [(None, 1, &b"a"[..]), (Some(&b"a"[..]), 1, b"c"), (Some(b"c"), 9, b"d")]
            {
                let page = store.scan(Table::Wallets, b"", from, limit).await.unwrap();
                assert_eq!((page.len(), page[0].key.as_slice()), (1, expected), "{kind:?}");
            }
            assert_eq!(store.commits(), Commits { asked: 2, written: 2 });
            if next {
                until_death(&store, batch(|b| b.insert(W, b"e", b"1"))).await;
            } else {
                store.kill();
                store.died().await;
            }
            is_silent(&store).await;
            assert_eq!(rows(&*machine.open().await).await, before(), "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_commit_conflicts_as_a_real_one_does() {
    for kind in KINDS {
        let machine = Machine::new(kind);
        let store = machine.start().await;
        store.commit(first()).await.unwrap();
        store.arm(Fault::Lose(2));
        let stale = batch(|b| b.insert(W, b"x", b"1").replace(W, b"a", 7, b"2"));
        let error = store.commit(stale).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { table: Table::Wallets, .. }), "{error}");
        assert_eq!(rows(&*store).await, before());
        // Nothing was lost, so life goes on.
        store.commit(second()).await.unwrap();
        assert_eq!(rows(&*store).await, after());
        store.arm(Fault::Lose(4));
        let error = store.commit(Batch::new()).await.unwrap_err();
        assert!(matches!(error, StoreError::Unfit { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_writes_nothing_and_the_next_one_does() {
    for kind in KINDS {
        let machine = Machine::new(kind);
        let store = machine.start().await;
        store.commit(first()).await.unwrap();
        let full = StoreError::Full { source: std::io::ErrorKind::StorageFull.into() };
        store.arm(Fault::Fail(2, full));
        let error = store.commit(second()).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error}");
        assert_eq!(rows(&*store).await, before());
        store.commit(second()).await.unwrap();
        assert_eq!(rows(&*store).await, after());
        assert_eq!(store.commits(), Commits { asked: 3, written: 2 });
        let second = vec![Table::Wallets, Table::Audit];
        assert_eq!(store.history(), [vec![Table::Wallets], second], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn debug_says_whether_it_is_dead_and_nothing_else() {
    let machine = Machine::new(KINDS[0]);
    let store = machine.start().await;
    assert_eq!(format!("{store:?}"), "FaultStore { dead: false, .. }");
    store.kill();
    assert_eq!(format!("{store:?}"), "FaultStore { dead: true, .. }");
}
