//! Arrows between members. Dev and build dependencies count like any other.

use crate::workspace::Member;

/// Every member and the members that it may depend on.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("maany-mpc-core", &[]),
    ("maany-coordinator-proto", &[]),
    ("maany-coordinator-storage", &[]),
    ("maany-coordinator-cosmos", &[]),
    ("maany-coordinator-transport", &["maany-coordinator-proto"]),
    (
        "maany-coordinator",
        &[
            "maany-mpc-core",
            "maany-coordinator-proto",
            "maany-coordinator-storage",
            "maany-coordinator-cosmos",
            "maany-coordinator-transport",
        ],
    ),
    ("maany-coordinator-cli", &["maany-coordinator"]),
    (
        "maany-tests",
        &[
            "maany-mpc-core",
            "maany-coordinator-proto",
            "maany-coordinator-storage",
            "maany-coordinator-cosmos",
            "maany-coordinator-transport",
            "maany-coordinator",
            "maany-coordinator-cli",
        ],
    ),
    (
        "maany-sim",
        &[
            "maany-mpc-core",
            "maany-coordinator-proto",
            "maany-coordinator-storage",
            "maany-coordinator-cosmos",
            "maany-coordinator",
        ],
    ),
    ("maany-codegen", &[]),
    ("xtask", &[]),
];

/// Every arrow that is not in the drawing, and every member that is not.
pub(super) fn findings(members: &[Member]) -> Vec<String> {
    let mut findings = Vec::new();
    for member in members {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == member.name) else {
            findings.push(format!("{} has no place in the layers", member.name));
            continue;
        };
        if let Some(finding) = misnamed(member) {
            findings.push(finding);
        }
        let inner = |name: &&String| members.iter().any(|other| other.name == **name);
        for dependency in member.dependencies.iter().filter(inner) {
            if !allowed.contains(&dependency.as_str()) {
                findings.push(format!("{} must not depend on {dependency}", member.name));
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// A library's package is `maany-` and the name of its folder.
fn misnamed(member: &Member) -> Option<String> {
    let folder = member.directory.file_name()?.to_str()?;
    let expected = if folder == "xtask" { folder.to_owned() } else { format!("maany-{folder}") };
    (member.name != expected).then(|| format!("{} lives in the folder {folder}", member.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, dependencies: &[&str]) -> Member {
        let folder = name.strip_prefix("maany-").unwrap_or(name);
        Member {
            name: name.into(),
            directory: format!("/w/{folder}").into(),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            ..Member::default()
        }
    }

    fn drawing() -> Vec<Member> {
        ALLOWED.iter().map(|(name, allowed)| member(name, allowed)).collect()
    }

    fn with_arrow(from: &str, to: &str) -> Vec<String> {
        let mut members = drawing();
        let member = members.iter_mut().find(|member| member.name == from).unwrap();
        member.dependencies.push(to.into());
        findings(&members)
    }

    #[test]
    fn the_drawing_itself_passes() {
        assert_eq!(findings(&drawing()), Vec::<String>::new());
        assert!(with_arrow("maany-mpc-core", "serde").is_empty(), "foreign crates are no arrows");
    }

    #[test]
    fn engine_and_protocol_never_meet() {
        let expected = ["maany-coordinator-proto must not depend on maany-mpc-core"];
        assert_eq!(with_arrow("maany-coordinator-proto", "maany-mpc-core"), expected);
        let expected = ["maany-mpc-core must not depend on maany-coordinator-proto"];
        assert_eq!(with_arrow("maany-mpc-core", "maany-coordinator-proto"), expected);
    }

    #[test]
    fn every_arrow_outside_the_drawing_is_caught() {
        for (from, allowed) in ALLOWED {
            for (to, _) in ALLOWED.iter().filter(|(to, _)| *to != from && !allowed.contains(to)) {
                assert_eq!(with_arrow(from, to), [format!("{from} must not depend on {to}")]);
            }
        }
    }

    #[test]
    fn a_member_outside_the_drawing_is_caught() {
        let mut members = drawing();
        members.push(member("maany-helpers", &[]));
        assert_eq!(findings(&members), ["maany-helpers has no place in the layers"]);
        members.pop();
        members[0].directory = "/w/core".into();
        assert_eq!(findings(&members), ["maany-mpc-core lives in the folder core"]);
    }
}
