//! Files that only their owner may read: made with mode 0600, never overwritten, on disk before they count, and refused
//! where someone else could read them.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why a private file or folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrivateFileError {
    #[error("there is no {}", .path.display())]
    Missing { path: PathBuf },
    #[error("{} exists already", .path.display())]
    Exists { path: PathBuf },
    #[error("{} may be read by other users (mode {mode:o})", .path.display())]
    Loose { path: PathBuf, mode: u32 },
    #[error("{} is longer than {limit} bytes", .path.display())]
    TooLong { path: PathBuf, limit: usize },
    #[error("{doing} {} failed", .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Makes the file with these contents.
pub(crate) fn create(path: &Path, contents: &[u8]) -> Result<(), PrivateFileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => PrivateFileError::Exists { path: path.to_owned() },
        _ => PrivateFileError::Io { doing: "making", path: path.to_owned(), source },
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let written = file.write_all(contents).and_then(|()| file.sync_all()).and_then(|()| sync_folder_of(path));
    written.map_err(|source| {
        // Half a file is of no use, and the next attempt must not find it.
        let _ = std::fs::remove_file(path);
        PrivateFileError::Io { doing: "writing", path: path.to_owned(), source }
    })
}

/// Makes the file with these contents, or puts them in the place of the one that is there; at no time is there half of it.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> Result<(), PrivateFileError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let staged = PathBuf::from(name);
    match std::fs::remove_file(&staged) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error("removing", &staged, error));
        }
        _ => {}
    }
    create(&staged, contents)?;
    let placed = std::fs::rename(&staged, path).and_then(|()| sync_folder_of(path));
    placed.map_err(|source| io_error("replacing", path, source))
}

/// Reads the file, of at most so many bytes. A pipe is as good as a file: only the permissions of files are looked at.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let failed = |source| io_error("reading", path, source);
    let file = File::open(path).map_err(failed)?;
    // Asked of the opened file: a name could be given to another file in between.
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() {
        check_mode(path, metadata.permissions().mode())?;
    }
    read_opened(file, path, limit)
}

/// The same whoever else may read the file, for what is no secret by itself.
pub(crate) fn read_shared(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let file = File::open(path).map_err(|source| io_error("reading", path, source))?;
    read_opened(file, path, limit)
}

fn read_opened(mut file: File, path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let failed = |source| io_error("reading", path, source);
    // Room from the start: a buffer that grew would leave copies behind.
    let mut contents = Zeroizing::new(vec![0; limit + 1]);
    let mut length = 0;
    while length < contents.len() {
        match file.read(&mut contents[length..]).map_err(failed)? {
            0 => break,
            read => length += read,
        }
    }
    if length > limit {
        return Err(PrivateFileError::TooLong { path: path.to_owned(), limit });
    }
    contents.truncate(length);
    Ok(contents)
}

/// Makes the folder, and those above it where they are missing, for this user alone.
pub(crate) fn create_folder(path: &Path) -> Result<(), PrivateFileError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| io_error("making the folder", path, source))
}

/// Whether nothing is in the folder.
pub(crate) fn is_empty(path: &Path) -> Result<bool, PrivateFileError> {
    let mut entries = path.read_dir().map_err(|source| io_error("reading the folder", path, source))?;
    Ok(entries.next().is_none())
}

/// Takes the folder away from everybody else.
pub(crate) fn close_folder(path: &Path) -> Result<(), PrivateFileError> {
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
        .map_err(|source| io_error("closing the folder to others", path, source))
}

/// Refuses a folder that is missing, is none, or is open to others.
pub(crate) fn check_folder(path: &Path) -> Result<(), PrivateFileError> {
    let failed = |source| io_error("opening the folder", path, source);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    check_mode(path, metadata.permissions().mode())
}

fn check_mode(path: &Path, mode: u32) -> Result<(), PrivateFileError> {
    let mode = mode & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(PrivateFileError::Loose { path: path.to_owned(), mode }) }
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> PrivateFileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => PrivateFileError::Missing { path },
        _ => PrivateFileError::Io { doing, path, source },
    }
}

/// Has the folder of this file on disk, and with it the file's name.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder of this file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_made_for_its_owner_alone_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, b"first").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(create(&path, b"second"), Err(PrivateFileError::Exists { .. })));
        assert_eq!(read(&path, 5).unwrap().as_slice(), b"first");
    }

    #[test]
    fn what_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create(&path, b"first").unwrap();
        for mode in [0o640, 0o604, 0o610] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(
                matches!(read(&path, 10), Err(PrivateFileError::Loose { mode: found, .. }) if found == mode)
            );
        }
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(check_folder(folder.path()), Err(PrivateFileError::Loose { .. })));
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(check_folder(folder.path()).is_ok());
    }

    #[test]
    fn a_file_that_is_missing_or_too_long_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(matches!(read(&path, 10), Err(PrivateFileError::Missing { .. })));
        assert!(matches!(check_folder(&path), Err(PrivateFileError::Missing { .. })));
        create(&path, b"0123456789a").unwrap();
        assert!(matches!(read(&path, 10), Err(PrivateFileError::TooLong { limit: 10, .. })));
        assert!(matches!(check_folder(&path), Err(PrivateFileError::Io { .. })));
    }
}
