//! The file of an archive: an age file (age-encryption.org/v1), to a passphrase or to recipients, as a stream.
//!
//! A new one appears under its name only when it is whole and on disk.

use crate::private_file::{self, PrivateFileError};
use age::secrecy::SecretString;
use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Decryptor, Encryptor, scrypt, x25519};
use maany_coordinator::storage::archive::ArchiveError;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tempfile::NamedTempFile;

/// log2 of scrypt's N for a new file: 256 MiB and about a second. Fixed, because age would otherwise choose it by the speed
/// of the machine and of the build.
const WORK: u8 = 18;

/// The most that is worked off for a file of unknown origin: 1 GiB.
const MOST_WORK: u8 = 20;

/// Largest file of identities, in bytes; an identity has 74.
const LONGEST: usize = 16 * 1024;

/// Why an archive's file cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveFileError {
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error("the passphrase does not open {}", .path.display())]
    WrongPassphrase { path: PathBuf },
    #[error("{} is encrypted to a passphrase, not to an identity", .path.display())]
    NeedsPassphrase { path: PathBuf },
    #[error("{} is encrypted to an age recipient, not to a passphrase", .path.display())]
    NeedsIdentity { path: PathBuf },
    #[error("none of the identities opens {}", .path.display())]
    WrongIdentity { path: PathBuf },
    #[error("{} holds no age identity (AGE-SECRET-KEY-1...)", .path.display())]
    NoIdentity { path: PathBuf },
    #[error("{} asks for more work than is allowed (scrypt 2^{required}, at most 2^{MOST_WORK})", .path.display())]
    TooMuchWork { path: PathBuf, required: u8 },
    #[error("{} is damaged or is no archive", .path.display())]
    Damaged { path: PathBuf },
    #[error("the archive cannot be encrypted")]
    Encrypt(#[source] age::EncryptError),
    #[error("{} cannot be used as an archive", .path.display())]
    Content {
        path: PathBuf,
        #[source]
        source: ArchiveError,
    },
}

/// To whom an archive is encrypted: `age1...`
#[derive(Clone)]
pub(crate) struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| "an age recipient is age1 and 58 characters")
    }
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_string())
    }
}

/// Who can open an archive.
pub(crate) enum Lock {
    Passphrase(SecretString),
    Recipients(Vec<Recipient>),
}

/// What opens an archive.
pub(crate) enum Opener {
    Passphrase(SecretString),
    /// Identities, from the file where they lie.
    Identities(PathBuf),
}

/// An archive that is being written.
pub(crate) struct NewArchive {
    path: PathBuf,
    stream: StreamWriter<BufWriter<NamedTempFile>>,
}

impl NewArchive {
    /// Begins a file that must not exist. Takes about a second with a passphrase.
    pub(crate) fn create(path: &Path, lock: Lock) -> Result<Self, ArchiveFileError> {
        Self::create_with(path, lock, WORK)
    }

    fn create_with(path: &Path, lock: Lock, work: u8) -> Result<Self, ArchiveFileError> {
        if path.symlink_metadata().is_ok() {
            return Err(PrivateFileError::Exists { path: path.to_owned() }.into());
        }
        let encryptor = match lock {
            Lock::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase);
                recipient.set_work_factor(work);
                Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            }
            Lock::Recipients(recipients) => {
                Encryptor::with_recipients(recipients.iter().map(|one| &one.0 as &dyn age::Recipient))
            }
        };
        let encryptor = encryptor.map_err(ArchiveFileError::Encrypt)?;
        let failed = |source| io_error("making", path, source);
        let file = tempfile::Builder::new()
            .prefix(".maany-archive-")
            .tempfile_in(private_file::folder_of(path))
            .map_err(failed)?;
        let stream = encryptor.wrap_output(BufWriter::new(file)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), stream })
    }

    /// Where the archive is written to.
    pub(crate) fn stream(&mut self) -> &mut impl Write {
        &mut self.stream
    }

    /// Ends the archive and gives it its name. Says how many bytes it has.
    pub(crate) fn finish(self) -> Result<u64, ArchiveFileError> {
        let Self { path, stream } = self;
        let failed = |source| io_error("writing", &path, source);
        let file = stream.finish().map_err(failed)?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        let bytes = file.as_file().metadata().map_err(failed)?.len();
        file.persist_noclobber(&path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => PrivateFileError::Exists { path: path.clone() }.into(),
            _ => failed(error.error),
        })?;
        private_file::sync_folder_of(&path).map_err(failed)?;
        Ok(bytes)
    }

    /// What went wrong with the stream.
    pub(crate) fn failed(&self, source: ArchiveError) -> ArchiveFileError {
        ArchiveFileError::Content { path: self.path.clone(), source }
    }
}

/// An archive that is read. It can be read again from its beginning.
pub(crate) struct OpenArchive {
    path: PathBuf,
    stream: StreamReader<BufReader<File>>,
}

impl OpenArchive {
    /// Opens the file. Takes about a second with a passphrase.
    pub(crate) fn open(path: &Path, opener: Opener) -> Result<Self, ArchiveFileError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => PrivateFileError::Missing { path: path.to_owned() }.into(),
            _ => io_error("opening", path, source),
        })?;
        let own = || path.to_owned();
        let sealed = Decryptor::new_buffered(BufReader::new(file)).map_err(|error| sort(path, error))?;
        let stream = match opener {
            Opener::Passphrase(_) if !sealed.is_scrypt() => {
                return Err(ArchiveFileError::NeedsIdentity { path: own() });
            }
            Opener::Identities(_) if sealed.is_scrypt() => {
                return Err(ArchiveFileError::NeedsPassphrase { path: own() });
            }
            Opener::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase);
                identity.set_max_work_factor(MOST_WORK);
                sealed.decrypt(std::iter::once(&identity as &dyn age::Identity))
            }
            Opener::Identities(file) => {
                let identities = identities(&file)?;
                sealed.decrypt(identities.iter().map(|identity| identity as &dyn age::Identity))
            }
        };
        Ok(Self { path: own(), stream: stream.map_err(|error| sort(path, error))? })
    }

    /// The archive's stream, from its beginning.
    pub(crate) fn stream(&mut self) -> Result<&mut (impl io::Read + use<>), ArchiveFileError> {
        // What cannot be found is behind the end of what is left of the file.
        let beginning = self.stream.seek(SeekFrom::Start(0));
        beginning.map_err(|_| ArchiveFileError::Damaged { path: self.path.clone() })?;
        Ok(&mut self.stream)
    }

    /// What went wrong with the stream.
    pub(crate) fn failed(&self, source: ArchiveError) -> ArchiveFileError {
        ArchiveFileError::Content { path: self.path.clone(), source }
    }
}

/// Whether the file is encrypted to a passphrase; a file that is none is no archive.
pub(crate) fn asks_for_passphrase(path: &Path) -> Result<bool, ArchiveFileError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => PrivateFileError::Missing { path: path.to_owned() }.into(),
        _ => io_error("opening", path, source),
    })?;
    let sealed = Decryptor::new_buffered(BufReader::new(file)).map_err(|error| sort(path, error))?;
    Ok(sealed.is_scrypt())
}

fn identities(path: &Path) -> Result<Vec<x25519::Identity>, ArchiveFileError> {
    let contents = private_file::read(path, LONGEST)?;
    let none = || ArchiveFileError::NoIdentity { path: path.to_owned() };
    let text = std::str::from_utf8(&contents).map_err(|_| none())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let identities: Vec<x25519::Identity> =
        lines.map(|line| line.parse().map_err(|_| none())).collect::<Result<_, _>>()?;
    if identities.is_empty() { Err(none()) } else { Ok(identities) }
}

fn sort(path: &Path, error: DecryptError) -> ArchiveFileError {
    let path = path.to_owned();
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            ArchiveFileError::WrongPassphrase { path }
        }
        DecryptError::NoMatchingKeys => ArchiveFileError::WrongIdentity { path },
        DecryptError::ExcessiveWork { required, .. } => ArchiveFileError::TooMuchWork { path, required },
        _ => ArchiveFileError::Damaged { path },
    }
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> ArchiveFileError {
    PrivateFileError::Io { doing, path: path.to_owned(), source }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Work that is over in no time.
    const EASY: u8 = 2;

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn make(path: &Path, lock: Lock) -> Result<u64, ArchiveFileError> {
        let mut archive = NewArchive::create_with(path, lock, EASY)?;
        archive.stream().write_all(&[7; 200_000]).unwrap();
        archive.finish()
    }

    fn read(path: &Path, opener: Opener) -> Result<Vec<u8>, ArchiveFileError> {
        let mut archive = OpenArchive::open(path, opener)?;
        let mut twice = Vec::new();
        for _ in 0..2 {
            let mut contents = Vec::new();
            let damaged = |_| ArchiveFileError::Damaged { path: path.to_owned() };
            archive.stream()?.read_to_end(&mut contents).map_err(damaged)?;
            twice.push(contents);
        }
        assert_eq!(twice[0], twice[1]);
        Ok(twice.remove(0))
    }

    #[test]
    fn a_passphrase_opens_what_it_closed_and_another_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        let bytes = make(&path, Lock::Passphrase(passphrase("correct horse"))).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), bytes);
        assert!(asks_for_passphrase(&path).unwrap());
        assert_eq!(read(&path, Opener::Passphrase(passphrase("correct horse"))).unwrap(), [7; 200_000]);
        let wrong = read(&path, Opener::Passphrase(passphrase("wrong horse")));
        assert!(matches!(wrong, Err(ArchiveFileError::WrongPassphrase { .. })));
        let other = read(&path, Opener::Identities(path.clone()));
        assert!(matches!(other, Err(ArchiveFileError::NeedsPassphrase { .. })));
    }

    #[test]
    fn an_identity_opens_what_was_encrypted_to_its_recipient() {
        use age::secrecy::ExposeSecret;
        let folder = tempfile::tempdir().unwrap();
        let (path, own, other) =
            (folder.path().join("archive"), folder.path().join("own"), folder.path().join("other"));
        let identity = x25519::Identity::generate();
        let text = format!("# comment\n{}\n", identity.to_string().expose_secret());
        private_file::create(&own, text.as_bytes()).unwrap();
        let stranger = x25519::Identity::generate().to_string();
        private_file::create(&other, stranger.expose_secret().as_bytes()).unwrap();

        let recipient: Recipient = identity.to_public().to_string().parse().unwrap();
        make(&path, Lock::Recipients(vec![recipient])).unwrap();
        assert!(!asks_for_passphrase(&path).unwrap());
        assert_eq!(read(&path, Opener::Identities(own)).unwrap().len(), 200_000);
        let wrong = read(&path, Opener::Identities(other));
        assert!(matches!(wrong, Err(ArchiveFileError::WrongIdentity { .. })));
        let none = read(&path, Opener::Passphrase(passphrase("correct horse")));
        assert!(matches!(none, Err(ArchiveFileError::NeedsIdentity { .. })));
        let empty = folder.path().join("empty");
        private_file::create(&empty, b"# nothing\n").unwrap();
        assert!(matches!(read(&path, Opener::Identities(empty)), Err(ArchiveFileError::NoIdentity { .. })));
        for bad in ["", "age1", "age1xyz", identity.to_string().expose_secret()] {
            assert!(bad.parse::<Recipient>().is_err());
        }
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_half_written_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        let closed = || Lock::Passphrase(passphrase("correct horse"));
        drop(NewArchive::create_with(&path, closed(), EASY).unwrap());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        let late = NewArchive::create_with(&path, closed(), EASY).unwrap();
        std::fs::write(&path, "precious").unwrap();
        for refused in [late.finish(), make(&path, closed())] {
            assert!(matches!(refused, Err(ArchiveFileError::File(PrivateFileError::Exists { .. }))));
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_changed_or_cut_file_is_damaged_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        make(&path, Lock::Passphrase(passphrase("correct horse"))).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let bad = folder.path().join("bad");
        let opens = |contents: &[u8]| {
            std::fs::write(&bad, contents).unwrap();
            read(&bad, Opener::Passphrase(passphrase("correct horse")))
        };
        assert!(opens(&whole).is_ok());
        for at in (0..whole.len()).step_by(9_973).chain([whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opens(&changed).is_err(), "byte {at}");
            assert!(opens(&whole[..at]).is_err(), "cut to {at}");
        }
    }
}
