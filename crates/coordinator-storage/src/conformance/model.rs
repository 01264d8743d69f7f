//! Many batches of every kind, compared with a store whose every answer is known: the one in memory.

use crate::batch::Batch;
use crate::conformance::{Broken, Promise};
use crate::error::StoreError;
use crate::memory::MemoryStore;
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};

const P: Promise = Promise("a sequence of batches ends as it does in memory");
const BATCHES: usize = 200;
const TABLES: [RecordTable; 3] = [RecordTable::Wallets, RecordTable::KeyIds, RecordTable::Fragments];

pub(super) async fn check(store: &dyn ShareStore) -> Result<(), Broken> {
    let model = MemoryStore::new();
    // Fixed, so that a failure can be repeated.
    let mut numbers = Numbers(0x6d61_616e_795f_6d70);
    for step in 0..BATCHES {
        let mut batch = Batch::new();
        for _ in 0..=numbers.below(4) {
            numbers.add_op(&mut batch, &model).await?;
        }
        let (expected, found) = (model.commit(batch.clone()).await, store.commit(batch.clone()).await);
        let same = match (&expected, &found) {
            (Ok(()), Ok(())) | (Err(StoreError::Unfit { .. }), Err(StoreError::Unfit { .. })) => true,
            (Err(StoreError::Conflict { .. }), Err(StoreError::Conflict { .. })) => true,
            (_, _) => false,
        };
        P.holds(same, || format!("step {step}, {batch:?}: {found:?} instead of {expected:?}"))?;
    }
    for table in TABLES.map(Table::from).into_iter().chain([Table::Shares]) {
        let expected = P.ok("scan", model.scan(table, b"", None, usize::MAX).await)?;
        let found = P.ok("scan", store.scan(table, b"", None, 10_000).await)?;
        P.holds(expected.len() == found.len(), || format!("{table} has {} rows", found.len()))?;
        for (expected, found) in expected.into_iter().zip(found) {
            let (row, model_row) = (P.ok("scan", found.row)?, P.ok("scan", expected.row)?);
            P.holds(found.key == expected.key && row == model_row, || {
                format!("{table} {} is {row:?} instead of {model_row:?}", hex::encode(&found.key))
            })?;
        }
    }
    Ok(())
}

/// xorshift64 (Marsaglia, 2003): enough to vary operations, and the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Mostly an operation that fits the row as it is.
    async fn add_op(&mut self, batch: &mut Batch, model: &MemoryStore) -> Result<(), Broken> {
        let key =
            vec![u8::try_from(self.below(6)).unwrap_or(0); 1 + usize::try_from(self.below(2)).unwrap_or(0)];
        let value = self.below(u64::MAX).to_be_bytes();
        if self.below(4) == 0 {
            let held = P.ok("get", model.get(Table::Shares, &key).await)?.is_some();
            match held == (self.below(8) != 0) {
                true => batch.erase_share(key),
                false => batch.insert_share(key, value),
            };
            return Ok(());
        }
        let table = TABLES[usize::try_from(self.below(3)).unwrap_or(0)];
        let version = P.ok("get", model.get(table.into(), &key).await)?.map_or(0, |row| row.version);
        let named = version + self.below(8) / 7;
        match (version, self.below(3)) {
            (0, 0 | 1) | (_, 0) => batch.insert(table, key, value),
            (_, 1) => batch.replace(table, key, named, value),
            (_, _) => batch.erase(table, key, named),
        };
        Ok(())
    }
}
