//! The tables of a store, and which of them may be rewritten.
//!
//! Names and numbers are part of every backend's format on disk and of the associated data of every sealed
//! record: they are never renamed and never reused.

use std::fmt;

/// A table that can be read and scanned.
///
/// Writing goes through [`Batch`](crate::Batch), which has no update for [`Table::Shares`] and neither an
/// update nor an erase for [`Table::Audit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Table {
    /// Key shares: inserted and erased, never rewritten.
    Shares,
    /// One row for each wallet; it names the active, pending and retired share.
    Wallets,
    /// The key ids that devices proposed, unique for each owner.
    KeyIds,
    /// Sign requests, and the index of the open ones.
    Requests,
    /// Session ids and other values that are good for one use.
    UsedIds,
    /// Step-up codes, hashed.
    StepUps,
    /// Backup fragments and the ciphertext that they open.
    Fragments,
    /// API keys, hashed.
    ApiKeys,
    /// The audit log: appended to, never rewritten.
    Audit,
    /// What the store says about itself: the canary that finds a wrong key.
    Meta,
}

impl Table {
    /// Every table, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Shares,
        Self::Wallets,
        Self::KeyIds,
        Self::Requests,
        Self::UsedIds,
        Self::StepUps,
        Self::Fragments,
        Self::ApiKeys,
        Self::Audit,
        Self::Meta,
    ];

    /// The table's name, as it stands in file names, database tables and error texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::Wallets => "wallets",
            Self::KeyIds => "key-ids",
            Self::Requests => "requests",
            Self::UsedIds => "used-ids",
            Self::StepUps => "step-ups",
            Self::Fragments => "fragments",
            Self::ApiKeys => "api-keys",
            Self::Audit => "audit",
            Self::Meta => "meta",
        }
    }

    /// The table's number, 1 to 10, as it stands in journals and in associated data.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Shares => 1,
            Self::Wallets => 2,
            Self::KeyIds => 3,
            Self::Requests => 4,
            Self::UsedIds => 5,
            Self::StepUps => 6,
            Self::Fragments => 7,
            Self::ApiKeys => 8,
            Self::Audit => 9,
            Self::Meta => 10,
        }
    }

    /// The table of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.number() == number)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A table whose rows may be inserted, replaced and erased.
///
/// Shares and audit rows are missing here, so that a batch that rewrites one cannot be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordTable {
    /// See [`Table::Wallets`].
    Wallets,
    /// See [`Table::KeyIds`].
    KeyIds,
    /// See [`Table::Requests`].
    Requests,
    /// See [`Table::UsedIds`].
    UsedIds,
    /// See [`Table::StepUps`].
    StepUps,
    /// See [`Table::Fragments`].
    Fragments,
    /// See [`Table::ApiKeys`].
    ApiKeys,
    /// See [`Table::Meta`].
    Meta,
}

impl From<RecordTable> for Table {
    fn from(table: RecordTable) -> Self {
        match table {
            RecordTable::Wallets => Self::Wallets,
            RecordTable::KeyIds => Self::KeyIds,
            RecordTable::Requests => Self::Requests,
            RecordTable::UsedIds => Self::UsedIds,
            RecordTable::StepUps => Self::StepUps,
            RecordTable::Fragments => Self::Fragments,
            RecordTable::ApiKeys => Self::ApiKeys,
            RecordTable::Meta => Self::Meta,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_stable() {
        let listed: Vec<(u8, &str)> = Table::ALL.iter().map(|t| (t.number(), t.name())).collect();
        assert_eq!(
            listed,
            [
                (1, "shares"),
                (2, "wallets"),
                (3, "key-ids"),
                (4, "requests"),
                (5, "used-ids"),
                (6, "step-ups"),
                (7, "fragments"),
                (8, "api-keys"),
                (9, "audit"),
                (10, "meta"),
            ]
        );
        for table in Table::ALL {
            assert_eq!(Table::from_number(table.number()), Some(table));
        }
        assert_eq!(Table::from_number(0), None);
        assert_eq!(Table::from_number(11), None);
    }
}
