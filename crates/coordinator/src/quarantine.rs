//! Wallets that are locked: which, why, and what leads out.
//!
//! Nothing here unlocks a wallet. A clearance is a step-up code, and the session that it admits makes new shares: what was
//! locked is locked until they are promoted (recovery.md, "Aborts"). What no share can tell, whether a sequence was signed
//! since an archive was made, somebody has to answer for by name.

use maany_coordinator_proto::{WalletId, session::AbortLedger};
use maany_coordinator_storage::{
    Row, StoreError, Vault,
    record::{AuditRow, ForgottenRecord, WalletRecord, WalletState},
};

use crate::{
    convert,
    step_up::{NewStepUp, StepUpError, StepUps},
    time,
};

/// Wallets that are looked at for one page of a list.
const PAGE: usize = 256;

/// Why a wallet is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The engine said that the other side cheated (class C).
    PeerCheated,
    /// Too many checks failed in one epoch (class B).
    FailedChecks,
    /// This side's own state does not add up.
    OwnState,
    /// The store came from an archive, and what has happened to the wallet since is not known.
    Imported,
}

impl Cause {
    /// A stable word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PeerCheated => "peer_cheated",
            Self::FailedChecks => "failed_checks",
            Self::OwnState => "own_state",
            Self::Imported => "imported",
        }
    }
}

/// What leads a wallet out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// A stepped-up refresh: both sides hold their shares.
    Refresh,
    /// A stepped-up restore from a backup of the epoch that this side holds.
    Restore,
    /// Somebody answers for what the wallet may have signed; its shares are not in question.
    Accept,
}

impl Remedy {
    /// A stable word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Restore => "restore",
            Self::Accept => "accept",
        }
    }
}

/// What a wallet's record says about its aborts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Checks that failed in the present epoch.
    pub failed_checks: u8,
    /// Why the wallet is locked, and what leads out; none where it is not.
    pub lock: Option<(Cause, Remedy)>,
}

impl Health {
    /// Reads a wallet's record.
    #[must_use]
    pub fn of(record: &WalletRecord) -> Self {
        let epoch = convert::optional_share(record.active).ok().flatten().map(|share| share.epoch());
        let ledger = convert::ledger(record).ok();
        let failed_checks = match (&ledger, epoch) {
            (Some(ledger), Some(epoch)) => ledger.count(epoch),
            _ => 0,
        };
        let lock = match record.standing.state {
            WalletState::Quarantined if failed_checks >= AbortLedger::QUARANTINE_AFTER => {
                Some((Cause::FailedChecks, Remedy::Refresh))
            }
            WalletState::Quarantined => Some((Cause::PeerCheated, Remedy::Refresh)),
            WalletState::Imported => Some((Cause::Imported, Remedy::Refresh)),
            WalletState::Frozen => Some((Cause::OwnState, Remedy::Restore)),
            _ => None,
        };
        Self { failed_checks, lock }
    }
}

/// A wallet that is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedWallet {
    /// Its id.
    pub wallet: WalletId,
    /// Its owner's tenant.
    pub tenant: String,
    /// Its owner.
    pub owner: String,
    /// The key id that its device proposed.
    pub key_id: Option<String>,
    /// Its state: [`WalletState::Active`] where only what it signed is in question.
    pub state: WalletState,
    /// The epoch of its active share; 0 where there is none.
    pub epoch: u64,
    /// Checks that failed in this epoch.
    pub failed_checks: u8,
    /// Why it is locked.
    pub cause: Cause,
    /// What leads out.
    pub remedy: Remedy,
    /// The time of which it is not known what it signed. It signs nothing new until somebody accepts that.
    pub forgotten: Option<ForgottenRecord>,
}

impl LockedWallet {
    async fn of(vault: &Vault, record: &WalletRecord) -> Result<Option<Self>, StoreError> {
        let Health { failed_checks, lock } = Health::of(record);
        let forgotten = vault.forgotten(record.wallet).await?.map(Row::into_record);
        let lock = lock.or_else(|| forgotten.as_ref().map(|_| (Cause::Imported, Remedy::Accept)));
        Ok(lock.map(|(cause, remedy)| Self {
            wallet: convert::wallet_from_storage(record.wallet),
            tenant: record.owner.tenant.clone(),
            owner: record.owner.owner.clone(),
            key_id: record.key_id.clone(),
            state: record.standing.state,
            epoch: record.active.map_or(0, |share| share.epoch()),
            failed_checks,
            cause,
            remedy,
            forgotten,
        }))
    }
}

/// A part of the list; it may be empty and not the last.
#[derive(Debug)]
pub struct LockedPage {
    /// The locked wallets, in the order of their owners and ids.
    pub wallets: Vec<LockedWallet>,
    /// Wallets whose records cannot be read: whether they are locked nobody can say.
    pub damaged: Vec<StoreError>,
    /// Where the next part starts; none after the last. Opaque.
    pub next: Option<Vec<u8>>,
}

/// Lists the locked wallets of all owners, for the operator.
///
/// # Errors
/// Where the store cannot be read.
pub async fn list(vault: &Vault, after: Option<&[u8]>) -> Result<LockedPage, StoreError> {
    let page = vault.all_wallets(after, PAGE).await?;
    let mut wallets = Vec::new();
    for row in &page.rows {
        wallets.extend(LockedWallet::of(vault, row).await?);
    }
    Ok(LockedPage { wallets, damaged: page.damaged, next: page.next })
}

/// What is to become of the time of which it is not known what a wallet signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forgotten {
    /// It stands in the way.
    Refuse,
    /// Somebody answers for it: a second transaction of a sequence that was signed then may be signed.
    Accept,
}

/// What an operator gives to the owner of a locked wallet.
#[derive(Debug)]
pub struct Clearance {
    /// The wallet, as it stands now.
    pub wallet: LockedWallet,
    /// The code that admits the session that leads out; none where there is nothing left to lead out of.
    pub step_up: Option<NewStepUp>,
}

/// Why there is no clearance.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClearError {
    /// There is no such wallet.
    #[error("there is no such wallet")]
    UnknownWallet,
    /// The wallet is not locked.
    #[error("the wallet is not locked")]
    NotLocked,
    /// It is not known what the wallet signed in this time, and nobody has accepted that.
    #[error("what the wallet signed since its archive was made is forgotten")]
    Forgotten(ForgottenRecord),
    /// The store failed.
    #[error("the wallet cannot be read")]
    Store(#[from] StoreError),
    /// The code was not made.
    #[error("the step-up code cannot be made")]
    StepUp(#[source] StepUpError),
}

/// Makes a step-up code for a wallet that is locked. The wallet's state is not changed. Where it is not known what the wallet
/// signed, that is accepted with it, or nothing is done. `actor` is who asked, for the audit log.
///
/// # Errors
/// [`ClearError`].
pub async fn clear(
    vault: &Vault,
    step_ups: &StepUps,
    wallet: WalletId,
    forgotten: Forgotten,
    actor: &str,
) -> Result<Clearance, ClearError> {
    let id = convert::wallet_to_storage(wallet);
    let row = vault.find_wallet(id).await?.ok_or(ClearError::UnknownWallet)?;
    let mut wallet = LockedWallet::of(vault, &row).await?.ok_or(ClearError::NotLocked)?;
    if let Some(gap) = vault.forgotten(id).await? {
        if forgotten == Forgotten::Refuse {
            return Err(ClearError::Forgotten(gap.into_record()));
        }
        let audit = AuditRow {
            at_ms: time::now_ms(),
            actor: actor.to_owned(),
            event: "forgotten-signatures-accepted".to_owned(),
            wallet: Some(id),
            details: format!("from {} to {}", gap.from_ms, gap.until_ms),
        };
        vault.accept_forgotten(id, &gap, audit).await?;
        wallet.forgotten = None;
    }
    if wallet.remedy == Remedy::Accept {
        return Ok(Clearance { wallet, step_up: None });
    }
    let step_up = step_ups.create(id, actor).await.map_err(|error| match error {
        StepUpError::UnknownWallet => ClearError::UnknownWallet,
        error => ClearError::StepUp(error),
    })?;
    Ok(Clearance { wallet, step_up: Some(step_up) })
}
