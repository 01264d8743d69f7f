//! Step-up codes: single-use, ten minutes, made by the operator for one wallet.
//!
//! A code is 128 random bits. Only its SHA-256 is stored; a code that cannot be guessed needs no slow hash. Using a
//! code up is a compare-and-swap on its row, so of two callers one succeeds. Until it is used up or has expired, the
//! code's existence is the operator's *grant* for the wallet, which opens `GET /wallets/{id}/recovery`.

pub(crate) mod code;

use std::time::Duration;

use maany_coordinator_proto::StepUp;
use maany_coordinator_storage::{
    StoreError, Vault, WalletId,
    record::{AuditRow, StepUpRecord},
    vault::OpenStepUp,
};

use self::code::Code;
use crate::wall_clock::WallClock;

/// How long a code is good: ten minutes.
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Why a code was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepUpError {
    /// There is no such wallet.
    #[error("there is no such wallet")]
    UnknownWallet,
    /// The store failed.
    #[error("the step-up code could not be stored")]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[source] getrandom::Error),
}

/// A code that was just made: the only moment at which its text exists.
#[derive(Debug)]
pub struct NewStepUp {
    /// The code, to be handed to the owner over another channel.
    pub code: StepUp,
    /// When it ends, in milliseconds since 1970-01-01 UTC.
    pub expires_ms: u64,
}

/// Makes and takes step-up codes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StepUps {
    vault: Vault,
    clock: WallClock,
}

impl StepUps {
    /// The step-up codes of a vault.
    #[must_use]
    pub fn new(vault: Vault) -> Self {
        Self { vault, clock: WallClock::default() }
    }

    /// The same with another clock.
    #[cfg(test)]
    pub(crate) fn with_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// Makes a code for a wallet, whoever owns it: for the operator. `actor` is who asked, for the audit log.
    ///
    /// # Errors
    /// [`StepUpError::UnknownWallet`], [`StepUpError::NoRandomness`] or [`StepUpError::Store`].
    pub async fn create(&self, wallet: WalletId, actor: &str) -> Result<NewStepUp, StepUpError> {
        self.vault.find_wallet(wallet).await?.ok_or(StepUpError::UnknownWallet)?;
        let code = Code::fresh().map_err(StepUpError::NoRandomness)?;
        let now_ms = self.clock.now_ms();
        let expires_ms = expiry(now_ms);
        let record = StepUpRecord { wallet, hash: code.hash(), expires_ms };
        self.vault.put_step_up(record, audit(wallet, actor, "step-up-created", now_ms)).await?;
        Ok(NewStepUp { code: code.to_step_up(), expires_ms })
    }

    /// Uses a code up for a wallet. `actor` is who gave it, for the audit log.
    ///
    /// # Errors
    /// [`StoreError::Spent`], whatever is wrong with the code: malformed, unknown, another wallet's, used, expired.
    /// Otherwise what the store answers.
    pub async fn consume(&self, wallet: WalletId, code: &StepUp, actor: &str) -> Result<(), StoreError> {
        let spent = || StoreError::Spent { what: "step-up code" };
        let code = Code::parse(code).ok_or_else(spent)?;
        let (now_ms, audit) = (self.clock.now_ms(), self.used(wallet, actor));
        match self.vault.consume_step_up(wallet, &code.hash(), now_ms, audit).await {
            // Of two callers with one code, the one who lost the race holds a used code.
            Err(StoreError::NotFound { .. } | StoreError::Conflict { .. }) => Err(spent()),
            answer => answer,
        }
    }

    /// Looks whether a code is good for a wallet now. It uses nothing up: the write that the code lets in does.
    ///
    /// # Errors
    /// As [`StepUps::consume`].
    pub(crate) async fn open(&self, wallet: WalletId, code: &StepUp) -> Result<OpenStepUp, StoreError> {
        let code = Code::parse(code).ok_or(StoreError::Spent { what: "step-up code" })?;
        match self.vault.open_step_up(wallet, &code.hash(), self.clock.now_ms()).await {
            Err(StoreError::NotFound { .. }) => Err(StoreError::Spent { what: "step-up code" }),
            answer => answer,
        }
    }

    /// The audit row of a code that is used up now.
    pub(crate) fn used(&self, wallet: WalletId, actor: &str) -> AuditRow {
        audit(wallet, actor, "step-up-used", self.clock.now_ms())
    }

    /// Whether the operator's grant for this wallet is open: a code exists that is neither used nor expired.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn is_granted(&self, wallet: WalletId) -> Result<bool, StoreError> {
        self.vault.step_up_open(wallet, self.clock.now_ms()).await
    }
}

fn audit(wallet: WalletId, actor: &str, event: &str, at_ms: u64) -> AuditRow {
    AuditRow {
        at_ms,
        actor: actor.to_owned(),
        event: event.to_owned(),
        wallet: Some(wallet),
        details: String::new(),
    }
}

/// When a code ends that is made now, both in milliseconds.
pub(crate) fn expiry(now_ms: u64) -> u64 {
    now_ms.saturating_add(u64::try_from(LIFETIME.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
