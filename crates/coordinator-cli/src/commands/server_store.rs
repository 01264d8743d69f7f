//! Opens a server's store the way its configuration says.

use maany_coordinator::storage::{
    EnvKeyProvider, FileKeyProvider, FileStore, KeyProvider, RedbStore, Role, ShareStore, Vault,
};
use std::sync::Arc;

use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::settings::{Backend, KeySettings, Settings};

/// The vault of a server. The wrong key is found here, at once.
pub(super) async fn open(data: &ServerData, settings: &Settings) -> Result<Vault, CliError> {
    // The key first: without it the store is not even touched.
    let keys: Arc<dyn KeyProvider> = match &settings.keys {
        KeySettings::File { path } => Arc::new(FileKeyProvider::open(&data.resolve(path))?),
        KeySettings::Environment { variable } => Arc::new(EnvKeyProvider::from_var(variable)?),
    };
    let path = data.resolve(&settings.storage.path);
    let store: Arc<dyn ShareStore> = match settings.storage.backend {
        Backend::Redb => Arc::new(RedbStore::open(path).await?),
        Backend::Files => Arc::new(FileStore::open(path).await?),
    };
    Ok(Vault::open(store, keys, Role::Server).await?)
}
