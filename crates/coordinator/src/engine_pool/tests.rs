use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use super::*;

fn config(threads: usize, queue: usize, wait: Duration) -> PoolConfig {
    let at_least_one = |n| NonZeroUsize::new(n).expect("the tests ask for at least one");
    PoolConfig { threads: at_least_one(threads), queue: at_least_one(queue), wait }
}

const LONG: Duration = Duration::from_secs(20);

/// A job that tells when it starts and then waits to be let go.
struct Gate {
    started: mpsc::Receiver<()>,
    go: mpsc::Sender<()>,
}

fn gate() -> (Gate, impl FnOnce() + Send + 'static) {
    let (tell, started) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let job = move || {
        tell.send(()).expect("the test listens");
        let _ = wait.recv();
    };
    (Gate { started, go }, job)
}

#[tokio::test]
async fn engine_work_never_runs_on_an_async_worker() {
    let pool = EnginePool::new(config(1, 1, LONG)).unwrap();
    let here = thread::current().id();
    let (there, name) =
        pool.run(|| (thread::current().id(), thread::current().name().map(str::to_owned))).await.unwrap();
    assert_ne!(here, there);
    assert_eq!(name.as_deref(), Some("engine-0"));
}

#[tokio::test]
async fn a_panicking_job_is_an_error_to_its_caller_and_the_worker_lives_on() {
    let pool = EnginePool::new(config(1, 4, LONG)).unwrap();
    for _ in 0..3 {
        let result = pool.run(|| -> u8 { panic!("the engine lost its footing") }).await;
        assert!(matches!(result, Err(PoolError::Panicked)));
        assert_eq!(pool.run(|| 7_u8).await.unwrap(), 7);
    }
}

#[tokio::test]
async fn a_full_queue_answers_busy_after_the_wait_and_serves_again_when_it_empties() {
    let pool = Arc::new(EnginePool::new(config(1, 1, Duration::from_millis(50))).unwrap());
    let (running, job) = gate();
    let first = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(job).await }
    });
    let running = tokio::task::spawn_blocking(move || running.started.recv().map(|()| running)).await;
    let running = running.unwrap().unwrap();
    let queued = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(|| 2_u8).await }
    });
    tokio::task::yield_now().await;
    assert!(matches!(pool.run(|| 3_u8).await, Err(PoolError::Busy)));
    running.go.send(()).unwrap();
    assert_eq!(queued.await.unwrap().unwrap(), 2);
    assert_eq!(pool.run(|| 4_u8).await.unwrap(), 4);
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn jobs_start_in_the_order_in_which_they_came() {
    let pool = Arc::new(EnginePool::new(config(1, 64, LONG)).unwrap());
    let order = Arc::new(Mutex::new(Vec::new()));
    let jobs: Vec<_> = (0..64)
        .map(|n| {
            let (pool, order) = (Arc::clone(&pool), Arc::clone(&order));
            tokio::spawn(async move { pool.run(move || order.lock().unwrap().push(n)).await })
        })
        .collect();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..64).collect::<Vec<_>>());
}

#[tokio::test]
async fn shutdown_ends_what_is_queued_and_takes_nothing_more() {
    let pool = Arc::new(EnginePool::new(config(1, 8, LONG)).unwrap());
    let done = Arc::new(AtomicUsize::new(0));
    let (running, job) = gate();
    let first = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(job).await }
    });
    let queued: Vec<_> = (0..4)
        .map(|_| {
            let (pool, done) = (Arc::clone(&pool), Arc::clone(&done));
            tokio::spawn(async move { pool.run(move || done.fetch_add(1, Ordering::SeqCst)).await })
        })
        .collect();
    let running = tokio::task::spawn_blocking(move || running.started.recv().map(|()| running)).await;
    let running = running.unwrap().unwrap();
    let closing = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.shutdown().await }
    });
    tokio::task::yield_now().await;
    assert!(matches!(pool.run(|| ()).await, Err(PoolError::ShuttingDown)));
    assert!(!closing.is_finished(), "a job still runs");
    running.go.send(()).unwrap();
    closing.await.unwrap();
    first.await.unwrap().unwrap();
    for job in queued {
        job.await.unwrap().unwrap();
    }
    assert_eq!(done.load(Ordering::SeqCst), 4);
    pool.shutdown().await;
}

#[tokio::test]
async fn a_job_whose_caller_went_away_is_dropped_unrun_and_frees_its_place() {
    let pool = Arc::new(EnginePool::new(config(1, 1, LONG)).unwrap());
    let (running, job) = gate();
    let first = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(job).await }
    });
    let running = tokio::task::spawn_blocking(move || running.started.recv().map(|()| running)).await;
    let running = running.unwrap().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let abandoned = tokio::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        async move { pool.run(move || ran.fetch_add(1, Ordering::SeqCst)).await }
    });
    tokio::task::yield_now().await;
    abandoned.abort();
    let _ = abandoned.await;
    running.go.send(()).unwrap();
    assert_eq!(pool.run(|| 1_u8).await.unwrap(), 1);
    first.await.unwrap().unwrap();
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_observer_sees_the_queue_the_workers_and_every_panic() {
    #[derive(Default)]
    struct Seen {
        deepest: AtomicUsize,
        widest: AtomicUsize,
        running: AtomicUsize,
        finished: AtomicUsize,
        panicked: AtomicUsize,
    }
    impl PoolObserver for Seen {
        fn queued(&self, jobs: usize) {
            self.deepest.fetch_max(jobs, Ordering::SeqCst);
        }
        fn running(&self, workers: usize) {
            self.widest.fetch_max(workers, Ordering::SeqCst);
            self.running.store(workers, Ordering::SeqCst);
        }
        fn finished(&self, _waited: Duration, _ran: Duration) {
            self.finished.fetch_add(1, Ordering::SeqCst);
        }
        fn panicked(&self) {
            self.panicked.fetch_add(1, Ordering::SeqCst);
        }
    }
    let seen = Arc::new(Seen::default());
    let observer: Arc<dyn PoolObserver> = Arc::clone(&seen) as _;
    let pool = EnginePool::observed(config(2, 4, LONG), observer).unwrap();
    pool.run(|| ()).await.unwrap();
    let _ = pool.run(|| panic!("once")).await;
    pool.shutdown().await;
    assert_eq!(seen.finished.load(Ordering::SeqCst), 1);
    assert_eq!(seen.panicked.load(Ordering::SeqCst), 1);
    assert_eq!(seen.deepest.load(Ordering::SeqCst), 1);
    assert!((1..=2).contains(&seen.widest.load(Ordering::SeqCst)));
    assert_eq!(seen.running.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_pool_without_threads_runs_here_contains_panics_and_shuts_down() {
    let pool = EnginePool::inline();
    assert_eq!(pool.run(|| thread::current().id()).await.unwrap(), thread::current().id());
    assert!(matches!(pool.run(|| -> u8 { panic!("once") }).await, Err(PoolError::Panicked)));
    assert_eq!(pool.run(|| 7_u8).await.unwrap(), 7);
    pool.shutdown().await;
    assert!(matches!(pool.run(|| 7_u8).await, Err(PoolError::ShuttingDown)));
}

#[test]
fn the_default_pool_is_as_wide_as_the_cores() {
    let cores = thread::available_parallelism().unwrap();
    assert_eq!(PoolConfig::default().threads, cores);
    assert_eq!(PoolConfig::default().queue.get(), cores.get() * 32);
}
