//! The workspace as cargo describes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;
use crate::process::{capture, cargo};

/// The workspace and its members.
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// The members, sorted by name.
    pub(crate) members: Vec<Member>,
}

/// A package of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Member {
    /// The package's name.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) directory: PathBuf,
    /// Whether it is meant for a registry.
    pub(crate) published: bool,
    /// Its features, `default` among them when it has one.
    pub(crate) features: Vec<String>,
    /// Packages that it depends on in any way, by their own names; dev and build dependencies included.
    pub(crate) dependencies: Vec<String>,
    /// Those of them that only a feature brings in.
    pub(crate) optional: Vec<String>,
}

impl Workspace {
    /// Asks cargo about the workspace that this program was built from.
    pub(crate) fn find() -> Result<Self, Error> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().map_or_else(|| manifest.clone(), Path::to_path_buf);
        let mut command = cargo(&root);
        command.args(["metadata", "--format-version", "1", "--no-deps"]);
        let metadata = capture(&mut command)?;
        serde_json::from_str(&metadata)
            .ok()
            .and_then(|metadata| Self::read(&metadata))
            .ok_or_else(|| Error::Output("cargo metadata".into()))
    }

    fn read(metadata: &Value) -> Option<Self> {
        let root = PathBuf::from(metadata.get("workspace_root")?.as_str()?);
        let target = PathBuf::from(metadata.get("target_directory")?.as_str()?);
        let packages = metadata.get("packages")?.as_array()?;
        let mut members: Vec<Member> = packages.iter().map(Member::read).collect::<Option<_>>()?;
        members.sort_by(|left, right| left.name.cmp(&right.name));
        Some(Self { root, target, members })
    }

    /// The members that are meant for a registry.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.published)
    }
}

impl Member {
    fn read(package: &Value) -> Option<Self> {
        let manifest = Path::new(package.get("manifest_path")?.as_str()?);
        let dependencies = package.get("dependencies")?.as_array()?;
        let optional = |dependency: &&Value| dependency.get("optional") == Some(&Value::Bool(true));
        let name = |dependency: &Value| Some(dependency.get("name")?.as_str()?.to_owned());
        let features: BTreeMap<String, Value> =
            serde_json::from_value(package.get("features")?.clone()).ok()?;
        Some(Self {
            name: package.get("name")?.as_str()?.to_owned(),
            directory: manifest.parent()?.to_path_buf(),
            // Null means any registry, an empty list none.
            published: package.get("publish").is_none_or(Value::is_null),
            features: features.into_keys().collect(),
            dependencies: dependencies.iter().map(name).collect::<Option<_>>()?,
            optional: dependencies.iter().filter(optional).map(name).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_metadata_is_understood() {
        let metadata = serde_json::json!({
            "workspace_root": "/w", "target_directory": "/w/target",
            "packages": [
                { "name": "b", "manifest_path": "/w/b/Cargo.toml", "publish": [], "features": {},
                  "dependencies": [{ "name": "a", "rename": "other", "kind": "dev" },
                                   { "name": "c", "optional": true }] },
                { "name": "a", "manifest_path": "/w/a/Cargo.toml", "publish": null,
                  "features": { "default": [], "extra": [] }, "dependencies": [] },
            ],
        });
        let workspace = Workspace::read(&metadata).unwrap();
        let [a, b] = workspace.members.as_slice() else { panic!("two members") };
        assert_eq!(a.features, ["default", "extra"]);
        assert!(a.published && !b.published);
        assert_eq!(b.optional, ["c"]);
        assert_eq!(b.dependencies, ["a", "c"], "a renamed dependency counts under its own name");
        assert_eq!(b.directory, Path::new("/w/b"));
        assert!(Workspace::read(&serde_json::json!({ "packages": [] })).is_none());
    }
}
