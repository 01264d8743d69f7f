//! The two machines of a case, their disks and the wire between them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use maany_coordinator::engine_pool::{EnginePool, PoolConfig};
use maany_coordinator_storage::fault::Fault;
use maany_tests::Failure;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::process::{DeviceProcess, ServerProcess};
use crate::template::{Disks, Template};
use crate::trouble::{Moment, Side, Trouble};
use crate::wire::{Afterwards, Wire};

/// Longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a worker runs its cases with.
pub(crate) struct House {
    /// The threads of the wires.
    pub(crate) runtime: Runtime,
    /// The threads of the devices' engines.
    pub(crate) pool: Arc<EnginePool>,
}

impl House {
    /// Builds one.
    pub(crate) fn build() -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime, pool: Arc::new(EnginePool::new(PoolConfig::with_threads(NonZeroUsize::MIN))?) })
    }
}

/// The machines of one case.
pub(crate) struct World<'a> {
    house: &'a House,
    template: &'a Template,
    // Before the disks: they have files open there.
    pub(crate) server: ServerProcess,
    pub(crate) device: DeviceProcess,
    pub(crate) wire: Wire,
    disks: Disks,
    /// How often a machine had to be booted again.
    pub(crate) boots: usize,
}

/// What came of the first call.
pub(crate) struct Weathered {
    /// What the call answered; nothing where its device died.
    pub(crate) answer: Option<Result<(), Failure>>,
    /// Whether the trouble came.
    pub(crate) came: bool,
}

impl<'a> World<'a> {
    /// Both machines on these disks, connected.
    pub(crate) fn begin(house: &'a House, template: &'a Template, disks: Disks) -> Result<Self, Failure> {
        let wire = house.runtime.block_on(Wire::open())?;
        let server = ServerProcess::boot(template.stores.server, &disks.server)?;
        wire.lead_to(server.running()?.address());
        let url = wire.url();
        let backend = template.stores.device;
        let device = DeviceProcess::boot(backend, &disks.device, &url, &template.token, &house.pool)?;
        Ok(Self { house, template, server, device, wire, disks, boots: 0 })
    }

    /// The commits of a side up to now.
    pub(crate) fn commits(&self, side: Side) -> u64 {
        match side {
            Side::Server => self.server.store().commits().asked,
            Side::Device => self.device.store().commits().asked,
        }
    }

    /// Lets it come. Messages and commits count from here.
    pub(crate) fn arm(&self, trouble: Trouble) {
        self.wire.count_from_here();
        let store = |side| match side {
            Side::Server => Arc::clone(self.server.store()),
            Side::Device => Arc::clone(self.device.store()),
        };
        if let Trouble::DiesLosing(side, _, commit) = trouble {
            store(side).arm(Fault::Lose(self.commits(side) + commit));
        }
        match trouble {
            Trouble::Cut(place) | Trouble::CutAndResumed(place) => {
                self.wire.strike(place, Afterwards::Open, || {})
            }
            Trouble::Dies(side, moment) | Trouble::DiesLosing(side, moment, _) => match moment {
                Moment::Message(place) => {
                    let store = store(side);
                    self.wire.strike(place, Afterwards::Shut, move || store.kill());
                }
                Moment::BeforeCommit(number) => {
                    store(side).arm(Fault::DieBefore(self.commits(side) + number));
                }
                Moment::AfterCommit(number) => {
                    store(side).arm(Fault::DieAfter(self.commits(side) + number));
                }
                // The store dies of it by itself.
                Moment::NextCommit => {}
            },
        }
    }

    /// Waits until the call is over; whichever machine dies meanwhile is booted again.
    pub(crate) fn weather(
        &mut self,
        mut call: JoinHandle<Result<(), Failure>>,
        trouble: Option<Trouble>,
    ) -> Result<Weathered, Failure> {
        let (server, device) = (Arc::clone(self.server.store()), Arc::clone(self.device.store()));
        let answer = self.house.runtime.block_on(async {
            tokio::select! {
                biased;
                () = server.died() => Ok(None),
                () = device.died() => Ok(None),
                answer = &mut call => Ok(Some(answer)),
                () = tokio::time::sleep(PATIENCE) => Err(Failure::from("the call does not end")),
            }
        })?;
        let mut came = self.wire.disarm();
        let mut answer = answer.transpose()?;
        if server.is_dead() {
            self.boot_server()?;
            if answer.is_none() {
                let rest = self.house.runtime.block_on(async { tokio::time::timeout(PATIENCE, call).await });
                answer = Some(rest.map_err(|_| "the call does not end after the server is back")??);
            }
        } else if device.is_dead() {
            self.boot_device()?;
            answer = None;
        } else if let Some(Trouble::Dies(side, moment) | Trouble::DiesLosing(side, moment, _)) = trouble {
            // The call came to its end first: the machine dies now.
            came &= moment == Moment::NextCommit;
            match side {
                Side::Server => self.boot_server()?,
                Side::Device => self.boot_device()?,
            }
        }
        Ok(Weathered { answer, came })
    }

    /// Kills the server, where it lives, and boots it again on what its disk holds.
    fn boot_server(&mut self) -> Result<(), Failure> {
        self.wire.shut();
        self.server.end();
        self.server = ServerProcess::boot(self.template.stores.server, &self.disks.server)?;
        self.wire.lead_to(self.server.running()?.address());
        self.boots += 1;
        Ok(())
    }

    /// The same for the device.
    fn boot_device(&mut self) -> Result<(), Failure> {
        self.wire.shut();
        self.device.end();
        let (url, template) = (self.wire.url(), self.template);
        let backend = template.stores.device;
        self.device =
            DeviceProcess::boot(backend, &self.disks.device, &url, &template.token, &self.house.pool)?;
        self.wire.lead_to(self.server.running()?.address());
        self.boots += 1;
        Ok(())
    }
}
