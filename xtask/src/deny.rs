//! cargo-deny, at one version, installed beside the build when it is missing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// The version that `deny.toml` is written for.
const VERSION: &str = "0.20.2";

/// Bans, licences and sources: what needs no advisory database.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let program = prepare(workspace)?;
    process::run(command(workspace, &program).args(["check", "bans", "licenses", "sources"]))
}

/// cargo-deny over the whole workspace with all features.
pub(crate) fn command(workspace: &Workspace, program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&workspace.root).args(["--workspace", "--all-features", "--locked"]);
    command
}

/// The program, installed if need be.
pub(crate) fn prepare(workspace: &Workspace) -> Result<PathBuf, Error> {
    let tools = workspace.target.join("tools");
    let own = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    for candidate in [PathBuf::from("cargo-deny"), own.clone()] {
        if is_wanted(&candidate) {
            return Ok(candidate);
        }
    }
    let mut install = cargo(&workspace.root);
    install.args(["install", "--locked", "cargo-deny", "--version", VERSION, "--root"]).arg(&tools);
    process::run(&mut install)?;
    Ok(own)
}

fn is_wanted(program: &PathBuf) -> bool {
    Command::new(program)
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == format!("cargo-deny {VERSION}"))
}
