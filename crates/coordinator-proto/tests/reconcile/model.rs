//! A breadth-first model of DKG's successor, the refresh commit, driving the real `reconcile`: at every point either side
//! may crash, the connection may break, one write may turn out to be lost, and the phone may be gone with everything on it. From
//! every state that can be reached, an undisturbed run must end with both sides on one share: no wallet is bricked.
//!
//! Each rule in turn is taken away, and the model must then find a wallet that is lost or stuck.

use std::collections::{HashMap, HashSet, VecDeque};

use maany_coordinator_proto::ShareId;
use maany_coordinator_proto::session::reconcile::{
    Agreement, Change, Confirmed, DeviceChoice, DeviceClaim, Identity, ServerHolds, Verdict, reconcile,
    reconcile_device,
};

use crate::world::share;

/// How many refreshes a run may begin.
const ATTEMPTS: u8 = 3;

/// What one side has on disk. The last write may not have reached it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Disk<T> {
    now: T,
    before: T,
}

impl<T: Copy> Disk<T> {
    fn write(&mut self, value: T) {
        *self = Self { now: value, before: self.now };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct DeviceHolds {
    active: ShareId,
    pending: Option<ShareId>,
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    /// No connection.
    Apart,
    /// Reconciled on the server; the device has still to follow.
    Reconciled,
    /// Both know that they agree.
    Agreed,
    /// The engine has made this share, on both sides.
    Made(ShareId),
    /// The server has it on disk and said so.
    ServerPrepared(ShareId),
    /// So has the device.
    DevicePrepared(ShareId),
    /// The server has decided and said so.
    Committed(ShareId),
    /// The device has followed and said so.
    Followed(ShareId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    server: Disk<ServerHolds>,
    device: Disk<DeviceHolds>,
    /// The share that the newest complete backup is of.
    backup: ShareId,
    phase: Phase,
    /// The device came back from its backup in this connection.
    restoring: bool,
    attempts: u8,
    /// A write was lost already: one per run.
    lost: bool,
    /// The phone was lost already: once per run.
    phone_lost: bool,
}

/// What is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Without {
    Nothing,
    R1,
    R2,
    R3,
    R4,
    R5,
    /// The server erases the old share in the decision.
    Retired,
    /// The device makes the new share active before the server has decided.
    Order,
}

impl Without {
    fn takes_away(self, change: Change, claim: DeviceClaim) -> bool {
        match (self, change) {
            (Self::R1, Change::Promote { id, .. }) => claim.active == id,
            (Self::R2, Change::Promote { id, .. }) => claim.active != id,
            (Self::R3, Change::DropPending(_))
            | (Self::R4, Change::ReturnToRetired { .. })
            | (Self::R5, Change::EraseRetired(_)) => true,
            _ => false,
        }
    }
}

fn agreement_of(server: ServerHolds, device: DeviceHolds) -> Agreement {
    if device.active == server.active {
        Agreement::Equal
    } else if device.pending == Some(server.active) {
        Agreement::DeviceFollows
    } else {
        Agreement::Diverged
    }
}

impl World {
    fn start() -> Self {
        let first = share(1, 1);
        let server = ServerHolds {
            active: first,
            pending: None,
            retired: None,
            confirmed: Confirmed::Yes,
            receipt: Some(first),
        };
        let device = DeviceHolds { active: first, pending: None };
        Self {
            server: Disk { now: server, before: server },
            device: Disk { now: device, before: device },
            backup: first,
            phase: Phase::Apart,
            restoring: false,
            attempts: 0,
            lost: false,
            phone_lost: false,
        }
    }

    /// The next step of an undisturbed run; none where it stays as it is.
    fn step(self, without: Without) -> Option<Self> {
        let (mut next, server, device) = (self, self.server.now, self.device.now);
        match self.phase {
            Phase::Apart => {
                let identity = if self.restoring { Identity::Restoring } else { Identity::RanAttempt };
                let claim = DeviceClaim { active: device.active, pending: device.pending, identity };
                let Verdict::Settled { change, holds, agreement } = reconcile(server, claim) else {
                    return None;
                };
                let (change, agreement) = match change.filter(|change| !without.takes_away(*change, claim)) {
                    None if change.is_some() => (None, agreement_of(server, device)),
                    change => (change, agreement),
                };
                if agreement == Agreement::Diverged {
                    return None;
                }
                if change.is_some() {
                    next.server.write(holds);
                }
                next.phase = Phase::Reconciled;
            }
            Phase::Reconciled => {
                match reconcile_device(Some(device.active), device.pending, server.active)? {
                    DeviceChoice::KeepActive { drop: None } => {}
                    DeviceChoice::KeepActive { drop: Some(_) } => {
                        next.device.write(DeviceHolds { pending: None, ..device });
                    }
                    DeviceChoice::TakePending { .. } => {
                        next.device.write(DeviceHolds { active: server.active, pending: None });
                    }
                }
                next.phase = Phase::Agreed;
            }
            Phase::Agreed if server.pending.is_some() => next.phase = Phase::Apart,
            Phase::Agreed if server.retired.is_some() => {
                // What is missing is a backup of the active share; then the next reconcile erases the retired one.
                if server.receipt == Some(server.active) {
                    next.phase = Phase::Apart;
                } else {
                    next.backup = server.active;
                    next.server.write(ServerHolds { receipt: Some(server.active), ..server });
                }
            }
            Phase::Agreed => {
                if self.attempts == ATTEMPTS {
                    return None;
                }
                next.attempts += 1;
                let epoch = server.active.epoch().next().expect("an epoch").get();
                next.phase = Phase::Made(share(epoch, 10 + next.attempts));
            }
            Phase::Made(id) => {
                next.server.write(ServerHolds { pending: Some(id), ..server });
                next.phase = Phase::ServerPrepared(id);
            }
            Phase::ServerPrepared(id) => {
                next.device.write(match without {
                    Without::Order => DeviceHolds { active: id, pending: None },
                    _ => DeviceHolds { pending: Some(id), ..device },
                });
                next.phase = Phase::DevicePrepared(id);
            }
            Phase::DevicePrepared(id) => {
                let retired = (without != Without::Retired).then_some(server.active);
                let confirmed = Confirmed::No;
                next.server.write(ServerHolds { active: id, pending: None, retired, confirmed, ..server });
                next.phase = Phase::Committed(id);
            }
            Phase::Committed(id) => {
                next.device.write(DeviceHolds { active: id, pending: None });
                next.phase = Phase::Followed(id);
            }
            Phase::Followed(_) => {
                next.server.write(ServerHolds { confirmed: Confirmed::Yes, ..server });
                next.restoring = false;
                next.phase = Phase::Agreed;
            }
        }
        Some(next)
    }

    /// Everything that may go wrong here. A crash and a cut look alike: the connection is gone, the disks stay.
    fn troubles(self) -> Vec<Self> {
        let cut = Self { phase: Phase::Apart, restoring: false, ..self };
        let mut troubles = vec![cut];
        if !self.lost {
            let (server, device) = (self.server.before, self.device.before);
            let lost = Self { lost: true, ..cut };
            troubles.push(Self { server: Disk { now: server, before: server }, ..lost });
            troubles.push(Self { device: Disk { now: device, before: device }, ..lost });
        }
        if !self.phone_lost {
            let restored = DeviceHolds { active: self.backup, pending: None };
            let device = Disk { now: restored, before: restored };
            troubles.push(Self { device, phone_lost: true, restoring: true, ..cut });
        }
        troubles
    }

    fn agrees(&self) -> bool {
        self.server.now.active == self.device.now.active
    }
}

/// Every state that can be reached.
fn reachable(without: Without) -> HashSet<World> {
    let mut seen = HashSet::from([World::start()]);
    let mut queue = VecDeque::from([World::start()]);
    while let Some(world) = queue.pop_front() {
        for next in world.step(without).into_iter().chain(world.troubles()) {
            if seen.insert(next) {
                queue.push_back(next);
            }
        }
    }
    seen
}

/// How an undisturbed run from here ends: with both sides on one share and nothing left over, or not.
fn ends_well(world: World, without: Without, known: &mut HashMap<World, bool>) -> bool {
    let mut path = Vec::new();
    let mut at = world;
    let well = loop {
        if let Some(known) = known.get(&at) {
            break *known;
        }
        if path.len() > 100 {
            break false;
        }
        path.push(at);
        let clean = at.server.now.pending.is_none() && at.server.now.retired.is_none();
        match at.step(without) {
            Some(next) => at = next,
            None => break at.phase == Phase::Agreed && at.agrees() && clean,
        }
    };
    known.extend(path.into_iter().map(|world| (world, well)));
    well
}

fn bricked(without: Without) -> (usize, usize) {
    let worlds = reachable(without);
    let mut known = HashMap::new();
    // A device restored from its backup restores again until it has come through.
    let bricked = worlds.iter().filter(|world| {
        let fresh = ends_well(**world, without, &mut known);
        let restored = DeviceHolds { active: world.backup, pending: None };
        let device = Disk { now: restored, before: restored };
        let again = World { device, phase: Phase::Apart, restoring: true, ..**world };
        !fresh && !ends_well(again, without, &mut known)
    });
    (worlds.len(), bricked.count())
}

/// States from which a device that lost nothing cannot go on by itself.
fn stuck(without: Without) -> usize {
    let mut known = HashMap::new();
    let worlds = reachable(without);
    worlds.iter().filter(|world| !world.phone_lost && !ends_well(**world, without, &mut known)).count()
}

#[test]
fn no_crash_cut_lost_write_or_lost_phone_bricks_a_wallet() {
    let (states, bricked) = bricked(Without::Nothing);
    assert!(states > 1_000, "{states} states");
    assert_eq!(bricked, 0, "of {states} states");
    assert_eq!(stuck(Without::Nothing), 0, "a device that lost nothing needs no backup");
}

#[test]
fn each_rule_taken_away_bricks_or_blocks_wallets() {
    for without in [Without::R1, Without::R3, Without::R4, Without::R5] {
        let (_, bricked) = bricked(without);
        assert!(bricked + stuck(without) > 0, "{without:?} is not missed");
    }
}

/// R2 loses no wallet when it is missing, but a connection that always breaks at the same point would never get anywhere.
#[test]
fn a_connection_that_always_breaks_after_both_are_prepared_still_makes_progress() {
    let epoch_after = |without| {
        let mut world = World::start();
        for _ in 0..40 {
            match world.step(without) {
                Some(next) if matches!(next.phase, Phase::DevicePrepared(_)) => {
                    world = World { phase: Phase::Apart, ..next };
                }
                Some(next) => world = next,
                None => break,
            }
        }
        world.server.now.active.epoch().get()
    };
    assert_eq!(epoch_after(Without::Nothing), 1 + u64::from(ATTEMPTS));
    assert_eq!(epoch_after(Without::R2), 1);
}

#[test]
fn a_server_that_forgets_the_old_share_at_once_bricks_wallets() {
    assert!(bricked(Without::Retired).1 > 0);
}

#[test]
fn a_device_that_goes_first_bricks_or_blocks_wallets() {
    let (_, bricked) = bricked(Without::Order);
    assert!(bricked + stuck(Without::Order) > 0);
}
