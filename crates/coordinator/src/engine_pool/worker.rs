//! A worker thread: takes entries until the queue is closed and empty, and outlives every panic in a job.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Instant,
};

use tokio::sync::{oneshot, watch};

use super::{PoolError, queue::Queue};

/// What became of a job when its turn came.
pub(super) enum Ended {
    /// It ran to its end.
    Ran,
    /// It panicked.
    Panicked,
    /// Nobody waited for it any more, so it was dropped unrun.
    Abandoned,
}

/// A job with the way back to its caller, its type erased.
pub(super) type Task = Box<dyn FnOnce() -> Ended + Send>;

pub(super) fn task<T, F>(job: F, answer: oneshot::Sender<Result<T, PoolError>>) -> Task
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Box::new(move || {
        if answer.is_closed() {
            return Ended::Abandoned;
        }
        let (ended, result) = match contained(job) {
            Ok(output) => (Ended::Ran, Ok(output)),
            Err(_payload) => (Ended::Panicked, Err(PoolError::Panicked)),
        };
        // A caller who has gone away meanwhile wants no answer.
        let _ = answer.send(result);
        ended
    })
}

/// Runs a job, and gives what it panicked with.
pub(super) fn contained<T>(job: impl FnOnce() -> T) -> thread::Result<T> {
    // The job is consumed by the call and its state dropped in the unwinding: nothing half-changed is seen.
    catch_unwind(AssertUnwindSafe(job))
}

/// Starts one worker. It holds `alive` for as long as it lives.
pub(super) fn spawn(index: usize, queue: Arc<Queue>, alive: watch::Receiver<()>) -> io::Result<()> {
    thread::Builder::new().name(format!("engine-{index}")).spawn(move || {
        work(&queue);
        drop(alive);
    })?;
    Ok(())
}

fn work(queue: &Queue) {
    while let Some(entry) = queue.next() {
        let (task, waited) = entry.take_up();
        let started = Instant::now();
        // The outer net is for values whose `Drop` panics outside the job itself.
        let ended = catch_unwind(AssertUnwindSafe(task)).unwrap_or(Ended::Panicked);
        queue.ended();
        match ended {
            Ended::Ran => queue.observer().finished(waited, started.elapsed()),
            Ended::Panicked => queue.observer().panicked(),
            Ended::Abandoned => {}
        }
    }
}
