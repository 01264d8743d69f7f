//! A disk, which outlives the process that writes on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use maany_coordinator_storage::MemoryStore;
use maany_coordinator_storage::fault::{Fault, FaultStore};

use crate::sabotage::{Sabotage, Saboteur};

/// The store as one process has opened it.
pub(crate) type Opened = Arc<FaultStore<Saboteur>>;

/// One disk. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Inner>);

#[derive(Default)]
struct Inner {
    store: Arc<MemoryStore>,
    sabotage: Sabotage,
    opened: Mutex<Option<Opened>>,
}

/// What goes wrong with a later commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfortune {
    /// The process dies before it is written.
    DiesBefore,
    /// The process dies when it is written, before anybody hears of it.
    DiesAfter,
    /// It is answered, and is lost with the process.
    Loses,
}

impl Inner {
    fn opened(&self) -> FaultStore<Saboteur> {
        FaultStore::new(Arc::new(Saboteur::new(Arc::clone(&self.store), self.sabotage)))
    }
}

impl Disk {
    /// A disk of a machine that does this wrong.
    pub(crate) fn sabotaged(sabotage: Sabotage) -> Self {
        Self(Arc::new(Inner { sabotage, ..Inner::default() }))
    }

    /// The store as the process that runs has opened it, which opens it where it has not.
    pub(crate) fn open(&self) -> Opened {
        let mut slot = self.slot();
        Arc::clone(slot.get_or_insert_with(|| Arc::new(self.0.opened())))
    }

    /// The process that had it open has died.
    pub(crate) fn close(&self) {
        if let Some(opened) = self.slot().take() {
            opened.kill();
        }
    }

    /// Whether the process that has it open has died of it.
    pub(crate) fn is_dead(&self) -> bool {
        self.slot().as_ref().is_some_and(|opened| opened.is_dead())
    }

    /// Lets something go wrong with the commit after `skip` others; false where no process runs.
    pub(crate) fn arm(&self, misfortune: Misfortune, skip: u64) -> bool {
        let slot = self.slot();
        let Some(opened) = slot.as_ref() else { return false };
        let number = opened.commits().asked + skip + 1;
        opened.arm(match misfortune {
            Misfortune::DiesBefore => Fault::DieBefore(number),
            Misfortune::DiesAfter => Fault::DieAfter(number),
            Misfortune::Loses => Fault::Lose(number),
        });
        true
    }

    fn slot(&self) -> MutexGuard<'_, Option<Opened>> {
        self.0.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
