//! A store whose process dies at a chosen commit, whose last write is lost, or whose commit fails: for tests of what
//! survives, over any backend.
//!
//! Death is the end of a process as its peers see it: from then on no call returns, and whoever plays the machine waits
//! for [`FaultStore::died`], drops the tasks, and opens the backend again. The backend itself is let go of at once.

mod overlay;

use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::batch::{Batch, Op};
use crate::error::StoreError;
use crate::fault::overlay::Overlay;
use crate::store::{Entry, ShareStore, Versioned};
use crate::table::Table;

/// What goes wrong, and at which commit. Commits are numbered from 1, in the order in which they are asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The process dies before anything of this commit is written.
    DieBefore(u64),
    /// The process dies after this commit is durable and before its caller hears of it.
    DieAfter(u64),
    /// This commit is answered and can be read, but does not reach the disk: the store as it is opened again lacks it.
    /// The process dies at the next commit, if it has not died before: on disk nothing comes after what is lost.
    Lose(u64),
    /// This commit writes nothing and fails.
    Fail(u64, StoreError),
}

impl Fault {
    fn number(&self) -> u64 {
        match self {
            Self::DieBefore(number) | Self::DieAfter(number) | Self::Lose(number) | Self::Fail(number, _) => {
                *number
            }
        }
    }
}

/// How many commits there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// How many were asked for: the number of the latest one.
    pub asked: u64,
    /// How many were written. One that is lost counts, because its caller was told so.
    pub written: u64,
}

/// A store over another one, with faults.
pub struct FaultStore<S: ?Sized> {
    inner: RwLock<Option<Arc<S>>>,
    plan: Mutex<Vec<Fault>>,
    asked: AtomicU64,
    written: Mutex<Vec<Vec<Table>>>,
    /// What a lost commit left, for who still reads. Held for reading by ordinary commits.
    lost: tokio::sync::RwLock<Option<Overlay>>,
    dead: watch::Sender<bool>,
}

impl<S: ShareStore + ?Sized> FaultStore<S> {
    /// A store over `inner` in which nothing goes wrong yet.
    #[must_use]
    pub fn new(inner: Arc<S>) -> Self {
        Self {
            inner: RwLock::new(Some(inner)),
            plan: Mutex::default(),
            asked: AtomicU64::new(0),
            written: Mutex::default(),
            lost: tokio::sync::RwLock::new(None),
            dead: watch::Sender::new(false),
        }
    }

    /// Lets something go wrong.
    pub fn arm(&self, fault: Fault) {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// The process dies now. A commit that is under way may or may not reach the disk.
    pub fn kill(&self) {
        self.inner.write().unwrap_or_else(PoisonError::into_inner).take();
        self.dead.send_replace(true);
    }

    /// Whether the process is dead.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        *self.dead.borrow()
    }

    /// Returns when the process is dead.
    pub async fn died(&self) {
        // The sender lives in `self`.
        let _ = self.dead.subscribe().wait_for(|dead| *dead).await;
    }

    /// How many commits there were so far.
    #[must_use]
    pub fn commits(&self) -> Commits {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner).len();
        Commits { asked: self.asked.load(Ordering::SeqCst), written: written as u64 }
    }

    /// The tables that each written commit touched, in the order in which the commits were finished.
    #[must_use]
    pub fn history(&self) -> Vec<Vec<Table>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn due(&self, number: u64) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let at = plan.iter().position(|fault| fault.number() == number)?;
        Some(plan.swap_remove(at))
    }

    fn note(&self, tables: Vec<Table>) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(tables);
    }

    /// The backend; for the dead there is none, and no return.
    async fn alive(&self) -> Arc<S> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner).clone();
        match inner {
            Some(inner) => inner,
            None => pending().await,
        }
    }

    /// An answer that a dead process does not give.
    async fn answer<T>(&self, answer: T) -> T {
        if self.is_dead() { pending().await } else { answer }
    }

    async fn die<T>(&self) -> T {
        self.kill();
        pending().await
    }

    async fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let lost = self.lost.read().await;
        if lost.is_some() {
            drop(lost);
            return self.die().await;
        }
        let tables = tables(&batch);
        let result = self.alive().await.commit(batch).await;
        if result.is_ok() {
            self.note(tables);
        }
        result
    }

    async fn lose(&self, batch: Batch) -> Result<(), StoreError> {
        let mut lost = self.lost.write().await;
        if lost.is_some() {
            drop(lost);
            return self.die().await;
        }
        batch.check_bounds()?;
        *lost = Some(Overlay::of(&*self.alive().await, &batch).await?);
        self.note(tables(&batch));
        Ok(())
    }
}

#[async_trait]
impl<S: ShareStore + ?Sized> ShareStore for FaultStore<S> {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        let lost = self.lost.read().await;
        let row = match lost.as_ref().and_then(|overlay| overlay.row(table, key)) {
            Some(row) => Ok(row),
            None => self.alive().await.get(table, key).await,
        };
        self.answer(row).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let lost = self.lost.read().await;
        let inner = self.alive().await;
        let rows = match lost.as_ref() {
            None => inner.scan(table, prefix, after, limit).await,
            Some(overlay) => overlay.scan(&*inner, table, prefix, after, limit).await,
        };
        drop(inner);
        self.answer(rows).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        if self.is_dead() {
            return pending().await;
        }
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let result = match self.due(number) {
            None => self.write(batch).await,
            Some(Fault::Lose(_)) => self.lose(batch).await,
            Some(Fault::Fail(_, error)) => Err(error),
            Some(Fault::DieBefore(_)) => self.die().await,
            Some(Fault::DieAfter(_)) => {
                // What the backend answers is heard by nobody.
                let _ = self.write(batch).await;
                self.die().await
            }
        };
        self.answer(result).await
    }
}

impl<S: ?Sized> fmt::Debug for FaultStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultStore").field("dead", &*self.dead.borrow()).finish_non_exhaustive()
    }
}

fn tables(batch: &Batch) -> Vec<Table> {
    let mut tables: Vec<Table> = batch.ops().iter().map(Op::table).collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}
