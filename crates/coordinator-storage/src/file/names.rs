//! The names in the store's folder. A row's key is hexadecimal there: no byte of it can leave its folder or collide
//! on a disk that does not tell upper case from lower.

use std::path::{Path, PathBuf};

use crate::table::Table;

pub(super) const LOCK: &str = "lock";
pub(super) const FORMAT: &str = "format";
pub(super) const NEW_FORMAT: &str = "staging/format";
pub(super) const JOURNAL: &str = "journal";
pub(super) const STAGING: &str = "staging";
pub(super) const TABLES: &str = "tables";

/// The store's own folder, relative to itself.
pub(super) fn root() -> &'static Path {
    Path::new("")
}

pub(super) fn table(table: Table) -> PathBuf {
    Path::new(TABLES).join(table.name())
}

pub(super) fn row(table: Table, key: &[u8]) -> PathBuf {
    self::table(table).join(hex::encode(key))
}

/// The key that a file name stands for; `None` for a file that is none of ours.
pub(super) fn key(name: &str) -> Option<Vec<u8>> {
    let key = hex::decode(name).ok()?;
    (hex::encode(&key) == name && !key.is_empty()).then_some(key)
}

pub(super) fn staged(name: &str) -> PathBuf {
    Path::new(STAGING).join(name)
}
