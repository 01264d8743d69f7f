//! What a seed says: how far apart everybody is, who wants what, and what goes wrong when.

use std::time::Duration;

use crate::dice::Dice;
use crate::disk::Misfortune;
use crate::road::{Meddling, Way};
use crate::seeds;

/// Everything that is drawn before a run.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Between two hosts a message takes this long at least.
    pub(crate) nearest: Duration,
    /// And this long at most.
    pub(crate) farthest: Duration,
    /// What each person wants, beside a wallet.
    pub(crate) errands: Vec<Vec<Errand>>,
    /// What goes wrong.
    pub(crate) troubles: Vec<Trouble>,
}

/// What a person wants of the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// A signature over a transaction of its own.
    Sign,
    /// Two transactions of one sequence, from two phones at once.
    Contest,
    /// The signature that was given last, once more.
    AskAgain,
    /// New shares.
    Refresh,
    /// A backup; two of three, the others by hand.
    BackUp,
    /// The phone is lost: a new one restores the wallet.
    Restore,
    /// The same while the phone that is called lost is used by whoever found it.
    RestoreWhileFound,
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    pub(crate) at: Duration,
    pub(crate) what: What,
}

/// What goes wrong. Persons are counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// The server's process dies, and is back after this time.
    ServerDies(Duration),
    /// A person's phones die.
    PhoneDies(usize, Duration),
    /// Something is wrong with one of the server's next commits.
    ServerDisk(Misfortune, u64),
    /// The same with a person's phone.
    PhoneDisk(usize, Misfortune, u64),
    /// Nothing gets through to a person or from there. TCP knows nothing of it: sockets are half open afterwards.
    Partition(usize, Duration),
    /// The same in one direction.
    PartitionOneWay(usize, Way, Duration),
    /// What goes to a person or comes from there arrives later.
    Hold(usize, Duration),
    /// A person's connections end.
    Cut(usize),
    /// The hop meddles with a later piece of a person's WebSocket.
    Meddle(usize, Way, u64, Meddling),
}

impl Plan {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, "plan");
        let near = dice.between(1, 40);
        let far = near + dice.one_of(&[10, 50, 150, 400]);
        let people = usize::try_from(dice.one_of(&[1, 1, 1, 2, 2, 3])).unwrap_or(1);
        let mut errands: Vec<_> = (0..people).map(|_| errands(&mut dice, people)).collect();
        if !seeds::is_older_than_contests(seed) {
            contend(&mut Dice::of(seed, "contests"), &mut errands);
        }
        let count = dice.one_of(&[0, 1, 2, 3, 4, 6, 8, 12]);
        let until = dice.one_of(&[1_000, 2_000, 4_000, 8_000, 15_000]);
        let mut losses = 0;
        let mut troubles: Vec<_> =
            (0..count).map(|_| trouble(&mut dice, people, until, &mut losses)).collect();
        troubles.sort_by_key(|trouble| trouble.at);
        Self { nearest: Duration::from_millis(near), farthest: Duration::from_millis(far), errands, troubles }
    }
}

fn errands(dice: &mut Dice, people: usize) -> Vec<Errand> {
    let most = if people == 1 { 6 } else { 4 };
    let count = dice.between(1, most);
    let mut errands = Vec::new();
    let (mut has_backup, mut has_signed) = (false, false);
    for _ in 0..count {
        let errand = match dice.between(0, 100) {
            0..35 => Errand::Sign,
            35..50 if has_signed => Errand::AskAgain,
            35..50 => Errand::Sign,
            50..70 => Errand::Refresh,
            70..80 if has_backup => Errand::RestoreWhileFound,
            70..90 if has_backup => Errand::Restore,
            _ => Errand::BackUp,
        };
        has_signed |= errand == Errand::Sign;
        match errand {
            Errand::BackUp => has_backup = true,
            // A new phone remembers no backup.
            Errand::Restore | Errand::RestoreWhileFound => has_backup = false,
            _ => {}
        }
        errands.push(errand);
    }
    errands
}

/// Makes contests of some signatures.
fn contend(dice: &mut Dice, errands: &mut [Vec<Errand>]) {
    for errand in errands.iter_mut().flatten() {
        if *errand == Errand::Sign && dice.between(0, 5) < 2 {
            *errand = Errand::Contest;
        }
    }
}

fn trouble(dice: &mut Dice, people: usize, until: u64, losses: &mut u32) -> Trouble {
    let at = Duration::from_millis(dice.between(10, until));
    let person = usize::try_from(dice.between(0, people as u64)).unwrap_or_default();
    let soon = Duration::from_millis(dice.one_of(&[50, 200, 1_000, 3_000]));
    let long = Duration::from_millis(dice.one_of(&[100, 500, 1_500, 4_000, 9_000]));
    let way = dice.one_of(&[Way::ToServer, Way::ToDevice]);
    let skip = dice.between(0, 6);
    let mut misfortune = dice.one_of(&[Misfortune::DiesBefore, Misfortune::DiesAfter, Misfortune::Loses]);
    if misfortune == Misfortune::Loses {
        // The protocol bears one write that was answered and lost, not one on each side at the same time.
        *losses += 1;
        if *losses > 1 {
            misfortune = Misfortune::DiesAfter;
        }
    }
    let meddling = dice.one_of(&[Meddling::Repeat, Meddling::Swallow, Meddling::Harm, Meddling::Cut]);
    let what = match dice.between(0, 100) {
        0..10 => What::ServerDies(soon),
        10..20 => What::PhoneDies(person, soon),
        20..35 => What::ServerDisk(misfortune, skip),
        35..50 => What::PhoneDisk(person, misfortune, skip),
        50..60 => What::Partition(person, long),
        60..65 => What::PartitionOneWay(person, way, long),
        65..72 => What::Hold(person, long),
        72..85 => What::Cut(person),
        _ => What::Meddle(person, way, skip, meddling),
    };
    Trouble { at, what }
}
