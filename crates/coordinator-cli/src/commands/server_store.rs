//! Opens a server's store the way its configuration says.

use maany_coordinator::storage::{
    EnvKeyProvider, FileKeyProvider, FileStore, KeyProvider, RedbStore, Role, ShareStore, Vault,
};
use std::path::Path;
use std::sync::Arc;

use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::settings::{Backend, KeySettings, Settings};

/// The vault of a server. The wrong key is found here, at once.
pub(super) async fn open(data: &ServerData, settings: &Settings) -> Result<Vault, CliError> {
    // The key first: without it the store is not even touched.
    let keys = keys(data, settings)?;
    let store = store_at(&data.resolve(&settings.storage.path), settings.storage.backend).await?;
    Ok(Vault::open(store, keys, Role::Server).await?)
}

/// The keys that open a server's records.
pub(super) fn keys(data: &ServerData, settings: &Settings) -> Result<Arc<dyn KeyProvider>, CliError> {
    Ok(match &settings.keys {
        KeySettings::File { path } => Arc::new(FileKeyProvider::open(&data.resolve(path))?),
        KeySettings::Environment { variable } => Arc::new(EnvKeyProvider::from_var(variable)?),
    })
}

/// The store at that place; where there is none, it is made.
pub(super) async fn store_at(path: &Path, backend: Backend) -> Result<Arc<dyn ShareStore>, CliError> {
    Ok(match backend {
        Backend::Redb => Arc::new(RedbStore::open(path).await?),
        Backend::Files => Arc::new(FileStore::open(path).await?),
    })
}
