//! Backup of a key share: a slim share under a fresh key, and that key in pieces.
//!
//! [`split`] encrypts a [`SlimShare`] with AES-256-GCM under a key that exists only inside the call,
//! with the backup's context as associated data, and splits the key t-of-n (Shamir over GF(2^8), from
//! `vsss-rs`). Each [`FragmentDocument`] carries the ciphertext, its context and one Shamir part, so
//! that any `t` of them restore by themselves; fewer hold no information about the key.
//!
//! [`combine`] turns documents back into a share. Shamir alone notices no altered part: the
//! authentication tag and the public key decide. A restored share only runs a complete refresh
//! ([`Engine::restore_slim`](crate::Engine::restore_slim)).
//!
//! It stores nothing, sends nothing and does not know which epoch a wallet has reached:
//! [`check_epoch`] compares the two once the caller does.

mod cipher;
mod context;
mod document;
mod error;
mod shamir;
mod wire;

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::key_share::SlimShare;
use crate::public_key::PublicKey;
use crate::share_id::ShareId;

pub use context::{BackupContext, MAX_KEY_ID, MAX_WALLET, Threshold};
pub use document::{DOCUMENT_VERSION, FragmentDocument, MAX_CIPHERTEXT, MAX_DOCUMENT};
pub use error::BackupError;
pub use shamir::{FRAGMENT_LEN, Fragment};

/// A fresh backup: one ciphertext and all `n` fragments of its key.
///
/// Whoever holds `t` fragments and the ciphertext holds the share: hand each to another keeper and
/// drop this value.
#[derive(Debug)]
pub struct Backup {
    /// What the backup is of.
    pub context: BackupContext,
    /// How many fragments open it, of how many.
    pub threshold: Threshold,
    /// The encrypted slim share with its 16-byte tag.
    pub ciphertext: Vec<u8>,
    /// The fragments with the indices 1 to `n`, in this order.
    pub fragments: Vec<Fragment>,
}

impl Backup {
    /// One self-contained document for each fragment, in the order of their indices.
    ///
    /// # Errors
    /// [`BackupError::TooLong`], [`BackupError::Malformed`] when the public fields were changed to
    /// values that no document can hold.
    pub fn into_documents(self) -> Result<Vec<FragmentDocument>, BackupError> {
        let Self { context, threshold, ciphertext, fragments } = self;
        fragments
            .into_iter()
            .map(|fragment| FragmentDocument::new(context.clone(), threshold, ciphertext.clone(), fragment))
            .collect()
    }
}

/// What a drill found: the documents restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// The generation of shares that would be restored.
    pub share_id: ShareId,
    /// The public key it belongs to.
    pub public_key: PublicKey,
    /// How many fragments open the backup, of how many.
    pub threshold: Threshold,
    /// The indices that took part, ascending.
    pub indices: Vec<u8>,
}

/// Encrypts `share` under a fresh key and splits the key.
///
/// # Errors
/// [`BackupError::WrongPublicKey`] and [`BackupError::WrongShareId`] when `context` describes another
/// share, [`BackupError::TooLong`] for a context or share over the limits of the format,
/// [`BackupError::Randomness`] when the operating system gives no random bytes.
pub fn split(share: &SlimShare, context: BackupContext, threshold: Threshold) -> Result<Backup, BackupError> {
    check_identity(share, &context)?;
    seal(share.dangerous_expose_bytes(), context, threshold)
}

/// Joins at least `t` documents of one backup and opens it.
///
/// Every document given takes part, so one altered document fails the whole even when enough others
/// are present: leave it out and try again.
///
/// # Errors
/// [`BackupError::TooFew`], [`BackupError::DuplicateIndex`], [`BackupError::MixedEpochs`] and
/// [`BackupError::MixedBackups`] for a set that cannot belong together, [`BackupError::DoesNotOpen`]
/// when the tag does not verify, [`BackupError::Share`], [`BackupError::WrongPublicKey`] and
/// [`BackupError::WrongShareId`] when what came out is not the share that the documents name.
pub fn combine(documents: &[FragmentDocument]) -> Result<SlimShare, BackupError> {
    let (context, plain) = open(documents)?;
    let share = SlimShare::from_bytes(&plain).map_err(BackupError::Share)?;
    check_identity(&share, context)?;
    Ok(share)
}

/// A drill: everything that [`combine`] does, keeping only what may be shown.
///
/// # Errors
/// Those of [`combine`].
pub fn verify(documents: &[FragmentDocument]) -> Result<Drill, BackupError> {
    let share = combine(documents)?;
    let threshold = documents.first().map_or(Threshold::default(), FragmentDocument::threshold);
    let indices: BTreeSet<u8> = documents.iter().map(FragmentDocument::index).collect();
    Ok(Drill {
        share_id: share.share_id(),
        public_key: share.public_key(),
        threshold,
        indices: indices.into_iter().collect(),
    })
}

/// Whether documents of generation `backup` can restore a wallet whose server holds `active`.
///
/// # Errors
/// [`BackupError::StaleEpoch`] for an older epoch, [`BackupError::EpochAhead`] for a newer one, and
/// [`BackupError::WrongShareId`] for the same epoch with other shares.
pub fn check_epoch(backup: ShareId, active: ShareId) -> Result<(), BackupError> {
    match backup.epoch.cmp(&active.epoch) {
        core::cmp::Ordering::Less => {
            Err(BackupError::StaleEpoch { backup: backup.epoch, active: active.epoch })
        }
        core::cmp::Ordering::Greater => {
            Err(BackupError::EpochAhead { backup: backup.epoch, active: active.epoch })
        }
        core::cmp::Ordering::Equal if backup.tag == active.tag => Ok(()),
        core::cmp::Ordering::Equal => Err(BackupError::WrongShareId),
    }
}

fn seal(plain: &[u8], context: BackupContext, threshold: Threshold) -> Result<Backup, BackupError> {
    context.check()?;
    let key = cipher::fresh_key()?;
    let ciphertext = cipher::encrypt(&key, &context.associated_data(threshold), plain)?;
    let fragments = shamir::split_key(&key, threshold)?;
    Ok(Backup { context, threshold, ciphertext, fragments })
}

fn open(documents: &[FragmentDocument]) -> Result<(&BackupContext, Zeroizing<Vec<u8>>), BackupError> {
    let first = same_backup(documents)?;
    let fragments: Vec<&Fragment> = documents.iter().map(FragmentDocument::fragment).collect();
    let key = shamir::join_key(&fragments)?;
    let associated_data = first.context().associated_data(first.threshold());
    let plain = cipher::decrypt(&key, &associated_data, first.ciphertext())?;
    Ok((first.context(), plain))
}

/// The documents are of one backup, distinct and enough; the first of them.
fn same_backup(documents: &[FragmentDocument]) -> Result<&FragmentDocument, BackupError> {
    let need = |first: &FragmentDocument| first.threshold().t();
    let Some(first) = documents.first() else {
        return Err(BackupError::TooFew { have: 0, need: Threshold::default().t() });
    };
    let epochs = || documents.iter().map(|document| document.context().share_id.epoch);
    let (oldest, newest) = (epochs().min().unwrap_or_default(), epochs().max().unwrap_or_default());
    if oldest != newest {
        return Err(BackupError::MixedEpochs { oldest, newest });
    }
    if !documents.iter().all(|document| document.is_of_same_backup(first)) {
        return Err(BackupError::MixedBackups);
    }
    let mut seen = BTreeSet::new();
    for document in documents {
        if !seen.insert(document.index()) {
            return Err(BackupError::DuplicateIndex(document.index()));
        }
    }
    if documents.len() < usize::from(need(first)) {
        return Err(BackupError::TooFew { have: documents.len(), need: need(first) });
    }
    Ok(first)
}

fn check_identity(share: &SlimShare, context: &BackupContext) -> Result<(), BackupError> {
    if share.public_key() != context.public_key {
        return Err(BackupError::WrongPublicKey);
    }
    if share.share_id() != context.share_id {
        return Err(BackupError::WrongShareId);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
