//! What can be wrong with a backup, named so that a person knows which archive to look for next.

use crate::key_share::ShareError;

/// Why a backup was not made, not read or not joined.
///
/// No variant carries secret bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// One fragment alone would be the whole backup.
    #[error("a threshold below 2 is refused: one fragment alone would open the backup")]
    ThresholdTooLow,
    /// More fragments needed than exist.
    #[error("a threshold of {t} of {n} can never be met")]
    ThresholdAboveCount {
        /// Fragments needed.
        t: u8,
        /// Fragments made.
        n: u8,
    },
    /// A field is longer than the format allows.
    #[error("{field} is longer than {max} bytes")]
    TooLong {
        /// The field's name.
        field: &'static str,
        /// Its limit in bytes.
        max: usize,
    },
    /// The bytes are no fragment document.
    #[error("not a fragment document: {0}")]
    Malformed(&'static str),
    /// A document of a later format.
    #[error("fragment document of version {0}, which this release cannot read")]
    UnknownVersion(u8),
    /// The checksum says that the document changed since it was written.
    #[error("the fragment document is damaged: its checksum does not match")]
    Damaged,
    /// Fewer fragments than the threshold.
    #[error("{have} of the {need} fragments needed are present")]
    TooFew {
        /// Fragments presented.
        have: usize,
        /// Fragments needed.
        need: u8,
    },
    /// The same fragment twice.
    #[error("fragment {0} is present twice")]
    DuplicateIndex(u8),
    /// Fragments from before and after a refresh.
    #[error("the fragments are of different epochs ({oldest} and {newest}): all must come from one backup")]
    MixedEpochs {
        /// The lowest epoch among them.
        oldest: u64,
        /// The highest epoch among them.
        newest: u64,
    },
    /// Fragments of one epoch, but of two wallets or two runs of the backup.
    #[error("the fragments come from different backups")]
    MixedBackups,
    /// The wallet was refreshed after this backup was made.
    #[error(
        "the backup is stale: it holds epoch {backup}, the wallet is at epoch {active}; a newer archive is needed"
    )]
    StaleEpoch {
        /// Epoch of the fragments.
        backup: u64,
        /// Epoch of the wallet.
        active: u64,
    },
    /// The backup is newer than the wallet: the other side's storage went back in time.
    #[error(
        "the backup holds epoch {backup}, but the wallet is only at epoch {active}: its storage was rolled back"
    )]
    EpochAhead {
        /// Epoch of the fragments.
        backup: u64,
        /// Epoch of the wallet.
        active: u64,
    },
    /// The joined key does not open the ciphertext.
    #[error("the fragments do not open the backup: at least one of them, or the ciphertext, was altered")]
    DoesNotOpen,
    /// The share is another key's.
    #[error("the share does not belong to the public key of the backup")]
    WrongPublicKey,
    /// The share is of another generation than the documents, or the wallet, say.
    #[error("the share of the backup is of another generation than expected")]
    WrongShareId,
    /// What came out is no consistent slim share.
    #[error("the restored share cannot be read")]
    Share(#[source] ShareError),
    /// The operating system gave no random bytes.
    #[error("the operating system's random source failed")]
    Randomness(#[source] getrandom::Error),
}
