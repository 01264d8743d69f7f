//! What to do about an archive that cannot be made or read.

use maany_coordinator::storage::archive::ArchiveError;

use super::{file, store, words};
use crate::archive_file::ArchiveFileError;

const ANOTHER_COPY: &str = "fetch it again, or take another archive; nothing was changed";

pub(super) fn help(error: &ArchiveFileError) -> Option<String> {
    match error {
        ArchiveFileError::File(error) => file(error),
        ArchiveFileError::WrongPassphrase { .. } => {
            words("try again; without its passphrase nobody opens an archive")
        }
        ArchiveFileError::NeedsPassphrase { .. } => words("leave --identity-file out"),
        ArchiveFileError::NeedsIdentity { .. } | ArchiveFileError::WrongIdentity { .. } => {
            words("name the file with the matching AGE-SECRET-KEY-1... with --identity-file")
        }
        ArchiveFileError::NoIdentity { .. } => words("`age-keygen` makes such a file"),
        ArchiveFileError::Damaged { .. } => words(ANOTHER_COPY),
        ArchiveFileError::Content { source, .. } => content(source),
        ArchiveFileError::TooMuchWork { .. } | ArchiveFileError::Encrypt(_) => None,
    }
}

fn content(error: &ArchiveError) -> Option<String> {
    match error {
        ArchiveError::Store(error) => store(error),
        ArchiveError::Changed => words("stop whatever else uses the store, and export again"),
        ArchiveError::Format(_) => words("use the release that wrote it, or a later one"),
        ArchiveError::NotEmpty(_) => words("move the store away first; nothing is overwritten"),
        _ => words(ANOTHER_COPY),
    }
}
