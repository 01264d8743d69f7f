//! Key-encryption keys from a file that only its owner may read.
//!
//! The file is text: `maany-keys 1`, then `current ID`, then a line `key ID KEY` for each key, where `KEY` is 32
//! bytes in hexadecimal or base64. Empty lines and lines that begin with `#` do not count.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::key::keyring::{Keyring, is_key_id};
use crate::key::{DataKey, KeyError, KeyProvider, WrappedKey, parse};

/// The largest key file, in bytes: some hundred keys.
const MAX_LEN: usize = 64 * 1024;

const HEADER: &str = "maany-keys 1";

/// The keys of a key file, of which one is the current one.
#[derive(Debug)]
pub struct FileKeyProvider {
    keyring: Keyring,
}

impl FileKeyProvider {
    /// Opens a key file.
    ///
    /// # Errors
    /// [`KeyError::LoosePermissions`] where group or others have any access, [`KeyError::Malformed`],
    /// [`KeyError::Io`].
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let io = |source| KeyError::Io { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(io)?;
        // Asked of the opened file: a name could be given to another file in between.
        let mode = file.metadata().map_err(io)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::LoosePermissions { path: path.to_owned(), mode });
        }
        // Room from the start: a buffer that grew would leave copies behind.
        let mut bytes = Zeroizing::new(vec![0; MAX_LEN + 1]);
        let len = read_up_to(&mut file, &mut bytes).map_err(io)?;
        Self::parse(&bytes[..len]).map_err(|reason| KeyError::Malformed { path: path.to_owned(), reason })
    }

    /// Makes a key file with one fresh key, mode 0600, and opens it. An existing file is never overwritten.
    ///
    /// # Errors
    /// [`KeyError::Exists`], [`KeyError::Io`], [`KeyError::NoRandomness`], [`KeyError::BadKeyId`].
    pub fn create(path: &Path, key_id: &str) -> Result<Self, KeyError> {
        if !is_key_id(key_id) {
            return Err(KeyError::BadKeyId);
        }
        let key = DataKey::random()?;
        let key = Zeroizing::new(hex::encode(key.dangerous_expose()));
        let text = Zeroizing::new(format!("{HEADER}\ncurrent {key_id}\nkey {key_id} {}\n", *key));

        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|source| {
                match source.kind() {
                    io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
                    _ => KeyError::Io { path: path.to_owned(), source },
                }
            })?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(folder_of(path))?.sync_all());
        if let Err(source) = written {
            // Half a key file is of no use, and the next attempt must not find it.
            let _ = std::fs::remove_file(path);
            return Err(KeyError::Io { path: path.to_owned(), source });
        }
        Self::open(path)
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() > MAX_LEN {
            return Err("it is longer than 64 KiB");
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match lines.next() {
            Some(HEADER) => {}
            Some(line) if line.starts_with("maany-keys ") => {
                return Err("its format is not known to this release");
            }
            _ => return Err("its first line is not `maany-keys 1`"),
        }
        let mut current = None;
        let mut keys = BTreeMap::new();
        for line in lines {
            let mut words = line.split_ascii_whitespace();
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("current"), Some(id), None, None) => {
                    if current.replace(id).is_some() {
                        return Err("it names two current keys");
                    }
                }
                (Some("key"), Some(id), Some(key), None) if is_key_id(id) => {
                    if keys.insert(id.to_owned(), parse::key(key)?).is_some() {
                        return Err("one key id stands there twice");
                    }
                }
                _ => return Err("a line is neither `current ID` nor `key ID KEY`"),
            }
        }
        let current = current.ok_or("it names no current key")?;
        let keyring = Keyring::new(keys, current).map_err(|_| "its current key is not among its keys")?;
        Ok(Self { keyring })
    }
}

#[async_trait]
impl KeyProvider for FileKeyProvider {
    fn current_key_id(&self) -> &str {
        self.keyring.current()
    }

    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<WrappedKey, KeyError> {
        self.keyring.wrap(key, context)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, KeyError> {
        self.keyring.unwrap(wrapped, context)
    }
}

fn read_up_to(file: &mut File, buf: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buf.len() {
        match file.read(&mut buf[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    fn write(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        (folder, path)
    }

    fn hex_key(byte: u8) -> String {
        hex::encode([byte; 32])
    }

    #[tokio::test]
    async fn a_created_file_is_0600_and_opens_what_it_wrapped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let made = FileKeyProvider::create(&path, "k1").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let key = DataKey::random().unwrap();
        let wrapped = made.wrap(&key, b"context").await.unwrap();
        let opened = FileKeyProvider::open(&path).unwrap().unwrap(&wrapped, b"context").await.unwrap();
        assert_eq!(opened.dangerous_expose(), key.dangerous_expose());
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let (_folder, path) = write("precious");
        assert!(matches!(FileKeyProvider::create(&path, "k1"), Err(KeyError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn looser_permissions_are_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        FileKeyProvider::create(&path, "k1").unwrap();
        for mode in [0o640, 0o604, 0o610, 0o601, 0o666, 0o644, 0o602] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = FileKeyProvider::open(&path).unwrap_err();
            assert!(matches!(&error, KeyError::LoosePermissions { mode: found, .. } if *found == mode));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        FileKeyProvider::open(&path).unwrap();
    }

    #[tokio::test]
    async fn an_older_key_still_opens_and_the_current_one_wraps() {
        let (_folder, path) = write(&format!("maany-keys 1\ncurrent a\nkey a {}\n", hex_key(1)));
        let key = DataKey::random().unwrap();
        let old = FileKeyProvider::open(&path).unwrap().wrap(&key, b"").await.unwrap();

        let both =
            format!("# rotated\nmaany-keys 1\n\ncurrent b\nkey a {}\nkey b {}\n", hex_key(1), hex_key(2));
        let (_folder, path) = write(&both);
        let rotated = FileKeyProvider::open(&path).unwrap();
        assert_eq!(rotated.current_key_id(), "b");
        assert_eq!(rotated.unwrap(&old, b"").await.unwrap().dangerous_expose(), key.dangerous_expose());
        assert_eq!(rotated.wrap(&key, b"").await.unwrap().key_id, "b");
    }

    #[test]
    fn a_malformed_file_is_refused_and_its_content_is_not_shown() {
        let a = hex_key(0xab);
        for text in [
            String::new(),
            "maany-keys".into(),
            format!("maany-keys 2\ncurrent a\nkey a {a}"),
            format!("maany-keys 1\nkey a {a}"),
            format!("maany-keys 1\ncurrent b\nkey a {a}"),
            format!("maany-keys 1\ncurrent a\ncurrent a\nkey a {a}"),
            format!("maany-keys 1\ncurrent a\nkey a {a}\nkey a {a}"),
            format!("maany-keys 1\ncurrent a\nkey a {}", &a[1..]),
            format!("maany-keys 1\ncurrent a\nkey a {a} {a}"),
            format!("maany-keys 1\ncurrent a\nkey a/b {a}"),
            "#".repeat(MAX_LEN + 1),
        ] {
            let (_folder, path) = write(&text);
            let error = FileKeyProvider::open(&path).unwrap_err();
            assert!(matches!(error, KeyError::Malformed { .. }), "{text}: {error}");
            assert!(!format!("{error} {error:?}").contains("abab"), "{error:?}");
        }
        assert!(matches!(FileKeyProvider::open(Path::new("/no/such/file")), Err(KeyError::Io { .. })));
    }

    #[test]
    fn debug_shows_no_key() {
        let (_folder, path) = write(&format!("maany-keys 1\ncurrent a\nkey a {}\n", hex_key(0xab)));
        let text = format!("{:?}", FileKeyProvider::open(&path).unwrap());
        assert!(!text.contains("ab, ab") && !text.contains("abab") && !text.contains("171"), "{text}");
    }
}
