//! A backend that can be opened again after its process died.

use std::sync::Arc;

use maany_coordinator_storage::fault::FaultStore;
use maany_coordinator_storage::{FileStore, MemoryStore, RedbStore, ShareStore};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Files,
    Redb,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::Memory, Kind::Files, Kind::Redb];

/// Where the rows are while no process has them open.
pub(crate) struct Machine {
    kind: Kind,
    folder: tempfile::TempDir,
    memory: Arc<MemoryStore>,
}

impl Machine {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, folder: tempfile::tempdir().unwrap(), memory: Arc::default() }
    }

    /// A process opens the store, alone.
    pub(crate) async fn open(&self) -> Arc<dyn ShareStore> {
        match self.kind {
            Kind::Memory => Arc::clone(&self.memory) as Arc<dyn ShareStore>,
            Kind::Files => Arc::new(FileStore::open(self.folder.path().join("files")).await.unwrap()),
            Kind::Redb => Arc::new(RedbStore::open(self.folder.path().join("redb")).await.unwrap()),
        }
    }

    /// The same, with faults.
    pub(crate) async fn start(&self) -> Arc<FaultStore<dyn ShareStore>> {
        Arc::new(FaultStore::new(self.open().await))
    }
}
