//! Everything that a change must pass. Steps are timed; the first failure ends the run.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::process::{self, cargo};
use crate::report::{self, say};
use crate::workspace::Workspace;
use crate::{chain, codegen, crash_sweep, deny, e2e, features, fuzz, kill9, layers, model, sim, test};

/// A step: its name and what it does.
type Step = (&'static str, fn(&Workspace) -> Result<(), Error>);

/// Cheapest first. The mutants are a check of their own: each one compiles the engine again. The tests come after the table of times, so that their summary is the last output.
const STEPS: [Step; 16] = [
    ("fmt", fmt),
    ("layers", layers::run),
    ("codegen", codegen::check),
    ("clippy", clippy),
    ("deny", deny::run),
    ("doc", doc),
    ("features", features::run),
    ("package", package),
    ("model", model::run),
    ("sim", |workspace| sim::run(workspace, &[])),
    ("fuzz", |workspace| fuzz::run(workspace, fuzz::SECONDS)),
    ("crash-sweep", |workspace| crash_sweep::run(workspace, &[])),
    ("e2e", |workspace| e2e::run(workspace, &[])),
    ("chain", chain::run_or_skip),
    ("kill9", |workspace| kill9::run(workspace, kill9::ROUNDS, None)),
    ("test", test::run),
];

/// Runs the steps in order, beginning at `from`.
pub(crate) fn run(workspace: &Workspace, from: Option<&str>) -> Result<(), Error> {
    let steps = remaining(from)?;
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (number, (name, step)) in steps.iter().enumerate() {
        if number + 1 == steps.len() {
            say(summary(&times));
        }
        say(format_args!("\n=== {name}"));
        let begin = Instant::now();
        let outcome = step(workspace);
        times.push((name, begin.elapsed()));
        if let Err(error) = outcome {
            if !matches!(error, Error::TestsFailed) {
                say(summary(&times));
                say(format_args!("stopped at {name}; `cargo xtask ci --from {name}` resumes there"));
            }
            return Err(error);
        }
    }
    Ok(())
}

fn remaining(from: Option<&str>) -> Result<&'static [Step], Error> {
    let Some(name) = from else { return Ok(&STEPS) };
    let known = || STEPS.map(|(name, _)| name).join(", ");
    STEPS
        .iter()
        .position(|(step, _)| *step == name)
        .and_then(|at| STEPS.get(at..))
        .ok_or_else(|| Error::UnknownStep { name: name.to_owned(), known: known() })
}

fn summary(times: &[(&str, Duration)]) -> String {
    let head = vec!["step".to_owned(), "time".to_owned()];
    let rows = times.iter().map(|(name, time)| vec![(*name).to_owned(), report::duration(*time)]);
    let total = vec!["total".to_owned(), report::duration(times.iter().map(|(_, time)| *time).sum())];
    let rows: Vec<_> = std::iter::once(head).chain(rows).chain([total]).collect();
    format!("\n{}", report::table(&rows))
}

fn fmt(workspace: &Workspace) -> Result<(), Error> {
    process::run(cargo(&workspace.root).args(["fmt", "--all", "--check"]))
}

fn clippy(workspace: &Workspace) -> Result<(), Error> {
    let base = ["clippy", "--workspace", "--all-targets", "--locked"];
    let deny = ["--", "-D", "warnings"];
    process::run(cargo(&workspace.root).args(base).args(deny))?;
    process::run(cargo(&workspace.root).args(base).arg("--all-features").args(deny))
}

fn doc(workspace: &Workspace) -> Result<(), Error> {
    let mut doc = cargo(&workspace.root);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    process::run(doc.args(["doc", "--workspace", "--all-features", "--no-deps", "--locked"]))
}

/// Nothing is published from here, so uncommitted changes are no reason to fail; in a clean clone there
/// are none.
fn package(workspace: &Workspace) -> Result<(), Error> {
    process::run(cargo(&workspace.root).args([
        "package",
        "--workspace",
        "--no-verify",
        "--allow-dirty",
        "--locked",
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_are_the_last_step() {
        assert_eq!(STEPS.last().map(|(name, _)| *name), Some("test"));
    }

    #[test]
    fn a_run_resumes_where_it_stopped() {
        let names: Vec<_> = remaining(Some("e2e")).unwrap().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["e2e", "chain", "kill9", "test"]);
        let error = remaining(Some("tests")).unwrap_err().to_string();
        assert!(error.contains("fmt, layers, codegen"), "{error}");
    }

    #[test]
    fn the_summary_adds_up() {
        let text = summary(&[("fmt", Duration::from_secs(1)), ("deny", Duration::from_secs(2))]);
        assert!(text.ends_with("  total  3.0 s\n"), "{text}");
    }
}
