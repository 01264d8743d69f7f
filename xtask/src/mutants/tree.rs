//! A copy of the crates that may be changed at will. Every mutant uses the same copy and the same build
//! folder, so that only the changed crate is built again.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// The copy.
pub(super) struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Copies the manifests and the crates; the packages that they need are fetched by the lockfile.
    pub(super) fn copy(workspace: &Workspace) -> Result<Self, Error> {
        process::run(cargo(&workspace.root).args(["fetch", "--locked"]))?;
        let home = workspace.target.join("mutants");
        let tree = Self { root: home.join("tree"), target: home.join("build") };
        if tree.root.exists() {
            std::fs::remove_dir_all(&tree.root).map_err(Error::file(&tree.root))?;
        }
        copy_folder(&workspace.root.join("crates"), &tree.root.join("crates"))?;
        for name in ["Cargo.lock", "clippy.toml"] {
            copy_file(&workspace.root.join(name), &tree.root.join(name))?;
        }
        let manifest = workspace.root.join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).map_err(Error::file(&manifest))?;
        let manifest = tree.path("Cargo.toml");
        std::fs::write(&manifest, crates_only(&text)).map_err(Error::file(&manifest))?;
        Ok(tree)
    }

    /// A file of the copy.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// Cargo in the copy, offline: the copy's lockfile only loses what `tests` and `xtask` needed.
    pub(super) fn cargo(&self) -> std::process::Command {
        let mut command = cargo(&self.root);
        command.env("CARGO_TARGET_DIR", &self.target).env("CARGO_NET_OFFLINE", "true");
        // Nobody debugs these binaries, and without the information they link faster.
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        command
    }
}

/// The root manifest without the members that are not copied.
fn crates_only(manifest: &str) -> String {
    let keep = |line: &&str| !line.starts_with("default-members");
    let shorten = |line| if str::starts_with(line, "members = ") { "members = [\"crates/*\"]" } else { line };
    manifest.lines().filter(keep).map(shorten).flat_map(|line| [line, "\n"]).collect()
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(Error::file(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::file(from))? {
        let path = entry.map_err(Error::file(from))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            copy_file(&path, &to.join(name))?;
        }
    }
    Ok(())
}

/// Copies contents, not times: cargo must see a changed file as changed.
fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    let bytes = std::fs::read(from).map_err(Error::file(from))?;
    std::fs::write(to, bytes).map_err(Error::file(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_crates_remain_members() {
        let manifest = "[workspace]\nmembers = [\"crates/*\", \"tests\"]\ndefault-members = [\"a\"]\n[x]\n";
        assert_eq!(crates_only(manifest), "[workspace]\nmembers = [\"crates/*\"]\n[x]\n");
    }
}
