//! A device, opened: the passphrase is worked off, the key opens the vault, and the vault is the device's.

use age::secrecy::ExposeSecret;
use maany_coordinator::Device;
use maany_coordinator::device::{DeviceBuilder, Protocol};
use maany_coordinator::engine::Dkls23;
use maany_coordinator::proto::Token;
use maany_coordinator::storage::{RedbStore, Role, StaticKeyProvider, Vault};
use std::env;
use std::sync::Arc;

use crate::cli::wallet::{Connected, DeviceFolder, ServerAccess};
use crate::data_folder::DeviceData;
use crate::error::CliError;
use crate::key_file::{self, KEY_ID, Key};
use crate::output::Output;
use crate::output::progress::SessionLine;
use crate::passphrase::{PASSPHRASE, TOKEN};

/// What is said while the passphrase is worked off.
const UNLOCKING: &str = "opening the key";

/// Opens a device to look at what it holds, without a server.
pub(super) async fn to_read(folder: DeviceFolder, output: &Output) -> Result<Device, CliError> {
    let data = DeviceData::open(folder.path.clone())?;
    let key = open_key(&data, &folder, output).await?;
    // The builder wants both; neither is used, for reading connects to nothing.
    let nobody = Token::new("none").map_err(|_| CliError::BadSecret(TOKEN.what))?;
    let builder = builder(&data, key).await?.server("ws://127.0.0.1:0").token(nobody);
    Ok(builder.build()?)
}

/// Opens a device that holds wallets, to run a session that is going to do this.
pub(super) async fn to_run(
    args: Connected,
    doing: &'static str,
    output: &Output,
) -> Result<Device, CliError> {
    let data = DeviceData::open(args.folder.path.clone())?;
    let token = token(&data, &args.access)?;
    let key = open_key(&data, &args.folder, output).await?;
    connected(&data, key, args.access, token, doing, output).await
}

/// The same where this may be the device's first wallet: then its key is made.
pub(super) async fn to_begin(
    args: Connected,
    doing: &'static str,
    output: &Output,
) -> Result<Device, CliError> {
    let data = DeviceData::open_or_create(args.folder.path.clone())?;
    let token = token(&data, &args.access)?;
    let key = if data.key().exists() {
        open_key(&data, &args.folder, output).await?
    } else {
        make_key(&data, &args.folder, output).await?
    };
    connected(&data, key, args.access, token, doing, output).await
}

async fn connected(
    data: &DeviceData,
    key: Key,
    access: ServerAccess,
    token: Token,
    doing: &'static str,
    output: &Output,
) -> Result<Device, CliError> {
    let line = Arc::new(SessionLine::begin(output.mode(), doing));
    let mut builder = builder(data, key).await?.server(access.server).token(token).progress(line);
    if access.insecure_plaintext {
        builder = builder.plaintext_signing();
    }
    if access.older_profile {
        builder = builder.protocol(Protocol::Plain);
    }
    Ok(builder.build()?)
}

async fn builder(data: &DeviceData, key: Key) -> Result<DeviceBuilder, CliError> {
    let keys = Arc::new(StaticKeyProvider::new(KEY_ID, key)?);
    let store = Arc::new(RedbStore::open(data.store()).await?);
    let vault = Vault::open(store, keys, Role::Device).await?;
    Ok(Device::builder().vault(vault).engine(Arc::new(Dkls23)))
}

async fn open_key(data: &DeviceData, folder: &DeviceFolder, output: &Output) -> Result<Key, CliError> {
    let passphrase = PASSPHRASE.get(folder.passphrase_file.as_deref())?;
    let path = data.key();
    work(output, move || key_file::open(&path, passphrase)).await
}

async fn make_key(data: &DeviceData, folder: &DeviceFolder, output: &Output) -> Result<Key, CliError> {
    let passphrase = PASSPHRASE.get_new(folder.passphrase_file.as_deref())?;
    let path = data.key();
    work(output, move || key_file::create(&path, passphrase)).await
}

/// Works a passphrase off, off the runtime's own threads.
async fn work(
    output: &Output,
    job: impl FnOnce() -> Result<Key, key_file::KeyFileError> + Send + 'static,
) -> Result<Key, CliError> {
    let line = SessionLine::begin(output.mode(), UNLOCKING);
    let worked = tokio::task::spawn_blocking(job).await;
    drop(line);
    Ok(worked
        .map_err(|error| CliError::System { doing: "working off the passphrase", source: error.into() })??)
}

fn token(data: &DeviceData, access: &ServerAccess) -> Result<Token, CliError> {
    let kept = data.token();
    let file = match &access.token_file {
        Some(file) => Some(file.as_path()),
        None if env::var_os(TOKEN.variable).is_none() && kept.exists() => Some(kept.as_path()),
        None => None,
    };
    let secret = TOKEN.get(file)?;
    Token::new(secret.expose_secret()).map_err(|_| CliError::BadSecret(TOKEN.what))
}
