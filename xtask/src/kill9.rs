//! SIGKILL to the release binary and its devices under load.

use std::process::Command;

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// The rounds of a change's check; a release check takes 200.
pub(crate) const ROUNDS: u32 = 20;

/// Builds the binary that users build and the runner, then lets the runner kill it so many times.
pub(crate) fn run(workspace: &Workspace, rounds: u32, seed: Option<u64>) -> Result<(), Error> {
    let build = ["build", "--release", "--locked"];
    process::run(cargo(&workspace.root).args(build).args(["-p", "maany-coordinator-cli"]))?;
    process::run(cargo(&workspace.root).args(build).args(["-p", "maany-tests", "--bin", "kill9"]))?;
    let built = workspace.target.join("release");
    let mut runner = Command::new(built.join(format!("kill9{}", std::env::consts::EXE_SUFFIX)));
    runner.current_dir(&workspace.root).arg("run");
    runner.arg("--maany").arg(built.join(format!("maany{}", std::env::consts::EXE_SUFFIX)));
    runner.arg("--rounds").arg(rounds.to_string());
    if let Some(seed) = seed {
        runner.arg("--seed").arg(seed.to_string());
    }
    process::run(&mut runner)
}
