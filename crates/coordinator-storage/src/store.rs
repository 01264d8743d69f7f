//! The seam that a database implements: read, scan, and commit a batch.
//!
//! A backend sees sealed bytes only. It decides nothing: a batch either fits what the store holds, and is durable
//! when `commit` returns, or it changes nothing.

use async_trait::async_trait;

use crate::batch::Batch;
use crate::error::StoreError;
use crate::table::Table;

/// A value and the version it was written at.
///
/// Versions of one row start at 1 and grow by 1 with each replacement. A row that was erased and inserted
/// again starts at 1.
#[derive(Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The version to name in the next compare-and-swap of this row.
    pub version: u64,
    /// The sealed value.
    pub value: Vec<u8>,
}

/// One row of a scan.
#[derive(Debug)]
pub struct Entry {
    /// The row's key.
    pub key: Vec<u8>,
    /// The row, or what is wrong with it: a damaged row does not hide the others.
    pub row: Result<Versioned, StoreError>,
}

/// A store of versioned rows with an all-or-nothing compare-and-swap.
///
/// Implementations run the suite in `conformance` (feature `conformance`).
#[async_trait]
pub trait ShareStore: Send + Sync + 'static {
    /// Reads one row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a damaged row, [`StoreError::Io`] where the store cannot be read.
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError>;

    /// Reads at most `limit` rows whose keys start with `prefix` and come after `after`, in the order of their
    /// keys' bytes. The next page starts after the last key of this one; a page shorter than `limit` is the last.
    ///
    /// # Errors
    /// As `get`; a damaged row is an [`Entry`] that says so and does not end the scan.
    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Applies the whole batch or none of it; it is durable when this returns. Dropping the future after it was
    /// first polled leaves open whether the batch was applied.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] names the first operation that does not fit, [`StoreError::Full`] and
    /// [`StoreError::Unfit`] say why nothing was written. After [`StoreError::Io`] the outcome is what the next
    /// read shows: all or nothing, never a part.
    async fn commit(&self, batch: Batch) -> Result<(), StoreError>;
}

impl std::fmt::Debug for Versioned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Versioned").field("version", &self.version).finish_non_exhaustive()
    }
}
