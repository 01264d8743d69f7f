//! A directory of files, one for each row.
//!
//! A batch is staged, written into a journal, and applied by renames; whoever opens the folder next finishes what the
//! journal says. One process has the folder at a time. A commit waits for one sync for each row that it writes, one for
//! each table that it touches and three more, and commits come one after the other: a busy server takes redb.
//!
//! ```text
//! FOLDER/           0700, files 0600
//!   lock            held while the store is open
//!   format          "maany-files 1"
//!   journal         the batch that is being applied
//!   staging/        rows that are not in their place yet
//!   tables/wallets/ one file for each row; its name is the row's key in hexadecimal
//! ```

#[cfg(test)]
mod crash_tests;
mod disk;
mod engine;
mod journal;
mod names;
mod record;
#[cfg(test)]
mod sim;

use std::fs::{File, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::RwLock;

use crate::batch::Batch;
use crate::error::StoreError;
use crate::file::disk::RealDisk;
use crate::file::engine::Engine;
use crate::store::{Entry, ShareStore, Versioned};
use crate::table::Table;

/// A store in a folder, mode 0700, locked against other processes while it is open.
///
/// It needs a tokio runtime, on whose blocking pool all file work is done.
pub struct FileStore {
    path: PathBuf,
    engine: Arc<RwLock<Engine<RealDisk>>>,
}

impl FileStore {
    /// Opens the store in that folder, and makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where a process has it open, [`StoreError::LoosePermissions`] where others may enter it,
    /// [`StoreError::Damaged`] where the folder is no store or its journal is damaged,
    /// [`StoreError::UnsupportedVersion`], [`StoreError::Io`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let engine = blocking({
            let path = path.clone();
            move || {
                let lock = lock(&path)?;
                Engine::open(RealDisk::new(path, lock))
            }
        })
        .await?;
        Ok(Self { path, engine: Arc::new(RwLock::new(engine)) })
    }

    /// Runs a read; where a batch is still to be applied, that is done first.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Engine<RealDisk>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let engine = Arc::clone(&self.engine).read_owned().await;
        if engine.is_settled() {
            return blocking(move || read(&engine)).await;
        }
        drop(engine);
        let mut engine = Arc::clone(&self.engine).write_owned().await;
        blocking(move || {
            engine.settle()?;
            read(&engine)
        })
        .await
    }
}

#[async_trait]
impl ShareStore for FileStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        let key = key.to_vec();
        self.read(move |engine| engine.get(table, &key)).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        self.read(move |engine| engine.scan(table, &prefix, after.as_deref(), limit)).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check_bounds()?;
        // Whoever waits here holds no thread; whoever writes finishes, also when the caller is gone.
        let mut engine = Arc::clone(&self.engine).write_owned().await;
        blocking(move || engine.commit(&batch)).await
    }
}

impl std::fmt::Debug for FileStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileStore").field("path", &self.path).finish_non_exhaustive()
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?
}

/// Makes the folder where there is none, and takes its lock.
fn lock(path: &Path) -> Result<File, StoreError> {
    let io = |source| StoreError::io("opening the store's folder", source);
    disk::make_folder(path).map_err(io)?;
    let metadata = std::fs::metadata(path).map_err(io)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StoreError::LoosePermissions { path: path.to_owned(), mode });
    }
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.join(names::LOCK))
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}
