//! Sign requests and their guards: what was signed is signed, and what is reserved stays reserved.
//!
//! Rows are copied as they are sealed, after they were opened. A guard that cannot be read holds its sequence all the same:
//! its name is enough for that.

use crate::error::{Corruption, StoreError};
use crate::id::RequestId;
use crate::record::{GuardRecord, SignRequestRecord};
use crate::store::Entry;
use crate::table::{RecordTable, Table};
use crate::vault::Vault;
use crate::vault::guards::{GUARD, guard_key};
use crate::vault::import::{Import, PAGE};
use crate::vault::requests::{LISTED, REQUEST, listed, request_key};
use crate::vault::transaction::Transaction;

/// What stands for a request that nobody can name. No request has this id: they are random.
const NOBODY: RequestId = RequestId::from_bytes([0; 16]);

impl Import<'_> {
    pub(super) async fn requests(&mut self, old: &Vault) -> Result<(), StoreError> {
        self.lost_signatures(old).await?;
        self.end_listings(old).await?;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let entries = match old.store.scan(Table::Requests, &[], after.as_deref(), PAGE).await {
                Ok(entries) => entries,
                Err(error) => {
                    self.settled.unreadable.push(error);
                    self.guards_lost = true;
                    return Ok(());
                }
            };
            let last = entries.len() < PAGE;
            after = entries.last().map(|entry| entry.key.clone()).or(after);
            let mut staged = Transaction::new(self.new);
            let mut count = 0;
            for entry in entries {
                count += usize::from(match entry.key.first() {
                    Some(&GUARD) => self.guard(old, &mut staged, entry).await?,
                    Some(&REQUEST) => self.request(old, &mut staged, entry).await?,
                    Some(&LISTED) => {
                        let listed = self.absent(old, &mut staged, Table::Requests, entry).await?;
                        self.settled.open += u64::from(listed);
                        listed
                    }
                    _ => self.absent(old, &mut staged, Table::Requests, entry).await?,
                });
            }
            if count > 0 {
                let audit = self.audit("requests-carried-forward", None, format!("{count} rows"));
                staged.commit(audit).await?;
            }
            if last {
                return Ok(());
            }
        }
    }

    /// What the archive knows as signed is never erased. Where the old store does not have it, its requests were emptied, and
    /// nobody knows what else was among them.
    async fn lost_signatures(&mut self, old: &Vault) -> Result<(), StoreError> {
        for prefix in [GUARD, REQUEST] {
            let mut after: Option<Vec<u8>> = None;
            loop {
                let entries = self.new.store.scan(Table::Requests, &[prefix], after.as_deref(), PAGE).await?;
                let last = entries.len() < PAGE;
                for entry in entries {
                    if self.is_signed(&entry).await
                        && let Ok(None) = old.store.get(Table::Requests, &entry.key).await
                    {
                        let missing = Corruption::Missing;
                        self.settled.unreadable.push(StoreError::corrupt(
                            Table::Requests,
                            &entry.key,
                            missing,
                        ));
                        self.guards_lost = true;
                    }
                    after = Some(entry.key);
                }
                if last {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether this row of the archive is a signed request or its guard.
    async fn is_signed(&self, entry: &Entry) -> bool {
        let Ok(row) = &entry.row else { return false };
        match entry.key.first() {
            Some(&GUARD) => {
                let guard = self.new.open_row::<GuardRecord>(Table::Requests, &entry.key, row).await;
                guard.is_ok_and(|guard| guard.signed.is_some())
            }
            _ => {
                let request = self.new.open_row::<SignRequestRecord>(Table::Requests, &entry.key, row).await;
                request.is_ok_and(|request| request.signature.is_some())
            }
        }
    }

    /// Requests that were open when the archive was made, and are not any more.
    async fn end_listings(&self, old: &Vault) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let entries = self.new.store.scan(Table::Requests, &[LISTED], after.as_deref(), PAGE).await?;
            let last = entries.len() < PAGE;
            let mut staged = Transaction::new(self.new);
            let mut count = 0;
            for entry in entries {
                if let (Some(id), Ok(row)) = (listed(&entry.key), entry.row)
                    && let Ok(Some(_)) =
                        old.read::<SignRequestRecord>(Table::Requests, &request_key(id)).await
                    && let Ok(None) = old.store.get(Table::Requests, &entry.key).await
                {
                    staged.erase(RecordTable::Requests, &entry.key, row.version);
                    count += 1;
                }
                after = Some(entry.key);
            }
            if count > 0 {
                let details = format!("{count} requests are not open any more");
                staged.commit(self.audit("requests-carried-forward", None, details)).await?;
            }
            if last {
                return Ok(());
            }
        }
    }

    /// Who holds a guard, as the old store says; a guard that somebody has signed under is not given back.
    async fn guard(
        &mut self,
        old: &Vault,
        staged: &mut Transaction<'_>,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let own = self.new.store.get(Table::Requests, &entry.key).await?;
        let version = own.as_ref().map(|row| row.version);
        let own = match &own {
            Some(row) => self.new.open_row::<GuardRecord>(Table::Requests, &entry.key, row).await.ok(),
            None => None,
        };
        let theirs = match &entry.row {
            Ok(row) => old.open_row::<GuardRecord>(Table::Requests, &entry.key, row).await,
            Err(error) => Err(StoreError::corrupt(Table::Requests, &entry.key, unreadable(error))),
        };
        match (theirs, entry.row, own) {
            (Ok(theirs), _, Some(own)) if *theirs == *own => return Ok(false),
            (Ok(theirs), _, Some(own)) if own.signed.is_some() && theirs.signed.is_none() => {
                return Ok(false);
            }
            (Ok(_), Ok(row), _) => {
                staged.copy(RecordTable::Requests, &entry.key, version, row.value);
            }
            (Err(error), _, _) | (Ok(_), Err(error), _) => {
                self.settled.unreadable.push(error);
                let nobodys = GuardRecord { holder: NOBODY, signed: Some(NOBODY) };
                match version {
                    None => staged.insert(RecordTable::Requests, &entry.key, &nobodys).await?,
                    Some(version) => {
                        staged.replace(RecordTable::Requests, &entry.key, version, &nobodys).await?;
                    }
                }
            }
        }
        self.settled.guards += 1;
        Ok(true)
    }

    /// A request as the old store has it. One that the archive has a signature of keeps it.
    async fn request(
        &mut self,
        old: &Vault,
        staged: &mut Transaction<'_>,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let row = match entry.row {
            Ok(row) => row,
            Err(error) => {
                self.settled.unreadable.push(error);
                return Ok(false);
            }
        };
        let theirs = match old.open_row::<SignRequestRecord>(Table::Requests, &entry.key, &row).await {
            Ok(theirs) => theirs.into_record(),
            Err(error) => {
                self.settled.unreadable.push(error);
                return Ok(false);
            }
        };
        self.guard_of_signed(old, &theirs).await?;
        let own = self.new.store.get(Table::Requests, &entry.key).await?;
        if let Some(own) = &own
            && let Ok(own) = self.new.open_row::<SignRequestRecord>(Table::Requests, &entry.key, own).await
            && (own.signature.is_some() || *own == theirs)
        {
            return Ok(false);
        }
        self.settled.signed += u64::from(theirs.signature.is_some());
        staged.copy(RecordTable::Requests, &entry.key, own.map(|own| own.version), row.value);
        Ok(true)
    }

    /// A signed request whose guard is gone from both stores gets one.
    async fn guard_of_signed(&mut self, old: &Vault, request: &SignRequestRecord) -> Result<(), StoreError> {
        let Some(key) = request.guard.filter(|_| request.signature.is_some()).map(|guard| guard_key(&guard))
        else {
            return Ok(());
        };
        let is_there = !matches!(old.store.get(Table::Requests, &key).await, Ok(None))
            || self.new.store.get(Table::Requests, &key).await?.is_some();
        if is_there {
            return Ok(());
        }
        let guard = GuardRecord { holder: request.request, signed: Some(request.request) };
        let mut staged = Transaction::new(self.new);
        staged.insert(RecordTable::Requests, &key, &guard).await?;
        self.settled.guards += 1;
        staged.commit(self.audit("guard-rebuilt", Some(request.wallet), request.request.to_string())).await
    }
}

/// Why a row could not be read, where its store says so of this row.
fn unreadable(error: &StoreError) -> Corruption {
    match error {
        StoreError::Corrupt { cause, .. } => cause.clone(),
        _ => Corruption::Missing,
    }
}
