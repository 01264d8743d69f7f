//! What can go wrong with stored data: whose fault it is and whether another attempt may help.
//!
//! Texts name tables and row keys, which are ids and hashes. No value, share, code or key material reaches a text.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::id::RequestId;
use crate::key::KeyError;
use crate::table::Table;

/// Why a store or a vault refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The row is not in the state that the batch relied on. Nothing of the batch was applied.
    #[error("{table} row {key} was changed meanwhile or is not in the expected state")]
    Conflict {
        /// The row's table.
        table: Table,
        /// The row's key in hexadecimal.
        key: String,
    },
    /// The row cannot be read back as it was written. Others are not affected.
    #[error("{table} row {key} is damaged")]
    Corrupt {
        /// The row's table.
        table: Table,
        /// The row's key in hexadecimal.
        key: String,
        /// What gave it away.
        #[source]
        cause: Corruption,
    },
    /// The store itself, not one row, cannot be read.
    #[error("the store at {path} is damaged")]
    Damaged {
        /// The database file or folder.
        path: PathBuf,
        /// What gave it away.
        #[source]
        cause: Corruption,
    },
    /// There is no room: disk, quota or file size limit. Nothing was changed.
    #[error("the store is full: no space left for the write")]
    Full {
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The storage failed. What a failed commit left is all of it or nothing; the next read shows which.
    #[error("{doing} failed")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The key provider holds no key that opens this store.
    #[error("the key provider's keys do not open this store (sealed under key {key_id})")]
    WrongKey {
        /// The id of the key-encryption key that the store names.
        key_id: String,
    },
    /// The key provider failed.
    #[error("the key provider failed")]
    Key(#[from] KeyError),
    /// The store was made by the other side.
    #[error("this store belongs to the other role: it was made as {found}")]
    WrongRole {
        /// The role that the store was made with.
        found: &'static str,
    },
    /// Another process or another handle has the store open.
    #[error("the store at {path} is already open: another process uses it")]
    Locked {
        /// The database file or folder.
        path: PathBuf,
    },
    /// The folder or file may be read by others, or cannot be used as a store.
    #[error("{path} may be read by other users (mode {mode:o}): chmod go-rwx it")]
    LoosePermissions {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The store or a record was written by a later release.
    #[error("{what} has format {found}, which this release does not know")]
    UnsupportedVersion {
        /// What was read.
        what: &'static str,
        /// Its format number.
        found: u32,
    },
    /// The batch, key or value breaks a bound. Nothing was changed.
    #[error("the write is refused: {reason}")]
    Unfit {
        /// The bound.
        reason: &'static str,
    },
    /// There is such a row already, and it is never overwritten.
    #[error("such a {what} exists already")]
    AlreadyExists {
        /// What exists.
        what: &'static str,
    },
    /// There is no such row, for this owner.
    #[error("no such {what}")]
    NotFound {
        /// What is missing.
        what: &'static str,
    },
    /// The sign request holds a signature, and is never changed again.
    #[error("the sign request is signed already")]
    AlreadySigned,
    /// Another sign request holds the guard of what this one is about. Nothing was changed.
    #[error("sign request {by} holds the guard")]
    Held {
        /// The request that holds it.
        by: RequestId,
    },
    /// The id or code has been used, or has expired.
    #[error("the {what} has been used already or has expired")]
    Spent {
        /// What was to be used.
        what: &'static str,
    },
    /// The wallet is not in a state that allows this.
    #[error("the wallet's state does not allow this: {reason}")]
    WrongState {
        /// What stands against it.
        reason: &'static str,
    },
    /// The backup of this generation of shares is complete, and the fragment is another one's: it would restore nothing together with
    /// those that their holders have.
    #[error("the backup of these shares is complete, and this fragment is another backup's")]
    BackupComplete,
    /// The share is the active or the pending one of its wallet, and is not erased.
    #[error("the share is in use by its wallet")]
    ShareInUse,
    /// A host's callback failed.
    #[error("the host's storage failed")]
    Host(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
    /// The store's worker is gone.
    #[error("the store has been closed")]
    Closed,
}

/// How damage was found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Corruption {
    /// It ends too early.
    #[error("it is cut short")]
    Truncated,
    /// It goes on after its end.
    #[error("it has trailing bytes")]
    Trailing,
    /// Its checksum does not fit.
    #[error("its checksum does not fit")]
    Checksum,
    /// It is another row's, or not one at all.
    #[error("it is not the row that its place says")]
    Misplaced,
    /// Its authentication tag does not fit: bytes were changed, or it was sealed for another place.
    #[error("it does not open: its bytes or its place were changed")]
    NotAuthentic,
    /// Its data key does not open: bytes, place or key-encryption key were changed.
    #[error("its data key does not open: its bytes, its place or the key-encryption key were changed")]
    KeyNotAuthentic,
    /// It names a key-encryption key that the provider, which opens the store, does not hold.
    #[error("it is sealed under key {0}, which the key provider does not hold")]
    UnknownKey(String),
    /// A field has no meaning.
    #[error("its field {0} has no meaning")]
    Field(&'static str),
    /// Its format number is unknown.
    #[error("its format {0} is unknown")]
    Format(u8),
    /// A row that another one names is missing.
    #[error("a row that it needs is missing")]
    Missing,
    /// The database says that it is damaged.
    #[error("the database reports damage")]
    Database,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blame {
    /// The caller asked for something that the data does not allow.
    Caller,
    /// The stored data is not what was written.
    Data,
    /// The machine or the host's storage failed.
    Machine,
    /// The operator's set-up is wrong: key, role, permissions, a second process.
    Operator,
}

impl StoreError {
    /// Whose fault it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Conflict { .. }
            | Self::Unfit { .. }
            | Self::AlreadyExists { .. }
            | Self::NotFound { .. }
            | Self::AlreadySigned
            | Self::Held { .. }
            | Self::Spent { .. }
            | Self::WrongState { .. }
            | Self::BackupComplete
            | Self::ShareInUse => Blame::Caller,
            Self::Corrupt { .. } | Self::Damaged { .. } => Blame::Data,
            Self::Full { .. } | Self::Io { .. } | Self::Host(_) | Self::NoRandomness | Self::Closed => {
                Blame::Machine
            }
            Self::WrongKey { .. }
            | Self::Key(_)
            | Self::WrongRole { .. }
            | Self::Locked { .. }
            | Self::LoosePermissions { .. }
            | Self::UnsupportedVersion { .. } => Blame::Operator,
        }
    }

    /// Whether reading again and trying once more may succeed without anyone's help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Io { .. } | Self::Host(_) | Self::NoRandomness)
    }

    /// A conflict on this row.
    #[must_use]
    pub fn conflict(table: Table, key: &[u8]) -> Self {
        Self::Conflict { table, key: hex::encode(key) }
    }

    /// Damage of this row.
    #[must_use]
    pub fn corrupt(table: Table, key: &[u8], cause: Corruption) -> Self {
        Self::Corrupt { table, key: hex::encode(key), cause }
    }

    /// Sorts a system error: no room is [`StoreError::Full`], the rest is [`StoreError::Io`].
    #[must_use]
    pub fn io(doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { source }
            }
            _ => Self::Io { doing, source },
        }
    }
}
