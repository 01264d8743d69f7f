//! The two parties of the demo, each with a folder of its own below one temporary folder.

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use maany_coordinator::{
    AllowList, ApiKeyAuthenticator, ApiKeys, Device, Scope, Scopes, Server,
    engine::Dkls23,
    http::client::HttpClient,
    proto::Token,
    storage::{FileKeyProvider, RedbStore, Role, Vault},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    error::{StepError, expect},
    transaction,
};

const KEYS: &str = "keys";
const STORE: &str = "store.redb";

/// A server that serves, the operator's way to it, and what a device needs to reach it.
pub(super) struct World {
    folder: PathBuf,
    url: String,
    device_token: Arc<Token>,
    owner: HttpClient,
    operator: HttpClient,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl World {
    /// Sets a server up below the folder and serves on a free port of loopback.
    pub(super) async fn begin(folder: &Path) -> Result<Self, StepError> {
        let vault = open_vault(&make(&folder.join("server"))?, Role::Server).await?;
        let api_keys = Arc::new(ApiKeys::load(vault.clone()).await?);
        let device = api_keys.create("demo", "alice", Scopes::DEVICE).await?;
        let operator = api_keys.create("demo", "operator", Scopes::from([Scope::Admin])).await?;
        let server = Server::builder()
            .vault(vault)
            .authenticator(Arc::new(ApiKeyAuthenticator::new(api_keys)))
            .policy(Arc::new(AllowList::try_from(transaction::policy())?))
            .engine(Arc::new(Dkls23))
            .build()?;
        let listening = server.bind(([127, 0, 0, 1], 0).into()).await?;
        let url = format!("ws://{}", listening.local_addr());
        let operator = HttpClient::new(&url, Arc::new(operator.token))?;
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(listening.serve(shutdown.clone()));
        let device_token = Arc::new(device.token);
        let owner = HttpClient::new(&url, Arc::clone(&device_token))?;
        Ok(Self { folder: folder.to_owned(), url, device_token, owner, operator, shutdown, serving })
    }

    /// Where the server listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The owner's way to the server, without a device.
    pub(super) const fn owner(&self) -> &HttpClient {
        &self.owner
    }

    /// The operator's way to the server.
    pub(super) const fn operator(&self) -> &HttpClient {
        &self.operator
    }

    /// A folder of this name below the demo's.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A device that holds nothing yet, with a new key and a new store in a new folder.
    pub(super) async fn new_device(&self, name: &str) -> Result<Device, StepError> {
        self.device(open_vault(&make(&self.folder(name))?, Role::Device).await?)
    }

    /// The device whose key and store lie in this folder.
    pub(super) async fn open_device(&self, name: &str) -> Result<Device, StepError> {
        let folder = self.folder(name);
        expect(folder.join(STORE).exists(), "the device's store is where it was")?;
        self.device(open_vault(&folder, Role::Device).await?)
    }

    fn device(&self, vault: Vault) -> Result<Device, StepError> {
        let token = Token::new(self.device_token.dangerous_expose());
        let token =
            token.map_err(|_| StepError::Unexpected { expected: "a made key is a token", source: None })?;
        Ok(Device::builder().server(&self.url).token(token).vault(vault).engine(Arc::new(Dkls23)).build()?)
    }

    /// Lets running sessions finish and ends the server, store included.
    pub(super) async fn end(self) {
        self.shutdown.cancel();
        // A server that panicked has ended as well.
        let _ = self.serving.await;
    }
}

/// Copies key and store of one folder into a new one, byte for byte. Nobody may have the store open.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), StepError> {
    make(to)?;
    for name in [KEYS, STORE] {
        fs::copy(from.join(name), to.join(name))?;
    }
    Ok(())
}

fn make(folder: &Path) -> Result<PathBuf, StepError> {
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    Ok(folder.to_owned())
}

async fn open_vault(folder: &Path, role: Role) -> Result<Vault, StepError> {
    let keys = folder.join(KEYS);
    let keys =
        if keys.exists() { FileKeyProvider::open(&keys)? } else { FileKeyProvider::create(&keys, "demo-1")? };
    let store = RedbStore::open(folder.join(STORE)).await?;
    Ok(Vault::open(Arc::new(store), Arc::new(keys), role).await?)
}
