//! A machine's process: its threads, and the store that it has open on the machine's disk. It ends as a killed one does:
//! nothing that it was doing goes on, and what is not on the disk is gone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use maany_coordinator::ServerLimits;
use maany_coordinator::engine_pool::{EnginePool, PoolConfig};
use maany_coordinator_proto::Limits;
use maany_coordinator_storage::ShareStore;
use maany_coordinator_storage::fault::FaultStore;
use maany_tests::running_server::{Folder, Setup};
use maany_tests::{Failure, Holder, RunningServer};
use tokio::runtime::{Builder, Runtime};

use crate::stores::Backend;

/// How long the threads of a killed process may take for what cannot be interrupted: a write to the disk, a read.
const LAST_WRITES: Duration = Duration::from_secs(20);

/// How long a server waits for a device that is gone, where it cannot let another session in: longer than any engine step takes.
const STEP: Duration = Duration::from_secs(4);

/// Threads and an open store.
struct Process {
    runtime: Option<Runtime>,
    store: Arc<FaultStore<dyn ShareStore>>,
}

impl Process {
    fn start(backend: Backend, disk: &Path) -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let store = runtime.block_on(backend.open(disk))?;
        Ok(Self { runtime: Some(runtime), store: Arc::new(FaultStore::new(store)) })
    }

    fn runtime(&self) -> Result<&Runtime, Failure> {
        self.runtime.as_ref().ok_or_else(|| "the process has ended".into())
    }

    /// Waits until nothing of it is left.
    fn end(&mut self) {
        self.store.kill();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(LAST_WRITES);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The server's process.
pub(crate) struct ServerProcess {
    // Dropped first: it has the store open.
    running: Option<RunningServer>,
    process: Process,
}

impl ServerProcess {
    /// Boots the server of this disk.
    pub(crate) fn boot(backend: Backend, disk: &Folder) -> Result<Self, Failure> {
        let process = Process::start(backend, disk.path())?;
        let session = Limits { step_deadline: STEP, backup_window: STEP, ..Limits::default() };
        let setup = Setup {
            limits: ServerLimits { session, ..ServerLimits::default() },
            folder: Some(Arc::clone(disk)),
            store: Some(Arc::clone(&process.store) as Arc<dyn ShareStore>),
            pool: PoolConfig::with_threads(std::num::NonZeroUsize::MIN),
            ..Setup::default()
        };
        let running = process.runtime()?.block_on(RunningServer::start_with(setup))?;
        Ok(Self { running: Some(running), process })
    }

    pub(crate) fn running(&self) -> Result<&RunningServer, Failure> {
        self.running.as_ref().ok_or_else(|| "the server has ended".into())
    }

    pub(crate) fn store(&self) -> &Arc<FaultStore<dyn ShareStore>> {
        &self.process.store
    }

    /// Runs something of the server's own.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        Ok(self.process.runtime()?.block_on(work))
    }

    /// Kills it.
    pub(crate) fn end(&mut self) {
        self.running = None;
        self.process.end();
    }
}

/// The device's process.
pub(crate) struct DeviceProcess {
    holder: Option<Holder>,
    process: Process,
}

impl DeviceProcess {
    /// Boots the device of this disk. The engine's threads outlive it: what they compute for the dead is heard by nobody.
    pub(crate) fn boot(
        backend: Backend,
        disk: &Folder,
        url: &str,
        token: &str,
        pool: &Arc<EnginePool>,
    ) -> Result<Self, Failure> {
        let process = Process::start(backend, disk.path())?;
        let store = Arc::clone(&process.store) as Arc<dyn ShareStore>;
        let holder =
            process.runtime()?.block_on(Holder::with_pool(store, url, token, None, Arc::clone(pool)))?;
        Ok(Self { holder: Some(holder), process })
    }

    pub(crate) fn holder(&self) -> Result<&Holder, Failure> {
        self.holder.as_ref().ok_or_else(|| "the device has ended".into())
    }

    pub(crate) fn store(&self) -> &Arc<FaultStore<dyn ShareStore>> {
        &self.process.store
    }

    /// Runs something of the device's own.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        Ok(self.process.runtime()?.block_on(work))
    }

    /// Begins something of the device's own, which ends with the process.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<tokio::task::JoinHandle<T>, Failure> {
        Ok(self.process.runtime()?.spawn(work))
    }

    /// Kills it.
    pub(crate) fn end(&mut self) {
        self.holder = None;
        self.process.end();
    }
}
