//! The suites that every store and every key provider runs.
//!
//! A suite answers with the first promise that was not kept. It knows an implementation only through its trait, so
//! that it says the same about ours and about a host's callbacks.

mod atomic;
mod concurrent;
mod durable;
mod keys;
mod model;
mod rows;
mod scan;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use crate::batch::Batch;
use crate::error::StoreError;
use crate::store::ShareStore;
use crate::table::Table;

pub use keys::check_key_provider;

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{promise}: {detail}")]
pub struct Broken {
    /// The promise.
    pub promise: &'static str,
    /// What was seen instead.
    pub detail: String,
}

/// Makes the stores that the suite tries.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A new, empty store.
    async fn fresh(&self) -> Arc<dyn ShareStore>;

    /// Closes the store and opens it again from what is on disk, as a new process would. `None` for a store that
    /// outlives no process.
    async fn reopen(&self, store: Arc<dyn ShareStore>) -> Option<Arc<dyn ShareStore>>;
}

/// Runs every check of the suite, each on a fresh store. It needs a tokio runtime.
///
/// # Errors
/// The first promise that was not kept.
pub async fn check_store(harness: &dyn Harness) -> Result<(), Broken> {
    rows::check(&*harness.fresh().await).await?;
    rows::check_shares_and_audit(&*harness.fresh().await).await?;
    rows::check_sizes(&*harness.fresh().await).await?;
    rows::check_unfit(&*harness.fresh().await).await?;
    atomic::check(&*harness.fresh().await).await?;
    atomic::check_readers(harness.fresh().await).await?;
    scan::check(&*harness.fresh().await).await?;
    concurrent::check_one_winner(harness.fresh().await).await?;
    concurrent::check_no_lost_update(harness.fresh().await).await?;
    concurrent::check_conflicts_stay_alone(harness.fresh().await).await?;
    model::check(&*harness.fresh().await).await?;
    durable::check(harness).await
}

/// What the checks are written with: a promise, and ways of not keeping it.
#[derive(Clone, Copy)]
struct Promise(&'static str);

impl Promise {
    fn broken(self, detail: impl Into<String>) -> Broken {
        Broken { promise: self.0, detail: detail.into() }
    }

    fn holds(self, condition: bool, detail: impl FnOnce() -> String) -> Result<(), Broken> {
        if condition { Ok(()) } else { Err(self.broken(detail())) }
    }

    fn ok<T>(self, what: &str, result: Result<T, StoreError>) -> Result<T, Broken> {
        result.map_err(|error| self.broken(format!("{what}: {error}")))
    }

    /// The answer must be a conflict on this row.
    fn conflict<T: Debug>(
        self,
        what: &str,
        result: Result<T, StoreError>,
        table: Table,
        key: &[u8],
    ) -> Result<(), Broken> {
        match result {
            Err(StoreError::Conflict { table: t, key: k }) if t == table && k == hex::encode(key) => Ok(()),
            other => {
                Err(self.broken(format!("{what}: no conflict on {table} {}: {other:?}", hex::encode(key))))
            }
        }
    }

    /// The row must hold this version and value, or be absent.
    async fn row(
        self,
        store: &dyn ShareStore,
        table: Table,
        key: &[u8],
        expected: Option<(u64, &[u8])>,
    ) -> Result<(), Broken> {
        let row = self.ok("get", store.get(table, key).await)?;
        let found = row.as_ref().map(|row| (row.version, row.value.as_slice()));
        self.holds(found == expected, || {
            let show = |row: Option<(u64, &[u8])>| row.map(|(v, b)| (v, b.len(), b.first().copied()));
            format!(
                "{table} {}: version, length and first byte are {:?} instead of {:?}",
                hex::encode(key),
                show(found),
                show(expected)
            )
        })
    }
}

fn batch(fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}
