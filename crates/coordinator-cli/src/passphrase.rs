//! The secrets that a person gives on each run: from a file, from the environment, or at the terminal; never as an
//! argument, which every user of the machine can see.

use crate::private_file::{self, PrivateFileError};
use age::secrecy::SecretString;
use console::Term;
use std::env::{self, VarError};
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// Shortest passphrase for a new key, in characters.
const SHORTEST: usize = 8;

/// Longest secret in a file, in bytes.
const LONGEST: usize = 4096;

/// A secret that a person gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// What it is, in a sentence.
    pub(crate) what: &'static str,
    /// The environment variable that may hold it.
    pub(crate) variable: &'static str,
}

/// The passphrase that opens the device's key.
pub(crate) const PASSPHRASE: Wanted = Wanted { what: "passphrase", variable: "MAANY_PASSPHRASE" };

/// The API key with which the device speaks to the server.
pub(crate) const TOKEN: Wanted = Wanted { what: "API key", variable: "MAANY_TOKEN" };

/// The operator's single-use code.
pub(crate) const STEP_UP: Wanted = Wanted { what: "step-up code", variable: "MAANY_STEP_UP" };

/// The passphrase of an archive.
pub(crate) const ARCHIVE: Wanted =
    Wanted { what: "archive passphrase", variable: "MAANY_ARCHIVE_PASSPHRASE" };

/// The API key that a fragment host gave the wallet's owner.
pub(crate) const THIRD_PARTY_KEY: Wanted =
    Wanted { what: "API key of the fragment host", variable: "MAANY_THIRD_PARTY_KEY" };

/// The single-use code of a fragment host's operator.
pub(crate) const RELEASE: Wanted = Wanted { what: "release code", variable: "MAANY_RELEASE" };

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("there is no {}: {} is not set, and this is no terminal", .0.what, .0.variable)]
    NotGiven(Wanted),
    #[error("the {} is empty", .0.what)]
    Empty(Wanted),
    #[error("{} is not text", .0.variable)]
    NotText(Wanted),
    #[error("a new passphrase has at least {SHORTEST} characters")]
    TooShort,
    #[error("the two passphrases differ")]
    Differ,
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error("the terminal cannot be read")]
    Terminal(#[source] io::Error),
}

impl Wanted {
    /// The secret, from the file where one is given, else from the environment, else from the person.
    pub(crate) fn get(self, file: Option<&Path>) -> Result<SecretString, SecretError> {
        match self.given(file)? {
            Some(secret) => Ok(secret),
            None => self.ask(&format!("{}: ", capital(self.what))),
        }
    }

    /// The same for a secret that is new: typed twice, and not too short.
    pub(crate) fn get_new(self, file: Option<&Path>) -> Result<SecretString, SecretError> {
        use age::secrecy::ExposeSecret;
        let secret = match self.given(file)? {
            Some(secret) => secret,
            None => {
                let first = self.ask(&format!("New {}: ", self.what))?;
                let second = self.ask(&format!("The same {} again: ", self.what))?;
                if first.expose_secret() != second.expose_secret() {
                    return Err(SecretError::Differ);
                }
                first
            }
        };
        let is_long = secret.expose_secret().chars().count() >= SHORTEST;
        if is_long { Ok(secret) } else { Err(SecretError::TooShort) }
    }

    fn given(self, file: Option<&Path>) -> Result<Option<SecretString>, SecretError> {
        if let Some(path) = file {
            return self.read(path).map(Some);
        }
        match env::var(self.variable) {
            Ok(secret) => self.check(Zeroizing::new(secret)).map(Some),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(SecretError::NotText(self)),
        }
    }

    fn read(self, path: &Path) -> Result<SecretString, SecretError> {
        let contents = private_file::read(path, LONGEST)?;
        let text = std::str::from_utf8(&contents).map_err(|_| SecretError::NotText(self))?;
        // What an editor or `echo` puts at the end of a line is no part of the secret.
        let line = text.strip_suffix('\n').unwrap_or(text);
        self.check(Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
    }

    fn ask(self, prompt: &str) -> Result<SecretString, SecretError> {
        let terminal = Term::stderr();
        if !terminal.is_term() || !console::user_attended() {
            return Err(SecretError::NotGiven(self));
        }
        terminal.write_str(prompt).map_err(SecretError::Terminal)?;
        self.check(Zeroizing::new(terminal.read_secure_line().map_err(SecretError::Terminal)?))
    }

    fn check(self, secret: Zeroizing<String>) -> Result<SecretString, SecretError> {
        if secret.is_empty() {
            Err(SecretError::Empty(self))
        } else {
            Ok(SecretString::from(secret.as_str()))
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret;

    /// A secret whose variable nobody sets.
    const LOST: Wanted = Wanted { what: "passphrase", variable: "MAANY_TEST_UNSET" };

    fn file(contents: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        private_file::create(&path, contents).unwrap();
        (folder, path)
    }

    #[test]
    fn a_line_end_is_no_part_of_the_secret_and_a_space_is() {
        for contents in [&b"correct horse "[..], b"correct horse \n", b"correct horse \r\n"] {
            let (_folder, path) = file(contents);
            assert_eq!(LOST.get(Some(&path)).unwrap().expose_secret(), "correct horse ");
        }
    }

    #[test]
    fn an_empty_or_unreadable_secret_is_refused() {
        for contents in [&b""[..], b"\n"] {
            let (_folder, path) = file(contents);
            assert!(matches!(LOST.get(Some(&path)), Err(SecretError::Empty(_))));
        }
        let (_folder, path) = file(b"\xff\xff");
        assert!(matches!(LOST.get(Some(&path)), Err(SecretError::NotText(_))));
        assert!(matches!(LOST.get(Some(Path::new("/nowhere"))), Err(SecretError::File(_))));
    }

    #[test]
    fn a_new_passphrase_is_not_too_short() {
        let (_folder, path) = file("sieben7".as_bytes());
        assert!(matches!(LOST.get_new(Some(&path)), Err(SecretError::TooShort)));
        let (_folder, path) = file("ächtundo".as_bytes());
        assert!(LOST.get_new(Some(&path)).is_ok());
    }

    #[test]
    fn no_error_holds_the_secret() {
        let (_folder, path) = file(b"canary\xff");
        let error = LOST.get(Some(&path)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
        assert!(!format!("{:?}", SecretString::from("canary")).contains("canary"));
    }
}
