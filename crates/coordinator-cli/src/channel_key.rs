//! The server's channel key, which devices pin: a private file of 33 bytes. It is not in the store, whose archives must not let anyone
//! stand in for the server.

use crate::private_file::{self, PrivateFileError};
use maany_coordinator::ChannelKey;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// First byte of the file; the key's 32 bytes follow.
const FORMAT: u8 = 1;

/// Why there is no channel key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelKeyError {
    #[error("the channel key cannot be used")]
    File(#[source] PrivateFileError),
    #[error("{} is damaged or is no channel key", .path.display())]
    Damaged { path: PathBuf },
    #[error("{} has format {found}, which this release does not know", .path.display())]
    Format { path: PathBuf, found: u8 },
    #[error("the system gave no random bytes")]
    NoRandomness,
}

/// Makes a fresh key and its file, which must not exist.
pub(crate) fn create(path: &Path) -> Result<ChannelKey, ChannelKeyError> {
    let key = ChannelKey::generate().map_err(|_| ChannelKeyError::NoRandomness)?;
    let contents = Zeroizing::new([&[FORMAT], &key.dangerous_expose()[..]].concat());
    private_file::create(path, &contents).map_err(ChannelKeyError::File)?;
    Ok(key)
}

/// Reads the file.
pub(crate) fn open(path: &Path) -> Result<ChannelKey, ChannelKeyError> {
    let contents = private_file::read(path, 1 + ChannelKey::SIZE).map_err(ChannelKeyError::File)?;
    let damaged = || ChannelKeyError::Damaged { path: path.to_owned() };
    match contents.as_slice() {
        [FORMAT, key @ ..] => {
            let key: [u8; ChannelKey::SIZE] = key.try_into().map_err(|_| damaged())?;
            Ok(ChannelKey::from_bytes(Zeroizing::new(key)))
        }
        [found, ..] => Err(ChannelKeyError::Format { path: path.to_owned(), found: *found }),
        [] => Err(damaged()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_read_as_it_was_made_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("channel.key");
        let made = create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open(&path).unwrap().public(), made.public());
        assert!(matches!(create(&path), Err(ChannelKeyError::File(PrivateFileError::Exists { .. }))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(open(&path), Err(ChannelKeyError::File(PrivateFileError::Loose { .. }))));
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, contents: &[u8]| {
            let path = folder.path().join(name);
            private_file::create(&path, contents).unwrap();
            open(&path).map(|_| ()).unwrap_err()
        };
        assert!(matches!(file("empty", &[]), ChannelKeyError::Damaged { .. }));
        assert!(matches!(file("short", &[1; 32]), ChannelKeyError::Damaged { .. }));
        assert!(matches!(file("newer", &[2; 33]), ChannelKeyError::Format { found: 2, .. }));
        let long = file("long", &[1; 34]);
        assert!(matches!(long, ChannelKeyError::File(PrivateFileError::TooLong { .. })), "{long:?}");
    }
}
