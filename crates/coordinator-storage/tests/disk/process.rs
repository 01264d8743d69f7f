//! A child process that uses a store until it is full or killed: this test binary again, told by its environment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::kinds::Kind;

const ROLE: &str = "MAANY_STORAGE_TEST_CHILD";
const KIND: &str = "MAANY_STORAGE_TEST_KIND";
const STORE: &str = "MAANY_STORAGE_TEST_STORE";

/// What the environment tells a child.
pub(crate) struct Told {
    pub(crate) kind: Kind,
    pub(crate) path: PathBuf,
}

/// `None` in a process that is no child of that role.
pub(crate) fn told(role: &str) -> Option<Told> {
    if std::env::var(ROLE).as_deref() != Ok(role) {
        return None;
    }
    let kind = Kind::named(&std::env::var(KIND).unwrap());
    Some(Told { kind, path: std::env::var_os(STORE).unwrap().into() })
}

/// Runs one test of this binary as a child, with SIGXFSZ ignored, so that a file that may not grow is an error and no
/// signal: what is ignored before an exec stays so.
pub(crate) fn spawn(role: &str, test: &str, kind: Kind, path: &Path) -> Child {
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(KIND, format!("{kind:?}"))
        .env(STORE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A line for the parent.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}
