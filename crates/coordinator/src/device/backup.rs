//! The device's backup: its slim share, encrypted, the key split among holders.
//!
//! A backup follows a [`BackupPlan`], which the device remembers beside the documents that some holder does not have
//! yet. What is remembered is on disk before anything is handed out, so that a later run goes on with the same documents:
//! those of two backups do not mix.

mod deliver;
mod drill;
mod folder;
mod ledger;
mod plan;

use std::sync::Arc;

use maany_coordinator_proto::{
    BackupShare, KeyId, SessionId, StepUp, Token, WalletId,
    backup_share::{BackupCiphertext, BackupShareError, Fragment, Label, Split},
};
use maany_coordinator_storage::{Row, record::WalletRecord};
use maany_mpc_core::{
    PublicKey,
    backup::{self, BackupContext, FragmentDocument, Threshold},
};

use super::{Device, DeviceError, Parts, Report, run};
use crate::http::client::HttpClient;

pub(super) use self::deliver::{follow_plan, try_to_complete};
use self::ledger::Ledger;
pub use self::{
    deliver::{BackupStatus, DeliveryError, Owed},
    drill::Drill,
    ledger::LedgerError,
    plan::{BackupPlan, Holder, HolderKind, PlanError},
};

impl Device {
    /// Makes a backup of the device's share as it is now: one document for each holder, any `threshold` of which
    /// restore it. Nothing is sent and nothing remembered: [`Device::upload_fragment`] gives the coordinator its one, the
    /// others are the caller's to hand out. [`Device::back_up`] does all of that by a plan.
    ///
    /// # Errors
    /// Where the wallet is unknown or its share cannot be opened.
    pub async fn backup(
        &self,
        wallet: &WalletId,
        threshold: Threshold,
    ) -> Result<Vec<FragmentDocument>, DeviceError> {
        let row = self.row(wallet).await?;
        documents(&self.parts, &row, threshold).await
    }

    /// Makes a backup by this plan, remembers the plan, and gives every holder that can be reached its document. A holder
    /// that cannot be reached is tried again with backoff, then by [`Device::complete_backup`] and with the next refresh.
    /// What goes by hand is in [`Device::fragments_by_hand`].
    ///
    /// Where the present shares have a backup of the same holders and threshold already, that one is gone on with: a second
    /// one would not mix with it. Where they have a complete one by another plan, which the coordinator keeps, the wallet is refreshed
    /// first, and the backup is of the new shares: the epoch in the status says so. Whoever fears that fragments have leaked refreshes the wallet.
    ///
    /// # Errors
    /// Where the wallet is unknown, its share cannot be opened, or the device's store fails; and where the wallet is refreshed
    /// first, or an earlier refresh is undecided, whatever a refresh can fail with. A holder that was not reached is no error: the status names it.
    pub async fn back_up(&self, wallet: &WalletId, plan: BackupPlan) -> Result<BackupStatus, DeviceError> {
        let mut row = self.settled(wallet).await?;
        let ledger = match Ledger::load(&self.parts.vault, &row).await? {
            Some(mut ledger) if ledger.is_of(&row) && ledger.follows(&plan) => {
                ledger.adopt(plan);
                ledger
            }
            other => {
                let of_these = other.is_some_and(|ledger| ledger.is_of(&row) && ledger.is_settled());
                if of_these || deliver::is_complete(&self.parts, &row).await? {
                    row = self.new_shares(wallet, None, &mut Report::default()).await?;
                }
                deliver::begin(&self.parts, &row, plan).await?
            }
        };
        let outgoing = deliver::Outgoing::of(&self.parts, &row, ledger, self.parts.backoff).await;
        let status = deliver::complete(&self.parts, &row, outgoing, self.parts.backoff).await?;
        self.proven(wallet, status).await
    }

    /// Gives the holders that lack their document the ones that a backup made for them; where the wallet has new shares
    /// since, makes a new backup by the same plan.
    ///
    /// # Errors
    /// [`DeviceError::NoBackup`] where no plan is remembered; otherwise as [`Device::back_up`].
    pub async fn complete_backup(&self, wallet: &WalletId) -> Result<BackupStatus, DeviceError> {
        let row = self.settled(wallet).await?;
        let status =
            follow_plan(&self.parts, &row, self.parts.backoff).await?.ok_or(DeviceError::NoBackup)?;
        self.proven(wallet, status).await
    }

    /// The wallet's row, once it is decided which share is the present one: the server may have decided for the share that waits
    /// here, and would refuse the backup of any other. A refresh finishes the attempt that is undecided.
    async fn settled(&self, wallet: &WalletId) -> Result<Row<WalletRecord>, DeviceError> {
        let row = self.row(wallet).await?;
        if row.pending.is_none() {
            return Ok(row);
        }
        self.refresh(wallet).await?;
        self.row(wallet).await
    }

    /// Where the backup stands, once the server knows of the shares that it is of. A server whose disk has lost a decision that
    /// this device has followed refuses the backup of the shares in use, until a session has proven to it that they are.
    async fn proven(&self, wallet: &WalletId, status: BackupStatus) -> Result<BackupStatus, DeviceError> {
        let row = self.row(wallet).await?;
        if !status.is_refused() || !self.is_ahead(&row).await {
            return Ok(status);
        }
        // The server settles it before the refresh begins, which has to wait where a backup is owed.
        if let Err(error) = self.refresh(wallet).await {
            tracing::debug!(%error, "the server was told which shares are in use, and no new ones were made");
        }
        let row = self.row(wallet).await?;
        Ok(follow_plan(&self.parts, &row, self.parts.backoff).await?.unwrap_or(status))
    }

    /// Whether the server knows only of shares before the ones that are in use here.
    async fn is_ahead(&self, row: &WalletRecord) -> bool {
        let Ok(name) = KeyId::new(&row.wallet.to_string()) else { return false };
        match (self.parts.http.wallet(&name).await, row.active) {
            (Ok(Some(there)), Some(active)) => there.epoch < active.epoch(),
            _ => false,
        }
    }

    /// How far the wallet's backup has come; `None` where none was made by a plan. It asks nobody.
    ///
    /// # Errors
    /// Where the wallet is unknown or what is remembered cannot be read.
    pub async fn backup_status(&self, wallet: &WalletId) -> Result<Option<BackupStatus>, DeviceError> {
        let row = self.row(wallet).await?;
        let ledger = Ledger::load(&self.parts.vault, &row).await?;
        Ok(ledger.map(|ledger| BackupStatus::of(&ledger, &row, Vec::new())))
    }

    /// The documents that go by hand and have not been handed over: for a printer, or a terminal that shows a QR code.
    ///
    /// # Errors
    /// As [`Device::backup_status`].
    pub async fn fragments_by_hand(&self, wallet: &WalletId) -> Result<Vec<FragmentDocument>, DeviceError> {
        let row = self.row(wallet).await?;
        match Ledger::load(&self.parts.vault, &row).await? {
            Some(ledger) if ledger.is_of(&row) => ledger.by_hand(),
            _ => Ok(Vec::new()),
        }
    }

    /// Remembers that the document with this index is in its holder's hands.
    ///
    /// # Errors
    /// As [`Device::backup_status`]; [`DeviceError::NoBackup`] where there is no such document.
    pub async fn handed_over(&self, wallet: &WalletId, index: u8) -> Result<BackupStatus, DeviceError> {
        let row = self.row(wallet).await?;
        let ledger = Ledger::load(&self.parts.vault, &row).await?;
        let mut ledger = ledger.filter(|ledger| ledger.is_of(&row)).ok_or(DeviceError::NoBackup)?;
        if !ledger.hand_over(index) {
            return Err(DeviceError::NoBackup);
        }
        ledger.save(&self.parts.vault, &row, "backup-handed-over").await?;
        Ok(BackupStatus::of(&ledger, &row, Vec::new()))
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
        let (row, document) = (self.row(wallet).await?, document.dangerous_to_bytes());
        let deposit = deliver::Proven::of(&self.parts, &row, &document, acknowledged).await?;
        deposit.send().await?;
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

    /// Has a fragment host release the wallet's fragment against the code of its operator.
    ///
    /// # Errors
    /// [`DeviceError::Holder`]; a wrong code and an unknown wallet are answered alike.
    pub async fn fetch_held_fragment(
        &self,
        wallet: &WalletId,
        url: &str,
        key: Token,
        code: &StepUp,
    ) -> Result<FragmentDocument, DeviceError> {
        let client = HttpClient::new(url, Arc::new(key)).map_err(DeviceError::Holder)?;
        let name = KeyId::new(&wallet.to_string())?;
        let bytes = client.release_fragment(&name, code).await.map_err(DeviceError::Holder)?;
        Ok(FragmentDocument::from_bytes(&bytes)?)
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
    let key_id = run::key_id(row).map_err(|_| BackupShareError::Label)?;
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
