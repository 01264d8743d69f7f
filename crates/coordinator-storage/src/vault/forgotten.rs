//! Wallets of which it is not known what they have signed: their store came from an archive.
//!
//! The row lies with the requests, so that an archive or a copy of the one is a copy of the other.

use crate::error::StoreError;
use crate::id::WalletId;
use crate::record::{AuditRow, ForgottenRecord};
use crate::table::{RecordTable, Table};
use crate::vault::transaction::Transaction;
use crate::vault::{Row, Vault};

/// First byte of the key of such a row.
const FORGOTTEN: u8 = b'f';

impl Vault {
    /// The time of which it is not known what this wallet signed; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names a damaged row.
    pub async fn forgotten(&self, wallet: WalletId) -> Result<Option<Row<ForgottenRecord>>, StoreError> {
        self.read(Table::Requests, &forgotten_key(wallet)).await
    }

    /// Somebody answers for what the wallet may have signed in that time: from now on it signs again, whatever that was.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else was faster.
    pub async fn accept_forgotten(
        &self,
        wallet: WalletId,
        row: &Row<ForgottenRecord>,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        staged.erase(RecordTable::Requests, &forgotten_key(wallet), row.version);
        staged.commit(audit).await
    }
}

pub(super) fn forgotten_key(wallet: WalletId) -> Vec<u8> {
    [&[FORGOTTEN], wallet.as_bytes().as_slice()].concat()
}
