//! Sign requests: what is to be signed, decided and stored before any socket opens, and in the end its one signature.
//!
//! [`SignRequests::create`] parses the sign doc (decoded, encoded again, compared), checks that it is for the chain
//! that the caller names and for the key at the path that the caller names, computes the digest itself, asks the
//! policy, and stores request, guard and audit row in one write. A signing session then names the request by its id or
//! by its digest; asking again for a signed request gives the stored signature. Nothing here runs the engine.
//!
//! Of one account's sequence one doc is live: the guard is held from the moment a request is made, is freed where it
//! ends unsigned, and is kept for ever once it is signed. Another doc of the sequence names the live one to take its
//! place, and an open one that is replaced cannot be signed any more (recovery.md, "Signing exactly once").

mod checks;
mod creation;
mod error;
mod guard;
mod live;
mod locks;
mod request;
pub mod reservation;
mod signing;
mod stored;

use std::{sync::Arc, time::Duration};

use maany_coordinator_cosmos::{MultisigKey, SignMode};
use maany_coordinator_proto::{ChainId, RequestId};
use maany_coordinator_storage::{
    Row, StoreError, Vault,
    record::{AuditRow, SignRequestRecord, WalletRecord, WalletState},
};
use maany_mpc_core::DerivationPath;

use self::locks::Locks;
pub use self::{
    error::SignRequestError,
    request::{Mode, SignRequest, Status},
    signing::ForSession,
};
use crate::{auth::Principal, convert, policy::PolicyHook, telemetry::Telemetry, wall_clock::WallClock};

/// The longest that a session lasts (recovery.md, "Aborts").
const SESSION: Duration = Duration::from_secs(60);

/// Bounds of sign requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignRequestLimits {
    /// How long a request may be signed. The default is ten minutes.
    pub lifetime: Duration,
    /// Open requests that one wallet may have. The default is 64.
    pub open_per_wallet: usize,
    /// Refused requests that are kept of one wallet, the newest. The default is 64.
    pub refused_per_wallet: usize,
}

impl Default for SignRequestLimits {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(10 * 60), open_per_wallet: 64, refused_per_wallet: 64 }
    }
}

/// What a caller wants signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSignRequest {
    /// The chain. The sign doc must be for the same.
    pub chain_id: ChainId,
    /// Where the signing key hangs below the wallet's key; the root for the wallet's key itself.
    pub path: DerivationPath,
    /// The form of the sign doc.
    pub mode: SignMode,
    /// The sign doc. These bytes, and no others, are what is signed.
    pub sign_doc: Vec<u8>,
    /// The live request of the same account and sequence, open or signed, whose place this one takes.
    pub replaces: Option<RequestId>,
    /// The multisig account that sends, of which the signing key is a member; without it, the account of the signing key sends.
    pub member_of: Option<MultisigKey>,
}

/// What a caller wants signed that is no transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArbitrary {
    /// Where the signing key hangs below the wallet's key; the root for the wallet's key itself.
    pub path: DerivationPath,
    /// The doc of the data (ADR-036). These bytes, and no others, are what is signed.
    pub sign_doc: Vec<u8>,
}

/// A request that [`SignRequests::create`] gives back.
#[derive(Debug)]
pub enum Created {
    /// It was made.
    New(SignRequest),
    /// The wallet had a request for the same bytes, path and mode already, open or signed: this one.
    Existing(SignRequest),
}

impl Created {
    /// The request, whichever it is.
    #[must_use]
    pub fn into_request(self) -> SignRequest {
        match self {
            Self::New(request) | Self::Existing(request) => request,
        }
    }
}

/// The sign requests of a vault.
pub struct SignRequests {
    vault: Vault,
    policy: Arc<dyn PolicyHook>,
    limits: SignRequestLimits,
    telemetry: Telemetry,
    clock: WallClock,
    locks: Locks,
}

impl std::fmt::Debug for SignRequests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignRequests").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl SignRequests {
    /// The sign requests of a vault, under this policy.
    #[must_use]
    pub fn new(vault: Vault, policy: Arc<dyn PolicyHook>) -> Self {
        Self {
            vault,
            policy,
            limits: SignRequestLimits::default(),
            telemetry: Telemetry::default(),
            clock: WallClock::default(),
            locks: Locks::default(),
        }
    }

    /// The same with other bounds.
    #[must_use]
    pub fn with_limits(self, limits: SignRequestLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same, counting its verdicts there.
    #[must_use]
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        Self { telemetry, ..self }
    }

    /// The same with another clock.
    #[cfg(test)]
    pub(crate) fn with_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// The principal's request of this id; another's is `None`.
    ///
    /// # Errors
    /// [`SignRequestError::Store`], or [`SignRequestError::Damaged`] for a row that makes no sense.
    pub async fn get(
        &self,
        principal: &Principal,
        request: RequestId,
    ) -> Result<Option<SignRequest>, SignRequestError> {
        let row = self.vault.request(&principal.rows(), convert::request_to_storage(request)).await?;
        row.map(|row| self.read(row)).transpose()
    }

    /// Takes expired requests off the lists of open ones, whosever they are; says how many. One that has just expired may
    /// still be in a session that began in time, and is left.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn close_expired(&self) -> Result<usize, StoreError> {
        let now_ms = self.clock.now_ms();
        let audit = |record: &SignRequestRecord| AuditRow {
            at_ms: now_ms,
            actor: "housekeeping".to_owned(),
            event: "sign-request-expired".to_owned(),
            wallet: Some(record.wallet),
            details: format!("request {} digest {}", record.request, hex::encode(record.digest)),
        };
        let over = now_ms.saturating_sub(millis(SESSION));
        self.vault.close_expired_requests(over, Status::Expired.number(), audit).await
    }

    /// Nothing new is signed by a wallet of which it is not known what it signed.
    async fn require_memory(&self, wallet: &WalletRecord) -> Result<(), SignRequestError> {
        match self.vault.forgotten(wallet.wallet).await? {
            None => Ok(()),
            Some(_) => Err(SignRequestError::SignaturesForgotten),
        }
    }

    fn read(&self, row: Row<SignRequestRecord>) -> Result<SignRequest, SignRequestError> {
        SignRequest::from_row(row, self.clock.now_ms())
    }
}

fn require_owner(principal: &Principal, wallet: &WalletRecord) -> Result<(), SignRequestError> {
    if wallet.owner == principal.rows() { Ok(()) } else { Err(SignRequestError::UnknownWallet) }
}

/// A wallet is provisional again after a crash whose disk lost the decision. Its device may ask for a signature all the same: the
/// session that signs proves the device, and makes the wallet active before anything else.
fn require_active(wallet: &WalletRecord) -> Result<(), SignRequestError> {
    match wallet.standing.state {
        WalletState::Active => Ok(()),
        WalletState::Provisional if wallet.device.enrolled.is_some() => Ok(()),
        _ => Err(SignRequestError::WalletNotActive),
    }
}

fn audit(principal: &Principal, record: &SignRequestRecord, event: &str, at_ms: u64) -> AuditRow {
    let mut details =
        format!("request {} digest {} {}", record.request, hex::encode(record.digest), record.reason);
    if let Some(replaced) = record.replaces {
        details = format!("{} replaces {replaced}", details.trim_end());
    }
    AuditRow {
        at_ms,
        actor: principal.actor(),
        event: event.to_owned(),
        wallet: Some(record.wallet),
        details,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
