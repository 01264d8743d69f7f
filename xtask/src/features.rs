//! Each published crate by itself: without features, and with each of its features alone.

use crate::error::Error;
use crate::process::{self, cargo};
use crate::workspace::{Member, Workspace};

/// Lints every selection that the workspace as a whole would hide by unifying features.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Error> {
    for member in workspace.published() {
        for selection in selections(member) {
            let mut lint = cargo(&workspace.root);
            lint.args(["clippy", "--quiet", "--locked", "-p", &member.name, "--no-default-features"]);
            if let Some(feature) = selection {
                lint.args(["--features", feature]);
            }
            process::run(lint.args(["--", "-D", "warnings"]))?;
        }
    }
    Ok(())
}

fn selections(member: &Member) -> Vec<Option<&str>> {
    let features = member.features.iter().map(String::as_str).filter(|feature| *feature != "default");
    std::iter::once(None).chain(features.map(Some)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_tried_alone_and_none_at_all() {
        let features = ["default", "file", "redb"].map(String::from).to_vec();
        let member = Member { features, ..Member::default() };
        assert_eq!(selections(&member), [None, Some("file"), Some("redb")]);
    }
}
