//! API keys: hashed, found by their public part.

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::record::{ApiKeyRecord, AuditRow};
use crate::table::{RecordTable, Table};
use crate::vault::transaction::Transaction;
use crate::vault::{Page, Row, Vault};

impl Vault {
    /// Stores a new API key.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for an id that is taken.
    pub async fn insert_api_key(&self, key: ApiKeyRecord, audit: AuditRow) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        staged.insert(RecordTable::ApiKeys, &api_key_key(&key.id), &key).await?;
        match staged.commit(audit).await {
            Err(StoreError::Conflict { table: Table::ApiKeys, .. }) => {
                Err(StoreError::AlreadyExists { what: "API key" })
            }
            other => other,
        }
    }

    /// The API key of that id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names a damaged row.
    pub async fn api_key(&self, id: &str) -> Result<Option<Row<ApiKeyRecord>>, StoreError> {
        self.read(Table::ApiKeys, &api_key_key(id)).await
    }

    /// All API keys, in no order that means anything.
    ///
    /// # Errors
    /// Where the store cannot be read at all; damaged rows are listed in the page.
    pub async fn api_keys(
        &self,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Row<ApiKeyRecord>>, StoreError> {
        self.page(Table::ApiKeys, &[], after, limit).await
    }

    /// Revokes an API key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the row was changed meanwhile.
    pub async fn erase_api_key(&self, row: &Row<ApiKeyRecord>, audit: AuditRow) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        staged.erase(RecordTable::ApiKeys, &api_key_key(&row.id), row.version);
        staged.commit(audit).await
    }
}

/// SHA-256 of the id: whatever a peer sends as an id fits, and nothing of it shows.
fn api_key_key(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}
