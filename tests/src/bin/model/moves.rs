//! Everything that can happen next: a side takes its step, somebody begins something, or something breaks.

use maany_coordinator_proto::ShareId;
use maany_coordinator_proto::session::commit::Origin;

use crate::disk::Disk;
use crate::parts::{Key, Phone, Wallet, share};
use crate::words::{Break, Said, Verb};
use crate::world::{
    Archive, ArchiveRule, DeviceSide, Doing, Message, Rules, ServerSide, Session, Without, World,
};
use crate::{device, import, server};

/// The steps that a session takes by itself.
pub(crate) fn steps(world: &World, rules: &Rules) -> Vec<(World, Said)> {
    [server::step(world, rules), device::step(world, rules), ceremony(world)].into_iter().flatten().collect()
}

/// What people may begin while no session is under way.
pub(crate) fn beginnings(world: &World, rules: &Rules) -> Vec<(World, Said)> {
    if world.session.is_some() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for phone in 0..world.phones.len() {
        for key in world.phones.get(phone).into_iter().flat_map(|disk| disk.now.keys()) {
            all.push(connect(world, phone, Verb::Sign, key));
            if world.spent.refreshes < rules.refreshes {
                let mut next = world.clone();
                next.spent.refreshes += 1;
                all.push(connect(&next, phone, Verb::Refresh, key));
            }
        }
    }
    if world.spent.dkgs < 2 {
        all.extend(begin_dkg(world));
    }
    if world.spent.restores < rules.restores && world.told.address {
        for id in world.backups() {
            for phone in 0..world.phones.len() {
                let mut next = world.clone();
                next.spent.restores += 1;
                all.push(begin_restore(&next, phone, id));
            }
        }
    }
    if rules.archive != ArchiveRule::Never {
        all.extend(archive(world, rules));
    }
    if rules.memory {
        all.extend(since(world));
    }
    all
}

/// What an archive does not know of, and what an operator does about a wallet that is locked.
fn since(world: &World) -> Vec<(World, Said)> {
    let mut all = Vec::new();
    let Some(wallet) = world.wallet().filter(|wallet| !wallet.provisional && !wallet.frozen) else {
        return all;
    };
    let taken = matches!(world.archive, Archive::Taken(_) | Archive::Copied { .. });
    let signer = world.phones.iter().position(|disk| world.signs(&disk.now));
    if let (true, Some(phone), false) = (taken, signer, wallet.signed) {
        let mut next = world.clone();
        next.server.write(Some(Wallet { signed: true, ..wallet }));
        all.push((next, Said::Signs(phone)));
    }
    if taken && !wallet.quarantined {
        let mut next = world.clone();
        next.server.write(Some(Wallet { quarantined: true, ..wallet }));
        all.push((next, Said::Quarantined));
    }
    if wallet.is_locked() && world.spent.codes == 0 {
        for phone in 0..world.phones.len() {
            for key in world.phones.get(phone).into_iter().flat_map(|disk| disk.now.keys()) {
                let mut next = world.clone();
                next.spent.codes += 1;
                all.push(connect(&next, phone, Verb::Unlock, key));
            }
        }
    }
    all
}

/// A device without a wallet makes one; what an earlier DKG of it left on the server goes.
pub(crate) fn begin_dkg(world: &World) -> Option<(World, Said)> {
    let held = world.phones.first()?.now;
    let server_is_free = world.wallet().is_none_or(|wallet| wallet.provisional);
    if held.active.is_some() || world.told.address || !server_is_free {
        return None;
    }
    let mut next = world.clone();
    next.spent.dkgs += 1;
    if next.wallet().is_some() {
        next.server.write(None);
    }
    let key = fresh_key(&mut next);
    let (server, device) = (ServerSide::Running(None), DeviceSide::Running(Origin::Dkg));
    Some(open(next, 0, Verb::Dkg, key, server, device))
}

/// A device connects with an identity that it has.
pub(crate) fn connect(world: &World, phone: usize, verb: Verb, key: Key) -> (World, Said) {
    let (next, said) = open(world.clone(), phone, verb, key, ServerSide::AwaitProof, DeviceSide::AwaitReady);
    let held = world.phones.get(phone).map(|disk| disk.now).unwrap_or_default();
    (prove(next, held.active_id(), held.pending_id()), said)
}

/// A device comes with a share rebuilt from a backup, and a fresh identity.
pub(crate) fn begin_restore(world: &World, phone: usize, rebuilt: ShareId) -> (World, Said) {
    let mut next = world.clone();
    let key = fresh_key(&mut next);
    let pending = world.phones.get(phone).and_then(|disk| disk.now.pending_id());
    let verb = Verb::Restore(rebuilt);
    let (next, said) = open(next, phone, verb, key, ServerSide::AwaitProof, DeviceSide::AwaitReady);
    (prove(next, Some(rebuilt), pending), said)
}

fn fresh_key(world: &mut World) -> Key {
    world.spent.keys += 1;
    world.spent.keys
}

fn open(
    mut world: World,
    phone: usize,
    verb: Verb,
    key: Key,
    server: ServerSide,
    device: DeviceSide,
) -> (World, Said) {
    let (up, down) = Default::default();
    world.session = Some(Box::new(Session { phone, verb, key, server, device, up, down }));
    (world, Said::Starts { phone, what: verb })
}

fn prove(mut world: World, active: Option<ShareId>, pending: Option<ShareId>) -> World {
    if let Some(session) = &mut world.session {
        session.up.push_back(Message::Proof { active, pending });
    }
    world
}

/// Both sides have what the engine needs: its rounds write nothing, so that they are one step.
fn ceremony(world: &World) -> Option<(World, Said)> {
    let mut next = world.clone();
    let session = next.session.as_mut()?;
    let ServerSide::Running(base) = session.server else { return None };
    let DeviceSide::Running(origin) = session.device.clone() else { return None };
    next.spent.shares += 1;
    let epoch = base.map_or(1, |base| base.epoch().get() + 1);
    let id = share(epoch, next.spent.shares);
    session.server = server::begin_commit(base, next.server.now, id);
    session.device = device::begin_commit(session.verb, origin, id);
    Some((next, Said::Ceremony(id)))
}

/// Everything that may break here.
pub(crate) fn breaks(world: &World, rules: &Rules) -> Vec<(World, Said)> {
    let mut all = Vec::new();
    let mut add = |what, next| all.push((next, Said::Breaks(what)));
    let down = World { session: None, ..world.clone() };
    if let Some(session) = &world.session {
        add(Break::Cut, taken_back(world));
        add(Break::ServerDies, down.clone());
        add(Break::PhoneDies(session.phone), taken_back(world));
    }
    if rules.losses {
        if let Some(server) = world.server.without_last() {
            add(Break::ServerDiesLosing, World { server, ..down.clone() });
        }
        for phone in 0..world.phones.len() {
            if let Some(lost) = world.phones.get(phone).and_then(|disk| disk.without_last()) {
                let mut next = taken_back(world);
                if let Some(disk) = next.phones.get_mut(phone) {
                    *disk = lost;
                }
                add(Break::PhoneDiesLosing(phone), next);
            }
        }
        if let (None, Some(first)) = (world.stolen, world.phones.first())
            && !first.now.is_empty()
        {
            let mut next = taken_back(world);
            next.stolen = Some(first.now);
            next.phones[0] = Disk::new(Phone::default());
            add(Break::PhoneLost, next);
        }
    }
    let provisional = world.wallet().is_some_and(|wallet| wallet.provisional);
    if rules.without == Without::Patience && provisional && world.session.is_none() {
        let mut next = down;
        next.server.write(None);
        add(Break::Collected, next);
    }
    all
}

/// The connection is gone, and a server that lives takes back a provisional wallet that its device never spoke for.
fn taken_back(world: &World) -> World {
    let mut next = World { session: None, ..world.clone() };
    if let Some(ServerSide::Committing(machine, Doing::Listening)) =
        world.session.as_ref().map(|session| &session.server)
        && machine.provisional().is_some()
    {
        next.server.write(None);
    }
    next
}

fn archive(world: &World, rules: &Rules) -> Option<(World, Said)> {
    let mut next = world.clone();
    match world.archive {
        Archive::None => {
            next.archive = Archive::Taken(world.wallet());
            Some((next, Said::ArchiveTaken))
        }
        Archive::Taken(taken) if rules.archive == ArchiveRule::OverCopy => {
            next.archive = Archive::Copied { taken, copy: world.wallet() };
            Some((next, Said::StoreCopied))
        }
        Archive::Taken(taken) | Archive::Copied { taken, .. } => {
            let over = match world.archive {
                Archive::Copied { copy, .. } => copy,
                _ => world.wallet(),
            };
            let old = import::put_back(taken, over, rules);
            next.archive = Archive::PutBack { old, truth: world.wallet() };
            next.server = Disk::new(old);
            Some((next, Said::ArchivePutBack))
        }
        Archive::PutBack { .. } => None,
    }
}
