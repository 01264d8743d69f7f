//! Refused sign requests: of each wallet the newest are kept, so that asking again and again for what is never allowed
//! does not fill the store.
//!
//! A refused request has a row of its own beside it, keyed by wallet and time. The write that brings one too many takes the
//! oldest along.

use crate::error::StoreError;
use crate::id::{RequestId, WalletId};
use crate::record::{SignRequestRecord, UsedIdRecord};
use crate::table::{RecordTable, Table};
use crate::vault::Vault;
use crate::vault::requests::{listed, listing_key, request_key};
use crate::vault::transaction::Transaction;

/// First byte of the key of a refusal.
const REFUSED: u8 = b'x';

/// The most that one write takes along; the next ones take the rest.
const MOST: usize = 32;

impl Vault {
    /// Adds the refusal of this request to what is staged; what is beyond the newest `keep` of its wallet goes.
    pub(super) async fn stage_refusal(
        &self,
        staged: &mut Transaction<'_>,
        request: &SignRequestRecord,
        keep: usize,
    ) -> Result<(), StoreError> {
        let prefix = prefix(request.wallet);
        let own = key(request.wallet, request.created_ms, request.request);
        let kept = self.store.scan(Table::Requests, &prefix, None, keep.saturating_add(MOST)).await?;
        let kept: Vec<_> = kept.into_iter().filter(|entry| entry.key != own).collect();
        let surplus = (kept.len() + 1).saturating_sub(keep.max(1)).min(MOST);
        for entry in kept.into_iter().take(surplus) {
            // A damaged row cannot be erased by version; it stays, and is reported where it is read.
            let Ok(refusal) = entry.row else { continue };
            staged.erase(RecordTable::Requests, &entry.key, refusal.version);
            let Some(id) = listed(&entry.key) else { continue };
            let read = self.read::<SignRequestRecord>(Table::Requests, &request_key(id)).await;
            // One that was allowed later is no refused one any more.
            if let Ok(Some(old)) = read
                && old.signature.is_none()
                && self.store.get(Table::Requests, &listing_key(&old)).await?.is_none()
            {
                staged.erase(RecordTable::Requests, &request_key(id), old.version());
            }
        }
        if self.store.get(Table::Requests, &own).await?.is_none() {
            let row = UsedIdRecord { expires_ms: request.expires_ms };
            staged.insert(RecordTable::Requests, &own, &row).await?;
        }
        Ok(())
    }
}

fn prefix(wallet: WalletId) -> Vec<u8> {
    [&[REFUSED], wallet.as_bytes().as_slice()].concat()
}

/// Wallet, time, request: the oldest come first.
fn key(wallet: WalletId, created_ms: u64, request: RequestId) -> Vec<u8> {
    let mut key = prefix(wallet);
    key.extend_from_slice(&created_ms.to_be_bytes());
    key.extend_from_slice(request.as_bytes());
    key
}
