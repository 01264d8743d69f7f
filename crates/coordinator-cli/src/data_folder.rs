//! Where things lie in the two kinds of data folder. Both are for their owner alone (mode 0700).

use crate::private_file::{self, PrivateFileError};
use maany_coordinator::proto::KeyId;
use std::env;
use std::path::{Path, PathBuf};

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("there is no home directory to keep data in")]
    NoHome,
    #[error("{} is no data folder: it has no {file}", .path.display())]
    NotOne { path: PathBuf, file: &'static str },
    #[error("{} holds wallets but not the key that opens them (key.age)", .path.display())]
    NoKey { path: PathBuf },
    #[error("{} is not empty", .path.display())]
    NotEmpty { path: PathBuf },
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

/// A server's data folder.
#[derive(Clone, Debug)]
pub(crate) struct ServerData(PathBuf);

/// A device's data folder.
#[derive(Clone, Debug)]
pub(crate) struct DeviceData(PathBuf);

const CONFIGURATION: &str = "maany.toml";
const DEVICE_KEY: &str = "key.age";

impl ServerData {
    /// Makes a new one; the folder must be missing or empty.
    pub(crate) fn create(path: Option<PathBuf>) -> Result<Self, FolderError> {
        let path = or_home(path, "server")?;
        private_file::create_folder(&path)?;
        if !private_file::is_empty(&path)? {
            return Err(FolderError::NotEmpty { path });
        }
        private_file::close_folder(&path)?;
        Ok(Self(path))
    }

    /// Opens the one that `create` made.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, FolderError> {
        let path = or_home(path, "server")?;
        private_file::check_folder(&path)?;
        let folder = Self(path);
        if folder.configuration().exists() {
            Ok(folder)
        } else {
            Err(FolderError::NotOne { path: folder.0, file: CONFIGURATION })
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The configuration.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.0.join(CONFIGURATION)
    }

    /// Takes back what a `create` that failed half-way has left, which is all that can be there.
    pub(crate) fn clear(&self) {
        let entries = self.0.read_dir().into_iter().flatten().flatten();
        for entry in entries {
            // What cannot be removed is named by the next attempt.
            let _ = std::fs::remove_file(entry.path());
        }
    }

    /// A path of the configuration: relative ones begin here.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    /// The operator's own API key, for a server that is running.
    pub(crate) fn admin_token(&self) -> PathBuf {
        self.0.join("admin.token")
    }

    /// The key that devices pin.
    pub(crate) fn channel_key(&self) -> PathBuf {
        self.0.join("channel.key")
    }

    /// Where the server listens, while it does.
    pub(crate) fn listening(&self) -> PathBuf {
        self.0.join("listening")
    }
}

impl DeviceData {
    /// Opens the folder, making it where it is missing. A store without its key is refused: a new key would open none
    /// of its records.
    pub(crate) fn open_or_create(path: Option<PathBuf>) -> Result<Self, FolderError> {
        let path = or_home(path, "wallet")?;
        private_file::create_folder(&path)?;
        if private_file::is_empty(&path)? {
            private_file::close_folder(&path)?;
        }
        private_file::check_folder(&path)?;
        let folder = Self(path);
        if folder.store().exists() && !folder.key().exists() {
            return Err(FolderError::NoKey { path: folder.0 });
        }
        Ok(folder)
    }

    /// Opens a folder that a wallet was made in.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, FolderError> {
        let path = or_home(path, "wallet")?;
        private_file::check_folder(&path)?;
        let folder = Self(path);
        if folder.key().exists() {
            Ok(folder)
        } else {
            Err(FolderError::NotOne { path: folder.0, file: DEVICE_KEY })
        }
    }

    /// The key, wrapped by the passphrase.
    pub(crate) fn key(&self) -> PathBuf {
        self.0.join(DEVICE_KEY)
    }

    /// The store of shares and wallets.
    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("wallet.redb")
    }

    /// The mark of a wallet of this name that is being made, and that nobody has been told of.
    pub(crate) fn creating(&self, name: &KeyId) -> PathBuf {
        self.0.join(format!("creating.{name}"))
    }

    /// The API key, where its owner keeps it here.
    pub(crate) fn token(&self) -> PathBuf {
        self.0.join("token")
    }
}

/// The folder that was named, or the one of this name in the user's home.
pub(crate) fn or_home(path: Option<PathBuf>, name: &str) -> Result<PathBuf, FolderError> {
    match path {
        Some(path) => Ok(path),
        None => Ok(env::home_dir().ok_or(FolderError::NoHome)?.join(".maany").join(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_new_server_folder_is_empty_and_private() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let folder = ServerData::create(Some(path.clone())).unwrap();
        assert!(private_file::check_folder(folder.path()).is_ok());
        fs::write(path.join("anything"), "").unwrap();
        assert!(matches!(ServerData::create(Some(path)), Err(FolderError::NotEmpty { .. })));
    }

    #[test]
    fn a_folder_without_its_file_is_no_data_folder() {
        let parent = tempfile::tempdir().unwrap();
        let path = Some(parent.path().to_owned());
        private_file::close_folder(parent.path()).unwrap();
        assert!(matches!(
            ServerData::open(path.clone()),
            Err(FolderError::NotOne { file: "maany.toml", .. })
        ));
        assert!(matches!(DeviceData::open(path.clone()), Err(FolderError::NotOne { file: "key.age", .. })));
        let missing = Some(parent.path().join("missing"));
        assert!(matches!(
            ServerData::open(missing),
            Err(FolderError::File(PrivateFileError::Missing { .. }))
        ));
    }

    #[test]
    fn a_device_folder_with_records_and_no_key_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DeviceData::open_or_create(Some(parent.path().to_owned())).unwrap();
        fs::write(folder.store(), "").unwrap();
        let again = DeviceData::open_or_create(Some(parent.path().to_owned()));
        assert!(matches!(again, Err(FolderError::NoKey { .. })));
    }

    #[test]
    fn a_path_of_the_configuration_may_be_absolute() {
        let folder = ServerData(PathBuf::from("/var/lib/maany"));
        assert_eq!(folder.resolve(Path::new("keys")), Path::new("/var/lib/maany/keys"));
        assert_eq!(folder.resolve(Path::new("/etc/maany/keys")), Path::new("/etc/maany/keys"));
    }
}
