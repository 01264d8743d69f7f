//! What the model prints, and whether it may call itself content.

use std::process::ExitCode;
use std::time::Duration;

use maany_tests::report::say;

use crate::judge::Tally;
use crate::search::Seen;

/// The places in sessions at which something was broken must be at least so many.
const CRASH_POINTS: usize = 13_000;

#[derive(Default)]
pub(crate) struct Report {
    states: usize,
    places: usize,
    crash_points: usize,
    missed: Vec<String>,
    lines: Vec<String>,
}

impl Report {
    /// A search in which nothing may be found.
    pub(crate) fn searched(&mut self, name: &str, seen: Option<Seen>) {
        let Some(seen) = seen else {
            self.missed.push(format!("{name}: the search broke off"));
            return;
        };
        self.states += seen.states;
        self.places += seen.places;
        self.crash_points += seen.crash_points;
        self.lines.push(format!(
            "{name}: {} states, {} places to break at, {} crash points",
            seen.states, seen.places, seen.crash_points
        ));
        self.lines.push(format!("  {}", ends(&seen.tally)));
        if let Some((finding, trace)) = &seen.finding {
            self.missed.push(format!("{name}: {finding}"));
            say(format_args!("\n{name}: {finding}"));
            number(trace);
        }
    }

    /// A search without a rule, in which something must be found.
    pub(crate) fn removed(&mut self, name: &str, seen: Option<Seen>) {
        match seen.and_then(|seen| seen.finding) {
            Some((finding, trace)) => {
                say(format_args!("\nwithout {name}: {finding}"));
                number(&trace);
                self.lines.push(format!("without {name}: caught after {} steps ({finding})", trace.len()));
            }
            None => self.missed.push(format!("{name} is taken away and not missed")),
        }
    }

    /// What R2 is for: the epochs that a connection reaches which always breaks once both sides are prepared.
    pub(crate) fn progressed(&mut self, with: u64, without: u64) {
        self.lines.push(format!("a connection that always breaks once both are prepared: epoch {with}"));
        self.lines.push(format!("without R2: caught, the same connection stays at epoch {without}"));
        if with < 3 || without != 1 {
            self.missed.push("R2 is taken away and not missed".to_owned());
        }
    }

    pub(crate) fn finish(mut self, elapsed: Duration) -> ExitCode {
        if self.places < CRASH_POINTS {
            self.missed.push(format!("{} places to break at, {CRASH_POINTS} are asked for", self.places));
        }
        say("");
        for line in &self.lines {
            say(line);
        }
        say(format_args!(
            "together {} states, {} places to break at, {} crash points, in {:.1} s",
            self.states,
            self.places,
            self.crash_points,
            elapsed.as_secs_f64()
        ));
        if self.missed.is_empty() {
            say(
                "no wallet is bricked, mixed or unrecoverable, and every rule is missed when it is taken away",
            );
            return ExitCode::SUCCESS;
        }
        for missed in &self.missed {
            say(format_args!("FAILED: {missed}"));
        }
        ExitCode::FAILURE
    }
}

fn number(trace: &[String]) {
    for (number, step) in (1_usize..).zip(trace) {
        say(format_args!("  {number:>3}. {step}"));
    }
}

fn ends(tally: &Tally) -> String {
    let counts = [
        (tally.works, "sign and refresh by themselves"),
        (tally.never_shown, "were never shown"),
        (tally.lost_phone_restored, "come back after the phone is lost"),
        (tally.lost_phone_without_backup, "had no backup when the phone was lost"),
        (tally.second_device, "come back on the device that restores"),
        (tally.archive_same, "have not moved on since the archive and sign"),
        (tally.unlocked, "sign after an operator's code"),
        (tally.archive_unlocked, "have not moved on since the archive and sign after an operator's code"),
        (tally.archive_frozen, "were frozen before the archive was put back and stay so"),
        (tally.archive_thawed, "have moved on and are thawed by a restore"),
        (tally.archive_needs_newer, "have moved on and are named as needing a newer archive"),
    ];
    let named = counts.iter().filter(|(count, _)| *count > 0);
    named.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}
