//! The power is cut between any two file operations, also during the recovery: every batch is there or not, and those
//! that were answered are.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use crate::batch::Batch;
use crate::error::StoreError;
use crate::file::engine::Engine;
use crate::file::sim::{Cut, SimDisk};
use crate::table::{RecordTable, Table};

type State = BTreeMap<(Table, Vec<u8>), (u64, Vec<u8>)>;

const CUTS: [Cut; 8] = [
    Cut::Kill,
    Cut::Lost,
    Cut::Part(1),
    Cut::Part(2),
    Cut::Part(3),
    Cut::Part(4),
    Cut::Part(5),
    Cut::Part(6),
];

/// Batches that insert, replace and erase, the same rows again and again.
fn batches() -> Vec<Batch> {
    let (w, k) = (RecordTable::Wallets, RecordTable::KeyIds);
    let mut batches = vec![Batch::new(), Batch::new(), Batch::new(), Batch::new()];
    batches[0].insert(k, b"id", b"w").insert(w, b"w", b"provisional").insert_share(b"one", b"share one");
    batches[1]
        .replace(w, b"w", 1, b"active, pending")
        .insert_share(b"two", b"share two")
        .append_audit(b"1", b"");
    batches[2]
        .replace(w, b"w", 2, b"promoted")
        .erase_share(b"one")
        .erase(k, b"id", 1)
        .append_audit(b"2", b"");
    batches[3].erase(w, b"w", 3).insert_share(b"one", b"share one again").insert(k, b"id", b"new");
    batches
}

fn state(engine: &Engine<SimDisk>) -> State {
    let mut state = State::new();
    for table in Table::ALL {
        for entry in engine.scan(table, b"", None, usize::MAX).unwrap() {
            let row = entry.row.unwrap();
            state.insert((table, entry.key), (row.version, row.value));
        }
    }
    state
}

/// The states after none, one, two ... of the batches.
fn states() -> Vec<State> {
    let mut engine = Engine::open(SimDisk::new()).unwrap();
    let mut states = vec![state(&engine)];
    for batch in batches() {
        engine.commit(&batch).unwrap();
        states.push(state(&engine));
    }
    states
}

/// Runs everything until the power is cut; says how many batches were answered, and whether the end was reached.
fn run(disk: &SimDisk) -> (usize, bool) {
    let mut answered = 0;
    let Ok(mut engine) = Engine::open(disk.clone()) else {
        return (0, false);
    };
    for batch in batches() {
        match engine.commit(&batch) {
            Ok(()) => answered += 1,
            Err(_) => return (answered, false),
        }
    }
    (answered, true)
}

#[test]
fn a_store_killed_anywhere_holds_whole_batches_and_every_answered_one() {
    let states = states();
    let (mut points, mut cut_recoveries) = (0, 0);
    for steps in 0.. {
        let disk = SimDisk::new();
        disk.cut_after(steps);
        let (answered, over) = run(&disk);
        for cut in CUTS {
            let found = disk.after(cut);
            let recovered = check(&found, &states, answered, &format!("cut after {steps} {cut:?}"));
            points += 1;
            // The recovery is cut as well, at each of its steps.
            for again in 0..recovered {
                let found = disk.after(cut);
                found.cut_after(again);
                assert!(Engine::open(found.clone()).is_err());
                for second in [Cut::Kill, Cut::Lost, Cut::Part(steps as u64), Cut::Part(again as u64)] {
                    let name = format!("cut after {steps} {cut:?}, then after {again} {second:?}");
                    check(&found.after(second), &states, answered, &name);
                    cut_recoveries += 1;
                }
            }
        }
        if over {
            break;
        }
    }
    assert!(points > 800 && cut_recoveries > 10_000, "{points} points, {cut_recoveries} cut recoveries");
}

/// Opens the disk; says how many steps that took.
fn check(disk: &SimDisk, states: &[State], answered: usize, name: &str) -> usize {
    let engine = Engine::open(disk.clone()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let steps = disk.steps();
    let found = state(&engine);
    let reached = states.iter().position(|state| *state == found);
    let reached = reached.unwrap_or_else(|| panic!("{name}: torn: {found:?}"));
    // Besides what was answered only the batch that was under way may be there.
    assert!(reached == answered || reached == answered + 1, "{name}: {reached} batches, {answered} answered");
    steps
}

/// A failing step, alone or with the ones after it, such as those that clear up.
#[test]
fn a_failing_operation_leaves_a_whole_store_that_goes_on() {
    let states = states();
    let mut points = 0;
    for index in 0..batches().len() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
            for length in [1, 2, 3, 8] {
                for step in 0.. {
                    let name = format!("batch {index}, {kind:?} at {step} for {length}");
                    if !fail(&states, index, step..step + length, kind, &name) {
                        break;
                    }
                    points += 1;
                }
            }
        }
    }
    assert!(points > 500, "{points} points");
}

/// Says whether a step has failed at all.
fn fail(states: &[State], index: usize, steps: Range<usize>, kind: io::ErrorKind, name: &str) -> bool {
    let disk = SimDisk::new();
    let mut engine = Engine::open(disk.clone()).unwrap();
    for batch in &batches()[..index] {
        engine.commit(batch).unwrap();
    }
    let batch = &batches()[index];
    disk.fail(steps, kind);
    let answer = engine.commit(batch);
    let failed = disk.mend();
    engine.settle().unwrap();
    let found = state(&engine);
    let allowed = match &answer {
        Ok(()) => &states[index + 1..=index + 1],
        // A full disk changes nothing, unless it lets no file be removed either.
        Err(StoreError::Full { .. } | StoreError::Io { .. }) => &states[index..=index + 1],
        Err(error) => panic!("{name}: {error}"),
    };
    assert!(allowed.contains(&found), "{name}: {answer:?}");
    // What a reader saw stays, also when the power is cut now.
    for cut in CUTS {
        let reopened = Engine::open(disk.after(cut)).unwrap();
        assert_eq!(state(&reopened), found, "{name}, then {cut:?}");
    }
    if found == states[index] {
        engine.commit(batch).unwrap();
    }
    assert_eq!(state(&engine), states[index + 1], "{name}, then again");
    for cut in CUTS {
        let reopened = Engine::open(disk.after(cut)).unwrap();
        assert_eq!(state(&reopened), states[index + 1], "{name}, then again, then {cut:?}");
    }
    failed
}

/// A full disk lets files be removed: nothing of a refused batch is there.
#[test]
fn a_full_disk_changes_nothing() {
    let states = states();
    for step in 0.. {
        let disk = SimDisk::new();
        let mut engine = Engine::open(disk.clone()).unwrap();
        engine.commit(&batches()[0]).unwrap();
        disk.fail(step..step + 1, io::ErrorKind::StorageFull);
        let answer = engine.commit(&batches()[1]);
        if !disk.mend() {
            break;
        }
        match answer {
            Err(StoreError::Full { .. }) => assert_eq!(state(&engine), states[1], "step {step}"),
            Ok(()) => {}
            Err(error) => panic!("step {step}: {error}"),
        }
    }
}
