//! Known advisories: a release check, because the database lives on the network.

use std::process::Stdio;

use crate::deny;
use crate::error::Error;
use crate::process::{self, describe};
use crate::report::say;
use crate::workspace::Workspace;

/// Fetches the advisory database and checks every dependency against it.
///
/// A database that cannot be fetched is a failure of its own: nothing was checked.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let program = deny::prepare(workspace)?;
    let mut fetch = deny::command(workspace, &program);
    fetch.args(["fetch", "db"]);
    say(format_args!("$ {}", describe(&fetch)));
    let fetched = fetch.stdin(Stdio::null()).status().is_ok_and(|status| status.success());
    if !fetched {
        return Err(Error::Findings(
            "advisories were NOT checked: the advisory database could not be fetched; \
             run `cargo xtask advisories` where github.com is reachable before a release"
                .into(),
        ));
    }
    process::run(deny::command(workspace, &program).args(["check", "--disable-fetch", "advisories"]))
}
