//! What is good for one use: session ids and step-up codes.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::id::WalletId;
use crate::record::{AuditRow, Record, StepUpRecord, UsedIdRecord};
use crate::table::{RecordTable, Table};
use crate::vault::transaction::Transaction;
use crate::vault::{Row, Vault};

/// How many rows are read at once, and forgotten in one commit.
const PAGE: usize = 100;

/// A step-up code that was found open. It is used up by the write that it is given to, whole or not at all, and by no other one
/// after that.
pub struct OpenStepUp {
    key: [u8; 48],
    version: u64,
}

impl fmt::Debug for OpenStepUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStepUp").finish_non_exhaustive()
    }
}

impl Vault {
    /// Uses an id up; `kind` keeps ids of different meaning apart. It is remembered at least until `expires_ms`.
    ///
    /// # Errors
    /// [`StoreError::Spent`] where it has been used.
    pub async fn use_id(
        &self,
        kind: &str,
        id: &[u8],
        expires_ms: u64,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        staged.insert(RecordTable::UsedIds, &used_id_key(kind, id), &UsedIdRecord { expires_ms }).await?;
        match staged.commit(audit).await {
            Err(StoreError::Conflict { table: Table::UsedIds, .. }) => Err(StoreError::Spent { what: "id" }),
            other => other,
        }
    }

    /// Forgets used ids and step-up codes that ended before `now_ms`; says how many. Each page of them is one
    /// commit with a copy of the audit row.
    ///
    /// # Errors
    /// Where the store fails, or [`StoreError::Conflict`] where a code is used up at the same time.
    pub async fn forget_expired(&self, now_ms: u64, audit: AuditRow) -> Result<usize, StoreError> {
        let used_ids =
            self.forget::<UsedIdRecord>(RecordTable::UsedIds, |row| row.expires_ms < now_ms, &audit).await?;
        let step_ups =
            self.forget::<StepUpRecord>(RecordTable::StepUps, |row| row.expires_ms < now_ms, &audit).await?;
        Ok(used_ids + step_ups)
    }

    /// Stores a step-up code's hash.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for a code that is stored already.
    pub async fn put_step_up(&self, step_up: StepUpRecord, audit: AuditRow) -> Result<(), StoreError> {
        let key = step_up_key(step_up.wallet, &step_up.hash);
        let mut staged = Transaction::new(self);
        staged.insert(RecordTable::StepUps, &key, &step_up).await?;
        match staged.commit(audit).await {
            Err(StoreError::Conflict { table: Table::StepUps, .. }) => {
                Err(StoreError::AlreadyExists { what: "step-up code" })
            }
            other => other,
        }
    }

    /// Uses a step-up code up: of two callers at once exactly one succeeds.
    ///
    /// # Errors
    /// [`StoreError::Spent`] where there is no such code for this wallet, it has been used or has expired.
    pub async fn consume_step_up(
        &self,
        wallet: WalletId,
        hash: &[u8; 32],
        now_ms: u64,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let code = self.open_step_up(wallet, hash, now_ms).await?;
        self.use_step_up(code, audit).await
    }

    /// Looks for a step-up code of this wallet. It uses nothing up.
    ///
    /// # Errors
    /// [`StoreError::Spent`] as [`Vault::consume_step_up`].
    pub async fn open_step_up(
        &self,
        wallet: WalletId,
        hash: &[u8; 32],
        now_ms: u64,
    ) -> Result<OpenStepUp, StoreError> {
        let key = step_up_key(wallet, hash);
        let row: Row<StepUpRecord> = self.read(Table::StepUps, &key).await?.ok_or(SPENT)?;
        if row.expires_ms <= now_ms {
            return Err(SPENT);
        }
        Ok(OpenStepUp { key, version: row.version })
    }

    /// Uses an open step-up code up in a write of its own.
    ///
    /// # Errors
    /// [`StoreError::Spent`] where somebody has used it meanwhile.
    pub async fn use_step_up(&self, code: OpenStepUp, audit: AuditRow) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        staged.use_step_up(&code);
        staged.commit(audit).await.map_err(spent)
    }

    /// Whether a step-up code of this wallet is stored that has not expired. It uses nothing up.
    ///
    /// # Errors
    /// Where the store cannot be read; a damaged row does not count.
    pub async fn step_up_open(&self, wallet: WalletId, now_ms: u64) -> Result<bool, StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page =
                self.page::<StepUpRecord>(Table::StepUps, wallet.as_bytes(), after.as_deref(), PAGE).await?;
            if page.rows.iter().any(|row| row.expires_ms > now_ms) {
                return Ok(true);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(false),
            }
        }
    }

    async fn forget<R: Record>(
        &self,
        table: RecordTable,
        over: impl Fn(&R) -> bool,
        audit: &AuditRow,
    ) -> Result<usize, StoreError> {
        let (mut after, mut count) = (None::<Vec<u8>>, 0);
        loop {
            let entries = self.store.scan(table.into(), &[], after.as_deref(), PAGE).await?;
            let last = entries.len() < PAGE;
            let mut staged = Transaction::new(self);
            let mut found = 0;
            for entry in entries {
                // A damaged row stays: it is reported where it is read.
                if let Ok(row) = entry.row
                    && let Ok(opened) = self.open_row::<R>(table.into(), &entry.key, &row).await
                    && over(&opened)
                {
                    staged.erase(table, &entry.key, row.version);
                    found += 1;
                }
                after = Some(entry.key);
            }
            if found > 0 {
                staged.commit(audit.clone()).await?;
                count += found;
            }
            if last {
                return Ok(count);
            }
        }
    }
}

const SPENT: StoreError = StoreError::Spent { what: "step-up code" };

/// What it means that a write with a step-up code collided.
pub(super) fn spent(error: StoreError) -> StoreError {
    match error {
        StoreError::Conflict { table: Table::StepUps, .. } => SPENT,
        other => other,
    }
}

impl Transaction<'_> {
    /// The code goes with this write.
    pub(super) fn use_step_up(&mut self, code: &OpenStepUp) {
        self.erase(RecordTable::StepUps, &code.key, code.version);
    }
}

/// SHA-256 over the kind, length-prefixed, and the id.
fn used_id_key(kind: &str, id: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((kind.len() as u64).to_be_bytes());
    hash.update(kind.as_bytes());
    hash.update(id);
    hash.finalize().into()
}

/// The wallet's id, then the code's hash.
fn step_up_key(wallet: WalletId, hash: &[u8; 32]) -> [u8; 48] {
    let mut key = [0; 48];
    key[..16].copy_from_slice(wallet.as_bytes());
    key[16..].copy_from_slice(hash);
    key
}
