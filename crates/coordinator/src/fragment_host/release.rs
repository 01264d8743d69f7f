//! The fragment host's own step-up: a single-use code for one owner's fragment, ten minutes long.
//!
//! A code is that of [`crate::step_up`], 128 random bits, of which only SHA-256 is stored. A release may also be made
//! without a code, for a device that can send none: the next request of the fragment's owner then uses it up.

use maany_coordinator_proto::{KeyId, StepUp};
use maany_coordinator_storage::{
    Owner, StoreError, Vault, WalletId,
    record::{AuditRow, StepUpRecord},
};
use sha2::{Digest, Sha256};

use crate::{
    step_up::{code::Code, expiry},
    wall_clock::WallClock,
};

/// Why a release was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// No fragment is held under this id.
    #[error("no fragment is held under this id")]
    Unknown,
    /// Several owners have a fragment under this id, and none of them was named.
    #[error("several owners have a fragment under this id: name one")]
    Ambiguous,
    /// A release without a code is open already.
    #[error("a release without a code is open for this fragment already")]
    Open,
    /// The store failed.
    #[error("the release could not be stored")]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[source] getrandom::Error),
}

/// A release that was just made: the only moment at which its code exists.
#[derive(Debug)]
pub struct NewRelease {
    /// The code, to be handed to the owner over another channel; none where the next request needs none.
    pub code: Option<StepUp>,
    /// Whose fragment it releases.
    pub owner: Owner,
    /// When it ends, in milliseconds since 1970-01-01 UTC.
    pub expires_ms: u64,
}

/// Makes and takes releases. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Releases {
    vault: Vault,
    clock: WallClock,
}

impl Releases {
    /// The releases of a fragment host's vault.
    #[must_use]
    pub fn new(vault: Vault) -> Self {
        Self { vault, clock: WallClock::default() }
    }

    /// The same with another clock.
    #[cfg(test)]
    pub(crate) fn with_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// Makes a code that releases the fragment of this id once. `owner` may be left out where only one owner has such
    /// a fragment; `actor` is who asked, for the audit log.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn create(
        &self,
        id: &KeyId,
        owner: Option<Owner>,
        actor: &str,
    ) -> Result<NewRelease, ReleaseError> {
        let owner = self.owner(id, owner).await?;
        let code = Code::fresh().map_err(ReleaseError::NoRandomness)?;
        let expires_ms = self.put(&owner, id, code.hash(), actor).await?;
        Ok(NewRelease { code: Some(code.to_step_up()), owner, expires_ms })
    }

    /// As [`Releases::create`], but the owner's next request is released without a code.
    ///
    /// # Errors
    /// [`ReleaseError`].
    ///
    /// # Security
    /// For those ten minutes the owner's API key alone is enough.
    pub async fn create_without_code(
        &self,
        id: &KeyId,
        owner: Option<Owner>,
        actor: &str,
    ) -> Result<NewRelease, ReleaseError> {
        let owner = self.owner(id, owner).await?;
        // One that has expired and was not forgotten yet would be in the way.
        let event = audit(&owner, id, "housekeeping", "expired-forgotten", self.clock.now_ms());
        self.vault.forget_expired(self.clock.now_ms(), event).await?;
        match self.put(&owner, id, no_code(), actor).await {
            Ok(expires_ms) => Ok(NewRelease { code: None, owner, expires_ms }),
            Err(StoreError::AlreadyExists { .. }) => Err(ReleaseError::Open),
            Err(error) => Err(error.into()),
        }
    }

    /// Uses a release up.
    ///
    /// # Errors
    /// [`StoreError::Spent`], whatever is wrong with the code: missing, malformed, unknown, another fragment's, used,
    /// expired. Otherwise what the store answers.
    pub async fn consume(&self, owner: &Owner, id: &KeyId, code: Option<&StepUp>) -> Result<(), StoreError> {
        let spent = || StoreError::Spent { what: "release" };
        let hash = match code {
            Some(code) => Code::parse(code).ok_or_else(spent)?.hash(),
            None => no_code(),
        };
        let now_ms = self.clock.now_ms();
        let actor = format!("{}/{}", owner.tenant, owner.owner);
        let audit = audit(owner, id, &actor, "fragment-released", now_ms);
        match self.vault.consume_step_up(place(owner, id), &hash, now_ms, audit).await {
            // Of two callers with one code, the one who lost the race holds a used code.
            Err(StoreError::NotFound { .. } | StoreError::Conflict { .. }) => Err(spent()),
            answer => answer,
        }
    }

    /// Removes the fragment of this epoch. `actor` is who asked, for the audit log.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none, otherwise what the store answers.
    pub async fn drop_fragment(
        &self,
        owner: &Owner,
        id: &KeyId,
        epoch: u64,
        actor: &str,
    ) -> Result<(), StoreError> {
        let mut audit = audit(owner, id, actor, "fragment-dropped", self.clock.now_ms());
        audit.details = format!("{}, epoch {epoch}", audit.details);
        self.vault.drop_fragment(owner, id.as_str(), epoch, audit).await
    }

    /// Whose fragment this is; `named` may be left out where only one owner has one of this id.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn owner(&self, id: &KeyId, named: Option<Owner>) -> Result<Owner, ReleaseError> {
        let mut owners = self.vault.fragment_owners(id.as_str()).await?;
        if let Some(named) = named {
            return owners.into_iter().find(|owner| *owner == named).ok_or(ReleaseError::Unknown);
        }
        match (owners.pop(), owners.is_empty()) {
            (Some(owner), true) => Ok(owner),
            (Some(_), false) => Err(ReleaseError::Ambiguous),
            (None, _) => Err(ReleaseError::Unknown),
        }
    }

    async fn put(&self, owner: &Owner, id: &KeyId, hash: [u8; 32], actor: &str) -> Result<u64, StoreError> {
        let now_ms = self.clock.now_ms();
        let expires_ms = expiry(now_ms);
        let record = StepUpRecord { wallet: place(owner, id), hash, expires_ms };
        self.vault.put_step_up(record, audit(owner, id, actor, "release-created", now_ms)).await?;
        Ok(expires_ms)
    }
}

/// The row's place among the step-up codes: 16 bytes that stand for one owner's fragment id.
fn place(owner: &Owner, id: &KeyId) -> WalletId {
    let mut hash = Sha256::new();
    hash.update(b"maany release 1");
    for part in [owner.tenant.as_str(), owner.owner.as_str(), id.as_str()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut place = [0; 16];
    place.copy_from_slice(&hash.finalize()[..16]);
    WalletId::from_bytes(place)
}

/// What stands in the place of a code's hash where no code is needed: no 16 bytes are known that hash to it.
fn no_code() -> [u8; 32] {
    Sha256::digest(b"maany release 1, without a code").into()
}

fn audit(owner: &Owner, id: &KeyId, actor: &str, event: &str, at_ms: u64) -> AuditRow {
    AuditRow {
        at_ms,
        actor: actor.to_owned(),
        event: event.to_owned(),
        wallet: None,
        details: format!("fragment {id} of {}/{}", owner.tenant, owner.owner),
    }
}

#[cfg(test)]
mod tests;
