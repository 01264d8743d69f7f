//! The bounded pool of operating-system threads on which every engine step runs.
//!
//! An engine step takes milliseconds of pure computation; on an async worker it would stop every other session
//! for that long. So the driver hands each step to this pool and awaits the answer. The pool is as wide as the
//! machine has cores, its queue is bounded, and a caller waits for a place in it only so long: past that it hears
//! [`PoolError::Busy`] and can close its session with a reason that may be retried.
//!
//! The pool decides nothing about sessions, and it keeps no job: a job whose caller has gone away is dropped
//! unrun when its turn comes.
//!
//! [`EnginePool::inline`] is the pool of a host without threads: each job runs where it is awaited.

mod queue;
mod worker;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use tokio::sync::{Semaphore, oneshot, watch};
use tokio_util::sync::CancellationToken;

use self::queue::{Entry, Queue};

/// How wide the pool is, how much it queues and how long a caller waits for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// Worker threads. The default is the number of cores that this process may use.
    pub threads: NonZeroUsize,
    /// Jobs that may wait behind the running ones. The default is 32 for each thread.
    pub queue: NonZeroUsize,
    /// How long a caller waits for a place in a full queue. The default is five seconds, well inside the
    /// deadline of a protocol step.
    pub wait: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self::with_threads(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

impl PoolConfig {
    /// The default queue and wait for this many threads.
    #[must_use]
    pub fn with_threads(threads: NonZeroUsize) -> Self {
        let queue = threads.saturating_mul(NonZeroUsize::MIN.saturating_add(31));
        Self { threads, queue, wait: Duration::from_secs(5) }
    }
}

/// What the pool reports while it works, to gauges that the host passes in.
///
/// Called from worker threads and from async callers: an implementation must not block.
pub trait PoolObserver: Send + Sync + 'static {
    /// Jobs that wait in the queue now.
    fn queued(&self, jobs: usize) {
        let _ = jobs;
    }

    /// Workers that run a job now.
    fn running(&self, workers: usize) {
        let _ = workers;
    }

    /// A job ran: how long it waited in the queue, and how long it took.
    fn finished(&self, waited: Duration, ran: Duration) {
        let _ = (waited, ran);
    }

    /// A job panicked and was contained.
    fn panicked(&self) {}

    /// A caller gave up waiting for a place in the queue.
    fn refused(&self) {}
}

/// The observer that looks away.
impl PoolObserver for () {}

/// Why a job gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The queue stayed full for the whole wait. Nothing ran; the caller may try again later.
    #[error("the engine pool is busy")]
    Busy,
    /// The pool is shutting down and takes no more jobs. Nothing ran.
    #[error("the engine pool is shutting down")]
    ShuttingDown,
    /// The job panicked. The panic was contained and the worker lives on; what the job held was dropped.
    #[error("an engine step panicked")]
    Panicked,
    /// A worker thread could not be started.
    #[error("a worker thread of the engine pool could not be started")]
    Spawn(#[source] std::io::Error),
}

/// The pool. Share it in an `Arc`; dropping the last handle lets the queued jobs end and waits for nothing.
pub struct EnginePool(Kind);

enum Kind {
    Threads(Threads),
    Inline {
        /// Cancelled by the shutdown.
        closed: CancellationToken,
    },
}

struct Threads {
    queue: Arc<Queue>,
    places: Arc<Semaphore>,
    wait: Duration,
    workers: watch::Sender<()>,
}

impl std::fmt::Debug for EnginePool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnginePool").finish_non_exhaustive()
    }
}

impl EnginePool {
    /// Starts the worker threads.
    ///
    /// # Errors
    /// [`PoolError::Spawn`] when the system refuses a thread; those already started end again.
    pub fn new(config: PoolConfig) -> Result<Self, PoolError> {
        Self::observed(config, Arc::new(()))
    }

    /// Starts the worker threads and reports to `observer`.
    ///
    /// # Errors
    /// As [`EnginePool::new`].
    pub fn observed(config: PoolConfig, observer: Arc<dyn PoolObserver>) -> Result<Self, PoolError> {
        let places = Arc::new(Semaphore::new(config.queue.get().min(Semaphore::MAX_PERMITS)));
        let queue = Arc::new(Queue::new(observer));
        let (workers, alive) = watch::channel(());
        let pool = Threads { queue, places, wait: config.wait, workers };
        for index in 0..config.threads.get() {
            worker::spawn(index, Arc::clone(&pool.queue), alive.clone()).map_err(PoolError::Spawn)?;
        }
        Ok(Self(Kind::Threads(pool)))
    }

    /// A pool without threads: a job runs on the task that awaits it, and stops whatever else that thread would do meanwhile.
    /// For a device whose host has no threads, and for a simulation, whose clock knows nothing of threads. A server with
    /// more than one session at a time wants threads.
    #[must_use]
    pub fn inline() -> Self {
        Self(Kind::Inline { closed: CancellationToken::new() })
    }

    /// Runs `job` on a worker thread and waits for what it returns.
    ///
    /// Places in the queue are given in the order in which they were asked for, and jobs start in the order in which they
    /// came into the queue. When the returned future is dropped before the job's turn, the job is dropped unrun.
    ///
    /// # Errors
    /// [`PoolError::Busy`] when no place became free in time, [`PoolError::ShuttingDown`] after
    /// [`EnginePool::shutdown`], [`PoolError::Panicked`] when the job panicked.
    pub async fn run<T, F>(&self, job: F) -> Result<T, PoolError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match &self.0 {
            Kind::Threads(threads) => threads.run(job).await,
            Kind::Inline { closed } if closed.is_cancelled() => Err(PoolError::ShuttingDown),
            Kind::Inline { .. } => worker::contained(job).map_err(|_payload| PoolError::Panicked),
        }
    }

    /// Takes no more jobs, lets the queued ones end, and waits for the last worker.
    ///
    /// It may be called more than once, and dropped: the pool shuts down all the same.
    pub async fn shutdown(&self) {
        match &self.0 {
            Kind::Threads(threads) => {
                threads.close();
                threads.workers.closed().await;
            }
            Kind::Inline { closed } => closed.cancel(),
        }
    }
}

impl Threads {
    async fn run<T, F>(&self, job: F) -> Result<T, PoolError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let place = match tokio::time::timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_closed)) => return Err(PoolError::ShuttingDown),
            Err(_elapsed) => {
                self.queue.observer().refused();
                return Err(PoolError::Busy);
            }
        };
        let (answer, result) = oneshot::channel();
        self.queue.push(Entry::new(place, worker::task(job, answer))).map_err(|_| PoolError::ShuttingDown)?;
        result.await.unwrap_or(Err(PoolError::Panicked))
    }

    fn close(&self) {
        self.places.close();
        self.queue.close();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
