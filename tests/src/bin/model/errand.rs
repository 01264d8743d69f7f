//! What becomes of a wallet when nothing breaks any more and its owner does what the documentation says: connect, leave
//! the backup that is owed, refresh; and where that does not help, restore with a step-up.

use maany_coordinator_proto::ShareId;

use crate::moves;
use crate::parts::Key;
use crate::words::Verb;
use crate::world::{ArchiveRule, Rules, World};

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// Nobody was ever shown an address, and nothing is in the way of another DKG.
    Nothing,
    /// The device that has it signs, and refreshes.
    Works,
    /// It signs and refreshes after a refresh with the operator's code.
    Unlocked,
    /// It signs and refreshes after a restore from the backup of this share.
    Restored(ShareId),
    /// It signs, but no refresh goes through.
    Stalled,
    /// Neither signs nor can be restored; the server has frozen it.
    Frozen,
    /// Neither signs nor can be restored, although a device and the server each think that theirs is the active share.
    Mixed,
    /// Neither signs nor can be restored.
    Lost,
}

/// Runs a session to its end; a session in which nobody has anything to do is cut.
fn run(mut world: World, rules: &Rules) -> World {
    while world.session.is_some() {
        match moves::steps(&world, rules).into_iter().next() {
            Some((next, _)) => world = next,
            None => world.session = None,
        }
    }
    world
}

/// Whoever has an identity connects, until a phone signs.
fn reconnect(mut world: World, phones: &[usize], rules: &Rules) -> Option<(World, usize)> {
    for phone in phones.iter().copied() {
        let keys: Vec<Key> = world.phones.get(phone)?.now.keys().collect();
        for key in keys {
            // The first time settles what was open, the second time there is nothing left to settle.
            for _ in 0..3 {
                world = run(moves::connect(&world, phone, Verb::Sign, key).0, rules);
            }
            if world.phones.get(phone).is_some_and(|disk| world.signs(&disk.now)) {
                return Some((world, phone));
            }
        }
    }
    None
}

fn refresh(world: World, phone: usize, rules: &Rules) -> Option<World> {
    let key = world.phones.get(phone)?.now.active?.key;
    let before = world.wallet()?.holds.active;
    let mut after = run(moves::connect(&world, phone, Verb::Refresh, key).0, rules);
    // A refresh that first had to settle something is begun again.
    if after.wallet()?.holds.active == before {
        after = run(moves::connect(&after, phone, Verb::Refresh, key).0, rules);
    }
    let now = after.wallet()?;
    let moved = now.holds.active != before && now.holds.may_renew();
    (moved && after.signs(&after.phones.get(phone)?.now)).then_some(after)
}

/// How it ends from here for the owner of these phones, and the world in which it has.
pub(crate) fn end(world: &World, phones: &[usize], rules: &Rules) -> (End, World) {
    let calm = Rules { losses: false, archive: ArchiveRule::Never, memory: false, ..*rules };
    let world = run(world.clone(), &calm);
    if let Some((signing, phone)) = reconnect(world.clone(), phones, &calm) {
        return match refresh(signing.clone(), phone, &calm) {
            Some(done) => (End::Works, done),
            None => (End::Stalled, signing),
        };
    }
    // The refusals have been heard: what they made the sides write stays.
    let tried = tried(world, phones, &calm);
    if let Some(done) = unlocked(tried.clone(), phones, &calm) {
        return (End::Unlocked, done);
    }
    if !tried.told.address {
        return (if can_begin(&tried, &calm) { End::Nothing } else { End::Lost }, tried);
    }
    let mut tried = tried;
    for id in tried.backups() {
        tried = restore(tried, id, &calm);
        let phone = tried.phones.get(1).map(|disk| disk.now).unwrap_or_default();
        if tried.signs(&phone)
            && let Some(done) = refresh(tried.clone(), 1, &calm)
        {
            return (End::Restored(id), done);
        }
    }
    let server = tried.wallet().filter(|wallet| !wallet.provisional);
    let has_one = tried.phones.iter().any(|disk| disk.now.active.is_some());
    let end = match server {
        Some(wallet) if wallet.frozen => End::Frozen,
        Some(_) if has_one => End::Mixed,
        Some(_) | None => End::Lost,
    };
    (end, tried)
}

/// The operator of a locked wallet has looked who asks, and gives codes.
fn unlocked(mut world: World, phones: &[usize], rules: &Rules) -> Option<World> {
    world.wallet().filter(crate::parts::Wallet::is_locked)?;
    for phone in phones.iter().copied() {
        let keys: Vec<Key> = world.phones.get(phone)?.now.keys().collect();
        for key in keys {
            // The first time may finish what was open, and leave a backup that was owed.
            for _ in 0..3 {
                if world.wallet().is_some_and(|wallet| wallet.is_locked()) {
                    world = run(moves::connect(&world, phone, Verb::Unlock, key).0, rules);
                }
            }
        }
    }
    let (signing, phone) = reconnect(world, phones, rules)?;
    refresh(signing, phone, rules)
}

fn tried(mut world: World, phones: &[usize], rules: &Rules) -> World {
    for phone in phones.iter().copied() {
        let keys: Vec<Key> = world.phones.get(phone).into_iter().flat_map(|disk| disk.now.keys()).collect();
        for key in keys {
            world = run(moves::connect(&world, phone, Verb::Sign, key).0, rules);
        }
    }
    world
}

/// Whether a wallet that nobody was shown is out of the way. One that the server decided for while its device lost
/// its share stays on the server: it was never shown, and its device begins another.
fn can_begin(world: &World, rules: &Rules) -> bool {
    if let Some(wallet) = world.wallet().filter(|wallet| !wallet.provisional) {
        let enrolled = wallet.devices.enrolled;
        return world.phones.iter().all(|disk| disk.now.keys().all(|key| key != enrolled));
    }
    moves::begin_dkg(world).is_some_and(|(begun, _)| {
        let made = run(begun, rules);
        made.phones.first().is_some_and(|disk| made.signs(&disk.now))
    })
}

/// A stepped-up restore on the second phone, tried twice.
fn restore(world: World, id: ShareId, rules: &Rules) -> World {
    (0..2).fold(world, |world, _| match world.phones.get(1) {
        Some(phone) if world.signs(&phone.now) => world,
        _ => run(moves::begin_restore(&world, 1, id).0, rules),
    })
}
