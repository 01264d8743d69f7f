//! How a wallet stands: what this device holds of it, and what the server says.

use maany_coordinator_proto::WalletId;

use super::{BackupStatus, Device, DeviceError, WalletInfo, run};
use crate::{
    http::{client::ClientError, wire},
    quarantine::Health,
};

/// A wallet as this device holds it.
#[derive(Debug)]
pub struct WalletStatus {
    /// The wallet.
    pub info: WalletInfo,
    /// Aborts, and why it is locked where it is.
    pub health: Health,
    /// Whether a new share waits for the server's decision; the next session settles it.
    pub is_undecided: bool,
    /// How far its backup has come; none where none was made by a plan.
    pub backup: Option<BackupStatus>,
}

impl Device {
    /// How the wallet stands on this device. It asks nobody.
    ///
    /// # Errors
    /// Where the wallet is unknown or its record cannot be read.
    pub async fn status(&self, wallet: &WalletId) -> Result<WalletStatus, DeviceError> {
        let row = self.row(wallet).await?;
        Ok(WalletStatus {
            info: WalletInfo::of(&row)?,
            health: Health::of(&row),
            is_undecided: row.pending.is_some(),
            backup: self.backup_status(wallet).await?,
        })
    }

    /// How the wallet stands on the server; none where it knows no such wallet of this owner.
    ///
    /// # Errors
    /// [`DeviceError::Http`] where the server cannot be asked.
    pub async fn server_status(&self, wallet: &WalletId) -> Result<Option<wire::Wallet>, DeviceError> {
        let row = self.row(wallet).await?;
        let asked: Result<_, ClientError> = self.parts.http.wallet(&run::key_id(&row)?).await;
        Ok(asked?)
    }
}
