//! The generated files in memory: headed, formatted, then written or compared.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;

/// File names below the target folder, and their texts.
pub(crate) type Files = BTreeMap<String, String>;

/// Files to be.
pub(crate) struct Tree {
    header: String,
    files: Files,
}

impl Tree {
    pub(crate) fn new(header: &str) -> Self {
        Self { header: header.to_owned(), files: Files::new() }
    }

    pub(crate) fn add(&mut self, name: &str, about: &str, body: &str) {
        let text = format!("//! {about}\n//!\n{}\n{body}", self.header);
        self.files.insert(name.to_owned(), text);
    }

    pub(crate) fn formatted(self) -> Result<Files, Error> {
        self.files.into_iter().map(|(name, text)| Ok((name.clone(), formatted(&name, &text)?))).collect()
    }
}

/// What rustfmt makes of a text, with the settings of the workspace.
fn formatted(name: &str, text: &str) -> Result<String, Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(root.join("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::file("rustfmt"))?;
    // rustfmt reads all of its input before it writes, so that the pipe is not fed from both ends.
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).map_err(Error::file(name))?;
    }
    let output = child.wait_with_output().map_err(Error::file(name))?;
    match String::from_utf8(output.stdout) {
        Ok(text) if output.status.success() => Ok(text),
        _ => Err(Error::Format(name.to_owned())),
    }
}

/// Puts the files in place of what is there.
pub(crate) fn replace(target: &Path, files: &Files) -> Result<String, Error> {
    for old in committed(target, "")? {
        if !files.contains_key(&old) {
            let path = target.join(old);
            std::fs::remove_file(&path).map_err(Error::file(path))?;
        }
    }
    for (name, text) in files {
        let path = target.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
        }
        std::fs::write(&path, text).map_err(Error::file(path))?;
    }
    Ok(format!("wrote {} files", files.len()))
}

/// Fails where a committed file is not what was generated, lacks, or is too many.
pub(crate) fn compare(target: &Path, files: &Files) -> Result<String, Error> {
    let mut stale: Vec<String> =
        committed(target, "")?.into_iter().filter(|name| !files.contains_key(name)).collect();
    for (name, text) in files {
        if std::fs::read_to_string(target.join(name)).ok().as_ref() != Some(text) {
            stale.push(name.clone());
        }
    }
    if stale.is_empty() {
        return Ok(format!("{} committed files are what the generator writes", files.len()));
    }
    Err(Error::Stale(stale.join(", ")))
}

fn committed(folder: &Path, prefix: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(names) };
    for entry in entries {
        let entry = entry.map_err(Error::file(folder))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            names.extend(committed(&entry.path(), &format!("{name}/"))?);
        } else {
            names.push(name);
        }
    }
    Ok(names)
}
