//! A store in memory, for tests and demonstrations.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use crate::batch::{Batch, Outcome};
use crate::error::StoreError;
use crate::store::{Entry, ShareStore, Versioned};
use crate::table::Table;

type Rows = BTreeMap<(Table, Vec<u8>), Versioned>;

/// Rows in memory. Nothing survives the process.
#[derive(Default)]
pub struct MemoryStore {
    rows: RwLock<Rows>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl ShareStore for MemoryStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.get(&(table, key.to_vec())).cloned())
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let from = after.map_or(prefix, |after| after.max(prefix));
        Ok(rows
            .range((table, from.to_vec())..)
            .take_while(|((t, key), _)| *t == table && key.starts_with(prefix))
            .filter(|((_, key), _)| after.is_none_or(|after| key.as_slice() > after))
            .take(limit)
            .map(|((_, key), row)| Entry { key: key.clone(), row: Ok(row.clone()) })
            .collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check_bounds()?;
        // Nothing between taking the lock and the last write can panic halfway, so a poisoned lock holds whole batches.
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let mut writes = Vec::with_capacity(batch.ops().len());
        for op in batch.ops() {
            let row = (op.table(), op.key().to_vec());
            let outcome = op.check(rows.get(&row).map(|current| current.version))?;
            writes.push((row, outcome));
        }
        for (row, outcome) in writes {
            match outcome {
                Outcome::Put { version, value } => {
                    rows.insert(row, Versioned { version, value: value.to_vec() });
                }
                Outcome::Erased => {
                    rows.remove(&row);
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
