//! R2 loses no wallet when it is missing. What it gives is progress: over a connection that always breaks once both sides
//! are prepared, refreshes still go through.

use maany_coordinator_proto::session::Backup;
use maany_coordinator_proto::session::commit::CommitFrame;

use crate::moves;
use crate::words::Verb;
use crate::world::{ArchiveRule, Message, Rules, Without, World};

const REFRESHES: u8 = 3;

/// The epoch after some refreshes over such a connection.
pub(crate) fn epochs(without: Without) -> u64 {
    let rules = Rules {
        without,
        backup: Backup::NotRequired,
        refreshes: REFRESHES,
        restores: 0,
        losses: false,
        archive: ArchiveRule::Never,
        memory: false,
    };
    let mut world = World::start();
    if let Some((begun, _)) = moves::begin_dkg(&world) {
        world = run(begun, &rules, false);
    }
    for _ in 0..2 * REFRESHES {
        let key = world.phones.iter().find_map(|disk| disk.now.keys().next()).unwrap_or_default();
        world = run(moves::connect(&world, 0, Verb::Refresh, key).0, &rules, true);
    }
    world.wallet().map_or(0, |wallet| wallet.holds.active.epoch().get())
}

fn run(mut world: World, rules: &Rules, breaks: bool) -> World {
    while let Some(session) = &world.session {
        let both_prepared = session.up.iter().any(is_prepared);
        let next = moves::steps(&world, rules).into_iter().next().filter(|_| !(breaks && both_prepared));
        match next {
            Some((next, _)) => world = next,
            None => world.session = None,
        }
    }
    world
}

const fn is_prepared(message: &Message) -> bool {
    matches!(message, Message::Frame(CommitFrame::Prepared { .. }))
}
