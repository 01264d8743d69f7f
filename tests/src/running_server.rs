//! A real server in this process: redb in a folder, a key file, API keys, the allow list, a free port.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use maany_coordinator::engine::{Dkls23, Engine};
use maany_coordinator::engine_pool::PoolConfig;
use maany_coordinator::step_up::StepUps;
use maany_coordinator::storage::{
    FileKeyProvider, KeyProvider, RedbStore, Role, ShareStore, StoreError, Vault, WalletId,
};
use maany_coordinator::{
    AllowList, ApiKeyAuthenticator, ApiKeys, PolicyHook, Scopes, Server, ServerLimits, SessionHandler,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Failure, order};

/// The tenant of every owner.
pub const TENANT: &str = "tests";

/// Where a server keeps its data; dropped with its last user.
pub type Folder = Arc<TempDir>;

/// A new, empty folder.
///
/// # Errors
/// What the system answers.
pub fn folder() -> Result<Folder, Failure> {
    Ok(Arc::new(tempfile::Builder::new().prefix("maany-tests-").tempdir()?))
}

/// What may differ from one server of the tests to the next.
#[derive(Clone)]
pub struct Setup {
    /// Where its data is; a new folder by default.
    pub folder: Option<Folder>,
    /// Its store; redb in the folder by default.
    pub store: Option<Arc<dyn ShareStore>>,
    /// Bounds.
    pub limits: ServerLimits,
    /// What may be signed; [`order::rules`] by default.
    pub policy: Option<Arc<dyn PolicyHook>>,
    /// What happens with sessions; they run by default.
    pub handler: Option<Arc<dyn SessionHandler>>,
    /// The engine's threads.
    pub pool: PoolConfig,
    /// The engine of signing and key making.
    pub engine: Arc<dyn Engine>,
    /// Where to listen; a free port by default.
    pub address: SocketAddr,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            folder: None,
            store: None,
            limits: ServerLimits::default(),
            policy: None,
            handler: None,
            pool: PoolConfig::default(),
            engine: Arc::new(Dkls23),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// A server that serves until it is stopped or dropped.
pub struct RunningServer {
    address: SocketAddr,
    vault: Vault,
    keys: Arc<ApiKeys>,
    folder: Folder,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl RunningServer {
    /// A server with the default setup.
    ///
    /// # Errors
    /// Whatever keeps it from listening.
    pub async fn start() -> Result<Self, Failure> {
        Self::start_with(Setup::default()).await
    }

    /// A server with this setup.
    ///
    /// # Errors
    /// Whatever keeps it from listening.
    pub async fn start_with(setup: Setup) -> Result<Self, Failure> {
        let folder = match setup.folder {
            Some(folder) => folder,
            None => folder()?,
        };
        let vault = match setup.store {
            Some(store) => Vault::open(store, Arc::new(key_provider(folder.path())?), Role::Server).await?,
            None => open_vault(folder.path()).await?,
        };
        let keys = Arc::new(ApiKeys::load(vault.clone()).await?);
        let policy = match setup.policy {
            Some(policy) => policy,
            None => Arc::new(AllowList::try_from(order::rules())?),
        };
        let mut builder = Server::builder()
            .vault(vault.clone())
            .authenticator(Arc::new(ApiKeyAuthenticator::new(Arc::clone(&keys))))
            .policy(policy)
            .engine(setup.engine)
            .limits(setup.limits)
            .pool(setup.pool);
        if let Some(handler) = setup.handler {
            builder = builder.session_handler(handler);
        }
        let listening = builder.build()?.bind(setup.address).await?;
        let address = listening.local_addr();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(listening.serve(shutdown.clone()));
        Ok(Self { address, vault, keys, folder, shutdown, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, for a device.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.address)
    }

    /// Its records.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> Folder {
        Arc::clone(&self.folder)
    }

    /// A new API key of an owner, as text.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn token(&self, owner: &str) -> Result<String, Failure> {
        self.token_for(owner, Scopes::DEVICE).await
    }

    /// A new API key with these scopes, as text.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn token_for(&self, owner: &str, scopes: Scopes) -> Result<String, Failure> {
        let key = self.keys.create(TENANT, owner, scopes).await?;
        Ok(key.token.dangerous_expose().to_owned())
    }

    /// A step-up code for a wallet, as the operator makes it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn step_up(&self, wallet: &maany_coordinator_proto::WalletId) -> Result<String, Failure> {
        let wallet = WalletId::from_bytes(*wallet.as_bytes());
        let made = StepUps::new(self.vault.clone()).create(wallet, "tests").await?;
        Ok(made.code.dangerous_expose().to_owned())
    }

    /// What ends it; [`RunningServer::stop`] cancels this.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.serving.is_finished()
    }

    /// Lets it drain, waits for its end and closes its store. Its folder is ready for the next one.
    ///
    /// # Errors
    /// Where it panicked.
    pub async fn stop(self) -> Result<Folder, Failure> {
        self.shutdown.cancel();
        self.serving.await?;
        let Self { vault, keys, folder, .. } = self;
        drop((vault, keys));
        Ok(folder)
    }
}

/// The address in the form that a device takes.
#[must_use]
pub fn url(address: SocketAddr) -> String {
    format!("ws://{address}")
}

/// The database in a server's folder.
#[must_use]
pub fn database(folder: &Path) -> PathBuf {
    folder.join("server.redb")
}

/// The key file in a server's folder.
#[must_use]
pub fn key_file(folder: &Path) -> PathBuf {
    folder.join("server.key")
}

/// Opens the vault in a server's folder, and makes it where there is none.
///
/// # Errors
/// [`StoreError`], or what the key file is refused for.
pub async fn open_vault(folder: &Path) -> Result<Vault, Failure> {
    Ok(vault(RedbStore::open(database(folder)).await?, key_provider(folder)?, Role::Server).await?)
}

fn key_provider(folder: &Path) -> Result<FileKeyProvider, Failure> {
    let path = key_file(folder);
    Ok(if path.exists() { FileKeyProvider::open(&path)? } else { FileKeyProvider::create(&path, "tests")? })
}

/// A vault over any store and key.
///
/// # Errors
/// [`StoreError`].
pub async fn vault(
    store: impl ShareStore,
    keys: impl KeyProvider + 'static,
    role: Role,
) -> Result<Vault, StoreError> {
    Vault::open(Arc::new(store), Arc::new(keys), role).await
}
