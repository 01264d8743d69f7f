//! The stores that the suite tries, good and bad ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use maany_coordinator_storage::callback::ScanRequest;
use maany_coordinator_storage::conformance::Harness;
use maany_coordinator_storage::{
    Batch, CallbackStore, Entry, MemoryStore, Op, ShareStore, StoreError, Table, Versioned, batch,
};

pub(crate) struct Memory;

#[async_trait]
impl Harness for Memory {
    async fn fresh(&self) -> Arc<dyn ShareStore> {
        Arc::new(MemoryStore::new())
    }

    async fn reopen(&self, _store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>> {
        None
    }
}

/// Closures of a host over a database of its own, here another memory store.
pub(crate) struct Callbacks;

#[async_trait]
impl Harness for Callbacks {
    async fn fresh(&self) -> Arc<dyn ShareStore> {
        let database = Arc::new(MemoryStore::new());
        let (get, scan) = (Arc::clone(&database), Arc::clone(&database));
        Arc::new(CallbackStore::new(
            move |table, key: Vec<u8>| {
                let database = Arc::clone(&get);
                async move { database.get(table, &key).await }
            },
            move |ask: ScanRequest| {
                let database = Arc::clone(&scan);
                async move { database.scan(ask.table, &ask.prefix, ask.after.as_deref(), ask.limit).await }
            },
            move |batch| {
                let database = Arc::clone(&database);
                async move { database.commit(batch).await }
            },
        ))
    }

    async fn reopen(&self, _store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>> {
        None
    }
}

#[cfg(feature = "redb")]
pub(crate) struct Redb {
    folder: tempfile::TempDir,
    made: std::sync::atomic::AtomicU32,
}

#[cfg(feature = "redb")]
impl Default for Redb {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), made: 0.into() }
    }
}

#[cfg(feature = "redb")]
impl Redb {
    async fn open(&self, number: u32) -> Arc<dyn ShareStore> {
        let path = self.folder.path().join(format!("store-{number}.redb"));
        Arc::new(maany_coordinator_storage::RedbStore::open(path).await.unwrap())
    }
}

#[cfg(feature = "redb")]
#[async_trait]
impl Harness for Redb {
    async fn fresh(&self) -> Arc<dyn ShareStore> {
        self.open(self.made.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1).await
    }

    async fn reopen(&self, store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>> {
        assert_eq!(Arc::strong_count(&store), 1, "the suite holds a second handle");
        drop(store);
        Some(self.open(self.made.load(std::sync::atomic::Ordering::SeqCst)).await)
    }
}

#[cfg(feature = "file")]
pub(crate) struct Files {
    folder: tempfile::TempDir,
    made: std::sync::atomic::AtomicU32,
}

#[cfg(feature = "file")]
impl Default for Files {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), made: 0.into() }
    }
}

#[cfg(feature = "file")]
impl Files {
    async fn open(&self, number: u32) -> Arc<dyn ShareStore> {
        let path = self.folder.path().join(format!("store-{number}"));
        Arc::new(maany_coordinator_storage::FileStore::open(path).await.unwrap())
    }
}

#[cfg(feature = "file")]
#[async_trait]
impl Harness for Files {
    async fn fresh(&self) -> Arc<dyn ShareStore> {
        self.open(self.made.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1).await
    }

    async fn reopen(&self, store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>> {
        assert_eq!(Arc::strong_count(&store), 1, "the suite holds a second handle");
        drop(store);
        Some(self.open(self.made.load(std::sync::atomic::Ordering::SeqCst)).await)
    }
}

/// The store of another harness behind the one that injects faults, with no fault.
#[cfg(feature = "fault")]
pub(crate) struct Faultless<H> {
    inner: H,
    open: Mutex<Option<Arc<dyn ShareStore>>>,
}

#[cfg(feature = "fault")]
impl<H: Harness> Faultless<H> {
    pub(crate) fn new(inner: H) -> Self {
        Self { inner, open: Mutex::new(None) }
    }

    fn wrap(&self, store: Arc<dyn ShareStore>) -> Arc<dyn ShareStore> {
        *self.open.lock().unwrap() = Some(Arc::clone(&store));
        Arc::new(maany_coordinator_storage::fault::FaultStore::new(store))
    }
}

#[cfg(feature = "fault")]
#[async_trait]
impl<H: Harness> Harness for Faultless<H> {
    async fn fresh(&self) -> Arc<dyn ShareStore> {
        self.wrap(self.inner.fresh().await)
    }

    async fn reopen(&self, store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>> {
        drop(store);
        let inner = self.open.lock().unwrap().take().unwrap();
        let reopened = self.inner.reopen(inner).await?;
        Some(self.wrap(reopened))
    }
}

type Rows = Arc<Mutex<BTreeMap<(Table, Vec<u8>), Versioned>>>;

/// A host that loops over single writes and stops at the first that does not fit.
pub(crate) struct Torn;

#[async_trait]
impl Harness for Torn {
    async fn fresh(&self) -> Arc<dyn ShareStore> {
        host(|rows, batch| async move {
            for op in batch.ops() {
                let mut rows = rows.lock().unwrap();
                let outcome = check(&rows, op)?;
                write(&mut rows, op, outcome);
            }
            Ok(())
        })
    }

    async fn reopen(&self, _store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>> {
        None
    }
}

/// A host that checks everything first and writes later, with other callers in between.
pub(crate) struct Racing;

#[async_trait]
impl Harness for Racing {
    async fn fresh(&self) -> Arc<dyn ShareStore> {
        host(|rows, batch| async move {
            for op in batch.ops() {
                check(&rows.lock().unwrap(), op)?;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            for op in batch.ops() {
                // It fits whatever it finds: the check has been done.
                let outcome = match op {
                    Op::Insert { value, .. } => batch::Outcome::Put { version: 1, value },
                    Op::Replace { expected, value, .. } => {
                        batch::Outcome::Put { version: expected + 1, value }
                    }
                    _ => batch::Outcome::Erased,
                };
                write(&mut rows.lock().unwrap(), op, outcome);
                tokio::task::yield_now().await;
            }
            Ok(())
        })
    }

    async fn reopen(&self, _store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>> {
        None
    }
}

fn host<C, F>(commit: C) -> Arc<dyn ShareStore>
where
    C: Fn(Rows, Batch) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let rows = Rows::default();
    let (get, scan) = (Arc::clone(&rows), Arc::clone(&rows));
    Arc::new(CallbackStore::new(
        move |table, key| {
            let row = get.lock().unwrap().get(&(table, key)).cloned();
            async move { Ok(row) }
        },
        move |ask: ScanRequest| {
            let rows = scan.lock().unwrap();
            let found = rows
                .iter()
                .filter(|((table, key), _)| *table == ask.table && key.starts_with(&ask.prefix))
                .filter(|((_, key), _)| ask.after.as_ref().is_none_or(|after| key > after))
                .take(ask.limit)
                .map(|((_, key), row)| Entry { key: key.clone(), row: Ok(row.clone()) })
                .collect();
            async move { Ok(found) }
        },
        move |batch| commit(Arc::clone(&rows), batch),
    ))
}

fn check<'a>(
    rows: &BTreeMap<(Table, Vec<u8>), Versioned>,
    op: &'a Op,
) -> Result<batch::Outcome<'a>, StoreError> {
    op.check(rows.get(&(op.table(), op.key().to_vec())).map(|row| row.version))
}

fn write(rows: &mut BTreeMap<(Table, Vec<u8>), Versioned>, op: &Op, outcome: batch::Outcome<'_>) {
    let row = (op.table(), op.key().to_vec());
    match outcome {
        batch::Outcome::Put { version, value } => {
            rows.insert(row, Versioned { version, value: value.to_vec() });
        }
        batch::Outcome::Erased => {
            rows.remove(&row);
        }
    }
}
