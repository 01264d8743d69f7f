//! How rows stand in redb: one table for each [`Table`], the key as it is, the version (8 bytes, big-endian) before
//! the sealed value.

use std::ops::Bound;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use crate::batch::{Batch, Outcome};
use crate::error::{Corruption, StoreError};
use crate::store::{Entry, Versioned};
use crate::table::Table;

/// A table of ours in redb.
pub(super) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// How many transactions were committed, under one fixed key.
pub(super) const COMMITS: TableDefinition<'static, &str, u64> = TableDefinition::new("maany-commits");
const COMMITS_KEY: &str = "commits";

pub(super) const fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

pub(super) fn get(db: &Database, table: Table, key: &[u8]) -> Result<Option<Entry>, redb::Error> {
    let rows = db.begin_read()?.open_table(definition(table))?;
    Ok(rows.get(key)?.map(|value| entry(table, key, value.value())))
}

pub(super) fn scan(
    db: &Database,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Entry>, redb::Error> {
    let rows = db.begin_read()?.open_table(definition(table))?;
    let from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let mut found = Vec::new();
    for row in rows.range::<&[u8]>((from, Bound::Unbounded))?.take(limit) {
        let (key, value) = row?;
        if !key.value().starts_with(prefix) {
            break;
        }
        found.push(entry(table, key.value(), value.value()));
    }
    Ok(found)
}

/// What a batch came to inside a write transaction.
pub(super) enum Applied {
    /// Its writes are in the transaction.
    Yes,
    /// It does not fit, and none of its writes is.
    No(StoreError),
}

/// Checks the whole batch, then writes it.
pub(super) fn apply(transaction: &WriteTransaction, batch: &Batch) -> Result<Applied, redb::Error> {
    let mut outcomes = Vec::with_capacity(batch.ops().len());
    for op in batch.ops() {
        let rows = transaction.open_table(definition(op.table()))?;
        let current = match rows.get(op.key())? {
            None => None,
            Some(value) => match split(value.value()) {
                Some((version, _)) => Some(version),
                None => {
                    let error = StoreError::corrupt(op.table(), op.key(), Corruption::Truncated);
                    return Ok(Applied::No(error));
                }
            },
        };
        match op.check(current) {
            Ok(outcome) => outcomes.push((op, outcome)),
            Err(conflict) => return Ok(Applied::No(conflict)),
        }
    }
    for (op, outcome) in outcomes {
        let mut rows = transaction.open_table(definition(op.table()))?;
        match outcome {
            Outcome::Put { version, value } => {
                let mut stored = Vec::with_capacity(8 + value.len());
                stored.extend_from_slice(&version.to_be_bytes());
                stored.extend_from_slice(value);
                rows.insert(op.key(), stored.as_slice())?;
            }
            Outcome::Erased => {
                rows.remove(op.key())?;
            }
        }
    }
    Ok(Applied::Yes)
}

/// The number of the last transaction in the file.
pub(super) fn last_commit(database: &Database) -> Result<u64, redb::Error> {
    let commits = database.begin_read()?.open_table(COMMITS)?;
    Ok(commits.get(COMMITS_KEY)?.map_or(0, |number| number.value()))
}

/// Numbers this transaction, one more than the last.
pub(super) fn count_commit(transaction: &WriteTransaction) -> Result<u64, redb::Error> {
    let mut commits = transaction.open_table(COMMITS)?;
    let number = commits.get(COMMITS_KEY)?.map_or(0, |number| number.value()).wrapping_add(1);
    commits.insert(COMMITS_KEY, number)?;
    Ok(number)
}

fn entry(table: Table, key: &[u8], stored: &[u8]) -> Entry {
    let row = match split(stored) {
        Some((version, value)) => Ok(Versioned { version, value: value.to_vec() }),
        None => Err(StoreError::corrupt(table, key, Corruption::Truncated)),
    };
    Entry { key: key.to_vec(), row }
}

fn split(stored: &[u8]) -> Option<(u64, &[u8])> {
    stored.split_first_chunk::<8>().map(|(version, value)| (u64::from_be_bytes(*version), value))
}
