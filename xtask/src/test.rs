//! Every test, the Rust ones last: the runner's own summary ends the output.

use std::process::Command;

use crate::error::Error;
use crate::node;
use crate::process::{cargo, run_tests};
use crate::workspace::Workspace;

/// Runs the Node cross-checks, then every Rust test with all features, documentation tests included.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let directory = node::prepare(workspace)?;
    run_tests(Command::new("node").current_dir(directory).args(["--test", "--test-reporter", "spec"]))?;
    run_tests(cargo(&workspace.root).args([
        "test",
        "--workspace",
        "--all-features",
        "--locked",
        "--no-fail-fast",
    ]))
}
