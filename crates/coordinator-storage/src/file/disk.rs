//! The few file operations that the store is made of, so that tests can cut the power between any two.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// File operations below one folder; paths are relative to it.
pub(super) trait Disk: Send + Sync + 'static {
    /// A file that was written and is still to be synced.
    type Written;

    /// The folder, for error texts.
    fn root(&self) -> &Path;

    /// The file's bytes; `None` where there is no such file.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// The names of the entries in a folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes a folder, mode 0700, where there is none.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;

    /// Writes a new file, mode 0600. Its bytes are on the disk after `sync`, its name after `sync_folder`.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<Self::Written>;

    /// Brings a file's bytes to the disk. Files that are written first and synced one after the other share most of the
    /// work: a journaling file system commits all of their names with the first.
    fn sync(&self, file: &Self::Written) -> io::Result<()>;

    /// Gives a file another name, over a file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; that there is none is no error.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Brings a folder's names to the disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The real thing.
pub(super) struct RealDisk {
    root: PathBuf,
    /// Held until the store is dropped.
    _lock: File,
}

impl RealDisk {
    pub(super) fn new(root: PathBuf, lock: File) -> Self {
        Self { root, _lock: lock }
    }
}

impl Disk for RealDisk {
    type Written = File;

    fn root(&self) -> &Path {
        &self.root
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(self.root.join(folder))?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        make_folder(&self.root.join(folder))
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        let path = self.root.join(path);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        match file.write_all(bytes) {
            Ok(()) => Ok(file),
            Err(error) => {
                // What room it took is needed by the next attempt; where this fails too, the next open clears it away.
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.root.join(from), self.root.join(to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(self.root.join(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(self.root.join(folder))?.sync_all()
    }
}

/// Makes one folder, mode 0700, where there is none; the name is on the disk when this returns.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        },
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
