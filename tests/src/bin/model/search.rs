//! Breadth-first over everything that can happen, so that what is found first is reached by the fewest steps.

use std::collections::{HashSet, VecDeque};

use crate::judge::{Finding, Judge, Tally};
use crate::moves;
use crate::words::Said;
use crate::world::{Rules, World};

/// What a search has seen.
pub(crate) struct Seen {
    pub(crate) tally: Tally,
    pub(crate) states: usize,
    /// The places in a session at which something can break.
    pub(crate) places: usize,
    /// A place, or a wallet at rest, with one of the things that can break there.
    pub(crate) crash_points: usize,
    pub(crate) finding: Option<(Finding, Vec<String>)>,
}

/// Searches all states, or until something is wrong.
pub(crate) fn search(rules: &Rules) -> Seen {
    let start = World::start();
    let mut from: Vec<(u32, u16)> = vec![(0, 0)];
    let mut known = HashSet::from([start.digest()]);
    let mut queue = VecDeque::from([(0_u32, start)]);
    let mut judge = Judge::new(*rules);
    let (mut places, mut crash_points) = (0, 0);
    while let Some((number, world)) = queue.pop_front() {
        if let Some(finding) = judge.look_at(&world) {
            let trace = retrace(number, &from, rules);
            let (tally, states) = (judge.tally, from.len());
            return Seen { tally, states, places, crash_points, finding: Some((finding, trace)) };
        }
        let breaks = moves::breaks(&world, rules);
        places += usize::from(world.session.is_some());
        crash_points += breaks.len();
        let all =
            moves::steps(&world, rules).into_iter().chain(moves::beginnings(&world, rules)).chain(breaks);
        for (choice, (next, _)) in (0_u16..).zip(all) {
            if known.insert(next.digest()) {
                queue.push_back((u32::try_from(from.len()).unwrap_or(u32::MAX), next));
                from.push((number, choice));
            }
        }
    }
    Seen { tally: judge.tally, states: from.len(), places, crash_points, finding: None }
}

/// The steps that lead to a state, in words.
fn retrace(number: u32, from: &[(u32, u16)], rules: &Rules) -> Vec<String> {
    let mut choices = Vec::new();
    let mut at = number;
    while at != 0 {
        let Some((parent, choice)) = from.get(at as usize) else { break };
        choices.push(*choice);
        at = *parent;
    }
    let mut world = World::start();
    let mut words = Vec::new();
    for choice in choices.into_iter().rev() {
        let all: Vec<(World, Said)> = moves::steps(&world, rules)
            .into_iter()
            .chain(moves::beginnings(&world, rules))
            .chain(moves::breaks(&world, rules))
            .collect();
        let Some((next, said)) = all.into_iter().nth(usize::from(choice)) else { break };
        words.push(said.to_string());
        world = next;
    }
    words
}
