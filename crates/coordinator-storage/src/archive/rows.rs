//! A row in a part: how it is written, read, counted and hashed.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use crate::archive::{ArchiveError, Part};
use crate::batch::{MAX_KEY_LEN, MAX_VALUE_LEN};
use crate::table::Table;

/// A row as it stands in an archive.
pub(super) struct ArchivedRow {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// Counts and hashes the rows of one part.
pub(super) struct Tally {
    rows: u64,
    bytes: u64,
    hash: Sha256,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { rows: 0, bytes: 0, hash: Sha256::new() }
    }

    /// Counts a row, and writes it.
    pub(super) fn write(
        &mut self,
        out: &mut impl Write,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), ArchiveError> {
        for field in [key, value] {
            // The bounds of a row are far below 4 GiB.
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes();
            self.count(&length);
            self.count(field);
            out.write_all(&length).and_then(|()| out.write_all(field)).map_err(ArchiveError::writing)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Reads a row of this table, and counts it.
    pub(super) fn read(&mut self, input: &mut impl Read, table: Table) -> Result<ArchivedRow, ArchiveError> {
        let key = self.field(input, table, 1, MAX_KEY_LEN)?;
        let value = self.field(input, table, 0, MAX_VALUE_LEN)?;
        self.rows += 1;
        Ok(ArchivedRow { key, value })
    }

    /// What was counted.
    pub(super) fn part(self, table: Table) -> Part {
        Part { table, rows: self.rows, bytes: self.bytes, sha256: self.hash.finalize().into() }
    }

    fn field(
        &mut self,
        input: &mut impl Read,
        table: Table,
        shortest: usize,
        longest: usize,
    ) -> Result<Vec<u8>, ArchiveError> {
        let mut length = [0; 4];
        input.read_exact(&mut length).map_err(ArchiveError::reading)?;
        self.count(&length);
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if !(shortest..=longest).contains(&length) {
            return Err(ArchiveError::Part(table));
        }
        let mut field = vec![0; length];
        input.read_exact(&mut field).map_err(ArchiveError::reading)?;
        self.count(&field);
        Ok(field)
    }

    fn count(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}
