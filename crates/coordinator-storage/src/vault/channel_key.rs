//! The static key of the end-to-end channel: a server keeps its own secret here, a device the public key of its server. Once kept
//! it is never replaced: devices pin a server's key, and a server with another key is another server.

use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::record::AuditRow;
use crate::record::channel_key::ChannelKeyRecord;
use crate::table::{RecordTable, Table};
use crate::vault::transaction::Transaction;
use crate::vault::{Row, Vault};

/// It sorts before the canary: an archive that is read back in part has no canary yet, and does not open without this.
const KEY: &[u8] = b"agreement-key";

impl Vault {
    /// The key that was kept: 32 bytes of X25519, secret on a server.
    ///
    /// # Errors
    /// Where the store fails or the record is damaged.
    pub async fn channel_key(&self) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
        let row: Option<Row<ChannelKeyRecord>> = self.read(Table::Meta, KEY).await?;
        Ok(row.map(|row| row.into_record().key))
    }

    /// Keeps a key.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] where one is kept already.
    pub async fn keep_channel_key(
        &self,
        key: Zeroizing<[u8; 32]>,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        staged.keep_channel_key(key).await?;
        match staged.commit(audit).await {
            Err(StoreError::Conflict { .. }) => Err(StoreError::AlreadyExists { what: "channel key" }),
            other => other,
        }
    }
}

impl Transaction<'_> {
    pub(super) async fn keep_channel_key(&mut self, key: Zeroizing<[u8; 32]>) -> Result<(), StoreError> {
        self.insert(RecordTable::Meta, KEY, &ChannelKeyRecord { key }).await
    }
}
