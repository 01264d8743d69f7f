//! Builds the test binaries of the copy and runs chosen tests in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::Error;
use crate::process::describe;

use super::Mutant;
use super::tree::Tree;

/// A test that hangs without its hardening does not pass; but nobody waits longer than this for it.
const PATIENCE: Duration = Duration::from_secs(180);

/// What became of a mutant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every named test failed.
    Caught,
    /// A named test did not end.
    TimedOut,
    /// These named tests passed, or were not there.
    Survived(Vec<String>),
    /// It is no mutant of compiling code.
    DoesNotCompile,
    /// The hardening is not in the sources any more.
    NotFound,
}

impl Verdict {
    pub(super) fn is_caught(&self) -> bool {
        matches!(self, Self::Caught | Self::TimedOut)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught => f.write_str("caught"),
            Self::TimedOut => f.write_str("caught (the test did not end)"),
            Self::Survived(tests) => write!(f, "SURVIVED {}", tests.join(", ")),
            Self::DoesNotCompile => f.write_str("DOES NOT COMPILE"),
            Self::NotFound => f.write_str("NOT FOUND in the sources"),
        }
    }
}

/// Test binaries of one package, by target (`lib` or the integration test's name).
type Binaries = BTreeMap<String, PathBuf>;

/// Builds and runs tests in the copy.
pub(super) struct Harness<'a> {
    tree: &'a Tree,
}

impl<'a> Harness<'a> {
    pub(super) const fn new(tree: &'a Tree) -> Self {
        Self { tree }
    }

    /// All named tests exist and pass on the unchanged sources.
    pub(super) fn expect_green(&self, mutants: &[&Mutant]) -> Result<(), Error> {
        let packages: BTreeSet<String> = mutants.iter().map(|mutant| mutant.package()).collect();
        for package in &packages {
            let tests: BTreeSet<&str> = mutants
                .iter()
                .filter(|mutant| mutant.package() == *package)
                .flat_map(|mutant| mutant.red.iter().copied())
                .collect();
            let tests: Vec<&str> = tests.into_iter().collect();
            let binaries = self.build(package, &tests, Stdio::inherit())?.ok_or_else(|| {
                Error::Findings(format!("the tests of {package} do not compile without any mutant"))
            })?;
            let outcomes = self.outcomes(&binaries, &tests)?;
            let bad: Vec<String> = outcomes
                .iter()
                .filter(|(_, outcome)| **outcome != Outcome::Passed)
                .map(|(test, outcome)| format!("{test} ({outcome:?})"))
                .collect();
            if !bad.is_empty() {
                return Err(Error::Findings(format!(
                    "not green on the unchanged sources of {package}: {}",
                    bad.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Builds the changed copy and runs the mutant's tests.
    pub(super) fn verdict(&self, mutant: &Mutant) -> Result<Verdict, Error> {
        let Some(binaries) = self.build(&mutant.package(), mutant.red, Stdio::null())? else {
            return Ok(Verdict::DoesNotCompile);
        };
        Ok(judge(&self.outcomes(&binaries, mutant.red)?))
    }

    /// The test binaries that hold `tests`, or `None` when they do not compile.
    fn build(&self, package: &str, tests: &[&str], diagnostics: Stdio) -> Result<Option<Binaries>, Error> {
        let mut build = self.tree.cargo();
        build.args([
            "test",
            "--no-run",
            "--quiet",
            "--all-features",
            "--message-format",
            "json-render-diagnostics",
            "-p",
            package,
        ]);
        let targets: BTreeSet<&str> = tests.iter().map(|test| split(test).0).collect();
        for target in targets {
            match target {
                "lib" => build.arg("--lib"),
                name => build.args(["--test", name]),
            };
        }
        let command = describe(&build);
        let output = build
            .stderr(diagnostics)
            .output()
            .map_err(|source| Error::Spawn { command: command.clone(), source })?;
        let messages = String::from_utf8(output.stdout).map_err(|_| Error::Output(command))?;
        Ok(output.status.success().then(|| binaries(&messages)))
    }

    fn outcomes<'t>(
        &self,
        binaries: &Binaries,
        tests: &[&'t str],
    ) -> Result<BTreeMap<&'t str, Outcome>, Error> {
        let mut outcomes: BTreeMap<&str, Outcome> =
            tests.iter().map(|test| (*test, Outcome::Missing)).collect();
        for (target, binary) in binaries {
            let names: Vec<&str> = tests
                .iter()
                .map(|test| split(test))
                .filter(|(of, _)| of == target)
                .map(|(_, name)| name)
                .collect();
            if names.is_empty() {
                continue;
            }
            let (output, ended) = run_binary(binary, &names)?;
            for test in tests.iter().filter(|test| split(test).0 == target) {
                let outcome = outcome(&output, split(test).1, ended);
                outcomes.insert(test, outcome);
            }
        }
        Ok(outcomes)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Hung,
    Missing,
}

fn judge(outcomes: &BTreeMap<&str, Outcome>) -> Verdict {
    let survived: Vec<String> = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Passed | Outcome::Missing))
        .map(|(test, _)| (*test).to_owned())
        .collect();
    if !survived.is_empty() {
        return Verdict::Survived(survived);
    }
    if outcomes.values().any(|outcome| *outcome == Outcome::Hung) {
        Verdict::TimedOut
    } else {
        Verdict::Caught
    }
}

/// What the runner's output says of one test. A binary that died before saying so failed it.
fn outcome(output: &str, test: &str, ended: Ended) -> Outcome {
    let said = |what: &str| output.lines().any(|line| line.starts_with(&format!("test {test} ... {what}")));
    let should_panic = |what: &str| {
        output.lines().any(|line| line.starts_with(&format!("test {test} - should panic ... {what}")))
    };
    if said("ok") || should_panic("ok") {
        return Outcome::Passed;
    }
    if said("FAILED") || should_panic("FAILED") {
        return Outcome::Failed;
    }
    match ended {
        Ended::TimedOut => Outcome::Hung,
        Ended::Killed => Outcome::Failed,
        Ended::Exited => Outcome::Missing,
    }
}

/// `lib path::of::test` as the target and the test.
fn split(red: &str) -> (&str, &str) {
    red.split_once(' ').unwrap_or(("lib", red))
}

/// Test executables in cargo's JSON messages.
fn binaries(messages: &str) -> Binaries {
    let read = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_test = message.get("profile")?.get("test")?.as_bool()?;
        let executable = message.get("executable")?.as_str()?;
        let target = message.get("target")?;
        let kind = target.get("kind")?.get(0)?.as_str()?;
        let name = if kind == "test" { target.get("name")?.as_str()? } else { "lib" };
        is_test.then(|| (name.to_owned(), PathBuf::from(executable)))
    };
    messages.lines().filter_map(read).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// With an exit code: the runner came to its end.
    Exited,
    /// By a signal: a panic in a destructor, a stack overflow, an abort.
    Killed,
    /// Not by itself.
    TimedOut,
}

fn run_binary(binary: &PathBuf, tests: &[&str]) -> Result<(String, Ended), Error> {
    let mut command = Command::new(binary);
    command.arg("--exact").args(tests).stdin(Stdio::null()).stderr(Stdio::null());
    let text = describe(&command);
    let log = binary.with_extension("log");
    let file = std::fs::File::create(&log).map_err(Error::file(&log))?;
    let mut child =
        command.stdout(file).spawn().map_err(|source| Error::Spawn { command: text.clone(), source })?;
    let ended = wait(&mut child).map_err(|source| Error::Spawn { command: text, source })?;
    let output = std::fs::read(&log).map_err(Error::file(&log))?;
    Ok((String::from_utf8_lossy(&output).into_owned(), ended))
}

fn wait(child: &mut Child) -> std::io::Result<Ended> {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.code().is_some() { Ended::Exited } else { Ended::Killed });
        }
        if begin.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(Ended::TimedOut);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str =
        "running 3 tests\ntest a::one ... ok\ntest a::two ... FAILED\ntest a::three - should panic ... ok\n";

    #[test]
    fn the_runner_is_read_test_by_test() {
        assert_eq!(outcome(OUTPUT, "a::one", Ended::Exited), Outcome::Passed);
        assert_eq!(outcome(OUTPUT, "a::two", Ended::Exited), Outcome::Failed);
        assert_eq!(outcome(OUTPUT, "a::three", Ended::Exited), Outcome::Passed);
        assert_eq!(outcome(OUTPUT, "a::four", Ended::Exited), Outcome::Missing);
        assert_eq!(outcome(OUTPUT, "a::four", Ended::Killed), Outcome::Failed);
        assert_eq!(outcome(OUTPUT, "a::four", Ended::TimedOut), Outcome::Hung);
        assert_eq!(outcome(OUTPUT, "a::on", Ended::Exited), Outcome::Missing, "a prefix is another test");
    }

    #[test]
    fn every_named_test_must_fail() {
        let verdict =
            |outcomes: &[Outcome]| judge(&["x", "y"].into_iter().zip(outcomes.iter().copied()).collect());
        assert_eq!(verdict(&[Outcome::Failed, Outcome::Failed]), Verdict::Caught);
        assert_eq!(verdict(&[Outcome::Failed, Outcome::Hung]), Verdict::TimedOut);
        assert_eq!(verdict(&[Outcome::Failed, Outcome::Passed]), Verdict::Survived(vec!["y".into()]));
        assert_eq!(verdict(&[Outcome::Missing, Outcome::Failed]), Verdict::Survived(vec!["x".into()]));
    }

    #[test]
    fn only_test_executables_count() {
        let messages = [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"c"},"profile":{"test":true},"executable":"/t/c-1"}"#,
            r#"{"reason":"compiler-artifact","target":{"kind":["test"],"name":"dkg"},"profile":{"test":true},"executable":"/t/dkg-2"}"#,
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"d"},"profile":{"test":false},"executable":null}"#,
            "not json",
        ];
        let found = binaries(&messages.join("\n"));
        let expected = [("dkg".to_owned(), "/t/dkg-2".into()), ("lib".to_owned(), "/t/c-1".into())];
        assert_eq!(found, expected.into_iter().collect::<Binaries>());
    }
}
