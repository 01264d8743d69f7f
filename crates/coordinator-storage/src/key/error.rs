//! Why a key provider cannot be set up or does not open a key. No text holds key material.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a key provider refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The provider holds no key of that id.
    #[error("there is no key-encryption key {key_id:?}")]
    UnknownKey {
        /// The id that was asked for.
        key_id: String,
    },
    /// Key, context and wrapped bytes do not belong together.
    #[error("the wrapped key does not open: key or context differ")]
    NotAuthentic,
    /// The key file may be read by others.
    #[error("the key file {path} may be read by other users (mode {mode:o}): chmod 600 it")]
    LoosePermissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is a key file already; it is never overwritten.
    #[error("the key file {path} exists already")]
    Exists {
        /// The key file.
        path: PathBuf,
    },
    /// The key file cannot be read or written.
    #[error("the key file {path} cannot be used")]
    Io {
        /// The key file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The key file is not one.
    #[error("the key file {path} is malformed: {reason}")]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The environment variable is not set.
    #[error("the environment variable {variable} is not set")]
    NoVariable {
        /// The variable's name.
        variable: String,
    },
    /// The environment variable holds no key.
    #[error("the environment variable {variable} holds no key: {reason}")]
    BadVariable {
        /// The variable's name.
        variable: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A key id is not 1 to 64 characters of `[A-Za-z0-9._-]`.
    #[error("a key id is 1 to 64 characters of A-Z a-z 0-9 . _ -")]
    BadKeyId,
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
    /// A provider outside this crate failed.
    #[error("the key service failed")]
    Provider(#[source] Box<dyn std::error::Error + Send + Sync>),
}
