//! The first-come, first-served queue between async callers and worker threads.
//!
//! It has no bound of its own: an entry carries its place, a permit that the pool gave out, and gives it back
//! when a worker takes the entry up.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::OwnedSemaphorePermit;

use super::{PoolObserver, worker::Task};

/// A job in the queue, with its place.
pub(super) struct Entry {
    place: OwnedSemaphorePermit,
    task: Task,
    queued: Instant,
}

impl Entry {
    pub(super) fn new(place: OwnedSemaphorePermit, task: Task) -> Self {
        Self { place, task, queued: Instant::now() }
    }

    /// Gives the place back and yields the job with the time that it waited.
    pub(super) fn take_up(self) -> (Task, Duration) {
        drop(self.place);
        (self.task, self.queued.elapsed())
    }
}

/// The queue takes no more entries.
pub(super) struct Closed;

pub(super) struct Queue {
    inner: Mutex<Inner>,
    work: Condvar,
    observer: Arc<dyn PoolObserver>,
}

struct Inner {
    entries: VecDeque<Entry>,
    running: usize,
    open: bool,
}

impl Queue {
    pub(super) fn new(observer: Arc<dyn PoolObserver>) -> Self {
        let inner = Inner { entries: VecDeque::new(), running: 0, open: true };
        Self { inner: Mutex::new(inner), work: Condvar::new(), observer }
    }

    pub(super) fn observer(&self) -> &dyn PoolObserver {
        self.observer.as_ref()
    }

    pub(super) fn push(&self, entry: Entry) -> Result<(), Closed> {
        let mut inner = self.lock();
        if !inner.open {
            return Err(Closed);
        }
        inner.entries.push_back(entry);
        self.observer.queued(inner.entries.len());
        drop(inner);
        self.work.notify_one();
        Ok(())
    }

    /// Blocks until there is an entry; `None` once the queue is closed and empty.
    pub(super) fn next(&self) -> Option<Entry> {
        let mut inner = self.lock();
        loop {
            if let Some(entry) = inner.entries.pop_front() {
                inner.running += 1;
                self.observer.queued(inner.entries.len());
                self.observer.running(inner.running);
                return Some(entry);
            }
            if !inner.open {
                return None;
            }
            inner = self.work.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A worker has ended the entry that it took.
    pub(super) fn ended(&self) {
        let mut inner = self.lock();
        inner.running -= 1;
        self.observer.running(inner.running);
    }

    pub(super) fn close(&self) {
        self.lock().open = false;
        self.work.notify_all();
    }

    /// No code of a caller runs under this lock except the observer's; a panic there leaves the queue whole.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
