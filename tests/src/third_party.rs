//! A fragment host of a third party: a store, API keys and an operator of its own, on loopback.

use std::net::SocketAddr;
use std::sync::Arc;

use maany_coordinator::device::Holder;
use maany_coordinator::fragment_host::{FragmentHost, Releases};
use maany_coordinator::proto::{KeyId, StepUp, Token, WalletId};
use maany_coordinator::storage::Vault;
use maany_coordinator::{ApiKeyAuthenticator, ApiKeys, Scope, Scopes};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Failure;
use crate::running_server::{Folder, folder, open_vault};

/// The owner of every fragment here.
const OWNER: &str = "owner";

/// A fragment host that serves until it is stopped or dropped.
pub struct ThirdParty {
    address: SocketAddr,
    vault: Vault,
    token: String,
    folder: Folder,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl ThirdParty {
    /// A new one, on a free port.
    ///
    /// # Errors
    /// Whatever keeps it from listening.
    pub async fn start() -> Result<Self, Failure> {
        let folder = folder()?;
        let keys = ApiKeys::load(open_vault(folder.path()).await?).await?;
        let made = keys.create("third", OWNER, Scopes::from([Scope::Backup, Scope::Restore])).await?;
        drop(keys);
        let token = made.token.dangerous_expose().to_owned();
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), folder, token).await
    }

    async fn start_at(address: SocketAddr, folder: Folder, token: String) -> Result<Self, Failure> {
        let vault = open_vault(folder.path()).await?;
        let keys = Arc::new(ApiKeys::load(vault.clone()).await?);
        let host = FragmentHost::new(vault.clone(), Arc::new(ApiKeyAuthenticator::new(keys)));
        let listening = host.bind(address).await?;
        let address = listening.local_addr();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(listening.serve(shutdown.clone()));
        Ok(Self { address, vault, token, folder, shutdown, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address, for a device.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its records.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The API key that it gave the wallets' owner.
    ///
    /// # Errors
    /// Never for a key that it made itself.
    pub fn key(&self) -> Result<Token, Failure> {
        Token::new(&self.token).map_err(|_| "the token is none".into())
    }

    /// Itself, as a holder of a backup plan.
    ///
    /// # Errors
    /// As [`ThirdParty::key`].
    pub fn holder(&self) -> Result<Holder, Failure> {
        Ok(Holder::FragmentHost { url: self.url(), key: self.key()? })
    }

    /// A code that releases a wallet's fragment, as its operator makes it.
    ///
    /// # Errors
    /// Where it holds none.
    pub async fn release(&self, wallet: &WalletId) -> Result<StepUp, Failure> {
        let id = KeyId::new(&wallet.to_string())?;
        let made = Releases::new(self.vault.clone()).create(&id, None, "tests").await?;
        made.code.ok_or_else(|| "a release without a code".into())
    }

    /// Lets it drain and end; what it needs to come back at the same address is in the answer.
    ///
    /// # Errors
    /// Where it panicked.
    pub async fn stop(self) -> Result<Stopped, Failure> {
        self.shutdown.cancel();
        self.serving.await?;
        Ok(Stopped { address: self.address, token: self.token, folder: self.folder })
    }
}

/// A fragment host that is down.
pub struct Stopped {
    address: SocketAddr,
    token: String,
    folder: Folder,
}

impl Stopped {
    /// The same host once more.
    ///
    /// # Errors
    /// Whatever keeps it from listening.
    pub async fn start(self) -> Result<ThirdParty, Failure> {
        ThirdParty::start_at(self.address, self.folder, self.token).await
    }
}
