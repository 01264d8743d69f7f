//! Server and devices in a simulated world, in release mode.

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Builds the simulation in release mode and runs it.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<(), Error> {
    let mut sim = cargo(&workspace.root);
    sim.args(["run", "--release", "--locked", "-p", "maany-sim", "--bin", "sim", "--"]).args(args);
    process::run(&mut sim)
}
