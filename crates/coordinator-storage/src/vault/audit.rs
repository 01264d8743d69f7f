//! The audit log, appended to and read in order.

use crate::error::StoreError;
use crate::record::AuditRow;
use crate::table::Table;
use crate::vault::transaction::Transaction;
use crate::vault::{Page, Row, Vault};

impl Vault {
    /// Appends a row that belongs to no other change.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn append_audit(&self, audit: AuditRow) -> Result<(), StoreError> {
        Transaction::new(self).commit(audit).await
    }

    /// Audit rows, the oldest first.
    ///
    /// # Errors
    /// Where the store cannot be read at all; damaged rows are listed in the page.
    pub async fn audit(&self, after: Option<&[u8]>, limit: usize) -> Result<Page<AuditRow>, StoreError> {
        let page = self.page::<AuditRow>(Table::Audit, &[], after, limit).await?;
        let rows = page.rows.into_iter().map(Row::into_record).collect();
        Ok(Page { rows, damaged: page.damaged, next: page.next })
    }
}
