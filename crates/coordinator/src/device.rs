//! The device's side of every intent: one call is one session, or as many as it takes.
//!
//! A device holds its shares in a vault of its own, sealed like the server's. It computes every digest itself, verifies
//! every signature, and shows an address only of a key that both sides have committed to.

mod backup;
mod builder;
mod commit;
mod create;
mod dialer;
mod error;
mod host;
mod line;
mod order;
mod parts;
mod renew;
mod restore;
mod run;
mod sign;
mod status;

use std::{fmt, sync::Arc, time::Duration};

use maany_coordinator_proto::{Limits, Token, channel::PublicKey};
use maany_coordinator_storage::{Owner, Row, Vault, WalletId as StoredWalletId, record::WalletRecord};
use maany_mpc_core::Engine;

pub use self::{
    backup::{
        BackupPlan, BackupStatus, DeliveryError, Drill, Holder, HolderKind, LedgerError, Owed, PlanError,
    },
    builder::{DeviceBuildError, DeviceBuilder, Protocol},
    error::DeviceError,
    parts::{
        ArbitraryOrder, Done, Progress, ProgressEvent, Report, SignOrder, Signed, Unwatched, WalletInfo,
    },
    status::WalletStatus,
};
use crate::{
    engine_pool::EnginePool,
    http::client::HttpClient,
    network::Connect,
    retry::{Backoff, Jitter},
};

/// Wallets per page when a device lists its own.
const PAGE: usize = 64;

/// What every session of a device shares.
pub(crate) struct Parts {
    pub(crate) server: String,
    pub(crate) token: Arc<Token>,
    pub(crate) vault: Vault,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) pool: Arc<EnginePool>,
    pub(crate) http: HttpClient,
    /// Nothing can listen on the way to the server.
    pub(crate) is_protected: bool,
    pub(crate) limits: Limits,
    pub(crate) backoff: Backoff,
    pub(crate) jitter: Jitter,
    /// The host's own way to the server, where it brings one.
    pub(crate) network: Option<Arc<dyn Connect>>,
    pub(crate) refresh_after: Option<Duration>,
    pub(crate) progress: Arc<dyn Progress>,
    pub(crate) protocol: Protocol,
    pub(crate) server_key: Option<PublicKey>,
}

/// A device: a phone, a browser's host, or a service that holds the other share.
#[derive(Clone)]
pub struct Device {
    parts: Arc<Parts>,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("server", &self.parts.server).finish_non_exhaustive()
    }
}

impl Device {
    /// Begins a configuration. Server, token, vault and engine must be given.
    #[must_use]
    pub fn builder() -> DeviceBuilder {
        DeviceBuilder::default()
    }

    /// The wallets that this device holds, provisional ones included.
    ///
    /// # Errors
    /// [`DeviceError::Store`] where the vault cannot be read, or names a damaged record.
    pub async fn wallets(&self) -> Result<Vec<WalletInfo>, DeviceError> {
        let mut wallets = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.parts.vault.wallets(&owner(), after.as_deref(), PAGE).await?;
            if let Some(damaged) = page.damaged.into_iter().next() {
                return Err(damaged.into());
            }
            for row in &page.rows {
                wallets.push(WalletInfo::of(row)?);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(wallets),
            }
        }
    }

    /// The wallet of this name: the key id that the device proposed, or the wallet id.
    ///
    /// # Errors
    /// [`DeviceError::UnknownWallet`] where this device holds no such wallet.
    pub async fn wallet(&self, name: &str) -> Result<WalletInfo, DeviceError> {
        WalletInfo::of(&*self.named(name).await?)
    }

    /// The row of a wallet that goes by this name here: its id, or the key id that this device proposed. An id comes first, so
    /// that no key id hides a wallet.
    async fn named(&self, name: &str) -> Result<Row<WalletRecord>, DeviceError> {
        let vault = &self.parts.vault;
        if let Ok(id) = maany_coordinator_proto::WalletId::from_hex(name) {
            match self.row(&id).await {
                Err(DeviceError::UnknownWallet) => {}
                found => return found,
            }
        }
        vault.wallet_by_key_id(&owner(), name).await?.ok_or(DeviceError::UnknownWallet)
    }

    async fn row(
        &self,
        wallet: &maany_coordinator_proto::WalletId,
    ) -> Result<Row<WalletRecord>, DeviceError> {
        let id = StoredWalletId::from_bytes(*wallet.as_bytes());
        self.parts.vault.wallet(&owner(), id).await?.ok_or(DeviceError::UnknownWallet)
    }
}

/// Whom the wallets of a device's own vault belong to: the one who holds the device.
fn owner() -> Owner {
    Owner::new("device", "self")
}
