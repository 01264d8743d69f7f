//! Making a sign request: parse, check, decide, and store it with its audit row in one write.

use maany_coordinator_cosmos::SignDoc;
use maany_coordinator_proto::{Digest, WalletId};
use maany_coordinator_storage::{
    record::{SignRequestRecord, WalletRecord},
    vault::Listing,
};
use maany_mpc_core::DerivationPath;

use super::{
    Created, Mode, NewSignRequest, SESSION, SignRequest, SignRequestError, SignRequests, Status, audit,
    checks, millis, require_active, require_owner,
    stored::{self, Decision},
};
use crate::{
    auth::Principal,
    policy::{SignIntent, Subject, Verdict},
    random,
};

impl SignRequests {
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
            Decision::Deny => (Status::Refused, Listing::Refused { keep: self.limits.refused_per_wallet }),
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
