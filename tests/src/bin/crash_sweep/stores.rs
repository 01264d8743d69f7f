//! The backends of a case's two machines.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use maany_coordinator_storage::{FileStore, RedbStore, ShareStore, StoreError};

/// A backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Backend {
    Redb,
    File,
}

impl Backend {
    /// Opens the store in a machine's folder.
    pub(crate) async fn open(self, folder: &Path) -> Result<Arc<dyn ShareStore>, StoreError> {
        Ok(match self {
            Self::Redb => Arc::new(RedbStore::open(folder.join("store.redb")).await?),
            Self::File => Arc::new(FileStore::open(folder.join("store")).await?),
        })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redb => "redb",
            Self::File => "file",
        })
    }
}

/// What the server and the device keep their rows in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stores {
    pub(crate) server: Backend,
    pub(crate) device: Backend,
}

impl Stores {
    /// Every pair.
    pub(crate) const ALL: [Self; 4] = [
        Self { server: Backend::Redb, device: Backend::Redb },
        Self { server: Backend::Redb, device: Backend::File },
        Self { server: Backend::File, device: Backend::Redb },
        Self { server: Backend::File, device: Backend::File },
    ];
}

impl fmt::Display for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.server, self.device)
    }
}
