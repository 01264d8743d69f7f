//! What an archive that was put back must not have forgotten, before anybody uses it.
//!
//! An archive brings the state of its day back. Where the store that it replaces can still be read, what that one has learnt
//! since is carried forward: who may sign for a wallet, how it stands, what it has signed, what was used up and what was
//! revoked. A share is never taken from it. Where it cannot be read, or there is none, a wallet comes up locked
//! ([`WalletState::Imported`](crate::record::WalletState::Imported)), and with a row that says that what it signed is
//! forgotten ([`ForgottenRecord`](crate::record::ForgottenRecord)).
//!
//! What is gone from the old store without a trace looks like what never was there.

mod requests;
mod tables;
mod wallet;
mod wallets;

use crate::error::StoreError;
use crate::id::WalletId;
use crate::record::AuditRow;
use crate::vault::Vault;

pub use wallet::{forgotten, remembered};

/// How many rows are looked at, and written at most, at once.
const PAGE: usize = 64;

/// The time between an archive and its return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When the archive was made, in milliseconds since 1970-01-01 UTC.
    pub from_ms: u64,
    /// When it is put back, in milliseconds since 1970-01-01 UTC.
    pub until_ms: u64,
}

/// What became of the wallets of an archive, and what was carried forward.
#[derive(Debug, Default)]
pub struct Settled {
    /// The archive's wallets that can be read.
    pub wallets: u64,
    /// The archive's wallets that cannot.
    pub damaged: Vec<StoreError>,
    /// Wallets that are locked because nothing is known of the time since the archive.
    pub locked: Vec<WalletId>,
    /// Wallets whose shares have moved on since: they are frozen.
    pub frozen: Vec<WalletId>,
    /// Wallets of which it is not known what they signed since.
    pub forgotten: u64,
    /// Wallets whose enrolled or revoked devices were carried forward.
    pub devices: u64,
    /// Wallets whose state or count of aborts was carried forward.
    pub standings: u64,
    /// Sign requests with their signature.
    pub signed: u64,
    /// Open sign requests with what they reserve.
    pub open: u64,
    /// Guards.
    pub guards: u64,
    /// Ids that are used up.
    pub used_ids: u64,
    /// API keys that were made since.
    pub api_keys: u64,
    /// API keys that were revoked since.
    pub revoked_api_keys: u64,
    /// Audit rows that were written since.
    pub audit_rows: u64,
    /// Open step-up codes that are void.
    pub void_codes: u64,
    /// Wallets of the old store that the archive does not have.
    pub missing: Vec<WalletId>,
    /// What the old store could not tell.
    pub unreadable: Vec<StoreError>,
}

impl Vault {
    /// Makes what an archive brought safe to use. `old` is the store that it replaces, or what is left of it
    /// ([`Vault::open_remains`]); without one every wallet comes up locked.
    ///
    /// # Errors
    /// Where this store fails. What the old one cannot tell is no error: it is in [`Settled::unreadable`], and the wallets
    /// that it may be about are locked.
    pub async fn settle_import(&self, gap: Gap, old: Option<&Self>) -> Result<Settled, StoreError> {
        let mut import = Import { new: self, old, gap, settled: Settled::default(), guards_lost: false };
        import.void_codes().await?;
        if let Some(old) = old {
            import.requests(old).await?;
            import.used_ids(old).await?;
            import.api_keys(old).await?;
            import.audit_rows(old).await?;
            import.missing(old).await?;
        }
        import.wallets().await?;
        Ok(import.settled)
    }
}

/// An import under way.
struct Import<'a> {
    new: &'a Vault,
    old: Option<&'a Vault>,
    gap: Gap,
    settled: Settled,
    /// Whether some of the old store's guards could not even be counted.
    guards_lost: bool,
}

impl Import<'_> {
    fn audit(&self, event: &str, wallet: Option<WalletId>, details: String) -> AuditRow {
        AuditRow {
            at_ms: self.gap.until_ms,
            actor: "operator".to_owned(),
            event: event.to_owned(),
            wallet,
            details,
        }
    }
}
