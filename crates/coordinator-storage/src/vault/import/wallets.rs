//! The archive's wallets, each as its record must be now; and the wallets that the archive does not have.

use crate::error::StoreError;
use crate::id::WalletId;
use crate::record::{ForgottenRecord, WalletRecord, WalletState};
use crate::table::{RecordTable, Table};
use crate::vault::Row;
use crate::vault::forgotten::forgotten_key;
use crate::vault::import::{Import, PAGE, carried, forgotten, remembered};
use crate::vault::transaction::Transaction;
use crate::vault::wallets::wallet_key;

impl Import<'_> {
    pub(super) async fn wallets(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.new.page::<WalletRecord>(Table::Wallets, &[], after.as_deref(), PAGE).await?;
            self.settled.wallets += page.rows.len() as u64;
            self.settled.damaged.extend(page.damaged);
            for row in page.rows {
                self.wallet(&row).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn wallet(&mut self, row: &Row<WalletRecord>) -> Result<(), StoreError> {
        let other = match self.old {
            None => None,
            Some(old) => old.wallet(&row.owner, row.wallet).await.unwrap_or_else(|error| {
                self.settled.unreadable.push(error);
                None
            }),
        };
        // Only the latest record tells that nothing else has happened.
        let latest = other.as_ref().filter(|_| self.settled.is_latest);
        let now = match (latest, &other) {
            (Some(latest), _) => remembered(row, latest),
            (None, Some(other)) => forgotten(&carried(row, other)),
            (None, None) => forgotten(row),
        };
        let mut staged = Transaction::new(self.new);
        let mut said = Vec::new();
        if now.device != row.device {
            self.settled.devices += 1;
            said.push("devices");
        }
        if now.standing != row.standing {
            if latest.is_none() {
                said.push("locked");
            } else {
                self.settled.standings += 1;
                said.push("standing");
            }
        }
        if now != **row {
            staged
                .replace(RecordTable::Wallets, &wallet_key(&row.owner, row.wallet), row.version, &now)
                .await?;
        }
        if latest.is_none() {
            self.settled.locked.push(row.wallet);
        } else if now.standing.state == WalletState::Frozen {
            self.settled.frozen.push(row.wallet);
        }
        if latest.is_none() || self.guards_lost {
            self.settled.forgotten += 1;
            said.push("signatures forgotten");
            self.forget(&mut staged, row.wallet).await?;
        }
        if said.is_empty() {
            return Ok(());
        }
        let event = if latest.is_none() { "wallet-import-locked" } else { "wallet-carried-forward" };
        staged.commit(self.audit(event, Some(row.wallet), said.join(", "))).await
    }

    /// Adds to what is staged that it is not known what the wallet signed; an earlier such time is a part of this one.
    async fn forget(&self, staged: &mut Transaction<'_>, wallet: WalletId) -> Result<(), StoreError> {
        let key = forgotten_key(wallet);
        let known = self.new.forgotten(wallet).await?;
        let from_ms = known.as_ref().map_or(self.gap.from_ms, |known| known.from_ms.min(self.gap.from_ms));
        let record = ForgottenRecord { from_ms, until_ms: self.gap.until_ms };
        match known {
            None => staged.insert(RecordTable::Requests, &key, &record).await,
            Some(known) => staged.replace(RecordTable::Requests, &key, known.version, &record).await,
        }
    }

    /// Names the wallets that were made since: their shares are in no archive.
    pub(super) async fn missing(&mut self, old: &crate::vault::Vault) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let entries = match old.store.scan(Table::Wallets, &[], after.as_deref(), PAGE).await {
                Ok(entries) => entries,
                Err(error) => {
                    self.settled.unreadable.push(error);
                    return Ok(());
                }
            };
            let last = entries.len() < PAGE;
            for entry in entries {
                if let Some(id) = entry.key.last_chunk::<16>()
                    && self.new.store.get(Table::Wallets, &entry.key).await?.is_none()
                {
                    self.settled.missing.push(WalletId::from_bytes(*id));
                }
                after = Some(entry.key);
            }
            if last {
                return Ok(());
            }
        }
    }
}
