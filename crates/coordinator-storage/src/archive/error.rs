//! Why an archive cannot be made, read or restored.

use std::io;

use thiserror::Error;

use crate::error::StoreError;
use crate::table::Table;

/// What went wrong with an archive.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The store refused or failed. A restore has left what no vault opens.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// A row changed while the store was being written out: somebody else uses it.
    #[error("the store was changed meanwhile: something else is using it")]
    Changed,
    /// The store that is restored to holds rows.
    #[error("the store is not empty: it holds {0} already")]
    NotEmpty(Table),
    /// The stream is no archive.
    #[error("this is no archive of a store")]
    NotAnArchive,
    /// The archive was made by a later release.
    #[error("the archive has format {0}, which this release does not know")]
    Format(u8),
    /// The archive ends too early.
    #[error("the archive is cut short")]
    Truncated,
    /// The archive goes on after its end.
    #[error("the archive has trailing bytes")]
    Trailing,
    /// The manifest makes no sense.
    #[error("the archive's manifest is damaged: {0}")]
    Manifest(&'static str),
    /// A part is not what the manifest says.
    #[error("the archive's {0} are not what its manifest says")]
    Part(Table),
    /// The archive is another one than the one that was verified.
    #[error("the archive was changed while it was being read")]
    Swapped,
    /// The stream failed.
    #[error("{doing} failed")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl ArchiveError {
    pub(super) fn reading(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Io { doing: "reading the archive", source },
        }
    }

    pub(super) fn writing(source: io::Error) -> Self {
        Self::Io { doing: "writing the archive", source }
    }
}
