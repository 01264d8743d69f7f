//! Node and the packages of `tests/node`, by their lockfile.

use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::process::{capture, run};
use crate::workspace::Workspace;

/// The oldest major version that the cross-checks run on.
const OLDEST: u32 = 20;
const HINT: &str =
    "install Node.js 20 or later with npm: https://nodejs.org, or your system's package manager";

/// The folder of the cross-checks, with the packages of its lockfile installed.
pub(crate) fn prepare(workspace: &Workspace) -> Result<PathBuf, Error> {
    check_version()?;
    let directory = workspace.root.join("tests/node");
    let lockfile = directory.join("package-lock.json");
    let wanted = std::fs::read(&lockfile).map_err(Error::file(&lockfile))?;
    let stamp = directory.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(directory);
    }
    let mut install = Command::new("npm");
    install.current_dir(&directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run(&mut install).map_err(|error| match error {
        Error::Spawn { .. } => Error::MissingTool { program: "npm", hint: HINT },
        other => other,
    })?;
    std::fs::write(&stamp, wanted).map_err(Error::file(&stamp))?;
    Ok(directory)
}

fn check_version() -> Result<(), Error> {
    let version = capture(Command::new("node").arg("--version"))
        .map_err(|_| Error::MissingTool { program: "node", hint: HINT })?;
    match major(&version) {
        Some(major) if major >= OLDEST => Ok(()),
        _ => Err(Error::OldTool { program: "node", found: version.trim().to_owned(), hint: HINT }),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("deno 2"), None);
    }
}
