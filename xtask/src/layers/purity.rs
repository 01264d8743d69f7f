//! Crates that decide or compute: no tokio, no `std::net`, no `std::fs` with default features, neither in
//! what they link nor in what they say.

use std::path::Path;

use crate::error::Error;
use crate::process::{capture, cargo};
use crate::workspace::{Member, Workspace};

use super::source;

/// What a feature that is off by default compiles, by crate and place below `src`: it may do I/O, nothing outside of it may.
const BEHIND_FEATURES: [(&str, &str); 2] =
    [("maany-coordinator-cosmos", "node"), ("maany-coordinator-cosmos", "node.rs")];

const PURE: [&str; 3] = ["maany-mpc-core", "maany-coordinator-proto", "maany-coordinator-cosmos"];

/// Runtimes and sockets, by package name.
const FORBIDDEN: [&str; 12] = [
    "async-std",
    "axum",
    "hyper",
    "mio",
    "reqwest",
    "smol",
    "socket2",
    "tokio",
    "tokio-tungstenite",
    "tokio-util",
    "tonic",
    "tungstenite",
];

pub(super) fn is_pure(name: &str) -> bool {
    PURE.contains(&name)
}

/// Forbidden packages among what the crate links or builds with, default features on.
pub(super) fn graph_findings(workspace: &Workspace, member: &Member) -> Result<Vec<String>, Error> {
    let mut tree = cargo(&workspace.root);
    tree.args([
        "tree",
        "--quiet",
        "--locked",
        "-p",
        &member.name,
        "--edges",
        "normal,build",
        "--target",
        "all",
    ]);
    let tree = capture(tree.args(["--prefix", "none", "--format", "{p}"]))?;
    let declared = member.dependencies.iter().filter(|name| !member.optional.contains(name));
    let declared = declared.map(String::as_str);
    Ok(forbidden(&member.name, tree.lines().filter_map(|line| line.split(' ').next()).chain(declared)))
}

fn forbidden<'a>(member: &str, packages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut findings: Vec<String> = packages
        .filter(|package| FORBIDDEN.contains(package))
        .map(|package| format!("{member} must not reach {package}"))
        .collect();
    findings.sort();
    findings.dedup();
    findings
}

/// Forbidden paths in the crate's own sources.
pub(super) fn source_findings(member: &Member) -> Result<Vec<String>, Error> {
    let mut findings = Vec::new();
    let sources = member.directory.join("src");
    walk(&sources, &mut |file| {
        if is_behind_a_feature(&member.name, file.strip_prefix(&sources).unwrap_or(file)) {
            return Ok(());
        }
        let text = std::fs::read_to_string(file).map_err(Error::file(file))?;
        let shown = file.strip_prefix(&member.directory).unwrap_or(file).display();
        for (line, path) in source::forbidden_paths(&text) {
            findings.push(format!("{}: {shown}:{line} says {path}", member.name));
        }
        Ok(())
    })?;
    Ok(findings)
}

/// `file` is below `src`.
fn is_behind_a_feature(member: &str, file: &Path) -> bool {
    BEHIND_FEATURES.iter().any(|(name, place)| *name == member && file.starts_with(place))
}

fn walk(directory: &Path, visit: &mut dyn FnMut(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let entries = std::fs::read_dir(directory).map_err(Error::file(directory))?;
    let mut paths: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(Error::file(directory)))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, visit)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_anywhere_in_the_graph_is_caught() {
        let found = forbidden("maany-mpc-core", ["serde", "tokio", "k256", "mio", "tokio"].into_iter());
        assert_eq!(found, ["maany-mpc-core must not reach mio", "maany-mpc-core must not reach tokio"]);
        assert!(forbidden("maany-mpc-core", ["serde", "k256"].into_iter()).is_empty());
    }

    #[test]
    fn only_the_node_client_may_do_io_in_a_pure_crate() {
        let free = |member, file| is_behind_a_feature(member, Path::new(file));
        assert!(free("maany-coordinator-cosmos", "node.rs"));
        assert!(free("maany-coordinator-cosmos", "node/endpoint.rs"));
        for file in ["lib.rs", "nodes.rs", "node_address.rs", "decoded/node.rs"] {
            assert!(!free("maany-coordinator-cosmos", file), "{file}");
        }
        assert!(!free("maany-mpc-core", "node.rs"));
    }

    #[test]
    fn this_crate_is_not_pure_and_the_check_sees_it() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf();
        let member = Member { name: "xtask".into(), directory, ..Member::default() };
        let found = source_findings(&member).unwrap();
        assert!(found.iter().any(|finding| finding.contains("src/layers/purity.rs")), "{found:?}");
    }
}
