//! Speed and size, measured in release mode.

mod cosmos;

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Runs the bench, which prints a table, writes JSON and fails where a figure to reach is missed. `--cosmos` runs that of the sign docs
/// instead.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<(), Error> {
    if let [only] = args
        && only == "--cosmos"
    {
        return cosmos::run(workspace);
    }
    let mut bench = cargo(&workspace.root);
    bench.args(["run", "--release", "--locked", "-p", "maany-tests", "--bin", "bench", "--"]).args(args);
    process::run(&mut bench)
}
