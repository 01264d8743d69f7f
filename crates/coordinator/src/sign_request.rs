//! Sign requests: what is to be signed, decided and stored before any socket opens, and in the end its one signature.
//!
//! [`SignRequests::create`] parses the sign doc (decoded, encoded again, compared), checks that it is for the chain
//! that the caller names and for the key at the path that the caller names, computes the digest itself, asks the
//! policy, and stores request and audit row in one write. A signing session then names the request by its id or by
//! its digest; asking again for a signed request gives the stored signature. Nothing here runs the engine.
//!
//! Account sequences are not looked at here: the guard of one live doc for each sequence comes with the approvals.

mod checks;
mod error;
mod locks;
mod request;
mod signing;
mod stored;

use std::{sync::Arc, time::Duration};

use maany_coordinator_cosmos::{SignDoc, SignMode};
use maany_coordinator_proto::{ChainId, Digest, RequestId, WalletId};
use maany_coordinator_storage::{
    Row, Vault,
    record::{AuditRow, SignRequestRecord, WalletRecord, WalletState},
    vault::Listing,
};
use maany_mpc_core::DerivationPath;

pub use self::{
    error::SignRequestError,
    request::{Mode, SignRequest, Status},
    signing::ForSession,
};
use self::{locks::Locks, stored::Decision};
use crate::{
    auth::Principal,
    convert,
    policy::{PolicyHook, SignIntent, Subject, Verdict},
    random,
    telemetry::Telemetry,
    wall_clock::WallClock,
};

/// The longest that a session lasts (recovery.md, "Aborts").
const SESSION: Duration = Duration::from_secs(60);

/// Bounds of sign requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignRequestLimits {
    /// How long a request may be signed. The default is ten minutes.
    pub lifetime: Duration,
    /// Open requests that one wallet may have. The default is 64.
    pub open_per_wallet: usize,
}

impl Default for SignRequestLimits {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(10 * 60), open_per_wallet: 64 }
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
}

/// A request that [`SignRequests::create`] gives back.
#[derive(Debug)]
pub enum Created {
    /// It was made.
    New(SignRequest),
    /// The wallet had an open request for the same bytes, path and mode already: this one.
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

    /// Makes a sign request for a wallet of this principal. A request that the policy denies is stored as refused.
    ///
    /// # Errors
    /// [`SignRequestError`], which tells a bad sign doc from a wallet that cannot sign and from a store that failed.
    /// Nothing is stored then.
    pub async fn create(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        new: NewSignRequest,
    ) -> Result<Created, SignRequestError> {
        require_owner(principal, wallet)?;
        require_active(wallet)?;
        let doc = SignDoc::parse(new.mode, &new.sign_doc).map_err(SignRequestError::SignDoc)?;
        let public_key = checks::signing_key(wallet, &new.path)?;
        checks::belongs(doc.decoded(), new.mode, &new.chain_id, &public_key)?;
        let subject = Subject::Transaction(doc.decoded());
        let verdict = self.decide(principal, wallet, &new.path, &public_key, subject).await;
        let asked = Asked {
            chain_id: new.chain_id.as_str(),
            path: &new.path,
            mode: Mode::SignDoc(new.mode),
            digest: doc.digest(),
            sign_doc: new.sign_doc,
        };
        self.insert(principal, wallet, asked, verdict).await
    }

    /// Makes a request for a bare digest and the wallet's own key. The policy denies it unless it allows raw signing.
    ///
    /// # Errors
    /// As [`SignRequests::create`].
    pub async fn create_raw(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        digest: &Digest,
    ) -> Result<Created, SignRequestError> {
        require_owner(principal, wallet)?;
        require_active(wallet)?;
        let path = DerivationPath::root();
        let public_key = checks::signing_key(wallet, &path)?;
        let verdict = self.decide(principal, wallet, &path, &public_key, Subject::Raw(digest)).await;
        let asked = Asked {
            chain_id: "",
            path: &path,
            mode: Mode::Raw,
            digest: *digest.as_bytes(),
            sign_doc: Vec::new(),
        };
        self.insert(principal, wallet, asked, verdict).await
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

    fn read(&self, row: Row<SignRequestRecord>) -> Result<SignRequest, SignRequestError> {
        SignRequest::from_row(row, self.clock.now_ms())
    }

    async fn decide(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        path: &DerivationPath,
        public_key: &[u8; 33],
        subject: Subject<'_>,
    ) -> Verdict {
        let wallet = WalletId::from_bytes(wallet.wallet.to_bytes());
        let verdict = self.policy.decide(&SignIntent { principal, wallet, path, public_key, subject }).await;
        self.telemetry.policy_decided(Decision::of(&verdict).word());
        verdict
    }

    async fn insert(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: Asked<'_>,
        verdict: Verdict,
    ) -> Result<Created, SignRequestError> {
        // From the look for an equal request to the insert: two callers at once make one request.
        let _lock = self.locks.of(wallet.wallet.as_bytes()).lock().await;
        let now_ms = self.clock.now_ms();
        let decision = Decision::of(&verdict);
        if decision == Decision::Allow
            && let Some(existing) = self.make_room(principal, wallet, &asked, now_ms).await?
        {
            return Ok(Created::Existing(existing));
        }
        let (status, listing) = match decision {
            Decision::Allow => (Status::Open, Listing::Open),
            Decision::Deny => (Status::Refused, Listing::Closed),
        };
        let record = SignRequestRecord {
            request: random::bytes().map_err(SignRequestError::NoRandomness)?.into(),
            wallet: wallet.wallet,
            owner: principal.rows(),
            chain_id: asked.chain_id.to_owned(),
            path: asked.path.to_string(),
            mode: stored::mode_number(asked.mode),
            sign_doc: asked.sign_doc,
            digest: asked.digest,
            verdict: decision.number(),
            status: status.number(),
            reason: stored::reason(&verdict),
            created_ms: now_ms,
            expires_ms: now_ms.saturating_add(millis(self.limits.lifetime)),
            signature: None,
        };
        let event = if decision == Decision::Allow { "sign-request-made" } else { "sign-request-refused" };
        let audit = audit(principal, &record, event, now_ms);
        let row = self.vault.insert_request(record, listing, audit).await?;
        self.read(row).map(Created::New)
    }

    /// Closes what has expired, finds an equal open request, and refuses one more than the wallet may have.
    async fn make_room(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: &Asked<'_>,
        now_ms: u64,
    ) -> Result<Option<SignRequest>, SignRequestError> {
        // At the beginning of time nothing has expired: these are all requests that are listed as open.
        let listed = self.vault.open_requests(&principal.rows(), wallet.wallet, None, 0).await?;
        for error in &listed.damaged {
            tracing::error!(%error, "a sign request cannot be read");
        }
        let mut open = listed.damaged.len();
        for row in listed.rows {
            let is_over = row.expires_ms <= now_ms;
            // One that has just expired may still be in a session that began in time.
            if is_over && row.expires_ms.saturating_add(millis(SESSION)) <= now_ms {
                self.close(principal, &row, Status::Expired, "expired").await?;
            } else if !is_over && asked.equals(&row) {
                return self.read(row).map(Some);
            } else {
                open += 1;
            }
        }
        if open < self.limits.open_per_wallet { Ok(None) } else { Err(SignRequestError::TooMany) }
    }
}

/// A request before it has an id.
struct Asked<'a> {
    chain_id: &'a str,
    path: &'a DerivationPath,
    mode: Mode,
    digest: [u8; 32],
    sign_doc: Vec<u8>,
}

impl Asked<'_> {
    fn equals(&self, record: &SignRequestRecord) -> bool {
        record.digest == self.digest
            && record.mode == stored::mode_number(self.mode)
            && record.path == self.path.to_string()
            && record.sign_doc == self.sign_doc
    }
}

fn require_owner(principal: &Principal, wallet: &WalletRecord) -> Result<(), SignRequestError> {
    if wallet.owner == principal.rows() { Ok(()) } else { Err(SignRequestError::UnknownWallet) }
}

fn require_active(wallet: &WalletRecord) -> Result<(), SignRequestError> {
    if wallet.standing.state == WalletState::Active { Ok(()) } else { Err(SignRequestError::WalletNotActive) }
}

fn audit(principal: &Principal, record: &SignRequestRecord, event: &str, at_ms: u64) -> AuditRow {
    AuditRow {
        at_ms,
        actor: principal.actor(),
        event: event.to_owned(),
        wallet: Some(record.wallet),
        details: format!(
            "request {} digest {} {}",
            record.request,
            hex::encode(record.digest),
            record.reason
        ),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
