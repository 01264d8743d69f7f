//! The message tables and types of maany-coordinator-cosmos, written by the workspace member `codegen`, which links what this one must not.

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Writes the files; with `--check`, compares the committed ones instead.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    let mut generator = cargo(&workspace.root);
    generator.args(["run", "--quiet", "--locked", "-p", "maany-codegen", "--"]);
    process::run(generator.args(arguments))
}

/// The step of `cargo xtask ci`. It says so where Go or the module proxy is missing.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Error> {
    run(workspace, &["--check".to_owned()])
}
