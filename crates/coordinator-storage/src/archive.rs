//! A whole store in one stream, and back: the rows as they are sealed, under a manifest that says what belongs there.
//!
//! Nothing is opened, so that no key is needed and none is inside; what carries the stream encrypts it once more. Both
//! ways are streams: no more than a page of rows is in memory. An archive that is read is checked from its first to its
//! last byte by [`verify`] before [`restore`] writes a row, and a restore that stops half-way leaves a store that no vault
//! opens, because the canary comes last.
//!
//! ```text
//! "maany archive\n" · length of the manifest (u32) · manifest · the parts, one for each table
//! manifest: format (u8, 1) · what (text) · made (u64, milliseconds) · key ids (u32 count, texts)
//!           · for each table in the order of their numbers: number (u8) · rows (u64) · bytes (u64) · SHA-256
//! part:     its rows in the order of their keys: length (u32) · key · length (u32) · sealed value
//! ```
//!
//! Integers are big-endian. Row versions are not kept: a restored row begins at 1.

mod error;
mod manifest;
mod reading;
mod rows;
#[cfg(test)]
mod tests;
mod writing;

pub use error::ArchiveError;
pub use manifest::{Manifest, Part};
pub use reading::{restore, verify};
pub use writing::{survey, write};

/// The first bytes of an archive.
const MAGIC: &[u8; 14] = b"maany archive\n";
