//! From an archive to a store: checked to the last byte first, and then written.

use std::io::Read;

use crate::archive::rows::{ArchivedRow, Tally};
use crate::archive::{ArchiveError, Manifest};
use crate::batch::{Batch, MAX_OPS};
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};

/// How many bytes of values one batch takes, beside the last value.
const BATCH: usize = 4 * 1024 * 1024;

/// Reads a whole archive and compares every part with the manifest. Nothing is written. Reading blocks.
///
/// # Errors
/// [`ArchiveError`] says what is wrong with it.
pub fn verify(input: &mut impl Read) -> Result<Manifest, ArchiveError> {
    let manifest = Manifest::read(input)?;
    for part in &manifest.parts {
        let mut rows = Rows::new(part.table, part.rows);
        while rows.next(input)?.is_some() {}
        if rows.tally.part(part.table) != *part {
            return Err(ArchiveError::Part(part.table));
        }
    }
    let mut rest = [0];
    match input.read(&mut rest) {
        Ok(0) => Ok(manifest),
        Ok(_) => Err(ArchiveError::Trailing),
        Err(source) => Err(ArchiveError::reading(source)),
    }
}

/// Writes the rows of an archive that was verified into an empty store. The canary is written last: a restore that did
/// not come to its end leaves a store that no vault opens.
///
/// # Errors
/// [`ArchiveError::NotEmpty`], [`ArchiveError::Swapped`] where the archive is not the verified one any more, or where
/// reading or writing fails.
pub async fn restore(
    input: &mut impl Read,
    verified: &Manifest,
    store: &dyn ShareStore,
) -> Result<(), ArchiveError> {
    for table in Table::ALL {
        if !store.scan(table, &[], None, 1).await?.is_empty() {
            return Err(ArchiveError::NotEmpty(table));
        }
    }
    if Manifest::read(input)? != *verified {
        return Err(ArchiveError::Swapped);
    }
    // The tables come in the order of their numbers, the canary's last.
    for part in &verified.parts {
        let mut rows = Rows::new(part.table, part.rows);
        let (mut batch, mut bytes) = (Batch::new(), 0);
        while let Some(ArchivedRow { key, value }) = rows.next(input)? {
            bytes += value.len();
            insert(&mut batch, part.table, key, value);
            if bytes > BATCH || batch.ops().len() == MAX_OPS {
                store.commit(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        // The rows of the last batch count only if all rows are the verified ones.
        if rows.tally.part(part.table) != *part {
            return Err(ArchiveError::Swapped);
        }
        if !batch.ops().is_empty() {
            store.commit(batch).await?;
        }
    }
    Ok(())
}

fn insert(batch: &mut Batch, table: Table, key: Vec<u8>, value: Vec<u8>) {
    match table {
        Table::Shares => batch.insert_share(key, value),
        Table::Audit => batch.append_audit(key, value),
        Table::Wallets => batch.insert(RecordTable::Wallets, key, value),
        Table::KeyIds => batch.insert(RecordTable::KeyIds, key, value),
        Table::Requests => batch.insert(RecordTable::Requests, key, value),
        Table::UsedIds => batch.insert(RecordTable::UsedIds, key, value),
        Table::StepUps => batch.insert(RecordTable::StepUps, key, value),
        Table::Fragments => batch.insert(RecordTable::Fragments, key, value),
        Table::ApiKeys => batch.insert(RecordTable::ApiKeys, key, value),
        Table::Meta => batch.insert(RecordTable::Meta, key, value),
    };
}

/// The rows of one part, in the order of their keys.
struct Rows {
    table: Table,
    left: u64,
    last: Vec<u8>,
    tally: Tally,
}

impl Rows {
    fn new(table: Table, rows: u64) -> Self {
        Self { table, left: rows, last: Vec::new(), tally: Tally::new() }
    }

    fn next(&mut self, input: &mut impl Read) -> Result<Option<ArchivedRow>, ArchiveError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let row = self.tally.read(input, self.table)?;
        // A key comes after the empty one, which no row has.
        if row.key <= self.last {
            return Err(ArchiveError::Part(self.table));
        }
        self.last.clone_from(&row.key);
        Ok(Some(row))
    }
}
