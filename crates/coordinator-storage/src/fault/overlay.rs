//! Rows that were answered and never written: laid over what the backend holds.

use std::collections::BTreeMap;

use crate::batch::{Batch, Outcome};
use crate::error::StoreError;
use crate::store::{Entry, ShareStore, Versioned};
use crate::table::Table;

/// What one batch would have left: for each row that it writes, the row, or that it is gone.
pub(super) struct Overlay(BTreeMap<(Table, Vec<u8>), Option<Versioned>>);

impl Overlay {
    /// The overlay of a batch that fits what the backend holds.
    pub(super) async fn of<S: ShareStore + ?Sized>(inner: &S, batch: &Batch) -> Result<Self, StoreError> {
        let mut rows = BTreeMap::new();
        for op in batch.ops() {
            let current = inner.get(op.table(), op.key()).await?;
            let row = match op.check(current.map(|row| row.version))? {
                Outcome::Put { version, value } => Some(Versioned { version, value: value.to_vec() }),
                Outcome::Erased => None,
            };
            rows.insert((op.table(), op.key().to_vec()), row);
        }
        Ok(Self(rows))
    }

    /// The row, or that it is gone, where the batch wrote it.
    pub(super) fn row(&self, table: Table, key: &[u8]) -> Option<Option<Versioned>> {
        self.0.get(&(table, key.to_vec())).cloned()
    }

    /// As [`ShareStore::scan`].
    pub(super) async fn scan<S: ShareStore + ?Sized>(
        &self,
        inner: &S,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        // Each row of the overlay hides one of the backend's at most.
        let beneath = inner.scan(table, prefix, after, limit.saturating_add(self.0.len())).await?;
        let mut entries: Vec<Entry> =
            beneath.into_iter().filter(|entry| self.row(table, &entry.key).is_none()).collect();
        for ((written, key), row) in &self.0 {
            let asked = *written == table
                && key.starts_with(prefix)
                && after.is_none_or(|after| key.as_slice() > after);
            if let (true, Some(row)) = (asked, row) {
                entries.push(Entry { key: key.clone(), row: Ok(row.clone()) });
            }
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries.truncate(limit);
        Ok(entries)
    }
}
