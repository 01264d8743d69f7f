//! The bytes of the wire format, pinned. A change in `tests/golden` is a breaking change.

mod backup_share;
mod channel;
mod control;
mod hello;

use std::path::Path;

/// A golden file without its last line feed.
fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.strip_suffix('\n').expect("a last line feed").to_owned()
}

/// Every golden file of a folder, by name.
fn all(folder: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut names: Vec<String> = std::fs::read_dir(path)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("utf-8"))
        .collect();
    names.sort();
    names
}
