//! What was used up, revoked and written down since the archive.

use crate::error::StoreError;
use crate::record::{ADMIN_SCOPE, ApiKeyRecord, AuditRow, UsedIdRecord};
use crate::seal::{Place, open};
use crate::store::Entry;
use crate::table::{RecordTable, Table};
use crate::vault::Vault;
use crate::vault::import::{Import, PAGE};
use crate::vault::transaction::Transaction;

impl Import<'_> {
    /// A code that was open when the archive was made may have been used since.
    pub(super) async fn void_codes(&mut self) -> Result<(), StoreError> {
        loop {
            let entries = self.new.store.scan(Table::StepUps, &[], None, PAGE).await?;
            let mut staged = Transaction::new(self.new);
            let mut count = 0;
            for entry in entries {
                // A damaged one lets nobody in.
                if let Ok(row) = entry.row {
                    staged.erase(RecordTable::StepUps, &entry.key, row.version);
                    count += 1;
                }
            }
            if count == 0 {
                return Ok(());
            }
            staged.commit(self.audit("step-ups-void", None, format!("{count} codes"))).await?;
            self.settled.void_codes += count;
        }
    }

    /// An id whose row cannot be read is used up as well, for good.
    pub(super) async fn used_ids(&mut self, old: &Vault) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        while let Some(entries) = self.next(old, Table::UsedIds, &mut after).await {
            let mut staged = Transaction::new(self.new);
            let mut count = 0;
            for entry in entries {
                let key = entry.key.clone();
                let known = self.new.store.get(Table::UsedIds, &key).await?.is_some();
                let before = self.settled.unreadable.len();
                let copied = self.absent(old, &mut staged, Table::UsedIds, entry).await?;
                let lost = self.settled.unreadable.len() > before && !known;
                if lost {
                    let for_good = UsedIdRecord { expires_ms: u64::MAX };
                    staged.insert(RecordTable::UsedIds, &key, &for_good).await?;
                }
                count += u64::from(copied || lost);
            }
            self.settled.used_ids += count;
            if count > 0 {
                staged.commit(self.audit("used-ids-carried-forward", None, format!("{count} ids"))).await?;
            }
        }
        Ok(())
    }

    /// Keys that were made since are there, and keys that were revoked since are gone.
    pub(super) async fn api_keys(&mut self, old: &Vault) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        while let Some(entries) = self.next(old, Table::ApiKeys, &mut after).await {
            let mut staged = Transaction::new(self.new);
            let mut count = 0;
            for entry in entries {
                count += u64::from(self.absent(old, &mut staged, Table::ApiKeys, entry).await?);
            }
            self.settled.api_keys += count;
            if count > 0 {
                staged.commit(self.audit("api-keys-carried-forward", None, format!("{count} keys"))).await?;
            }
        }
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.new.page::<ApiKeyRecord>(Table::ApiKeys, &[], after.as_deref(), PAGE).await?;
            for row in page.rows {
                if let Ok(None) = old.api_key(&row.id).await {
                    let owner = format!("{} of {}/{}", row.id, row.owner.tenant, row.owner.owner);
                    self.new.erase_api_key(&row, self.audit("api-key-revoked", None, owner)).await?;
                    self.settled.revoked_api_keys += 1;
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Of a key with the admin scope nobody can tell whether it was revoked, and whoever has it answers for signatures.
    pub(super) async fn withdraw_admin_keys(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.new.page::<ApiKeyRecord>(Table::ApiKeys, &[], after.as_deref(), PAGE).await?;
            for row in page.rows.iter().filter(|row| row.scopes.iter().any(|scope| scope == ADMIN_SCOPE)) {
                let owner = format!("{} of {}/{}", row.id, row.owner.tenant, row.owner.owner);
                self.new.erase_api_key(row, self.audit("api-key-not-brought-back", None, owner)).await?;
                self.settled.withdrawn_keys.push(row.id.clone());
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The time of the newest audit row that opens: until then, at least, the store was in use.
    pub(super) async fn last_use(&mut self, old: &Vault) -> Option<u64> {
        let (mut newest, mut after) = (None, None);
        while let Some(entries) = self.next(old, Table::Audit, &mut after).await {
            // The keys begin with a time that never steps back, so that the last row of a page that opens is its newest.
            for entry in entries.iter().rev() {
                if let (Ok(row), Some(at_ms)) = (&entry.row, entry.key.first_chunk())
                    && old.open_row::<AuditRow>(Table::Audit, &entry.key, row).await.is_ok()
                {
                    newest = newest.max(Some(u64::from_be_bytes(*at_ms)));
                    break;
                }
            }
        }
        newest
    }

    pub(super) async fn audit_rows(&mut self, old: &Vault) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        while let Some(entries) = self.next(old, Table::Audit, &mut after).await {
            let mut staged = Transaction::new(self.new);
            let mut count = 0;
            for entry in entries {
                count += u64::from(self.absent(old, &mut staged, Table::Audit, entry).await?);
            }
            self.settled.audit_rows += count;
            if count > 0 {
                let audit = self.audit("audit-carried-forward", None, format!("{count} rows"));
                staged.commit(audit).await?;
            }
        }
        Ok(())
    }

    /// The next rows of one of the old store's tables; none after the last, or where it cannot be read any further.
    async fn next(&mut self, old: &Vault, table: Table, after: &mut Option<Vec<u8>>) -> Option<Vec<Entry>> {
        match old.store.scan(table, &[], after.as_deref(), PAGE).await {
            Ok(entries) => {
                *after = Some(entries.last()?.key.clone());
                Some(entries)
            }
            Err(error) => {
                self.settled.unreadable.push(error);
                None
            }
        }
    }

    /// Copies a row that the archive does not have, and that opens; whether there was something to copy.
    pub(super) async fn absent(
        &mut self,
        old: &Vault,
        staged: &mut Transaction<'_>,
        table: Table,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        if self.new.store.get(table, &entry.key).await?.is_some() {
            return Ok(false);
        }
        let place = Place { table, key: &entry.key, role: Some(old.role), share: None };
        let sealed = match entry.row {
            Ok(row) => open(&*old.keys, &place, &row.value).await.map(|_plain| row.value),
            Err(error) => Err(error),
        };
        let sealed = match sealed {
            Ok(sealed) => sealed,
            Err(error) => {
                self.settled.unreadable.push(error);
                return Ok(false);
            }
        };
        match table {
            Table::Audit => staged.copy_audit(&entry.key, sealed),
            Table::UsedIds => staged.copy(RecordTable::UsedIds, &entry.key, None, sealed),
            Table::ApiKeys => staged.copy(RecordTable::ApiKeys, &entry.key, None, sealed),
            Table::Requests => staged.copy(RecordTable::Requests, &entry.key, None, sealed),
            // Nothing else is taken from an old store.
            _ => return Ok(false),
        }
        Ok(true)
    }
}
