//! The device's key, wrapped by a passphrase: an age file (age-encryption.org/v1, scrypt) of 33 bytes.
//!
//! The passphrase is worked off once for each run, and the key then seals every record of the device's vault. The work
//! factor is fixed, because age would otherwise choose one by the speed of the machine and of the build.

use crate::private_file::{self, PrivateFileError};
use age::DecryptError;
use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// log2 of scrypt's N for a new file: 256 MiB and about a second.
const WORK: u8 = 18;

/// The most that is worked off for a file of unknown origin: 1 GiB.
const MOST_WORK: u8 = 20;

/// First byte of what the file holds; the key's 32 bytes follow.
const FORMAT: u8 = 1;

/// Largest key file, in bytes; one of ours has 200.
const LONGEST: usize = 4096;

/// The key's name in the records that it seals.
pub(crate) const KEY_ID: &str = "device-1";

/// A device's key. No `Debug`.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error("the passphrase does not open {}", .path.display())]
    WrongPassphrase { path: PathBuf },
    #[error("{} asks for more work than is allowed (scrypt 2^{required}, at most 2^{MOST_WORK})", .path.display())]
    TooMuchWork { path: PathBuf, required: u8 },
    #[error("{} is damaged or is no key file", .path.display())]
    Damaged { path: PathBuf },
    #[error("{} has format {found}, which this release does not know", .path.display())]
    Format { path: PathBuf, found: u8 },
    #[error("the system gave no random bytes")]
    NoRandomness,
    #[error("the key cannot be wrapped")]
    Wrap(#[source] age::EncryptError),
}

/// Makes a fresh key and its file, which must not exist. Takes about a second.
pub(crate) fn create(path: &Path, passphrase: SecretString) -> Result<Key, KeyFileError> {
    let mut key = Key::new([0; 32]);
    getrandom::fill(&mut *key).map_err(|_| KeyFileError::NoRandomness)?;
    private_file::create(path, &wrap(&key, passphrase, WORK)?)?;
    Ok(key)
}

/// Opens the file. Takes about a second.
pub(crate) fn open(path: &Path, passphrase: SecretString) -> Result<Key, KeyFileError> {
    let wrapped = private_file::read(path, LONGEST)?;
    let mut identity = Identity::new(passphrase);
    identity.set_max_work_factor(MOST_WORK);
    let path = || path.to_owned();
    let opened = age::decrypt(&identity, &wrapped).map_err(|error| match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            KeyFileError::WrongPassphrase { path: path() }
        }
        DecryptError::ExcessiveWork { required, .. } => KeyFileError::TooMuchWork { path: path(), required },
        _ => KeyFileError::Damaged { path: path() },
    })?;
    let opened = Zeroizing::new(opened);
    match opened.as_slice() {
        [FORMAT, key @ ..] => {
            let key = key.try_into().map_err(|_| KeyFileError::Damaged { path: path() })?;
            Ok(Key::new(key))
        }
        [found, ..] => Err(KeyFileError::Format { path: path(), found: *found }),
        [] => Err(KeyFileError::Damaged { path: path() }),
    }
}

fn wrap(key: &Key, passphrase: SecretString, work: u8) -> Result<Vec<u8>, KeyFileError> {
    let mut recipient = Recipient::new(passphrase);
    recipient.set_work_factor(work);
    let plaintext: Zeroizing<Vec<u8>> = Zeroizing::new([&[FORMAT], &key[..]].concat());
    age::encrypt(&recipient, &plaintext).map_err(KeyFileError::Wrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Work that is over in no time.
    const EASY: u8 = 2;

    fn file(contents: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.age");
        private_file::create(&path, contents).unwrap();
        (folder, path)
    }

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn the_passphrase_opens_the_key_and_another_does_not() {
        let key = Key::new([7; 32]);
        let wrapped = wrap(&key, passphrase("correct horse"), EASY).unwrap();
        assert!(wrapped.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        let (_folder, path) = file(&wrapped);
        assert_eq!(*open(&path, passphrase("correct horse")).unwrap(), [7; 32]);
        assert!(matches!(open(&path, passphrase("wrong horse")), Err(KeyFileError::WrongPassphrase { .. })));
    }

    #[test]
    fn damage_is_told_apart_from_a_wrong_passphrase() {
        let wrapped = wrap(&Key::new([7; 32]), passphrase("correct horse"), EASY).unwrap();
        for contents in [b"".to_vec(), b"not age".to_vec(), wrapped[..wrapped.len() - 1].to_vec()] {
            let (_folder, path) = file(&contents);
            let error = open(&path, passphrase("correct horse")).map(|_| ()).unwrap_err();
            assert!(matches!(error, KeyFileError::Damaged { .. }), "{error:?}");
        }
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused_at_once() {
        let wrapped = wrap(&Key::new([7; 32]), passphrase("correct horse"), EASY).unwrap();
        let header_end = wrapped.windows(2).position(|two| two == b"2\n").unwrap();
        let greedy = [&wrapped[..header_end], b"21\n", &wrapped[header_end + 2..]].concat();
        let (_folder, path) = file(&greedy);
        let error = open(&path, passphrase("correct horse")).map(|_| ()).unwrap_err();
        assert!(matches!(error, KeyFileError::TooMuchWork { required: 21, .. }), "{error:?}");
    }

    #[test]
    fn a_key_of_another_format_or_length_is_refused() {
        for (plaintext, format) in [(&[2; 33][..], true), (&[1; 32][..], false), (&[][..], false)] {
            let mut recipient = Recipient::new(passphrase("correct horse"));
            recipient.set_work_factor(EASY);
            let (_folder, path) = file(&age::encrypt(&recipient, plaintext).unwrap());
            let error = open(&path, passphrase("correct horse")).map(|_| ()).unwrap_err();
            assert_eq!(matches!(error, KeyFileError::Format { found: 2, .. }), format, "{error:?}");
        }
    }
}
