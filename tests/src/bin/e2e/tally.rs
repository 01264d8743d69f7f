//! What passed and what failed.

use std::process::ExitCode;

use maany_tests::Failure;

/// Counts checks and prints a line for each.
#[derive(Default)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Runs a check.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<(), Failure>) {
        match check() {
            Ok(()) => self.passed(name),
            Err(failure) => self.failed(name, &failure.to_string()),
        }
    }

    /// A check that passed.
    pub(crate) fn passed(&mut self, name: &str) {
        self.passed += 1;
        say(&format!("ok {name}"));
    }

    /// A check that failed.
    pub(crate) fn failed(&mut self, name: &str, why: &str) {
        self.failed += 1;
        say(&format!("FAILED {name}: {why}"));
    }

    /// Adds what another runner counted and printed.
    pub(crate) fn add(&mut self, passed: usize, failed: usize) {
        self.passed += passed;
        self.failed += failed;
    }

    /// The last line.
    pub(crate) fn summary(&self) -> ExitCode {
        say(&format!("\n{} passed, {} failed", self.passed, self.failed));
        if self.failed == 0 && self.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// A line on standard output. A reader that has gone away ends nothing.
pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}
