//! Every durable write and every message of every verb, with every trouble there.

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Builds the sweep in release mode and runs it.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<(), Error> {
    let mut sweep = cargo(&workspace.root);
    sweep
        .args(["run", "--release", "--locked", "-p", "maany-tests", "--bin", "crash-sweep", "--"])
        .args(args);
    process::run(&mut sweep)
}
