//! MPC wallets against a real chain, which is built from its Go modules once and kept outside of the checkout.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::process::{self, capture, cargo};
use crate::report::say;
use crate::workspace::Workspace;

/// The package that is the chain's binary; `tests/chain/go.mod` pins its version.
const PACKAGE: &str = "github.com/CosmWasm/wasmd/cmd/wasmd";
/// The first release of Go that reads `tests/chain/go.mod`.
const OLDEST_GO: (u32, u32) = (1, 24);

const HINT: &str =
    "install Go 1.24 or later from https://go.dev/dl, and a C compiler: the chain is built from source";

/// Runs where the chain can be built; elsewhere says why it does not.
pub(crate) fn run_or_skip(workspace: &Workspace) -> Result<(), Error> {
    match go() {
        Ok(_) => run(workspace, &[]),
        Err(reason @ (Error::MissingTool { .. } | Error::OldTool { .. })) => {
            say(format_args!("skipped, so that no real chain has accepted anything: {reason}"));
            Ok(())
        }
        Err(other) => Err(other),
    }
}

/// Builds the chain where this machine has not built it yet, and the runner; then lets the runner drive it.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<(), Error> {
    let chain = build(&workspace.root.join("tests").join("chain"), &go()?)?;
    let package = ["build", "--release", "--locked", "-p", "maany-tests", "--bin", "chain"];
    process::run(cargo(&workspace.root).args(package))?;
    let runner = format!("chain{}", std::env::consts::EXE_SUFFIX);
    let mut runner = Command::new(workspace.target.join("release").join(runner));
    runner.current_dir(&workspace.root).arg("--wasmd").arg(chain).args(args);
    process::run(&mut runner)
}

/// What `go version` says, of a Go that is new enough.
fn go() -> Result<String, Error> {
    let mut version = Command::new("go");
    version.arg("version").env("GOTOOLCHAIN", "local");
    let text = capture(&mut version).map_err(|error| match error {
        Error::Spawn { .. } => Error::MissingTool { program: "go", hint: HINT },
        other => other,
    })?;
    match release(&text) {
        Some(found) if found >= OLDEST_GO => Ok(text),
        Some((major, minor)) => {
            Err(Error::OldTool { program: "go", found: format!("{major}.{minor}"), hint: HINT })
        }
        None => Err(Error::Output("go version".into())),
    }
}

/// `go version go1.26.8 linux/amd64`: 1 and 26.
fn release(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(' ').nth(2)?.strip_prefix("go")?.split('.');
    let minor = |text: &str| text.find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |end| end);
    let (major, rest) = (numbers.next()?.parse().ok()?, numbers.next()?);
    Some((major, rest.get(..minor(rest))?.parse().ok()?))
}

/// The binary, built by this Go from these modules.
fn build(modules: &Path, go: &str) -> Result<PathBuf, Error> {
    let read = |name: &str| std::fs::read(modules.join(name)).map_err(Error::file(modules.join(name)));
    let key = fingerprint(&[&read("go.mod")?, &read("go.sum")?, go.as_bytes()]);
    let folder = cache()?.join(format!("{key:016x}"));
    let binary = folder.join(format!("wasmd{}", std::env::consts::EXE_SUFFIX));
    if works(&binary) {
        say(format_args!("the chain is built: {}", binary.display()));
        return Ok(binary);
    }
    std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let unfinished = folder.join(format!("unfinished-{}", std::process::id()));
    let mut build = Command::new("go");
    build.current_dir(modules).env("GOTOOLCHAIN", "local").env("GOWORK", "off").env("CGO_ENABLED", "1");
    build.args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o"]);
    process::run(build.arg(&unfinished).arg(PACKAGE))?;
    std::fs::rename(&unfinished, &binary).map_err(Error::file(&binary))?;
    Ok(binary)
}

/// Whether it starts. It needs a library of the Go module cache, which may have been emptied since.
fn works(binary: &Path) -> bool {
    let mut version = Command::new(binary);
    version.arg("version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// Where this user's programs keep what they can make again.
fn cache() -> Result<PathBuf, Error> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let folder = folder.or_else(|| set("LOCALAPPDATA"));
    let hint = "set XDG_CACHE_HOME to a folder in which the built chain may be kept";
    let folder = folder.ok_or(Error::MissingTool { program: "a cache folder", hint })?;
    Ok(folder.join("maany-coordinator").join("chain"))
}

/// FNV-1a, 64 bits, over all of them and where each ends.
fn fingerprint(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter().copied().chain(part.len().to_le_bytes()));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_of_go_is_read() {
        assert_eq!(release("go version go1.26.8 linux/amd64\n"), Some((1, 26)));
        assert_eq!(release("go version go1.27rc1 darwin/arm64"), Some((1, 27)));
        assert_eq!(release("go version devel +a5b3c linux/amd64"), None);
        assert_eq!(release(""), None);
    }

    #[test]
    fn another_module_or_another_go_is_another_binary() {
        let one = fingerprint(&[b"a", b"bc"]);
        assert_ne!(one, fingerprint(&[b"ab", b"c"]));
        assert_ne!(one, fingerprint(&[b"a", b"bd"]));
        assert_eq!(one, fingerprint(&[b"a", b"bc"]));
    }

    #[test]
    fn what_is_not_there_does_not_work() {
        assert!(!works(Path::new("/no/such/wasmd")));
    }
}
