//! Golden files: the bytes that a format had when it was released. Only tests use this.
//!
//! `MAANY_BLESS=1` writes missing files; a file that exists is never rewritten, because stored data has that form.

use std::path::PathBuf;

/// The bytes in `tests/golden/<name>.hex`.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    hex::decode(std::fs::read_to_string(path(name)).unwrap().replace('\n', "")).unwrap()
}

/// Compares with `tests/golden/<name>.hex`.
pub(crate) fn check(name: &str, bytes: &[u8]) {
    let path = path(name);
    let text: String = hex::encode(bytes)
        .as_bytes()
        .chunks(64)
        .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
        .collect();
    if std::env::var_os("MAANY_BLESS").is_some() && !path.exists() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(golden, text, "the bytes of {name} have changed: stored data has the golden form");
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.hex"))
}
