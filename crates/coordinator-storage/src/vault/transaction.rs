//! One batch in the making: sealed writes, and at the end its audit row.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::id::{ShareId, WalletId};
use crate::record::{AuditRow, Record, ShareRecord, WalletRecord};
use crate::seal::{Place, SharePlace, seal};
use crate::table::{RecordTable, Table};
use crate::vault::{Role, Vault};

/// Writes that are committed with one audit row.
pub(super) struct Transaction<'v> {
    vault: &'v Vault,
    batch: Batch,
}

impl<'v> Transaction<'v> {
    pub(super) fn new(vault: &'v Vault) -> Self {
        Self { vault, batch: Batch::new() }
    }

    pub(super) async fn insert<R: Record + Sync>(
        &mut self,
        table: RecordTable,
        key: &[u8],
        record: &R,
    ) -> Result<(), StoreError> {
        let sealed = self.vault.seal(table.into(), key, record).await?;
        self.batch.insert(table, key, sealed);
        Ok(())
    }

    pub(super) async fn replace<R: Record + Sync>(
        &mut self,
        table: RecordTable,
        key: &[u8],
        version: u64,
        record: &R,
    ) -> Result<(), StoreError> {
        let sealed = self.vault.seal(table.into(), key, record).await?;
        self.batch.replace(table, key, version, sealed);
        Ok(())
    }

    /// A row as it is sealed, in the place of one of this version.
    pub(super) fn copy(&mut self, table: RecordTable, key: &[u8], version: Option<u64>, sealed: Vec<u8>) {
        match version {
            None => self.batch.insert(table, key, sealed),
            Some(version) => self.batch.replace(table, key, version, sealed),
        };
    }

    /// An audit row as it is sealed, beside the one that every commit has.
    pub(super) fn copy_audit(&mut self, key: &[u8], sealed: Vec<u8>) {
        self.batch.append_audit(key, sealed);
    }

    pub(super) fn erase(&mut self, table: RecordTable, key: &[u8], version: u64) {
        self.batch.erase(table, key, version);
    }

    pub(super) async fn insert_share(
        &mut self,
        wallet: &WalletRecord,
        share: &ShareRecord,
    ) -> Result<(), StoreError> {
        if self.vault.role == Role::Server && !share.identity.is_empty() {
            return Err(StoreError::WrongState { reason: "a server keeps no device's identity" });
        }
        if !share.has_sound_identity() {
            return Err(StoreError::WrongState { reason: "the device's identity is not one" });
        }
        let key = share_key(wallet.wallet, share.id);
        let place = self.vault.share_place(wallet, share.id, &key);
        let sealed = seal(&*self.vault.keys, &place, share.dangerous_encode()).await?;
        self.batch.insert_share(key, sealed);
        Ok(())
    }

    pub(super) fn erase_share(&mut self, wallet: WalletId, id: ShareId) {
        self.batch.erase_share(share_key(wallet, id));
    }

    /// Adds an audit row besides the one that every commit has.
    pub(super) async fn note(&mut self, audit: &AuditRow) -> Result<(), StoreError> {
        let key = self.vault.audit_keys.next(audit.at_ms);
        let sealed = self.vault.seal(Table::Audit, &key, audit).await?;
        self.batch.append_audit(key, sealed);
        Ok(())
    }

    /// Adds the audit row and commits everything.
    pub(super) async fn commit(mut self, audit: AuditRow) -> Result<(), StoreError> {
        self.note(&audit).await?;
        self.vault.store.commit(self.batch).await
    }
}

/// The keys of audit rows: they grow within a process, also where its clock steps back, and never collide with
/// another process's.
pub(super) struct AuditKeys {
    last_ms: AtomicU64,
    count: AtomicU64,
    process: [u8; 8],
}

impl AuditKeys {
    pub(super) fn new() -> Result<Self, StoreError> {
        let mut process = [0; 8];
        getrandom::fill(&mut process).map_err(|_| StoreError::NoRandomness)?;
        Ok(Self { last_ms: AtomicU64::new(0), count: AtomicU64::new(0), process })
    }

    /// Milliseconds, a count and the process's random mark, 8 bytes each, big-endian.
    fn next(&self, at_ms: u64) -> [u8; 24] {
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        let at_ms = self.last_ms.fetch_max(at_ms, Ordering::SeqCst).max(at_ms);
        let mut key = [0; 24];
        key[..8].copy_from_slice(&at_ms.to_be_bytes());
        key[8..16].copy_from_slice(&count.to_be_bytes());
        key[16..].copy_from_slice(&self.process);
        key
    }
}

pub(super) fn share_key(wallet: WalletId, id: ShareId) -> [u8; 40] {
    let mut key = [0; 40];
    key[..16].copy_from_slice(wallet.as_bytes());
    key[16..].copy_from_slice(id.as_bytes());
    key
}

impl Vault {
    pub(super) fn share_place<'a>(&self, wallet: &'a WalletRecord, id: ShareId, key: &'a [u8]) -> Place<'a> {
        Place { table: Table::Shares, key, role: Some(self.role), share: Some(SharePlace { wallet, id }) }
    }

    async fn seal<R: Record + Sync>(
        &self,
        table: Table,
        key: &[u8],
        record: &R,
    ) -> Result<Vec<u8>, StoreError> {
        let place = Place { table, key, role: Some(self.role), share: None };
        seal(&*self.keys, &place, record.dangerous_encode()).await
    }
}
