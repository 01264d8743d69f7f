//! What an archive says about itself: how many rows each part has, their hash, and the keys that open them.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use zeroize::Zeroizing;

use crate::archive::{ArchiveError, MAGIC};
use crate::error::Corruption;
use crate::key::keyring::is_key_id;
use crate::record::codec::{Reader, Writer};
use crate::table::Table;

/// The manifest's format number.
const FORMAT: u8 = 1;

/// Longest manifest, in bytes. Ten parts take 500, a key id at most 68.
const LONGEST: u32 = 64 * 1024;

/// What is in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What kind of store it was, in the words of whoever made the archive.
    pub what: String,
    /// When it was made, in milliseconds since 1970-01-01 UTC.
    pub made_ms: u64,
    /// The ids of the key-encryption keys that are needed to open the rows.
    pub key_ids: BTreeSet<String>,
    /// The tables, in the order of their numbers, empty ones included.
    pub parts: Vec<Part>,
}

/// One table in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The table.
    pub table: Table,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes they take in the archive.
    pub bytes: u64,
    /// SHA-256 of those bytes.
    pub sha256: [u8; 32],
}

impl Manifest {
    /// How many rows there are altogether.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).fold(0, u64::saturating_add)
    }

    pub(super) fn write(&self, out: &mut impl Write) -> Result<(), ArchiveError> {
        let bytes = self.encode();
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST);
        let length = length.ok_or(ArchiveError::Manifest("it is too long"))?;
        out.write_all(MAGIC)
            .and_then(|()| out.write_all(&length.to_be_bytes()))
            .and_then(|()| out.write_all(&bytes))
            .map_err(ArchiveError::writing)
    }

    pub(super) fn read(input: &mut impl Read) -> Result<Self, ArchiveError> {
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(ArchiveError::reading)?;
        if magic != *MAGIC {
            return Err(ArchiveError::NotAnArchive);
        }
        let mut length = [0; 4];
        input.read_exact(&mut length).map_err(ArchiveError::reading)?;
        let length = u32::from_be_bytes(length);
        if length > LONGEST {
            return Err(ArchiveError::Manifest("it is too long"));
        }
        let mut bytes = vec![0; length as usize];
        input.read_exact(&mut bytes).map_err(ArchiveError::reading)?;
        Self::decode(&bytes).map_err(|cause| match cause {
            Corruption::Format(found) if found > FORMAT => ArchiveError::Format(found),
            Corruption::Field(field) => ArchiveError::Manifest(field),
            _ => ArchiveError::Manifest("it is not one"),
        })
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let w = Writer::new(FORMAT, 1024).text(&self.what).u64(self.made_ms);
        let w = w.array(&u32::try_from(self.key_ids.len()).unwrap_or(u32::MAX).to_be_bytes());
        let w = self.key_ids.iter().fold(w, |w, id| w.text(id));
        let parts = self.parts.iter();
        parts
            .fold(w, |w, part| w.u8(part.table.number()).u64(part.rows).u64(part.bytes).array(&part.sha256))
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, FORMAT)?;
        let what = r.text("what it is of")?;
        let made_ms = r.u64()?;
        let mut key_ids = BTreeSet::new();
        for _ in 0..u32::from_be_bytes(r.array()?) {
            let id = r.text("its key ids")?;
            if !is_key_id(&id) || key_ids.last().is_some_and(|last| *last >= id) {
                return Err(Corruption::Field("its key ids"));
            }
            key_ids.insert(id);
        }
        let mut parts = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            if r.u8()? != table.number() {
                return Err(Corruption::Field("its tables"));
            }
            parts.push(Part { table, rows: r.u64()?, bytes: r.u64()?, sha256: r.array()? });
        }
        r.finish()?;
        Ok(Self { what, made_ms, key_ids, parts })
    }
}
