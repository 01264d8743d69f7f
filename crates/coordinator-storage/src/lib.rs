#![doc = include_str!("../README.md")]

#[cfg(feature = "archive")]
pub mod archive;
pub mod batch;
pub mod callback;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod error;
#[cfg(feature = "fault")]
pub mod fault;
#[cfg(feature = "file")]
pub mod file;
#[cfg(test)]
mod golden;
pub mod id;
pub mod key;
pub mod memory;
pub mod record;
#[cfg(feature = "redb")]
pub mod redb;
mod seal;
pub mod secret;
pub mod store;
pub mod table;
pub mod vault;

pub use batch::{Batch, Op};
pub use callback::CallbackStore;
pub use error::{Blame, Corruption, StoreError};
#[cfg(feature = "file")]
pub use file::FileStore;
pub use id::{Owner, RequestId, ShareId, WalletId};
pub use key::{EnvKeyProvider, FileKeyProvider, KeyError, KeyProvider, StaticKeyProvider};
pub use memory::MemoryStore;
#[cfg(feature = "redb")]
pub use redb::RedbStore;
pub use secret::SecretBytes;
pub use store::{Entry, ShareStore, Versioned};
pub use table::{RecordTable, Table};
pub use vault::{Page, Role, Row, Vault};
