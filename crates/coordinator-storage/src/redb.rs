//! The embedded store: one redb file, one writer thread.
//!
//! Commits queue for the writer, which puts whatever is queued into one write transaction, each batch checked on its
//! own, and answers when that is on disk (`Durability::Immediate`). Reads are snapshots on the blocking pool.

mod database;
#[cfg(test)]
mod fault_tests;
mod rows;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::redb::database::Shared;
use crate::redb::writer::Job;
use crate::store::{Entry, ShareStore, Versioned};
use crate::table::Table;

/// How many commits may wait for the writer; the next one waits for a place.
const QUEUE: usize = 256;

/// A store in one redb file, mode 0600, locked against other processes while it is open.
///
/// It needs a tokio runtime. Dropping it waits for the writer thread; [`RedbStore::close`] does so without blocking.
pub struct RedbStore {
    shared: Arc<Shared>,
    queue: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl RedbStore {
    /// Opens the store in that file, and makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where a process has it open, [`StoreError::LoosePermissions`] where others may read it,
    /// [`StoreError::Damaged`] where it is no database, [`StoreError::UnsupportedVersion`], [`StoreError::Io`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let shared = tokio::task::spawn_blocking(move || Shared::open(path))
            .await
            .map_err(|_| StoreError::Closed)??;
        let shared = Arc::new(shared);
        let (queue, jobs) = mpsc::channel(QUEUE);
        let writer = std::thread::Builder::new()
            .name("maany-redb-writer".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || writer::run(&shared, jobs)
            })
            .map_err(|source| StoreError::io("starting the writer thread", source))?;
        Ok(Self { shared, queue: Some(queue), writer: Some(writer) })
    }

    /// Finishes the queued commits and closes the file.
    pub async fn close(mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has closed as well.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&redb::Database) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || shared.with(&read)).await.map_err(|_| StoreError::Closed)?
    }
}

#[async_trait]
impl ShareStore for RedbStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        let key = key.to_vec();
        let entry = self.read(move |db| rows::get(db, table, &key)).await?;
        entry.map(|entry| entry.row).transpose()
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        self.read(move |db| rows::scan(db, table, &prefix, after.as_deref(), limit)).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check_bounds()?;
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        queue.send(Job { batch, reply }).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has closed as well.
            let _ = writer.join();
        }
    }
}

impl std::fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedbStore").field("path", &self.shared.path()).finish_non_exhaustive()
    }
}
