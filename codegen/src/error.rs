//! What can stop the generator.

use std::path::PathBuf;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line is not one of the two.
    #[error("usage: maany-codegen [--check]")]
    Usage,
    /// Go or the module proxy is out of reach.
    #[error("the .proto sources are not at hand: {0}")]
    NoSources(String),
    /// A module is not the one that was pinned.
    #[error("{module} has the hash {found}, not {expected}")]
    Hash {
        /// The module and its version.
        module: String,
        /// What Go says.
        found: String,
        /// What is pinned.
        expected: &'static str,
    },
    /// A .proto file does not compile.
    #[error("a .proto file does not compile")]
    Protos(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A schema says something that the tables have no word for.
    #[error("{message} has {what}, for which the tables have no word")]
    Unspoken {
        /// The full name of the message.
        message: String,
        /// What it has.
        what: String,
    },
    /// A file could not be read or written, or rustfmt not be run.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// rustfmt refuses the output.
    #[error("rustfmt refuses {0}")]
    Format(String),
    /// The committed files differ from a fresh generation.
    #[error("not what the generator writes: {0}; run `cargo xtask codegen` and read the diff")]
    Stale(String),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
