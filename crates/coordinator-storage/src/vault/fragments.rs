//! Backup fragments that this side keeps for an owner.

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::id::{Owner, ShareId};
use crate::record::{AuditRow, FragmentRecord, WalletRecord};
use crate::table::{RecordTable, Table};
use crate::vault::transaction::Transaction;
use crate::vault::wallets::with_receipt;
use crate::vault::{Page, Row, Vault};

/// How many epochs of one subject are kept.
const KEPT: usize = 2;

/// The most epochs of one subject that are held for somebody else.
const MOST_HELD: usize = 64;

/// From when on a fragment may take the place of earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// One that was stored until then has had its time, in milliseconds since 1970-01-01 UTC.
    pub settled_before_ms: u64,
}

/// How many rows the operator's search reads at once.
const SEARCH_PAGE: usize = 256;

impl Vault {
    /// Stores a fragment, over an earlier upload of the same owner, subject and epoch. Of the epochs of one
    /// subject the two latest are kept.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where two later epochs are stored, [`StoreError::Conflict`] where two uploads
    /// collide.
    pub async fn put_fragment(&self, fragment: FragmentRecord, audit: AuditRow) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        self.stage_fragment(&mut staged, &fragment).await?;
        staged.commit(audit).await
    }

    /// As [`Vault::put_fragment`], for the wallet that the fragment is of: where the receipt says that the backup of its active share is
    /// complete, the fragment stays as it is.
    ///
    /// # Errors
    /// As [`Vault::put_fragment`]; [`StoreError::BackupComplete`] where another fragment of that epoch has the receipt.
    pub async fn put_fragment_of(
        &self,
        wallet: &WalletRecord,
        fragment: FragmentRecord,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let mut staged = Transaction::new(self);
        self.stage_fragment(&mut staged, &fragment).await?;
        // Read after the fragment's version: whoever completes the backup from here on changes that version.
        let row = self.wallet(&wallet.owner, wallet.wallet).await?;
        let row = row.ok_or(StoreError::NotFound { what: "wallet" })?;
        self.keeps_its_backup(&row, &fragment).await?;
        staged.commit(audit).await
    }

    /// As [`Vault::put_fragment_of`], and in the same write the receipt: the wallet's backup of `share` is complete.
    ///
    /// # Errors
    /// As [`Vault::put_fragment_of`] and [`Vault::store_receipt`].
    pub async fn put_fragment_with_receipt(
        &self,
        row: &Row<WalletRecord>,
        fragment: FragmentRecord,
        share: ShareId,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = with_receipt(row, share)?;
        self.keeps_its_backup(row, &fragment).await?;
        let mut staged = Transaction::new(self);
        self.stage_fragment(&mut staged, &fragment).await?;
        self.change_wallet(staged, row, wallet, audit).await
    }

    /// Stores a fragment that somebody else made, and does not let it take an earlier one's place before its time: a fragment
    /// of the same epoch stays as it is, and an earlier epoch goes only when two later ones were stored long enough ago.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] where other bytes of this epoch are stored, [`StoreError::WrongState`] where two later
    /// epochs have taken its place or too many wait for their time, [`StoreError::Conflict`] where two uploads collide.
    pub async fn hold_fragment(
        &self,
        fragment: FragmentRecord,
        patience: Patience,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let prefix = subject_prefix(&fragment.owner, &fragment.subject);
        let key = [prefix.as_slice(), &fragment.epoch.to_be_bytes()].concat();
        let stored = self.store.scan(Table::Fragments, &prefix, None, MOST_HELD + 1).await?;
        let mut staged = Transaction::new(self);
        let (mut held, mut settled_later) = (1, 0);
        // The latest epoch first: how many later ones have had their time is known when an earlier one is looked at.
        for entry in stored.into_iter().rev() {
            // A damaged one has no time and no version: it stays, and is reported where it is read.
            let Ok(sealed) = entry.row else {
                held += 1;
                continue;
            };
            let row: Row<FragmentRecord> = self.open_row(Table::Fragments, &entry.key, &sealed).await?;
            if entry.key == key {
                let same = row.document.dangerous_expose() == fragment.document.dangerous_expose();
                return if same {
                    Ok(())
                } else {
                    Err(StoreError::AlreadyExists { what: "fragment of this epoch" })
                };
            }
            if entry.key < key && settled_later >= KEPT {
                staged.erase(RecordTable::Fragments, &entry.key, row.version);
                continue;
            }
            held += 1;
            settled_later += usize::from(row.stored_ms <= patience.settled_before_ms);
            if entry.key > key && settled_later >= KEPT {
                return Err(StoreError::WrongState { reason: "fragments of two later epochs are stored" });
            }
        }
        if held > MOST_HELD {
            return Err(StoreError::WrongState { reason: "too many fragments wait for their time" });
        }
        staged.insert(RecordTable::Fragments, &key, &fragment).await?;
        staged.commit(audit).await
    }

    /// Removes a fragment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none, [`StoreError::Conflict`] where it was changed meanwhile.
    pub async fn drop_fragment(
        &self,
        owner: &Owner,
        subject: &str,
        epoch: u64,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        let key = [subject_prefix(owner, subject).as_slice(), &epoch.to_be_bytes()].concat();
        let found = self.store.get(Table::Fragments, &key).await?;
        let found = found.ok_or(StoreError::NotFound { what: "fragment" })?;
        let mut staged = Transaction::new(self);
        staged.erase(RecordTable::Fragments, &key, found.version);
        staged.commit(audit).await
    }

    /// The owner's fragments of that subject, the latest epoch first.
    ///
    /// # Errors
    /// Where the store cannot be read at all; damaged rows are listed in the page, which is the only one.
    pub async fn fragments(&self, owner: &Owner, subject: &str) -> Result<Page<FragmentRecord>, StoreError> {
        let prefix = subject_prefix(owner, subject);
        let page = self.page::<FragmentRecord>(Table::Fragments, &prefix, None, MOST_HELD + 1).await?;
        let rows = page.rows.into_iter().rev().map(Row::into_record).collect();
        Ok(Page { rows, damaged: page.damaged, next: None })
    }

    /// Every owner who has a fragment of that subject, for the operator: it looks through the rows of all owners.
    ///
    /// # Errors
    /// Where the store cannot be read, or a row of that subject cannot.
    pub async fn fragment_owners(&self, subject: &str) -> Result<Vec<Owner>, StoreError> {
        let wanted = Sha256::digest(subject.as_bytes());
        let mut owners: Vec<Owner> = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let entries = self.store.scan(Table::Fragments, &[], after.as_deref(), SEARCH_PAGE).await?;
            let last = entries.len() < SEARCH_PAGE;
            for entry in entries {
                if entry.key.get(16..48) == Some(wanted.as_slice()) {
                    let sealed = entry.row?;
                    let row: Row<FragmentRecord> =
                        self.open_row(Table::Fragments, &entry.key, &sealed).await?;
                    let owner = row.into_record().owner;
                    if !owners.contains(&owner) {
                        owners.push(owner);
                    }
                }
                after = Some(entry.key);
            }
            if last {
                return Ok(owners);
            }
        }
    }

    /// How many fragments the owner has, all subjects and epochs together; it counts no further than `most`.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn fragment_count(&self, owner: &Owner, most: usize) -> Result<usize, StoreError> {
        Ok(self.store.scan(Table::Fragments, &owner.prefix(), None, most).await?.len())
    }

    /// A fragment that is part of a complete backup of the active share is not written over: the others' would restore nothing with what
    /// came in its place. One that is lost or damaged gives way.
    pub(super) async fn keeps_its_backup(
        &self,
        wallet: &WalletRecord,
        fragment: &FragmentRecord,
    ) -> Result<(), StoreError> {
        let complete = wallet.active.filter(|active| wallet.receipt == Some(*active));
        if complete.is_none_or(|share| share.epoch() != fragment.epoch) {
            return Ok(());
        }
        let stored = self.fragments(&fragment.owner, &fragment.subject).await?;
        let stored = stored.rows.iter().find(|stored| stored.epoch == fragment.epoch);
        match stored {
            Some(stored) if stored.document.dangerous_expose() != fragment.document.dangerous_expose() => {
                Err(StoreError::BackupComplete)
            }
            _ => Ok(()),
        }
    }

    /// Adds a fragment to what is staged; the surplus of its subject goes.
    pub(super) async fn stage_fragment(
        &self,
        staged: &mut Transaction<'_>,
        fragment: &FragmentRecord,
    ) -> Result<(), StoreError> {
        let prefix = subject_prefix(&fragment.owner, &fragment.subject);
        let key = [prefix.as_slice(), &fragment.epoch.to_be_bytes()].concat();
        let stored = self.store.scan(Table::Fragments, &prefix, None, KEPT + 1).await?;

        // The keys of one subject are in the order of their epochs.
        let later = stored.iter().filter(|entry| entry.key > key).count();
        if later >= KEPT {
            return Err(StoreError::WrongState { reason: "fragments of two later epochs are stored" });
        }
        let mut current = None;
        let mut others = Vec::new();
        for entry in stored {
            if entry.key == key {
                current = Some(entry.row?.version);
            } else {
                others.push(entry);
            }
        }
        let surplus = (others.len() + 1).saturating_sub(KEPT);
        for entry in others.into_iter().take(surplus) {
            // A damaged one cannot be erased by version; it stays and is reported where it is read.
            if let Ok(row) = entry.row {
                staged.erase(RecordTable::Fragments, &entry.key, row.version);
            }
        }
        match current {
            None => staged.insert(RecordTable::Fragments, &key, fragment).await,
            Some(version) => staged.replace(RecordTable::Fragments, &key, version, fragment).await,
        }
    }
}

/// The owner's 16 bytes, then SHA-256 of the subject.
fn subject_prefix(owner: &Owner, subject: &str) -> [u8; 48] {
    let mut prefix = [0; 48];
    prefix[..16].copy_from_slice(&owner.prefix());
    prefix[16..].copy_from_slice(&Sha256::digest(subject.as_bytes()));
    prefix
}
