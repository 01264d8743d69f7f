//! One row in its file: where it belongs, its version, its sealed value, and SHA-256 over all of that.

use sha2::{Digest, Sha256};

use crate::error::Corruption;
use crate::record::codec::{Reader, Writer};
use crate::store::Versioned;
use crate::table::Table;

const FORMAT: u8 = 1;
const SUM_LEN: usize = 32;

/// The file's bytes.
pub(super) fn encode(table: Table, key: &[u8], version: u64, value: &[u8]) -> Vec<u8> {
    let mut bytes = Writer::new(FORMAT, 1 + 4 + key.len() + 8 + 4 + value.len() + SUM_LEN)
        .u8(table.number())
        .bytes(key)
        .u64(version)
        .bytes(value)
        .finish()
        .to_vec();
    bytes.extend_from_slice(&Sha256::digest(&bytes));
    bytes
}

/// Reads the row of that place back.
pub(super) fn decode(table: Table, key: &[u8], bytes: &[u8]) -> Result<Versioned, Corruption> {
    let mut r = Reader::new(checked(bytes)?, FORMAT)?;
    if r.u8()? != table.number() || r.bytes()? != key {
        return Err(Corruption::Misplaced);
    }
    let row = Versioned { version: r.u64()?, value: r.bytes()?.to_vec() };
    r.finish()?;
    Ok(row)
}

/// What the checksum at the end covers.
pub(super) fn checked(bytes: &[u8]) -> Result<&[u8], Corruption> {
    let (content, sum) = bytes.split_last_chunk::<SUM_LEN>().ok_or(Corruption::Truncated)?;
    if Sha256::digest(content).as_slice() == sum { Ok(content) } else { Err(Corruption::Checksum) }
}
