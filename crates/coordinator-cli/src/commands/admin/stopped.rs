//! The store of a server that does not run.

use maany_coordinator::storage::{StoreError, Vault};

use crate::commands::server_store;
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::settings::Settings;

/// The store, where no server has it open.
pub(super) async fn open(data: &ServerData) -> Result<Option<Vault>, CliError> {
    let settings = Settings::read(&data.configuration())?;
    match server_store::open(data, &settings).await {
        Ok(vault) => Ok(Some(vault)),
        Err(CliError::Store(StoreError::Locked { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}
