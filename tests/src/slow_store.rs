//! A store whose commits take their time: to see what happens while a write is under way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use maany_coordinator_storage::{Batch, Entry, MemoryStore, ShareStore, StoreError, Table, Versioned};

/// A store in memory. A commit is visible when its delay is over, and not before.
#[derive(Default)]
pub struct SlowStore {
    inner: MemoryStore,
    delay_ms: AtomicU64,
}

impl SlowStore {
    /// From now on a commit takes this long.
    pub fn delay(&self, delay: Duration) {
        self.delay_ms.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

#[async_trait]
impl ShareStore for SlowStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.inner.get(table, key).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.scan(table, prefix, after, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        tokio::time::sleep(Duration::from_millis(self.delay_ms.load(Ordering::SeqCst))).await;
        self.inner.commit(batch).await
    }
}
