//! The write that reconciliation asks of a server, and the one that ends a DKG, refresh or restore.
//!
//! Which of them is due is decided by the session machines, from what both sides hold. Here is made sure that each is one
//! write, that it names what the row holds, and that a share that a wallet needs a backup for does not go before it.

use crate::error::StoreError;
use crate::id::ShareId;
use crate::record::{AuditRow, BackupRule, FragmentRecord, WalletRecord, WalletState};
use crate::vault::shares::promoted;
use crate::vault::transaction::Transaction;
use crate::vault::wallets::with_receipt;
use crate::vault::{Row, Vault};

/// What reconciliation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// R1, R2: the pending share becomes active, the active one is kept as retired.
    Promote {
        /// The pending share.
        id: ShareId,
        /// The active share.
        retire: ShareId,
        /// Whether the device has been seen to hold `id` as its active share already (R1).
        confirmed: bool,
    },
    /// R3: the pending share goes.
    DropPending(ShareId),
    /// R4: the retired share becomes active again, the active one goes.
    ReturnToRetired {
        /// The retired share.
        id: ShareId,
        /// The active share.
        erase: ShareId,
    },
    /// R5: the retired share goes.
    EraseRetired(ShareId),
}

/// What the end of a DKG, refresh or restore writes, all in one.
#[derive(Debug)]
pub struct Confirmation {
    /// The share that the other side has made active (`COMMITTED`).
    pub id: ShareId,
    /// The retired share, where it may go.
    pub erase_retired: Option<ShareId>,
    /// The share of which a backup is complete: `id`, or none.
    pub receipt: Option<ShareId>,
    /// This side's backup fragment of `id`.
    pub fragment: Option<FragmentRecord>,
}

impl Vault {
    /// Writes what reconciliation says.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where the row does not hold what the change names, where the wallet still needs a
    /// backup of its active share, or is provisional; [`StoreError::Conflict`] where the row was changed meanwhile.
    pub async fn apply_change(
        &self,
        row: &Row<WalletRecord>,
        change: Change,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        settled(row)?;
        let mut staged = Transaction::new(self);
        let wallet = match change {
            Change::Promote { id, retire, confirmed } => {
                holds(row.active, retire, "the share to retire is not the active one")?;
                WalletRecord { confirmed, ..promoted(row, id)? }
            }
            Change::DropPending(id) => {
                holds(row.pending, id, "the share to drop is not pending")?;
                staged.erase_share(row.wallet, id);
                without_pending(row)
            }
            Change::ReturnToRetired { id, erase } => {
                holds(row.retired, id, "the share to return to is not the retired one")?;
                holds(row.active, erase, "the share to erase is not the active one")?;
                if row.pending.is_some() {
                    return Err(StoreError::WrongState { reason: "a pending share is still held" });
                }
                staged.erase_share(row.wallet, erase);
                // The share that is gone takes its receipt along. The device that the wallet returns to holds this one.
                let receipt = row.receipt.filter(|receipt| *receipt != erase);
                WalletRecord {
                    active: Some(id),
                    retired: None,
                    receipt,
                    confirmed: true,
                    ..row.record.clone()
                }
            }
            Change::EraseRetired(id) => {
                erase_retired(&mut staged, row, id)?;
                WalletRecord { retired: None, ..row.record.clone() }
            }
        };
        self.change_wallet(staged, row, wallet, audit).await
    }

    /// Writes that the other side has the active share in use, and with it what became of the backup.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where `id` is not the active share, the receipt or the fragment is of another one, the
    /// share to erase is not the retired one, or goes before the backup that the wallet needs;
    /// [`StoreError::BackupComplete`] where another fragment than this one has the receipt already;
    /// [`StoreError::Conflict`] where the row was changed meanwhile.
    pub async fn confirm(
        &self,
        row: &Row<WalletRecord>,
        confirmation: Confirmation,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let Confirmation { id, erase_retired: erase, receipt, fragment } = confirmation;
        settled(row)?;
        holds(row.active, id, "the share that is confirmed is not the active one")?;
        let mut wallet = match receipt {
            Some(receipt) => with_receipt(row, receipt)?,
            None => row.record.clone(),
        };
        wallet.confirmed = true;
        let mut staged = Transaction::new(self);
        if let Some(retired) = erase {
            erase_retired(&mut staged, &wallet, retired)?;
            wallet.retired = None;
        }
        if let Some(fragment) = &fragment {
            let belongs = fragment.owner == row.owner
                && fragment.subject == row.wallet.to_string()
                && fragment.epoch == id.epoch();
            if !belongs {
                return Err(StoreError::WrongState { reason: "the fragment is of another share" });
            }
            self.keeps_its_backup(row, fragment).await?;
            self.stage_fragment(&mut staged, fragment).await?;
        }
        self.change_wallet(staged, row, wallet, audit).await
    }
}

/// The wallet without its pending share and without the identity that came with it.
pub(super) fn without_pending(row: &WalletRecord) -> WalletRecord {
    let mut wallet = WalletRecord { pending: None, ..row.clone() };
    wallet.device.pending = None;
    wallet
}

fn erase_retired(staged: &mut Transaction<'_>, wallet: &WalletRecord, id: ShareId) -> Result<(), StoreError> {
    holds(wallet.retired, id, "the share to erase is not the retired one")?;
    if wallet.backup_rule == BackupRule::Required && wallet.receipt != wallet.active {
        return Err(StoreError::WrongState { reason: "there is no complete backup of the active share" });
    }
    staged.erase_share(wallet.wallet, id);
    Ok(())
}

fn holds(held: Option<ShareId>, id: ShareId, reason: &'static str) -> Result<(), StoreError> {
    if held == Some(id) { Ok(()) } else { Err(StoreError::WrongState { reason }) }
}

fn settled(row: &WalletRecord) -> Result<(), StoreError> {
    match row.standing.state {
        WalletState::Provisional => Err(StoreError::WrongState { reason: "the wallet is provisional" }),
        WalletState::Retired => Err(StoreError::WrongState { reason: "the wallet is retired" }),
        WalletState::Active | WalletState::Quarantined | WalletState::Frozen | WalletState::Imported => {
            Ok(())
        }
    }
}
