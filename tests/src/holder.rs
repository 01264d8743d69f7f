//! A device with a vault of its own, which may reach its server by several ways.

use std::sync::Arc;
use std::time::Duration;

use maany_coordinator::device::{Progress, Protocol};
use maany_coordinator::engine::{Dkls23, Engine};
use maany_coordinator::engine_pool::{EnginePool, PoolConfig};
use maany_coordinator::proto::{Limits, Token, WalletId};
use maany_coordinator::retry::Backoff;
use maany_coordinator::storage::{MemoryStore, RedbStore, Role, ShareStore, StaticKeyProvider, Vault};
use maany_coordinator::{Device, Signed, WalletInfo};
use maany_coordinator_storage::{Owner, Row, record::WalletRecord};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::{Failure, order};

/// Who holds a device's share. Clones share vault and threads.
#[derive(Clone)]
pub struct Holder {
    url: String,
    token: String,
    vault: Vault,
    engine: Arc<dyn Engine>,
    pool: Arc<EnginePool>,
    backoff: Backoff,
    limits: Limits,
    progress: Option<Arc<dyn Progress>>,
    protocol: Protocol,
    _folder: Option<Arc<TempDir>>,
}

impl Holder {
    /// A device that keeps its shares in memory, and tries everything once.
    ///
    /// # Errors
    /// Where the vault or the threads cannot be made.
    pub async fn in_memory(url: &str, token: &str) -> Result<Self, Failure> {
        Self::over(Arc::new(MemoryStore::new()), url, token, None).await
    }

    /// A device that keeps its shares in redb in a folder of its own.
    ///
    /// # Errors
    /// Where the vault or the threads cannot be made.
    pub async fn on_disk(url: &str, token: &str) -> Result<Self, Failure> {
        let folder = Arc::new(tempfile::Builder::new().prefix("maany-device-").tempdir()?);
        let store = RedbStore::open(folder.path().join("device.redb")).await?;
        Self::over(Arc::new(store), url, token, Some(folder)).await
    }

    /// A device that keeps its shares in this store, under the key that every holder of the tests has.
    ///
    /// # Errors
    /// Where the vault or the threads cannot be made.
    pub async fn over_store(store: Arc<dyn ShareStore>, url: &str, token: &str) -> Result<Self, Failure> {
        Self::over(store, url, token, None).await
    }

    async fn over(
        store: Arc<dyn ShareStore>,
        url: &str,
        token: &str,
        folder: Option<Arc<TempDir>>,
    ) -> Result<Self, Failure> {
        let pool = Arc::new(EnginePool::new(PoolConfig::default())?);
        Self::with_pool(store, url, token, folder, pool).await
    }

    /// The same, on threads that it shares with others.
    ///
    /// # Errors
    /// Where the vault cannot be opened.
    pub async fn with_pool(
        store: Arc<dyn ShareStore>,
        url: &str,
        token: &str,
        folder: Option<Arc<TempDir>>,
        pool: Arc<EnginePool>,
    ) -> Result<Self, Failure> {
        let key = StaticKeyProvider::new("device", Zeroizing::new([0x4d; 32]))?;
        Ok(Self {
            url: url.to_owned(),
            token: token.to_owned(),
            vault: Vault::open(store, Arc::new(key), Role::Device).await?,
            engine: Arc::new(Dkls23),
            pool,
            backoff: Backoff::ONCE,
            limits: Limits::default(),
            progress: None,
            protocol: Protocol::default(),
            _folder: folder,
        })
    }

    /// The same holder on another way to its server.
    #[must_use]
    pub fn through(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same holder with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same holder with this backoff.
    #[must_use]
    pub fn with_backoff(&self, backoff: Backoff) -> Self {
        Self { backoff, ..self.clone() }
    }

    /// The same holder, whose sessions have these limits.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// The same holder, which tries again, after short delays, for longer than a busy machine needs for an engine step.
    #[must_use]
    pub fn patient(&self) -> Self {
        let backoff =
            Backoff { base: Duration::from_millis(50), cap: Duration::from_millis(500), retries: 100 };
        Self { backoff, ..self.clone() }
    }

    /// The same holder, in the older profile.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { protocol: Protocol::Plain, ..self.clone() }
    }

    /// The same holder, with another engine.
    #[must_use]
    pub fn with_engine(&self, engine: Arc<dyn Engine>) -> Self {
        Self { engine, ..self.clone() }
    }

    /// The same holder, watched.
    #[must_use]
    pub fn watched(&self, progress: Arc<dyn Progress>) -> Self {
        Self { progress: Some(progress), ..self.clone() }
    }

    /// What the holder was given to prove itself with.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Its records.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The device.
    ///
    /// # Errors
    /// Where the token or the address is none.
    pub fn device(&self) -> Result<Device, Failure> {
        let mut builder = Device::builder()
            .server(&self.url)
            .token(Token::new(&self.token).map_err(|_| "the token is none")?)
            .vault(self.vault.clone())
            .engine(Arc::clone(&self.engine))
            .pool(Arc::clone(&self.pool))
            .backoff(self.backoff)
            .limits(self.limits)
            .protocol(self.protocol);
        if let Some(progress) = &self.progress {
            builder = builder.progress(Arc::clone(progress));
        }
        Ok(builder.build()?)
    }

    /// A new wallet.
    ///
    /// # Errors
    /// What the device answers.
    pub async fn create(&self) -> Result<WalletInfo, Failure> {
        Ok(self.device()?.create_wallet(None).await?.value)
    }

    /// A signature over a transfer that no call before this one asked for.
    ///
    /// # Errors
    /// What the device answers.
    pub async fn sign(&self, wallet: &WalletInfo) -> Result<Signed, Failure> {
        let order = order::send_one(&wallet.public_key, fresh())?;
        Ok(self.device()?.sign(&wallet.wallet, &order).await?.value)
    }

    /// The device's own row of a wallet.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn row(&self, wallet: &WalletId) -> Result<Row<WalletRecord>, Failure> {
        let id = maany_coordinator_storage::WalletId::from_bytes(*wallet.as_bytes());
        self.vault.wallet(&owner(), id).await?.ok_or_else(|| "the device has no such wallet".into())
    }
}

/// Whom the wallets of a device's own vault belong to.
#[must_use]
pub fn owner() -> Owner {
    Owner::new("device", "self")
}

/// A number that this process has not used before, above all that tests write out: planted wallets share one key, so that
/// a sequence that is used twice is one document, of whichever wallet asked first.
#[must_use]
pub fn fresh() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1_000);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
