//! A store made of three async closures of the host application.
//!
//! The host supplies `commit` itself, because only the host knows how to write several rows at once in its
//! database. There is no fallback that loops over single writes: a loop that dies halfway tears a wallet.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

use crate::batch::Batch;
use crate::error::StoreError;
use crate::store::{Entry, ShareStore, Versioned};
use crate::table::Table;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;
type Get = Box<dyn Fn(Table, Vec<u8>) -> Answer<Option<Versioned>> + Send + Sync>;
type Scan = Box<dyn Fn(ScanRequest) -> Answer<Vec<Entry>> + Send + Sync>;
type Commit = Box<dyn Fn(Batch) -> Answer<()> + Send + Sync>;

/// What a scan asks for; see [`ShareStore::scan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRequest {
    /// The table.
    pub table: Table,
    /// Keys start with this.
    pub prefix: Vec<u8>,
    /// Keys are greater than this.
    pub after: Option<Vec<u8>>,
    /// No more rows than this.
    pub limit: usize,
}

/// A store of host-provided callbacks.
///
/// Each closure keeps the promise of the [`ShareStore`] method of its name; the suite in `conformance` shows
/// whether it does. A failure of the host's own is [`StoreError::Host`].
pub struct CallbackStore {
    get: Get,
    scan: Scan,
    commit: Commit,
}

impl CallbackStore {
    /// A store of these closures.
    pub fn new<G, GF, S, SF, C, CF>(get: G, scan: S, commit: C) -> Self
    where
        G: Fn(Table, Vec<u8>) -> GF + Send + Sync + 'static,
        GF: Future<Output = Result<Option<Versioned>, StoreError>> + Send + 'static,
        S: Fn(ScanRequest) -> SF + Send + Sync + 'static,
        SF: Future<Output = Result<Vec<Entry>, StoreError>> + Send + 'static,
        C: Fn(Batch) -> CF + Send + Sync + 'static,
        CF: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        Self {
            get: Box::new(move |table, key| Box::pin(get(table, key))),
            scan: Box::new(move |request| Box::pin(scan(request))),
            commit: Box::new(move |batch| Box::pin(commit(batch))),
        }
    }
}

#[async_trait]
impl ShareStore for CallbackStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        (self.get)(table, key.to_vec()).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let after = after.map(<[u8]>::to_vec);
        (self.scan)(ScanRequest { table, prefix: prefix.to_vec(), after, limit }).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check_bounds()?;
        (self.commit)(batch).await
    }
}

impl fmt::Debug for CallbackStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackStore").finish_non_exhaustive()
    }
}
