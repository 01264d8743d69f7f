//! Reading rows: open, decode, and put a name on what cannot be.

use crate::error::{Corruption, StoreError};
use crate::record::Record;
use crate::seal::{Place, open};
use crate::store::Versioned;
use crate::table::Table;
use crate::vault::{Page, Row, Vault};

impl Vault {
    pub(super) async fn read<R: Record>(
        &self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<Row<R>>, StoreError> {
        match self.store.get(table, key).await? {
            None => Ok(None),
            Some(row) => self.open_row(table, key, &row).await.map(Some),
        }
    }

    pub(super) async fn open_row<R: Record>(
        &self,
        table: Table,
        key: &[u8],
        row: &Versioned,
    ) -> Result<Row<R>, StoreError> {
        let place = Place { table, key, role: Some(self.role), share: None };
        let plain = open(&*self.keys, &place, &row.value).await?;
        let record = decode(table, key, &plain)?;
        Ok(Row { version: row.version, record })
    }

    /// One page of a table, opened; damaged rows are set apart.
    pub(super) async fn page<R: Record>(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<Row<R>>, StoreError> {
        let entries = self.store.scan(table, prefix, after, limit).await?;
        let next = if entries.len() < limit { None } else { entries.last().map(|entry| entry.key.clone()) };
        let mut page = Page { rows: Vec::with_capacity(entries.len()), damaged: Vec::new(), next };
        for entry in entries {
            let row = match entry.row {
                Ok(row) => self.open_row(table, &entry.key, &row).await,
                Err(error) => Err(error),
            };
            match row {
                Ok(row) => page.rows.push(row),
                Err(error @ (StoreError::Corrupt { .. } | StoreError::UnsupportedVersion { .. })) => {
                    page.damaged.push(error);
                }
                // A failing disk or key service is nobody's damaged row.
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }
}

/// Decodes what a row held; a format of a later release is not damage.
pub(super) fn decode<R: Record>(table: Table, key: &[u8], plain: &[u8]) -> Result<R, StoreError> {
    R::decode(plain).map_err(|cause| match cause {
        Corruption::Format(found) if found > R::FORMAT => {
            StoreError::UnsupportedVersion { what: table.name(), found: u32::from(found) }
        }
        cause => StoreError::corrupt(table, key, cause),
    })
}
