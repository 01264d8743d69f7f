//! `maany admin import`: the store of an archive, where there is none.
//!
//! The archive is checked to its last byte, written beside the store's place, opened with the key file, made safe, and only
//! then given its name: what goes wrong before leaves nothing.

mod told;

use maany_coordinator::storage::archive::{self, Manifest};
use maany_coordinator::storage::record::AuditRow;
use maany_coordinator::storage::vault::import::{Gap, LastInUse, OldStore, Settled};
use maany_coordinator::storage::{Corruption, Role, StoreError, Vault};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use self::told::{machine, people};
use super::export::{SERVER_STORE, fields, tell};
use crate::archive_file::{self, OpenArchive, Opener};
use crate::cli::admin::Import;
use crate::clock::now_ms;
use crate::commands::server_store;
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::output::Output;
use crate::passphrase;
use crate::private_file;
use crate::settings::{Backend, Settings};

pub(super) async fn run(args: Import, output: &mut Output) -> Result<(), CliError> {
    let data = ServerData::open(args.data.path)?;
    let settings = Settings::read(&data.configuration())?;
    let _alone = only_one(&data)?;
    let path = data.resolve(&settings.storage.path);
    if path.symlink_metadata().is_ok() {
        return Err(CliError::StoreExists { path });
    }

    let opener = match args.identity_file {
        Some(identities) => Opener::Identities(identities),
        None if archive_file::asks_for_passphrase(&args.file)? => {
            Opener::Passphrase(passphrase::ARCHIVE.get(args.passphrase_file.as_deref())?)
        }
        None => {
            return Err(archive_file::ArchiveFileError::NeedsIdentity { path: args.file }.into());
        }
    };
    let mut file = OpenArchive::open(&args.file, opener)?;
    let verified = archive::verify(file.stream()?);
    let manifest = verified.map_err(|error| file.failed(error))?;
    if manifest.what != SERVER_STORE {
        return Err(CliError::OtherArchive { what: manifest.what });
    }
    output.say("archive", fields(&manifest), |page| {
        page.heading("The archive is whole")?;
        tell(page, &manifest)
    })?;

    let old = match &args.over {
        Some(old) => Some(Remains::open(old, &path, &data, &settings).await?),
        None => None,
    };
    let last_in_use = if args.was_last_in_use { LastInUse::Stated } else { LastInUse::Unknown };
    let over = old.as_ref().map(|old| OldStore { vault: &old.vault, last_in_use });
    let staging = Staging::beside(&path)?;
    let settled = fill(&staging, &data, &settings, &mut file, &manifest, over).await?;
    staging.publish(&path)?;
    output.say("imported", machine(&path, args.over.as_deref(), &settled), |page| {
        people(page, &path, args.over.as_deref(), &settled)
    })?;
    Ok(())
}

/// What is left of the store that is replaced, as a copy: opening a store may write to it.
struct Remains {
    vault: Vault,
    /// Gone with the import.
    _copy: TempDir,
}

impl Remains {
    async fn open(
        old: &Path,
        store: &Path,
        data: &ServerData,
        settings: &Settings,
    ) -> Result<Self, CliError> {
        let failed = |source| CliError::OldStore { path: old.to_owned(), source: Box::new(source) };
        let found = old.metadata().map_err(|_| CliError::NoStore { path: old.to_owned() })?;
        if old == store {
            return Err(CliError::StoreExists { path: store.to_owned() });
        }
        let backend = if found.is_dir() { Backend::Files } else { Backend::Redb };
        let keys = server_store::keys(data, settings)?;
        let system = |source| CliError::System { doing: "copying the old store", source };
        let copy = tempfile::Builder::new().prefix("old-store.").tempdir_in(data.path()).map_err(system)?;
        let place = copy.path().join("store");
        {
            let lock = if found.is_dir() { old.join("lock") } else { old.to_owned() };
            let _unused = unused(&lock).map_err(failed)?;
            copy_all(old, &place).map_err(system)?;
        }
        let store = server_store::store_at(&place, backend).await.map_err(failed)?;
        let vault = Vault::open_remains(store, keys, Role::Server).await;
        Ok(Self { vault: vault.map_err(|error| failed(error.into()))?, _copy: copy })
    }
}

/// Holds a store's lock against whoever would write to it meanwhile; a store that lost its lock file is used by nobody.
fn unused(lock: &Path) -> Result<Option<File>, CliError> {
    let failed = |source| CliError::System { doing: "looking whether the old store is in use", source };
    let file = match File::open(lock) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: lock.to_owned() }.into()),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(|_bytes| ());
    }
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in from.read_dir()? {
        let entry = entry?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

async fn fill(
    staging: &Staging,
    data: &ServerData,
    settings: &Settings,
    file: &mut OpenArchive,
    manifest: &Manifest,
    old: Option<OldStore<'_>>,
) -> Result<Settled, CliError> {
    let keys = server_store::keys(data, settings)?;
    let store = server_store::store_at(&staging.path, settings.storage.backend).await?;
    let restored = archive::restore(file.stream()?, manifest, &*store).await;
    restored.map_err(|error| file.failed(error))?;
    let vault = Vault::open(store, keys, Role::Server).await?;
    let gap = Gap { from_ms: manifest.made_ms, until_ms: now_ms() };
    let settled = vault.settle_import(gap, old).await?;
    // A key that is missing is found now, and not by the first customer.
    for error in &settled.damaged {
        if let StoreError::Corrupt { cause: Corruption::UnknownKey(key_id), .. } = error {
            return Err(StoreError::WrongKey { key_id: key_id.clone() }.into());
        }
    }
    let audit = AuditRow {
        at_ms: now_ms(),
        actor: "operator".to_owned(),
        event: "store-imported".to_owned(),
        wallet: None,
        details: format!("from an archive made at {}; {}", manifest.made_ms, told::audited(&settled)),
    };
    vault.append_audit(audit).await?;
    Ok(settled)
}

/// One import at a time in a data folder; the lock goes with the process.
fn only_one(data: &ServerData) -> Result<File, CliError> {
    let failed = |source| CliError::System { doing: "locking the data folder", source };
    let folder = File::open(data.path()).map_err(failed)?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(CliError::ImportRuns),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// A store that is not yet in its place; it is removed unless it is published.
struct Staging {
    path: PathBuf,
}

impl Staging {
    /// Beside the store's place, where a rename is one step. What an import that was killed left is removed.
    fn beside(store: &Path) -> Result<Self, CliError> {
        let mut name = store.file_name().unwrap_or_default().to_owned();
        name.push(".importing");
        let staging = Self { path: store.with_file_name(name) };
        staging
            .clear()
            .map_err(|source| CliError::System { doing: "removing an unfinished import", source })?;
        Ok(staging)
    }

    /// Gives the store its name, if nothing has that name.
    fn publish(self, store: &Path) -> Result<(), CliError> {
        let failed = |source| CliError::System { doing: "putting the store in its place", source };
        match renameat_with(CWD, &self.path, CWD, store, RenameFlags::NOREPLACE) {
            Ok(()) => private_file::sync_folder_of(store).map_err(failed),
            Err(Errno::EXIST) => Err(CliError::StoreExists { path: store.to_owned() }),
            Err(error) => Err(failed(error.into())),
        }
    }

    fn clear(&self) -> io::Result<()> {
        let removed = match self.path.symlink_metadata() {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&self.path),
            Ok(_) => fs::remove_file(&self.path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed is removed by the next import, or named by it.
        let _ = self.clear();
    }
}
