//! Typed records over a store, sealed, and the transactions that a coordinator needs.
//!
//! Each transaction is one batch with its audit row. A change of a row takes the [`Row`] that was read, and is a
//! compare-and-swap on its version: where somebody was faster the answer is
//! [`StoreError::Conflict`], and the caller reads again.

mod api_keys;
mod audit;
mod canary;
mod channel_key;
mod forgotten;
mod fragments;
mod guards;
pub mod import;
mod once;
mod read;
mod reconciling;
mod refusals;
mod replacement;
mod requests;
mod shares;
mod transaction;
mod wallets;

use std::ops::Deref;
use std::sync::Arc;

use crate::error::StoreError;
use crate::key::KeyProvider;
use crate::store::ShareStore;

use transaction::AuditKeys;

pub use fragments::Patience;
pub use guards::Ending;
pub use once::OpenStepUp;
pub use reconciling::{Change, Confirmation};
pub use requests::Listing;

/// Which side of the wallets a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The device's shares.
    Device,
    /// The server's shares.
    Server,
}

impl Role {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Device => 1,
            Self::Server => 2,
        }
    }

    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Device),
            2 => Some(Self::Server),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Server => "server",
        }
    }
}

/// A record and the version at which it was read; it reads like the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<T> {
    version: u64,
    record: T,
}

impl<T> Row<T> {
    /// The version that the next change of this row relies on.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The record alone.
    #[must_use]
    pub fn into_record(self) -> T {
        self.record
    }
}

impl<T> Deref for Row<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}

/// A part of a listing.
#[derive(Debug)]
pub struct Page<T> {
    /// The rows that could be read.
    pub rows: Vec<T>,
    /// The rows that could not, each named; they do not hide the others.
    pub damaged: Vec<StoreError>,
    /// Where the next page starts; `None` after the last one. Opaque.
    pub next: Option<Vec<u8>>,
}

/// Sealed, typed storage for one side.
#[derive(Clone)]
pub struct Vault {
    store: Arc<dyn ShareStore>,
    keys: Arc<dyn KeyProvider>,
    role: Role,
    audit_keys: Arc<AuditKeys>,
}

impl Vault {
    /// Opens the vault over a store. A wrong key and the other side's store are found at once.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`], [`StoreError::WrongRole`], or what the store or the key provider answers.
    pub async fn open(
        store: Arc<dyn ShareStore>,
        keys: Arc<dyn KeyProvider>,
        role: Role,
    ) -> Result<Self, StoreError> {
        canary::check(&*store, &*keys, role).await?;
        Ok(Self { store, keys, role, audit_keys: Arc::new(AuditKeys::new()?) })
    }

    /// Opens what is left of a store, to read it: its canary may be lost, and nothing is written.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] and [`StoreError::WrongRole`] where the canary is there to say so.
    pub async fn open_remains(
        store: Arc<dyn ShareStore>,
        keys: Arc<dyn KeyProvider>,
        role: Role,
    ) -> Result<Self, StoreError> {
        match canary::look(&*store, &*keys, role).await {
            Err(error @ (StoreError::WrongKey { .. } | StoreError::WrongRole { .. })) => Err(error),
            Ok(()) | Err(_) => Ok(Self { store, keys, role, audit_keys: Arc::new(AuditKeys::new()?) }),
        }
    }

    /// Which side this vault holds.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("role", &self.role).finish_non_exhaustive()
    }
}
