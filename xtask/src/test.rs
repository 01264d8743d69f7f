//! Every test, the Rust ones last: the runner's own summary ends the output.

use std::process::Command;

use crate::error::Error;
use crate::node;
use crate::process::{self, cargo, run_tests};
use crate::workspace::Workspace;

/// Runs the Node cross-checks, then every Rust test with all features, documentation tests included.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let directory = node::prepare(workspace)?;
    process::run(cargo(&workspace.root).args([
        "build",
        "--locked",
        "-p",
        "maany-coordinator-cosmos",
        "--example",
        "sign_docs",
    ]))?;
    let ours = workspace.target.join("debug/examples/sign_docs");
    run_tests(
        Command::new("node")
            .current_dir(directory)
            .args(["--test", "--test-reporter", "spec"])
            // The differential against CosmJS asks this program.
            .env("SIGN_DOCS", ours),
    )?;
    run_tests(cargo(&workspace.root).args([
        "test",
        "--workspace",
        "--all-features",
        "--locked",
        "--no-fail-fast",
    ]))
}
