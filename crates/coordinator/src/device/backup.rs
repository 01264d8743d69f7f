//! The device's backup: its slim share, encrypted, the key split among holders.

use std::sync::Arc;

use maany_coordinator_proto::{
    BackupShare, KeyId, SessionId, WalletId,
    backup_share::{BackupCiphertext, BackupShareError, Fragment, Label, Split},
};
use maany_coordinator_storage::{Row, record::WalletRecord};
use maany_mpc_core::{
    PublicKey,
    backup::{self, BackupContext, FragmentDocument, Threshold},
};

use super::{Device, DeviceError, Parts};

impl Device {
    /// Makes a backup of the device's share as it is now: one document for each holder, any `threshold` of which
    /// restore it. Nothing is sent: [`Device::upload_fragment`] gives the coordinator its one, the others are the caller's
    /// to hand out.
    ///
    /// # Errors
    /// Where the wallet is unknown or its share cannot be opened.
    pub async fn backup(
        &self,
        wallet: &WalletId,
        threshold: Threshold,
    ) -> Result<Vec<FragmentDocument>, DeviceError> {
        let row = self.row(&wallet.to_string()).await?;
        documents(&self.parts, &row, threshold).await
    }

    /// Gives the coordinator its fragment. `acknowledged` is how many holders, the coordinator among them, have their
    /// document: from the threshold on the server records a receipt, and erases the share before this one.
    ///
    /// # Errors
    /// [`DeviceError::Http`] where the server refuses the document: another epoch, another wallet.
    pub async fn upload_fragment(
        &self,
        wallet: &WalletId,
        document: &FragmentDocument,
        acknowledged: u8,
    ) -> Result<(), DeviceError> {
        let name = KeyId::new(&wallet.to_string())?;
        self.parts.http.put_fragment(&name, &document.dangerous_to_bytes(), acknowledged).await?;
        Ok(())
    }

    /// Fetches the coordinator's fragment, while the operator's grant for the wallet is open.
    ///
    /// # Errors
    /// [`DeviceError::Http`]; without a grant the wallet's recovery does not exist.
    pub async fn fetch_fragment(&self, wallet: &WalletId) -> Result<FragmentDocument, DeviceError> {
        let recovery = self.parts.http.recovery(&KeyId::new(&wallet.to_string())?).await?;
        Ok(FragmentDocument::from_bytes(recovery.fragment.dangerous_expose())?)
    }
}

/// The documents of a backup of the active share.
pub(super) async fn documents(
    parts: &Arc<Parts>,
    row: &Row<WalletRecord>,
    threshold: Threshold,
) -> Result<Vec<FragmentDocument>, DeviceError> {
    let active = row.active.ok_or(DeviceError::NotInUse("without a share"))?;
    let stored = parts.vault.share(row, active).await?;
    let engine = Arc::clone(&parts.engine);
    let slim = parts
        .pool
        .run(move || engine.import_share(stored.bytes.dangerous_expose()).map(|share| share.slim()))
        .await??;
    let context = BackupContext {
        wallet: row.wallet.to_bytes().to_vec(),
        key_id: row.key_id.clone().unwrap_or_default().into_bytes(),
        share_id: slim.share_id(),
        public_key: PublicKey::from_sec1(&row.public_key)?,
    };
    Ok(backup::split(&slim, context, threshold)?.into_documents()?)
}

/// The `backup-share` frame that leaves a document with the server.
pub(super) fn frame(
    session_id: &SessionId,
    row: &WalletRecord,
    document: &FragmentDocument,
) -> Result<BackupShare, BackupShareError> {
    let key_id = super::run::key_id(row).map_err(|_| BackupShareError::Label)?;
    let threshold = document.threshold();
    let ciphertext = BackupCiphertext {
        kind: Label::text("maany-slim-share")?,
        curve: Label::text("secp256k1")?,
        scheme: Label::text("dkls23")?,
        key_id: key_id.clone(),
        split: Split::new(threshold.t().into(), threshold.n().into())?,
        label: document.context().share_id.to_bytes().to_vec(),
        blob: document.ciphertext().to_vec(),
    };
    // The whole document, so that it restores without knowing how this frame was put together.
    let fragment = Fragment::new(document.dangerous_to_bytes())?;
    BackupShare::new(session_id.clone(), ciphertext, fragment, document.index().into())
}
