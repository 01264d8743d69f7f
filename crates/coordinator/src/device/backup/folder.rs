//! A fragment as a file for its holder: mode 0600, on disk before it counts, never over another.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::DeliveryError;

/// What the file of a fragment is called: nothing of it is secret.
pub(super) fn name(wallet: &str, epoch: u64, index: u8, of: u8) -> String {
    format!("{wallet}-epoch-{epoch}-fragment-{index}-of-{of}.maany")
}

/// Writes the document; one that is there already, byte for byte, is as good as written.
pub(super) fn keep(folder: &Path, name: &str, document: &[u8]) -> Result<(), DeliveryError> {
    let path = folder.join(name);
    let failed = |source: io::Error| DeliveryError::File { path: path.clone(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(file) => write(file, document).and_then(|()| File::open(folder)?.sync_all()).map_err(|source| {
            // Half a file is of no use, and the next attempt must not find it.
            let _ = std::fs::remove_file(&path);
            failed(source)
        }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => same(&path, document),
        Err(error) => Err(failed(error)),
    }
}

fn write(mut file: File, document: &[u8]) -> io::Result<()> {
    file.write_all(document)?;
    file.sync_all()
}

fn same(path: &PathBuf, document: &[u8]) -> Result<(), DeliveryError> {
    let read = File::open(path).and_then(|file| {
        let mut there = zeroize::Zeroizing::new(Vec::with_capacity(document.len() + 1));
        file.take(document.len() as u64 + 1).read_to_end(&mut there)?;
        Ok(there.as_slice() == document)
    });
    match read {
        Ok(true) => Ok(()),
        Ok(false) => Err(DeliveryError::Exists { path: path.clone() }),
        Err(source) => Err(DeliveryError::File { path: path.clone(), source }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_fragment_file_is_its_owners_alone_and_never_overwritten() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("fragments");
        keep(&folder, "one", b"fragment").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("one"))), (0o700, 0o600));
        keep(&folder, "one", b"fragment").unwrap();
        for other in [&b"another"[..], b"fragment and more", b""] {
            let refused = keep(&folder, "one", other);
            assert!(matches!(refused, Err(DeliveryError::Exists { .. })), "{refused:?}");
        }
        assert_eq!(std::fs::read(folder.join("one")).unwrap(), b"fragment");
    }

    #[test]
    fn a_folder_that_is_none_is_an_error_that_names_it() {
        let above = tempfile::tempdir().unwrap();
        let file = above.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let refused = keep(&file, "one", b"fragment").unwrap_err();
        assert!(matches!(&refused, DeliveryError::File { path, .. } if path.starts_with(&file)), "{refused}");
    }
}
