//! The drawing in `docs/architecture.md`, enforced: which crate may know which, and which do no I/O.

mod arrows;
mod purity;
mod source;

use crate::error::Error;
use crate::report::say;
use crate::workspace::Workspace;

/// Checks the arrows of all members and the purity of the crates that decide or compute.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    let mut findings = arrows::findings(&workspace.members);
    for member in workspace.members.iter().filter(|member| purity::is_pure(&member.name)) {
        findings.extend(purity::graph_findings(workspace, member)?);
        findings.extend(purity::source_findings(member)?);
    }
    if findings.is_empty() {
        say(format_args!(
            "layers: {} members, no forbidden arrow, no I/O in pure crates",
            workspace.members.len()
        ));
        return Ok(());
    }
    for finding in &findings {
        say(format_args!("  {finding}"));
    }
    Err(Error::Findings(format!("{} violation(s) of the layers", findings.len())))
}
