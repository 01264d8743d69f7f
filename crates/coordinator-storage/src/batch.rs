//! What one commit writes: inserts, compare-and-swaps and erases, all or nothing.
//!
//! The builder cannot express a rewrite of a share or of an audit row. Checking a batch against what a backend
//! holds is [`Op::check`], so that every backend conflicts in the same cases.

use std::collections::BTreeSet;
use std::fmt;

use crate::error::StoreError;
use crate::table::{RecordTable, Table};

/// The longest key, in bytes: its hexadecimal form with a suffix fits the 255 bytes of a file name (`NAME_MAX`).
pub const MAX_KEY_LEN: usize = 120;

/// The longest value, in bytes: a sealed share is about 52 KB, a sign doc in a request at most some hundred.
pub const MAX_VALUE_LEN: usize = 4 * 1024 * 1024;

/// The most operations in one batch.
pub const MAX_OPS: usize = 256;

/// One write of a batch, as a backend sees it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Op {
    /// The row must be absent; it gets version 1.
    Insert {
        /// The table written to.
        table: Table,
        /// The row's key.
        key: Vec<u8>,
        /// The sealed value.
        value: Vec<u8>,
    },
    /// The row must be at version `expected`; it gets `expected + 1`.
    Replace {
        /// The table written to.
        table: Table,
        /// The row's key.
        key: Vec<u8>,
        /// The version that the row must have now.
        expected: u64,
        /// The sealed value.
        value: Vec<u8>,
    },
    /// The row must be at version `expected`; it goes.
    Erase {
        /// The table written to.
        table: Table,
        /// The row's key.
        key: Vec<u8>,
        /// The version that the row must have now.
        expected: u64,
    },
}

/// What an operation leaves in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The row holds this version and value.
    Put {
        /// The new version.
        version: u64,
        /// The sealed value.
        value: &'a [u8],
    },
    /// The row is gone.
    Erased,
}

impl Op {
    /// The table written to.
    #[must_use]
    pub fn table(&self) -> Table {
        match self {
            Self::Insert { table, .. } | Self::Replace { table, .. } | Self::Erase { table, .. } => *table,
        }
    }

    /// The row's key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Insert { key, .. } | Self::Replace { key, .. } | Self::Erase { key, .. } => key,
        }
    }

    /// Decides whether the operation fits what the row holds now (`None`: there is no such row).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it does not.
    pub fn check(&self, current: Option<u64>) -> Result<Outcome<'_>, StoreError> {
        let conflict = || StoreError::conflict(self.table(), self.key());
        match (self, current) {
            (Self::Insert { value, .. }, None) => Ok(Outcome::Put { version: 1, value }),
            (Self::Replace { expected, value, .. }, Some(version)) if version == *expected => {
                Ok(Outcome::Put { version: version.checked_add(1).ok_or_else(conflict)?, value })
            }
            (Self::Erase { expected, .. }, Some(version)) if version == *expected => Ok(Outcome::Erased),
            (Self::Insert { .. } | Self::Replace { .. } | Self::Erase { .. }, _) => Err(conflict()),
        }
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Insert { .. } => "Insert",
            Self::Replace { .. } => "Replace",
            Self::Erase { .. } => "Erase",
        };
        f.debug_struct(verb)
            .field("table", &self.table())
            .field("key", &hex::encode(self.key()))
            .finish_non_exhaustive()
    }
}

/// Writes that happen together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    ops: Vec<Op>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row that must not exist yet.
    pub fn insert(
        &mut self,
        table: RecordTable,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
    ) -> &mut Self {
        self.push(Op::Insert { table: table.into(), key: key.into(), value: value.into() })
    }

    /// Rewrites a row that must be at version `expected`.
    pub fn replace(
        &mut self,
        table: RecordTable,
        key: impl Into<Vec<u8>>,
        expected: u64,
        value: impl Into<Vec<u8>>,
    ) -> &mut Self {
        self.push(Op::Replace { table: table.into(), key: key.into(), expected, value: value.into() })
    }

    /// Removes a row that must be at version `expected`.
    pub fn erase(&mut self, table: RecordTable, key: impl Into<Vec<u8>>, expected: u64) -> &mut Self {
        self.push(Op::Erase { table: table.into(), key: key.into(), expected })
    }

    /// Adds a share that must not exist yet. There is no update for shares.
    pub fn insert_share(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.push(Op::Insert { table: Table::Shares, key: key.into(), value: value.into() })
    }

    /// Removes a share, which is always at version 1.
    pub fn erase_share(&mut self, key: impl Into<Vec<u8>>) -> &mut Self {
        self.push(Op::Erase { table: Table::Shares, key: key.into(), expected: 1 })
    }

    /// Appends an audit row. There is no update and no erase for audit rows.
    pub fn append_audit(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.push(Op::Insert { table: Table::Audit, key: key.into(), value: value.into() })
    }

    /// The operations, in the order they were added.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Checks the bounds that every backend relies on; each calls it first in `commit`.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] for an empty or over-long key, an over-long value, two operations on one row, no
    /// operation at all or more than [`MAX_OPS`].
    pub fn check_bounds(&self) -> Result<(), StoreError> {
        if self.ops.is_empty() {
            return Err(StoreError::Unfit { reason: "the batch is empty" });
        }
        if self.ops.len() > MAX_OPS {
            return Err(StoreError::Unfit { reason: "the batch has too many operations" });
        }
        let mut rows = BTreeSet::new();
        for op in &self.ops {
            if op.key().is_empty() || op.key().len() > MAX_KEY_LEN {
                return Err(StoreError::Unfit { reason: "a key is empty or too long" });
            }
            if let Op::Insert { value, .. } | Op::Replace { value, .. } = op
                && value.len() > MAX_VALUE_LEN
            {
                return Err(StoreError::Unfit { reason: "a value is too long" });
            }
            if !rows.insert((op.table(), op.key())) {
                return Err(StoreError::Unfit { reason: "the batch writes one row twice" });
            }
        }
        Ok(())
    }

    fn push(&mut self, op: Op) -> &mut Self {
        self.ops.push(op);
        self
    }
}
