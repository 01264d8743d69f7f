//! Shares and the wallet row that names them, changed together: DKG, refresh, and what follows.
//!
//! No method rewrites a share. Whether a change is due is decided by the session machines; here is only made sure
//! that a share that a wallet needs is neither lost nor replaced.

use zeroize::Zeroizing;

use crate::error::{Corruption, StoreError};
use crate::id::ShareId;
use crate::record::{AuditRow, KeyIdRecord, ShareRecord, Standing, WalletRecord, WalletState};
use crate::seal::open;
use crate::table::{RecordTable, Table};
use crate::vault::read::decode;
use crate::vault::reconciling::without_pending;
use crate::vault::transaction::{Transaction, share_key};
use crate::vault::wallets::{key_id_key, wallet_key};
use crate::vault::{Row, Vault};

impl Vault {
    /// Opens a share of this wallet.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it was erased or never stored, [`StoreError::Corrupt`] where it does not open
    /// as this wallet's share of this id, or is gone although the wallet names it.
    pub async fn share(&self, wallet: &WalletRecord, id: ShareId) -> Result<ShareRecord, StoreError> {
        let key = share_key(wallet.wallet, id);
        let Some(row) = self.store.get(Table::Shares, &key).await? else {
            // The caller's wallet row may be an old one: the stored one tells whether the share should be there.
            return Err(match self.wallet(&wallet.owner, wallet.wallet).await? {
                Some(now) if names(&now, id) => StoreError::corrupt(Table::Shares, &key, Corruption::Missing),
                _ => StoreError::NotFound { what: "share" },
            });
        };
        let place = self.share_place(wallet, id, &key);
        let plain = open(&*self.keys, &place, &row.value).await?;
        let share: ShareRecord = decode(Table::Shares, &key, &plain)?;
        if belongs(wallet, &share) && share.id == id {
            Ok(share)
        } else {
            Err(StoreError::corrupt(Table::Shares, &key, Corruption::Misplaced))
        }
    }

    /// After DKG: a new wallet, provisional, its share, and its key id, never over an existing one.
    /// `wallet.active` names the share.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for a wallet id, or a key id of this owner, that is taken;
    /// [`StoreError::WrongState`] where record and share do not fit each other.
    pub async fn insert_provisional(
        &self,
        wallet: WalletRecord,
        share: &ShareRecord,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        self.insert_new(wallet, share, None, audit).await
    }

    /// The same on a device that has learnt its server's channel key with this wallet: both are one write.
    ///
    /// # Errors
    /// As [`Vault::insert_provisional`]; [`StoreError::AlreadyExists`] also where a channel key is kept already.
    pub async fn insert_provisional_with_server(
        &self,
        wallet: WalletRecord,
        share: &ShareRecord,
        server: [u8; 32],
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        self.insert_new(wallet, share, Some(Zeroizing::new(server)), audit).await
    }

    async fn insert_new(
        &self,
        wallet: WalletRecord,
        share: &ShareRecord,
        server: Option<Zeroizing<[u8; 32]>>,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let fits = wallet.role == self.role
            && wallet.standing.state == WalletState::Provisional
            && wallet.active == Some(share.id)
            && wallet.pending.is_none()
            && wallet.retired.is_none()
            && wallet.receipt.is_none()
            && wallet.device.pending.is_none()
            && wallet.device.is_sound()
            && belongs(&wallet, share);
        if !fits {
            return Err(StoreError::WrongState { reason: "the new wallet's record and share do not fit" });
        }
        let mut staged = Transaction::new(self);
        if let Some(key_id) = &wallet.key_id {
            let key = key_id_key(&wallet.owner, key_id);
            staged.insert(RecordTable::KeyIds, &key, &KeyIdRecord { wallet: wallet.wallet }).await?;
        }
        staged.insert(RecordTable::Wallets, &wallet_key(&wallet.owner, wallet.wallet), &wallet).await?;
        staged.insert_share(&wallet, share).await?;
        if let Some(server) = server {
            staged.keep_channel_key(server).await?;
        }
        match staged.commit(audit).await {
            Ok(()) => Ok(Row { version: 1, record: wallet }),
            Err(StoreError::Conflict { table, .. }) => Err(StoreError::AlreadyExists {
                what: match table {
                    Table::KeyIds => "key id",
                    Table::Shares => "share",
                    Table::Meta => "channel key",
                    _ => "wallet",
                },
            }),
            Err(error) => Err(error),
        }
    }

    /// Provisional becomes active: the other side holds its share too.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where the wallet is not provisional or `id` is not its share.
    pub async fn activate(
        &self,
        row: &Row<WalletRecord>,
        id: ShareId,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        provisional(row)?;
        if row.active != Some(id) {
            return Err(StoreError::WrongState { reason: "the share to activate is another one" });
        }
        let mut wallet = row.record.clone();
        wallet.standing.state = WalletState::Active;
        self.change_wallet(Transaction::new(self), row, wallet, audit).await
    }

    /// Removes a provisional wallet, its shares and its key id: the other side never held a share.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where the wallet is not provisional.
    pub async fn discard_provisional(
        &self,
        row: &Row<WalletRecord>,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        provisional(row)?;
        let mut staged = Transaction::new(self);
        if let Some(key_id) = &row.key_id {
            let key = key_id_key(&row.owner, key_id);
            if let Some(named) = self.store.get(Table::KeyIds, &key).await? {
                staged.erase(RecordTable::KeyIds, &key, named.version);
            }
        }
        staged.erase(RecordTable::Wallets, &wallet_key(&row.owner, row.wallet), row.version);
        for id in [row.active, row.pending].into_iter().flatten() {
            staged.erase_share(row.wallet, id);
        }
        staged.commit(audit).await
    }

    /// In a refresh: stores the new share as pending.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where a pending or retired share is held already.
    pub async fn insert_pending(
        &self,
        row: &Row<WalletRecord>,
        share: &ShareRecord,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        if row.pending.is_some() || row.retired.is_some() {
            return Err(StoreError::WrongState { reason: "a pending or retired share is still held" });
        }
        if !belongs(row, share) {
            return Err(StoreError::WrongState { reason: "the share is another wallet's" });
        }
        if names(row, share.id) {
            return Err(StoreError::ShareInUse);
        }
        let mut staged = Transaction::new(self);
        staged.insert_share(row, share).await?;
        let wallet = WalletRecord { pending: Some(share.id), ..row.record.clone() };
        self.change_wallet(staged, row, wallet, audit).await
    }

    /// The refresh commit: pending becomes active, active becomes retired, and the new standing counts. A device whose
    /// identity came with the pending share is enrolled with this, and the one before it is revoked.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where `id` is not pending or a retired share is held.
    pub async fn promote_pending(
        &self,
        row: &Row<WalletRecord>,
        id: ShareId,
        standing: Standing,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = WalletRecord { standing, ..promoted(row, id)? };
        self.change_wallet(Transaction::new(self), row, wallet, audit).await
    }

    /// Presumed abort: erases the pending share, and forgets the identity that came with it.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where none is held.
    pub async fn drop_pending(
        &self,
        row: &Row<WalletRecord>,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let pending = row.pending.ok_or(StoreError::WrongState { reason: "no pending share is held" })?;
        let mut staged = Transaction::new(self);
        staged.erase_share(row.wallet, pending);
        let wallet = without_pending(row);
        self.change_wallet(staged, row, wallet, audit).await
    }

    /// Erases the retired share.
    ///
    /// # Errors
    /// [`StoreError::ShareInUse`] where `id` is the active or the pending share, [`StoreError::WrongState`] where it
    /// is not the retired one.
    pub async fn erase_retired(
        &self,
        row: &Row<WalletRecord>,
        id: ShareId,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        if row.active == Some(id) || row.pending == Some(id) {
            return Err(StoreError::ShareInUse);
        }
        if row.retired != Some(id) {
            return Err(StoreError::WrongState { reason: "the share to erase is not the retired one" });
        }
        let mut staged = Transaction::new(self);
        staged.erase_share(row.wallet, id);
        let wallet = WalletRecord { retired: None, ..row.record.clone() };
        self.change_wallet(staged, row, wallet, audit).await
    }
}

/// The wallet after the decision for its pending share, not confirmed yet.
pub(super) fn promoted(row: &WalletRecord, id: ShareId) -> Result<WalletRecord, StoreError> {
    if row.pending != Some(id) {
        return Err(StoreError::WrongState { reason: "the share to promote is not pending" });
    }
    if row.retired.is_some() {
        return Err(StoreError::WrongState { reason: "a retired share is still held" });
    }
    let mut wallet = WalletRecord {
        active: Some(id),
        pending: None,
        retired: row.active,
        confirmed: false,
        ..row.clone()
    };
    wallet.device.enrol_pending();
    Ok(wallet)
}

fn provisional(wallet: &WalletRecord) -> Result<(), StoreError> {
    if wallet.standing.state == WalletState::Provisional {
        Ok(())
    } else {
        Err(StoreError::WrongState { reason: "the wallet is not provisional" })
    }
}

fn belongs(wallet: &WalletRecord, share: &ShareRecord) -> bool {
    share.wallet == wallet.wallet && share.engine == wallet.engine
}

fn names(wallet: &WalletRecord, id: ShareId) -> bool {
    [wallet.active, wallet.pending, wallet.retired].contains(&Some(id))
}
