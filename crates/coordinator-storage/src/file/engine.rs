//! Commit and recovery on a disk that may stop at any moment.
//!
//! The order carries the promise: rows are staged and synced, then the journal is written, synced and renamed into
//! place, and its name synced: that is the commit. Only then do renames and removals touch the tables, which anyone
//! who finds the journal can repeat. Names in the staging folder are never used twice, so that an old journal whose
//! removal was lost finds nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Bound;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::batch::{Batch, Op, Outcome};
use crate::error::{Corruption, StoreError};
use crate::file::disk::Disk;
use crate::file::journal::{self, Action, Step};
use crate::file::{names, record};
use crate::store::{Entry, Versioned};
use crate::table::Table;

const FORMAT_PREFIX: &str = "maany-files ";
const FORMAT: u32 = 1;

/// The store on a disk.
pub(super) struct Engine<D> {
    disk: D,
    /// Which rows there are.
    keys: BTreeMap<Table, BTreeSet<Vec<u8>>>,
    /// No journal waits to be applied.
    settled: bool,
}

impl<D: Disk> Engine<D> {
    /// Opens the folder: finishes the batch in the journal, if there is one, and clears away what was never committed.
    pub(super) fn open(disk: D) -> Result<Self, StoreError> {
        let mut engine = Self { disk, keys: BTreeMap::new(), settled: false };
        engine.prepare()?;
        engine.settle()?;
        for name in engine.io("clearing the staging folder", |disk| disk.list(Path::new(names::STAGING)))? {
            engine.io("clearing the staging folder", |disk| disk.remove(&names::staged(&name)))?;
        }
        for table in Table::ALL {
            let listed = engine.io("listing a table", |disk| disk.list(&names::table(table)))?;
            engine.keys.insert(table, listed.iter().filter_map(|name| names::key(name)).collect());
        }
        Ok(engine)
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        if !self.has(table, key) {
            return Ok(None);
        }
        match self.io("reading a row", |disk| disk.read(&names::row(table, key)))? {
            None => Err(StoreError::corrupt(table, key, Corruption::Missing)),
            Some(bytes) => record::decode(table, key, &bytes)
                .map(Some)
                .map_err(|cause| StoreError::corrupt(table, key, cause)),
        }
    }

    pub(super) fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let Some(keys) = self.keys.get(&table) else {
            return Ok(Vec::new());
        };
        keys.range::<[u8], _>((from, Bound::Unbounded))
            .take_while(|key| key.starts_with(prefix))
            .take(limit)
            .map(|key| match self.get(table, key) {
                Ok(Some(row)) => Ok(Entry { key: key.clone(), row: Ok(row) }),
                Ok(None) => Ok(Entry {
                    key: key.clone(),
                    row: Err(StoreError::corrupt(table, key, Corruption::Missing)),
                }),
                Err(error @ StoreError::Corrupt { .. }) => Ok(Entry { key: key.clone(), row: Err(error) }),
                Err(error) => Err(error),
            })
            .collect()
    }

    /// Applies a batch that is within its bounds.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.settle()?;
        let mut outcomes = Vec::with_capacity(batch.ops().len());
        for op in batch.ops() {
            let current = self.get(op.table(), op.key())?.map(|row| row.version);
            outcomes.push((op, op.check(current)?));
        }
        let mark = mark()?;
        let mut steps = Vec::with_capacity(outcomes.len());
        if let Err(source) = self.stage(&mark, &outcomes, &mut steps) {
            self.clear(&mark, &steps);
            return Err(StoreError::io("staging a batch", source));
        }
        self.publish(&mark, &steps)?;

        // It is committed. A failure from here on is the next caller's, who first applies the journal.
        self.settled = self.apply(&steps).is_ok();
        Ok(())
    }

    /// Applies the journal, if there is one.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        if self.settled {
            return Ok(());
        }
        // Whether the journal is there must not change any more: a crash could otherwise take back the name of one that is
        // half applied, or bring back one that was taken for gone.
        self.io("syncing the folder", |disk| disk.sync_folder(names::root()))?;
        if let Some(bytes) = self.io("reading the journal", |disk| disk.read(Path::new(names::JOURNAL)))? {
            let steps = journal::decode(&bytes).map_err(|cause| self.damaged(cause))?;
            self.apply(&steps)?;
        }
        self.settled = true;
        Ok(())
    }

    /// Brings everything of a batch to the disk, down to the journal, under names that do not count yet.
    fn stage(&self, mark: &str, outcomes: &[(&Op, Outcome<'_>)], steps: &mut Vec<Step>) -> io::Result<()> {
        let mut written = Vec::with_capacity(outcomes.len() + 1);
        for (index, (op, outcome)) in outcomes.iter().enumerate() {
            let action = match outcome {
                Outcome::Erased => Action::Erase,
                Outcome::Put { version, value } => {
                    let bytes = record::encode(op.table(), op.key(), *version, value);
                    let staged = format!("{mark}-{index}");
                    written.push(self.disk.write_new(&names::staged(&staged), &bytes)?);
                    Action::Put { staged, sum: Sha256::digest(&bytes).into() }
                }
            };
            steps.push(Step { table: op.table(), key: op.key().to_vec(), action });
        }
        written.push(self.disk.write_new(&names::staged(mark), &journal::encode(steps))?);
        written.iter().try_for_each(|file| self.disk.sync(file))?;
        self.disk.sync_folder(Path::new(names::STAGING))
    }

    /// Gives the journal the name that counts. On an error nothing was committed, or the next reader finds out.
    fn publish(&mut self, mark: &str, steps: &[Step]) -> Result<(), StoreError> {
        let journal = Path::new(names::JOURNAL);
        let published = self
            .disk
            .rename(&names::staged(mark), journal)
            .and_then(|()| self.disk.sync_folder(names::root()));
        let Err(source) = published else {
            return Ok(());
        };
        // The name may have reached the disk. It is taken back; where that fails too, the journal is applied or not
        // as the next reader finds it.
        match self.disk.remove(journal).and_then(|()| self.disk.sync_folder(names::root())) {
            Ok(()) => self.clear(mark, steps),
            Err(_) => self.settled = false,
        }
        Err(StoreError::io("writing the journal", source))
    }

    /// Puts rows in their places, as often as it takes.
    fn apply(&mut self, steps: &[Step]) -> Result<(), StoreError> {
        for step in steps {
            let row = names::row(step.table, &step.key);
            match &step.action {
                Action::Erase => self.io("erasing a row", |disk| disk.remove(&row))?,
                Action::Put { staged, sum } => {
                    let staged = names::staged(staged);
                    let fits = |bytes: &Option<Vec<u8>>| {
                        bytes.as_ref().is_some_and(|bytes| Sha256::digest(bytes).as_slice() == sum)
                    };
                    if fits(&self.io("reading a staged row", |disk| disk.read(&staged))?) {
                        self.io("writing a row", |disk| disk.rename(&staged, &row))?;
                    } else if !fits(&self.io("reading a row", |disk| disk.read(&row))?) {
                        return Err(self.damaged(Corruption::Missing));
                    }
                }
            }
        }
        let tables: BTreeSet<Table> = steps.iter().map(|step| step.table).collect();
        for table in tables {
            self.io("syncing a table", |disk| disk.sync_folder(&names::table(table)))?;
        }
        self.io("removing the journal", |disk| disk.remove(Path::new(names::JOURNAL)))?;
        for step in steps {
            let keys = self.keys.entry(step.table).or_default();
            match step.action {
                Action::Put { .. } => keys.insert(step.key.clone()),
                Action::Erase => keys.remove(&step.key),
            };
        }
        Ok(())
    }

    /// Removes what a failed batch has staged; what stays is removed at the next open.
    fn clear(&self, mark: &str, steps: &[Step]) {
        let _ = self.disk.remove(&names::staged(mark));
        for step in steps {
            if let Action::Put { staged, .. } = &step.action {
                let _ = self.disk.remove(&names::staged(staged));
            }
        }
    }

    /// Makes the folders and the format file of a new store, or checks the format of an old one.
    fn prepare(&self) -> Result<(), StoreError> {
        let format = Path::new(names::FORMAT);
        if let Some(bytes) = self.io("reading the format", |disk| disk.read(format))? {
            let found = std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.trim_end().strip_prefix(FORMAT_PREFIX)?.parse::<u32>().ok())
                .ok_or_else(|| self.damaged(Corruption::Field("format")))?;
            return if found == FORMAT {
                Ok(())
            } else {
                Err(StoreError::UnsupportedVersion { what: "the store's folder", found })
            };
        }
        // A folder in which a store was never finished holds no row. Any other content is not ours to use.
        let ours = [names::LOCK, names::STAGING, names::TABLES];
        for name in self.io("listing the folder", |disk| disk.list(names::root()))? {
            if !ours.contains(&name.as_str()) {
                return Err(self.damaged(Corruption::Misplaced));
            }
        }
        self.io("making the store", |disk| {
            disk.make_folder(Path::new(names::STAGING))?;
            disk.make_folder(Path::new(names::TABLES))?;
            for table in Table::ALL {
                disk.make_folder(&names::table(table))?;
            }
            Ok(())
        })?;
        for table in Table::ALL {
            if !self.io("listing a table", |disk| disk.list(&names::table(table)))?.is_empty() {
                return Err(self.damaged(Corruption::Missing));
            }
        }
        self.io("making the store", |disk| {
            disk.sync_folder(Path::new(names::TABLES))?;
            disk.remove(Path::new(names::NEW_FORMAT))?;
            let text = format!("{FORMAT_PREFIX}{FORMAT}\n");
            disk.sync(&disk.write_new(Path::new(names::NEW_FORMAT), text.as_bytes())?)?;
            disk.rename(Path::new(names::NEW_FORMAT), format)?;
            disk.sync_folder(names::root())
        })
    }

    fn has(&self, table: Table, key: &[u8]) -> bool {
        self.keys.get(&table).is_some_and(|keys| keys.contains(key))
    }

    fn damaged(&self, cause: Corruption) -> StoreError {
        StoreError::Damaged { path: self.disk.root().to_owned(), cause }
    }

    fn io<T>(&self, doing: &'static str, run: impl FnOnce(&D) -> io::Result<T>) -> Result<T, StoreError> {
        run(&self.disk).map_err(|source| StoreError::io(doing, source))
    }
}

/// A name that was never used: 16 random bytes.
fn mark() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::NoRandomness)?;
    Ok(hex::encode(bytes))
}
