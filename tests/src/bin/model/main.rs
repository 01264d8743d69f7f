//! The model of the commit: breadth-first over what two disks, the messages between them and the holders of backups can
//! come to, driving the coordinator's own `reconcile` and commit. At every point either side may die, with its last write
//! or without it, the connection may break, and the phone may be lost. From every state an undisturbed run must bring the
//! wallet back. Then each rule is taken away, and the search must find the wallet that misses it.

mod device;
mod disk;
mod errand;
mod import;
mod judge;
mod moves;
mod parts;
mod progress;
mod report;
mod search;
mod server;
mod words;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use maany_coordinator_proto::session::Backup;

use report::Report;
use world::{ArchiveRule, Rules, Without};

const WITH_BACKUP: Backup = Backup::Required { receipt: None };

/// The searches: what each is called, and what may happen in it.
fn searches() -> [(&'static str, Rules); 9] {
    let base = Rules {
        without: Without::Nothing,
        backup: Backup::NotRequired,
        refreshes: 3,
        restores: 0,
        losses: true,
        archive: ArchiveRule::Never,
        memory: false,
    };
    let over = Rules { refreshes: 2, losses: false, archive: ArchiveRule::OverOld, ..base };
    let alone = Rules { archive: ArchiveRule::Alone, ..over };
    let over_copy = Rules { archive: ArchiveRule::OverCopy, ..over };
    let with_backup = |rules| Rules { backup: WITH_BACKUP, refreshes: 1, restores: 1, ..rules };
    let memory = |rules| Rules { refreshes: 1, memory: true, ..rules };
    [
        ("wallet without backup", base),
        ("wallet with backup", with_backup(base)),
        ("old archive over the old store, without backup", over),
        ("old archive over the old store, with backup", with_backup(over)),
        ("old archive alone, without backup", alone),
        ("old archive alone, with backup", with_backup(alone)),
        ("signed and quarantined since, over the old store", memory(over)),
        ("signed and quarantined since, archive alone", memory(alone)),
        ("signed and quarantined since, over an earlier copy", memory(over_copy)),
    ]
}

/// What is taken away, and the wallet that misses it.
fn removals() -> [(&'static str, Rules); 18] {
    let without = |without| Rules {
        without,
        backup: Backup::NotRequired,
        refreshes: 2,
        restores: 0,
        losses: true,
        archive: ArchiveRule::Never,
        memory: false,
    };
    let import = |archive, rule| Rules { losses: false, archive, ..without(rule) };
    let restored = |rules| Rules { backup: WITH_BACKUP, refreshes: 0, restores: 1, ..rules };
    let memory = |rules| Rules { refreshes: 0, memory: true, ..rules };
    let (over, copy, alone) = (ArchiveRule::OverOld, ArchiveRule::OverCopy, ArchiveRule::Alone);
    [
        ("R1", without(Without::R1)),
        ("R3", without(Without::R3)),
        ("R4", without(Without::R4)),
        ("R5", without(Without::R5)),
        ("the retired share", without(Without::Retired)),
        ("R1 and R2 for the first share", without(Without::FirstShare)),
        ("the device's waiting for the decision", without(Without::Order)),
        ("the patience with provisional wallets", without(Without::Patience)),
        ("the freeze", import(alone, Without::Freeze)),
        ("what an import carries forward, of devices", restored(import(over, Without::Carried))),
        ("what an import carries forward, of signatures", memory(import(over, Without::Carried))),
        ("the lock of an import, of devices", restored(import(alone, Without::ImportLock))),
        ("the lock of an import, of signatures", memory(import(alone, Without::ImportLock))),
        ("the note of what is forgotten", memory(import(alone, Without::GuardMemory))),
        (
            "the own ceremony that unlocks a wallet",
            Rules { refreshes: 1, ..restored(import(alone, Without::OwnCeremony)) },
        ),
        (
            "the own ceremony that unlocks a wallet, of a quarantine",
            Rules { refreshes: 1, ..memory(import(over, Without::OwnCeremony)) },
        ),
        (
            "the statement that an old store is the latest, of devices",
            restored(import(copy, Without::Latest)),
        ),
        (
            "the statement that an old store is the latest, of signatures",
            memory(import(copy, Without::Latest)),
        ),
    ]
}

fn main() -> ExitCode {
    let begin = Instant::now();
    let mut report = Report::default();
    std::thread::scope(|scope| {
        let begin =
            |(name, rules): (&'static str, Rules)| (name, scope.spawn(move || search::search(&rules)));
        let searches = searches().map(begin);
        let removals = removals().map(begin);
        for (name, search) in searches {
            report.searched(name, search.join().ok());
        }
        for (name, search) in removals {
            report.removed(name, search.join().ok());
        }
    });
    report.progressed(progress::epochs(Without::Nothing), progress::epochs(Without::R2));
    report.finish(begin.elapsed())
}
