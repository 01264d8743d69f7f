//! A fragment as a file for its holder: mode 0600, on disk before it counts, never over another. Where the name is another
//! backup's, made by a device that does not remember it, the file is numbered.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use super::DeliveryError;

/// How many backups of one epoch find a name in one folder.
const MOST: u8 = 16;

/// What the file of a fragment is called, where it is the folder's `nth` of its kind: nothing of it is secret.
pub(super) fn name(wallet: &str, epoch: u64, index: u8, of: u8, nth: u8) -> String {
    let again = if nth > 1 { format!("-backup-{nth}") } else { String::new() };
    format!("{wallet}-epoch-{epoch}-fragment-{index}-of-{of}{again}.maany")
}

/// Writes the document under the first of its names that is free, or is its own already: the same bytes are as good as written.
/// Says which of them it was, from 1.
pub(super) fn keep(folder: &Path, name: impl Fn(u8) -> String, document: &[u8]) -> Result<u8, DeliveryError> {
    let failed = |source: io::Error| DeliveryError::File { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    for nth in 1..MOST {
        if let Kept::Here = keep_as(folder, &name(nth), document)? {
            return Ok(nth);
        }
    }
    let last = name(MOST);
    match keep_as(folder, &last, document)? {
        Kept::Here => Ok(MOST),
        Kept::Taken => Err(DeliveryError::Exists { path: folder.join(last) }),
    }
}

/// What became of one name.
enum Kept {
    Here,
    /// Another fragment has it.
    Taken,
}

fn keep_as(folder: &Path, name: &str, document: &[u8]) -> Result<Kept, DeliveryError> {
    let path = folder.join(name);
    let failed = |source: io::Error| DeliveryError::File { path: path.clone(), source };
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(file) => write(file, document)
            .and_then(|()| File::open(folder)?.sync_all())
            .map(|()| Kept::Here)
            .map_err(|source| {
                // Half a file is of no use, and the next attempt must not find it.
                let _ = std::fs::remove_file(&path);
                failed(source)
            }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => same(&path, document).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

fn write(mut file: File, document: &[u8]) -> io::Result<()> {
    file.write_all(document)?;
    file.sync_all()
}

fn same(path: &Path, document: &[u8]) -> io::Result<Kept> {
    let mut there = zeroize::Zeroizing::new(Vec::with_capacity(document.len() + 1));
    File::open(path)?.take(document.len() as u64 + 1).read_to_end(&mut there)?;
    Ok(if there.as_slice() == document { Kept::Here } else { Kept::Taken })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn numbered(nth: u8) -> String {
        name("w", 1, 2, 3, nth)
    }

    #[test]
    fn a_fragment_file_is_its_owners_alone_and_never_overwritten() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("fragments");
        assert_eq!(keep(&folder, numbered, b"fragment").unwrap(), 1);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(numbered(1)))), (0o700, 0o600));
        // Another one gets a name of its own, and finds it again; also one that only begins alike.
        for (nth, other) in (2..).zip([&b"another"[..], b"fragment and more", b""]) {
            for _ in 0..2 {
                assert_eq!(keep(&folder, numbered, other).unwrap(), nth);
            }
            assert_eq!(std::fs::read(folder.join(numbered(nth))).unwrap(), other);
        }
        assert_eq!(keep(&folder, numbered, b"fragment").unwrap(), 1);
        assert_eq!(std::fs::read(folder.join(numbered(1))).unwrap(), b"fragment");
    }

    #[test]
    fn a_folder_full_of_other_backups_is_an_error_that_names_the_last() {
        let folder = tempfile::tempdir().unwrap();
        for other in 1..=MOST {
            assert_eq!(keep(folder.path(), numbered, &[other]).unwrap(), other);
        }
        let refused = keep(folder.path(), numbered, b"one more").unwrap_err();
        assert!(
            matches!(&refused, DeliveryError::Exists { path } if path.ends_with(numbered(MOST))),
            "{refused}"
        );
    }

    #[test]
    fn the_first_name_of_a_fragment_has_no_number() {
        assert_eq!(numbered(1), "w-epoch-1-fragment-2-of-3.maany");
        assert_eq!(numbered(2), "w-epoch-1-fragment-2-of-3-backup-2.maany");
    }

    #[test]
    fn a_folder_that_is_none_is_an_error_that_names_it() {
        let above = tempfile::tempdir().unwrap();
        let file = above.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let refused = keep(&file, numbered, b"fragment").unwrap_err();
        assert!(matches!(&refused, DeliveryError::File { path, .. } if path.starts_with(&file)), "{refused}");
    }
}
