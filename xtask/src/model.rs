//! The model of the commit, in release mode.

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Runs the search, which prints its figures last and fails where a wallet is lost or a missing rule is not missed.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let mut model = cargo(&workspace.root);
    model.args(["run", "--release", "--locked", "-p", "maany-tests", "--bin", "model"]);
    process::run(&mut model)
}
