//! The release binary, driven from outside.

use std::process::Command;

use crate::error::Error;
use crate::node;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Builds the binary that users build and the runner, then lets the runner drive the binary.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<(), Error> {
    let node = node::prepare(workspace)?;
    process::run(cargo(&workspace.root).args([
        "build",
        "--release",
        "--locked",
        "-p",
        "maany-coordinator-cli",
    ]))?;
    process::run(cargo(&workspace.root).args([
        "build",
        "--release",
        "--locked",
        "-p",
        "maany-tests",
        "--bin",
        "e2e",
    ]))?;
    let built = workspace.target.join("release");
    let mut runner = Command::new(built.join(format!("e2e{}", std::env::consts::EXE_SUFFIX)));
    runner.current_dir(&workspace.root);
    runner.arg("--maany").arg(built.join(format!("maany{}", std::env::consts::EXE_SUFFIX)));
    runner.arg("--node-dir").arg(node).args(args);
    process::run(&mut runner)
}
