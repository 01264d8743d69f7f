//! Servers that break a promise on purpose: a judge that cannot fail shows nothing.

use std::sync::Arc;

use async_trait::async_trait;
use clap::ValueEnum;
use maany_coordinator_storage::batch::{Batch, Op};
use maany_coordinator_storage::{Entry, MemoryStore, RecordTable, ShareStore, StoreError, Table, Versioned};

/// The first byte of a guard's key, in the table of the requests.
const GUARD: u8 = b'g';

/// What the server does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sabotage {
    /// Nothing.
    #[default]
    None,
    /// It never writes down that a request is signed.
    Forgets,
    /// It keeps no share but the newest once it has decided for that.
    Retired,
    /// It lets go of a sequence once a document of it is signed.
    Unguarded,
}

/// A disk over which the server does it.
pub(crate) struct Saboteur {
    inner: Arc<MemoryStore>,
    sabotage: Sabotage,
}

impl Saboteur {
    pub(crate) fn new(inner: Arc<MemoryStore>, sabotage: Sabotage) -> Self {
        Self { inner, sabotage }
    }

    /// Erases the guard that this batch has marked as a signed one's. A batch that makes a request is not one that signs.
    async fn let_go(&self, batch: &Batch) -> Result<(), StoreError> {
        let of_requests = || batch.ops().iter().filter(|op| op.table() == Table::Requests);
        let makes_one = of_requests().any(|op| matches!(op, Op::Insert { .. }));
        let mut freeing = Batch::new();
        for op in of_requests() {
            if let Op::Replace { key, expected, .. } = op
                && !makes_one
                && key.first() == Some(&GUARD)
            {
                freeing.erase(RecordTable::Requests, key.clone(), expected + 1);
            }
        }
        if freeing.ops().is_empty() { Ok(()) } else { self.inner.commit(freeing).await }
    }

    /// Erases every share but the newest of each wallet.
    async fn forget_older(&self) -> Result<(), StoreError> {
        let shares = self.inner.scan(Table::Shares, &[], None, 1_000).await?;
        let mut batch = Batch::new();
        for pair in shares.windows(2) {
            // A share's key is the wallet's 16 bytes, and then epoch and tag.
            if let [older, newer] = pair
                && older.key.get(..16) == newer.key.get(..16)
            {
                batch.erase_share(older.key.clone());
            }
        }
        if batch.ops().is_empty() { Ok(()) } else { self.inner.commit(batch).await }
    }
}

#[async_trait]
impl ShareStore for Saboteur {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        self.inner.get(table, key).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.scan(table, prefix, after, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let replaces =
            |table| batch.ops().iter().any(|op| matches!(op, Op::Replace { .. }) && op.table() == table);
        let touches_shares = batch.ops().iter().any(|op| op.table() == Table::Shares);
        match self.sabotage {
            Sabotage::Forgets if replaces(Table::Requests) => Ok(()),
            Sabotage::Retired if replaces(Table::Wallets) && !touches_shares => {
                self.inner.commit(batch).await?;
                self.forget_older().await
            }
            Sabotage::Unguarded => {
                self.inner.commit(batch.clone()).await?;
                self.let_go(&batch).await
            }
            _ => self.inner.commit(batch).await,
        }
    }
}
