//! From a store to an archive.
//!
//! The store is read twice, first for the manifest and then for the rows. It must not be in use: what changed in between
//! is found by count and hash.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::archive::rows::Tally;
use crate::archive::{ArchiveError, Manifest, Part};
use crate::error::StoreError;
use crate::seal;
use crate::store::ShareStore;
use crate::table::Table;

/// How many rows are read at once; a sealed share has 53 KB.
const PAGE: usize = 64;

/// Reads the whole store and makes its manifest.
///
/// # Errors
/// [`ArchiveError::Store`] where the store cannot be read, also where one row is damaged: it names it.
pub async fn survey(store: &dyn ShareStore, what: &str, made_ms: u64) -> Result<Manifest, ArchiveError> {
    let mut key_ids = BTreeSet::new();
    let mut parts = Vec::with_capacity(Table::ALL.len());
    for table in Table::ALL {
        parts.push(copy(store, table, &mut io::sink(), &mut key_ids).await?);
    }
    Ok(Manifest { what: what.to_owned(), made_ms, key_ids, parts })
}

/// Writes the archive of a store whose manifest was just made. Writing blocks.
///
/// # Errors
/// As [`survey`], [`ArchiveError::Io`] where it cannot be written, [`ArchiveError::Changed`] where the store is not what
/// the manifest says any more. What was written then is of no use.
pub async fn write(
    store: &dyn ShareStore,
    manifest: &Manifest,
    out: &mut impl Write,
) -> Result<(), ArchiveError> {
    manifest.write(out)?;
    let mut key_ids = BTreeSet::new();
    for part in &manifest.parts {
        if copy(store, part.table, out, &mut key_ids).await? != *part {
            return Err(ArchiveError::Changed);
        }
    }
    out.flush().map_err(ArchiveError::writing)
}

async fn copy(
    store: &dyn ShareStore,
    table: Table,
    out: &mut impl Write,
    key_ids: &mut BTreeSet<String>,
) -> Result<Part, ArchiveError> {
    let mut tally = Tally::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let entries = store.scan(table, &[], after.as_deref(), PAGE).await?;
        let last = entries.len() < PAGE;
        for entry in entries {
            let row = entry.row?;
            let key_id =
                seal::key_id(&row.value).map_err(|cause| StoreError::corrupt(table, &entry.key, cause))?;
            key_ids.insert(key_id);
            tally.write(out, &entry.key, &row.value)?;
            after = Some(entry.key);
        }
        if last {
            return Ok(tally.part(table));
        }
    }
}
