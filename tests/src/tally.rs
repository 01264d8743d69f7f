//! What passed and what failed.

use std::process::ExitCode;

use crate::Failure;

/// Counts checks and prints a line for each.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Notes how a check went.
    pub fn note(&mut self, name: &str, outcome: Result<(), Failure>) {
        match outcome {
            Ok(()) => self.passed(name),
            Err(failure) => self.failed(name, &failure.to_string()),
        }
    }

    /// Runs a check.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<(), Failure>) {
        self.note(name, check());
    }

    /// A check that passed.
    pub fn passed(&mut self, name: &str) {
        self.passed += 1;
        say(&format!("ok {name}"));
    }

    /// A check that failed.
    pub fn failed(&mut self, name: &str, why: &str) {
        self.failed += 1;
        say(&format!("FAILED {name}: {why}"));
    }

    /// How many checks failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed
    }

    /// Adds what another runner counted and printed.
    pub fn add(&mut self, passed: usize, failed: usize) {
        self.passed += passed;
        self.failed += failed;
    }

    /// The last line.
    #[must_use]
    pub fn summary(&self) -> ExitCode {
        say(&format!("\n{} passed, {} failed", self.passed, self.failed));
        if self.failed == 0 && self.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// A line on standard output. A reader that has gone away ends nothing.
pub fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}
