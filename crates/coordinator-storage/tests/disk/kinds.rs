//! The two stores on disk, tried by the same tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use maany_coordinator_storage::{FileStore, RedbStore, ShareStore, StaticKeyProvider, StoreError};
use zeroize::Zeroizing;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Files,
    Redb,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Files, Kind::Redb];

impl Kind {
    pub(crate) fn named(name: &str) -> Self {
        KINDS.into_iter().find(|kind| format!("{kind:?}") == name).unwrap()
    }

    pub(crate) async fn open(self, path: &Path) -> Result<Arc<dyn ShareStore>, StoreError> {
        Ok(match self {
            Self::Files => Arc::new(FileStore::open(path).await?),
            Self::Redb => Arc::new(RedbStore::open(path).await?),
        })
    }
}

pub(crate) fn keys() -> Arc<StaticKeyProvider> {
    Arc::new(StaticKeyProvider::new("k1", Zeroizing::new([7; 32])).unwrap())
}

/// Every file below a path, or the path itself.
pub(crate) fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        found.extend(files(&entry.unwrap().path()));
    }
    found
}
