//! Speed and size, measured in release mode.

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Runs the bench, which prints a table, writes JSON and fails where a figure to reach is missed.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<(), Error> {
    let mut bench = cargo(&workspace.root);
    bench.args(["run", "--release", "--locked", "-p", "maany-tests", "--bin", "bench", "--"]).args(args);
    process::run(&mut bench)
}
