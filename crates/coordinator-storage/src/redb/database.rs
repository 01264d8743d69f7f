//! The open redb file: made with mode 0600, checked, and opened again after a failure.
//!
//! redb answers every call after an I/O error with another error until the file is opened again. A full disk would
//! otherwise outlast the day on which somebody makes room.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition, TableHandle};

use crate::error::{Corruption, StoreError};
use crate::redb::rows::{COMMITS, definition};
use crate::table::Table;

/// The format of the tables and rows in the file.
const FORMAT: u32 = 1;
const FORMAT_TABLE: TableDefinition<'static, &str, u32> = TableDefinition::new("maany-format");
const FORMAT_KEY: &str = "format";

/// redb's page cache, in bytes; redb's own default is 1 GiB.
const CACHE: usize = 64 * 1024 * 1024;

/// How the file is opened again.
type Reopen = Box<dyn Fn() -> Result<Database, redb::Error> + Send + Sync>;

/// The database, for readers and the writer.
pub(super) struct Shared {
    path: PathBuf,
    reopen: Reopen,
    /// `None` while it could not be opened again, and after it was closed.
    slot: RwLock<Option<Database>>,
    /// It has failed and must be opened again.
    broken: AtomicBool,
    closed: AtomicBool,
}

impl Shared {
    pub(super) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let database = open(&path)?;
        let reopen = {
            let path = path.clone();
            move || Ok(open_file(OpenOptions::new().read(true).write(true).open(&path)?)?)
        };
        Ok(Self::new(path, database, Box::new(reopen)))
    }

    /// A database that was opened and prepared.
    pub(super) fn new(path: PathBuf, database: Database, reopen: Reopen) -> Self {
        Self {
            path,
            reopen,
            slot: RwLock::new(Some(database)),
            broken: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a read; where the database had failed before, it is opened again first.
    pub(super) fn with<T>(
        &self,
        read: impl Fn(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        match self.attempt(&read) {
            // Another call's failure came in between.
            Err(redb::Error::PreviousIo) => self.attempt(&read).map_err(|error| self.sort(error)),
            other => other.map_err(|error| self.sort(error)),
        }
    }

    /// Runs something once, with redb's own errors. A panic inside redb, which damaged files can cause, counts as
    /// damage.
    pub(super) fn attempt<T>(
        &self,
        run: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let slot = self.ready()?;
        let database = slot.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        let result = catch_unwind(AssertUnwindSafe(|| run(database))).unwrap_or_else(|_| Err(panicked()));
        if let Err(error) = &result
            && leaves_it_unusable(error)
        {
            self.broken.store(true, Ordering::SeqCst);
        }
        result
    }

    /// Has the database opened again before its next use.
    pub(super) fn distrust(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// Closes the file; from then on everything answers [`StoreError::Closed`].
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        drop(self.slot.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Puts redb's error into our words.
    pub(super) fn sort(&self, error: redb::Error) -> StoreError {
        sort(&self.path, error)
    }

    fn ready(&self) -> Result<RwLockReadGuard<'_, Option<Database>>, redb::Error> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(redb::Error::DatabaseClosed);
        }
        if self.broken.load(Ordering::SeqCst) {
            let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
            // Whoever came first has done it.
            if self.broken.load(Ordering::SeqCst) && !self.closed.load(Ordering::SeqCst) {
                // The old handle holds the file's lock: it goes first.
                let old = slot.take();
                let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
                let opened = catch_unwind(AssertUnwindSafe(|| (self.reopen)()));
                *slot = Some(opened.unwrap_or_else(|_| Err(panicked()))?);
                self.broken.store(false, Ordering::SeqCst);
            }
        }
        Ok(self.slot.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn panicked() -> redb::Error {
    redb::Error::Corrupted("redb panicked".into())
}

fn leaves_it_unusable(error: &redb::Error) -> bool {
    matches!(
        error,
        redb::Error::Io(_)
            | redb::Error::PreviousIo
            | redb::Error::LockPoisoned(_)
            | redb::Error::Corrupted(_)
    )
}

/// Puts redb's error into our words.
fn sort(path: &Path, error: redb::Error) -> StoreError {
    let damaged = || StoreError::Damaged { path: path.to_owned(), cause: Corruption::Database };
    match error {
        redb::Error::DatabaseAlreadyOpen => StoreError::Locked { path: path.to_owned() },
        redb::Error::DatabaseClosed => StoreError::Closed,
        // redb's word for a file that is no database.
        redb::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => damaged(),
        redb::Error::Io(source) => StoreError::io("using the database", source),
        redb::Error::Corrupted(_) | redb::Error::TableDoesNotExist(_) => damaged(),
        redb::Error::UpgradeRequired(found) => {
            StoreError::UnsupportedVersion { what: "the redb file", found: u32::from(found) }
        }
        other => StoreError::Io { doing: "using the database", source: io::Error::other(other) },
    }
}

fn open(path: &Path) -> Result<Database, StoreError> {
    let io = |source| StoreError::io("opening the database file", source);
    let options = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(0o600);
        options
    };
    let file = match options().create_new(true).open(path) {
        Ok(file) => {
            File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(io)?;
            file
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options().open(path).map_err(io)?,
        Err(error) => return Err(io(error)),
    };
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StoreError::LoosePermissions { path: path.to_owned(), mode });
    }
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let database = open_file(file)?;
        prepare(&database).map(|found| (database, found))
    }));
    match opened {
        Ok(Ok((database, FORMAT))) => Ok(database),
        Ok(Ok((_, found))) => Err(StoreError::UnsupportedVersion { what: "the database", found }),
        Ok(Err(error)) => Err(sort(path, error)),
        Err(_) => Err(StoreError::Damaged { path: path.to_owned(), cause: Corruption::Database }),
    }
}

fn open_file(file: File) -> Result<Database, DatabaseError> {
    Database::builder().set_cache_size(CACHE).create_with_backend(FileBackend::new(file)?)
}

/// Makes the tables in a new file, and gives the format of the file.
pub(super) fn prepare(database: &Database) -> Result<u32, redb::Error> {
    let read = database.begin_read()?;
    let names: Vec<String> = read.list_tables()?.map(|table| table.name().to_owned()).collect();
    if names.iter().any(|name| name == FORMAT_TABLE.name()) {
        let format = read.open_table(FORMAT_TABLE)?.get(FORMAT_KEY)?.map(|format| format.value());
        return format.ok_or_else(|| redb::Error::Corrupted("the format is missing".into()));
    }
    if !names.is_empty() {
        return Err(redb::Error::Corrupted("the file is another program's database".into()));
    }
    let write = database.begin_write()?;
    write.open_table(FORMAT_TABLE)?.insert(FORMAT_KEY, FORMAT)?;
    write.open_table(COMMITS)?;
    for table in Table::ALL {
        write.open_table(definition(table))?;
    }
    write.commit()?;
    Ok(FORMAT)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
