//! A fragment host's data folder: no configuration, one key file, one store.

use maany_coordinator::storage::{FileKeyProvider, RedbStore, Role, Vault};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data_folder::{FolderError, or_home};
use crate::error::CliError;
use crate::private_file;

/// What makes a folder a fragment host's.
const STORE: &str = "fragments.redb";

/// The name of the first key-encryption key.
const FIRST_KEY: &str = "key-1";

/// A fragment host's data folder.
#[derive(Clone, Debug)]
pub(super) struct HostData(PathBuf);

impl HostData {
    /// Makes a new one; the folder must be missing or empty.
    pub(super) fn create(path: Option<PathBuf>) -> Result<Self, FolderError> {
        let path = or_home(path, "fragment-host")?;
        private_file::create_folder(&path)?;
        if !private_file::is_empty(&path)? {
            return Err(FolderError::NotEmpty { path });
        }
        private_file::close_folder(&path)?;
        Ok(Self(path))
    }

    /// Opens the one that `create` made.
    pub(super) fn open(path: Option<PathBuf>) -> Result<Self, FolderError> {
        let path = or_home(path, "fragment-host")?;
        private_file::check_folder(&path)?;
        if path.join(STORE).exists() {
            Ok(Self(path))
        } else {
            Err(FolderError::NotOne { path, file: STORE })
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes key file and store.
    pub(super) async fn make_vault(&self) -> Result<Vault, CliError> {
        FileKeyProvider::create(&self.keys(), FIRST_KEY)?;
        self.open_vault().await
    }

    /// The store, opened with the key file. The wrong key is found here, at once.
    pub(super) async fn open_vault(&self) -> Result<Vault, CliError> {
        let keys = Arc::new(FileKeyProvider::open(&self.keys())?);
        let store = Arc::new(RedbStore::open(self.0.join(STORE)).await?);
        Ok(Vault::open(store, keys, Role::Server).await?)
    }

    /// Takes back what a `create` that failed half-way has left, which is all that can be there.
    pub(super) fn clear(&self) {
        for entry in self.0.read_dir().into_iter().flatten().flatten() {
            // What cannot be removed is named by the next attempt.
            let _ = std::fs::remove_file(entry.path());
        }
    }

    /// The operator's own API key, for a fragment host that is running.
    pub(super) fn admin_token(&self) -> PathBuf {
        self.0.join("admin.token")
    }

    /// Where the fragment host listens, while it does.
    pub(super) fn listening(&self) -> PathBuf {
        self.0.join("listening")
    }

    fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }
}
