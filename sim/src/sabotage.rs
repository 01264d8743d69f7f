//! Servers that break a promise on purpose: a judge that cannot fail shows nothing.

use std::sync::Arc;

use async_trait::async_trait;
use clap::ValueEnum;
use maany_coordinator_storage::batch::{Batch, Op};
use maany_coordinator_storage::{Entry, MemoryStore, ShareStore, StoreError, Table, Versioned};

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
            _ => self.inner.commit(batch).await,
        }
    }
}
