//! Wallet rows: found by id or key id within one owner, listed, and changed where no share is touched.

use sha2::{Digest, Sha256};

use crate::error::{Corruption, StoreError};
use crate::id::{Owner, ShareId, WalletId};
use crate::record::{AuditRow, BackupRule, KeyIdRecord, Standing, WalletRecord};
use crate::table::{RecordTable, Table};
use crate::vault::transaction::Transaction;
use crate::vault::{Page, Row, Vault};

/// How many rows the operator's search reads at once.
const SEARCH_PAGE: usize = 256;

/// How often a standing is judged anew on a row that somebody else keeps changing.
const JUDGE_ATTEMPTS: usize = 32;

impl Vault {
    /// The owner's wallet of that id; another owner's is `None`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names a damaged row.
    pub async fn wallet(
        &self,
        owner: &Owner,
        wallet: WalletId,
    ) -> Result<Option<Row<WalletRecord>>, StoreError> {
        self.read(Table::Wallets, &wallet_key(owner, wallet)).await
    }

    /// The owner's wallet of that key id; another owner's same key id is another wallet.
    ///
    /// # Errors
    /// As [`Vault::wallet`].
    pub async fn wallet_by_key_id(
        &self,
        owner: &Owner,
        key_id: &str,
    ) -> Result<Option<Row<WalletRecord>>, StoreError> {
        let key = key_id_key(owner, key_id);
        let Some(named) = self.read::<KeyIdRecord>(Table::KeyIds, &key).await? else {
            return Ok(None);
        };
        match self.wallet(owner, named.wallet).await? {
            Some(row) => Ok(Some(row)),
            // The two rows go together; unless both went in between, this one points nowhere.
            None if self.store.get(Table::KeyIds, &key).await?.is_none() => Ok(None),
            None => Err(StoreError::corrupt(
                Table::Wallets,
                &wallet_key(owner, named.wallet),
                Corruption::Missing,
            )),
        }
    }

    /// The owner's wallets, in the order of their ids.
    ///
    /// # Errors
    /// Where the store cannot be read at all; damaged rows are listed in the page.
    pub async fn wallets(
        &self,
        owner: &Owner,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Row<WalletRecord>>, StoreError> {
        self.page(Table::Wallets, &owner.prefix(), after, limit).await
    }

    /// Every owner's wallets, for the operator.
    ///
    /// # Errors
    /// As [`Vault::wallets`].
    pub async fn all_wallets(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Row<WalletRecord>>, StoreError> {
        self.page(Table::Wallets, &[], after, limit).await
    }

    /// The wallet of that id, whoever owns it, for the operator: it looks through the rows of all owners.
    ///
    /// # Errors
    /// As [`Vault::wallet`].
    pub async fn find_wallet(&self, wallet: WalletId) -> Result<Option<Row<WalletRecord>>, StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let entries = self.store.scan(Table::Wallets, &[], after.as_deref(), SEARCH_PAGE).await?;
            let last = entries.len() < SEARCH_PAGE;
            for entry in entries {
                if entry.key.ends_with(wallet.as_bytes()) {
                    return self.open_row(Table::Wallets, &entry.key, &entry.row?).await.map(Some);
                }
                after = Some(entry.key);
            }
            if last {
                return Ok(None);
            }
        }
    }

    /// Writes state and abort ledger: a counted abort, a quarantine, a freeze.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the row was changed meanwhile.
    pub async fn set_standing(
        &self,
        row: &Row<WalletRecord>,
        standing: Standing,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = WalletRecord { standing, ..row.record.clone() };
        self.change_wallet(Transaction::new(self), row, wallet, audit).await
    }

    /// Writes the standing that `judge` gives the wallet, whatever else in its row was changed meanwhile: a counted abort
    /// must not be lost because a backup's receipt came in between.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the row is gone, or changes faster than it can be read.
    pub async fn judge(
        &self,
        row: &Row<WalletRecord>,
        judge: impl Fn(&WalletRecord) -> (Standing, AuditRow) + Send,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let (standing, audit) = judge(row);
        let mut outcome = self.set_standing(row, standing, audit).await;
        for _ in 0..JUDGE_ATTEMPTS {
            let Err(StoreError::Conflict { .. }) = outcome else { break };
            let Some(now) = self.wallet(&row.owner, row.wallet).await? else { break };
            let (standing, audit) = judge(&now);
            outcome = self.set_standing(&now, standing, audit).await;
        }
        outcome
    }

    /// Writes the wallet's policy.
    ///
    /// # Errors
    /// As [`Vault::set_standing`].
    pub async fn set_policy(
        &self,
        row: &Row<WalletRecord>,
        policy: Vec<u8>,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = WalletRecord { policy, ..row.record.clone() };
        self.change_wallet(Transaction::new(self), row, wallet, audit).await
    }

    /// Writes what an erase of the retired share waits for.
    ///
    /// # Errors
    /// As [`Vault::set_standing`].
    pub async fn set_backup_rule(
        &self,
        row: &Row<WalletRecord>,
        rule: BackupRule,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = WalletRecord { backup_rule: rule, ..row.record.clone() };
        self.change_wallet(Transaction::new(self), row, wallet, audit).await
    }

    /// Stores that the backup of this share is complete.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where the share is not the active one, otherwise as [`Vault::set_standing`].
    pub async fn store_receipt(
        &self,
        row: &Row<WalletRecord>,
        share: ShareId,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = with_receipt(row, share)?;
        self.change_wallet(Transaction::new(self), row, wallet, audit).await
    }

    /// Adds the new wallet row to what is staged, and commits.
    pub(super) async fn change_wallet(
        &self,
        mut staged: Transaction<'_>,
        row: &Row<WalletRecord>,
        wallet: WalletRecord,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let key = wallet_key(&row.owner, row.wallet);
        staged.replace(RecordTable::Wallets, &key, row.version, &wallet).await?;
        staged.commit(audit).await?;
        Ok(Row { version: row.version + 1, record: wallet })
    }
}

/// The wallet with a receipt for its active share.
pub(super) fn with_receipt(wallet: &WalletRecord, share: ShareId) -> Result<WalletRecord, StoreError> {
    if wallet.active != Some(share) {
        return Err(StoreError::WrongState {
            reason: "the receipt is for another share than the active one",
        });
    }
    Ok(WalletRecord { receipt: Some(share), ..wallet.clone() })
}

/// The owner's 16 bytes, then the wallet's id.
pub(super) fn wallet_key(owner: &Owner, wallet: WalletId) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&owner.prefix());
    key[16..].copy_from_slice(wallet.as_bytes());
    key
}

/// The owner's 16 bytes, then SHA-256 of the key id: what a device proposed is not shown in a row's name.
pub(super) fn key_id_key(owner: &Owner, key_id: &str) -> [u8; 48] {
    let mut key = [0; 48];
    key[..16].copy_from_slice(&owner.prefix());
    key[16..].copy_from_slice(&Sha256::digest(key_id.as_bytes()));
    key
}
