//! The drill: fragments are shown to restore the wallet as it is now, and nothing is restored or written.

use maany_coordinator_proto::{KeyId, WalletId};
use maany_mpc_core::{
    PublicKey, ShareId,
    backup::{self, BackupError, FragmentDocument, Threshold},
};

use crate::device::{Device, DeviceError, WalletInfo};

/// What a drill has shown: these fragments restore this wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// The wallet.
    pub wallet: WalletId,
    /// Its public key.
    pub public_key: PublicKey,
    /// The epoch of its shares, and of the backup.
    pub epoch: u64,
    /// How many fragments restore, of how many.
    pub threshold: Threshold,
    /// The fragments that took part, ascending.
    pub indices: Vec<u8>,
}

impl Device {
    /// Joins the fragments and opens the backup, and holds it against the wallet: the one that this device holds, or,
    /// where it holds none of that id, the server's. It keeps nothing and writes nothing.
    ///
    /// # Errors
    /// [`DeviceError::Backup`]: what does not fit together, another wallet's backup, or one of another epoch, with both
    /// epochs named.
    pub async fn verify_backup(
        &self,
        wallet: &WalletId,
        documents: &[FragmentDocument],
    ) -> Result<Drill, DeviceError> {
        let found = backup::verify(documents)?;
        let named = documents.first().is_some_and(|first| first.context().wallet == wallet.as_bytes());
        let (public_key, active) = self.known(wallet, found.share_id).await?;
        if !named || public_key != found.public_key {
            return Err(BackupError::WrongPublicKey.into());
        }
        backup::check_epoch(found.share_id, active)?;
        Ok(Drill {
            wallet: *wallet,
            public_key,
            epoch: active.epoch,
            threshold: found.threshold,
            indices: found.indices,
        })
    }

    /// Public key and active share of the wallet. The server tells the epoch of its share and not its whole id; for what
    /// it does not tell, `found` stands in.
    async fn known(&self, wallet: &WalletId, found: ShareId) -> Result<(PublicKey, ShareId), DeviceError> {
        match self.row(wallet).await {
            Ok(row) => {
                let info = WalletInfo::of(&row)?;
                let active = row.active.and_then(|share| ShareId::from_bytes(share.as_bytes()));
                Ok((info.public_key, active.ok_or(DeviceError::NotInUse("without a share"))?))
            }
            Err(DeviceError::UnknownWallet) => {
                let there = self.parts.http.wallet(&KeyId::new(&wallet.to_string())?).await?;
                let there = there.ok_or(DeviceError::UnknownWallet)?;
                let key = hex::decode(&there.public_key).ok();
                let key = key.and_then(|key| <[u8; 33]>::try_from(key).ok());
                let key = key.ok_or(DeviceError::Mismatch("public key"))?;
                Ok((PublicKey::from_sec1(&key)?, ShareId { epoch: there.epoch, tag: found.tag }))
            }
            Err(error) => Err(error),
        }
    }
}
