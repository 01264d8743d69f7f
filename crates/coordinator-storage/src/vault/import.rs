//! What an archive that was put back must not have forgotten, before anybody uses it.
//!
//! An archive brings the state of its day back. Where the store that it replaces can still be read, what that one has learnt
//! since is carried forward: who may sign for a wallet, how it stands, what it has signed, what was used up and what was
//! revoked. A share is never taken from it. Where it cannot be read, or there is none, a wallet comes up locked
//! ([`WalletState::Imported`](crate::record::WalletState::Imported)), and with a row that says that what it signed is
//! forgotten ([`ForgottenRecord`](crate::record::ForgottenRecord)).
//!
//! An old store that is not known to be the latest is no better than none: what it knows is carried forward, and every wallet
//! comes up locked.
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

pub use wallet::{carried, forgotten, remembered};

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

/// The store that an archive replaces, or what is left of it.
#[derive(Clone, Copy)]
pub struct OldStore<'a> {
    /// It is only read.
    pub vault: &'a Vault,
    /// What its operator says of it.
    pub last_in_use: LastInUse,
}

/// Whether an old store is the one that was in use last. No store can tell by itself: a copy of it looks the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastInUse {
    /// Its operator says that no server has run since its newest audit row.
    Stated,
    /// Nobody says so.
    Unknown,
}

/// What became of the wallets of an archive, and what was carried forward.
#[derive(Debug, Default)]
pub struct Settled {
    /// The time of the old store's newest audit row, in milliseconds since 1970-01-01 UTC; none where none can be read.
    pub old_until_ms: Option<u64>,
    /// Whether the old store counts as the latest: it was in use after the archive was made, and its operator says that none
    /// was since.
    pub is_latest: bool,
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
    /// API keys with the admin scope that were not brought back, by their public halves.
    pub withdrawn_keys: Vec<String>,
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
    /// ([`Vault::open_remains`]). Without one, and with one that is not the latest, every wallet comes up locked, and API keys
    /// with the admin scope stay behind.
    ///
    /// # Errors
    /// Where this store fails. What the old one cannot tell is no error: it is in [`Settled::unreadable`], and the wallets
    /// that it may be about are locked.
    pub async fn settle_import(&self, gap: Gap, old: Option<OldStore<'_>>) -> Result<Settled, StoreError> {
        let (vault, settled) = (old.map(|old| old.vault), Settled::default());
        let mut import = Import { new: self, old: vault, gap, settled, guards_lost: false };
        import.void_codes().await?;
        if let Some(OldStore { vault, last_in_use }) = old {
            let until = import.last_use(vault).await;
            let stated = last_in_use == LastInUse::Stated;
            import.settled.is_latest = stated && until.is_some_and(|until| until > gap.from_ms);
            import.settled.old_until_ms = until;
            import.requests(vault).await?;
            import.used_ids(vault).await?;
            import.api_keys(vault).await?;
            import.audit_rows(vault).await?;
            import.missing(vault).await?;
        }
        if !import.settled.is_latest {
            import.withdraw_admin_keys().await?;
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
