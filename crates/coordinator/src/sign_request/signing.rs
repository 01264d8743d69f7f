//! From a signing session's hello to its stored signature.

use maany_coordinator_proto::{Digest, RequestId};
use maany_coordinator_storage::{
    Row, StoreError,
    record::{SignRequestRecord, WalletRecord},
    vault::Listing,
};
use maany_mpc_core::Signature;

use super::{SignRequest, SignRequestError, SignRequests, Status, audit, require_owner};
use crate::{auth::Principal, convert};

/// What a signing session may do.
#[derive(Debug)]
pub enum ForSession {
    /// This request may be signed.
    Open(Box<Row<SignRequestRecord>>),
    /// This request has its signature. No second one is made.
    AlreadySigned(Box<SignRequest>),
    /// Nothing may be signed. The cause is not for the peer: no such request, refused, expired, ambiguous, raw.
    NotAllowed,
    /// It cannot be told now.
    Unavailable,
}

impl SignRequests {
    /// What a session of this wallet may sign, as its hello names it: a request by its id (a digest that is given as
    /// well must agree), or the one open request with this digest, or else the bare digest, for which a request is
    /// made that the policy refuses unless it allows raw signing.
    pub async fn for_session(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        request: Option<RequestId>,
        digest: Option<&Digest>,
    ) -> ForSession {
        let found = match (request, digest) {
            (Some(id), digest) => self.by_id(principal, wallet, id, digest).await,
            (None, Some(digest)) => self.by_digest(principal, wallet, digest).await,
            (None, None) => Err(SignRequestError::UnknownRequest),
        };
        let found = match found {
            // It was open when the archive was made: another one may have been signed in its place since.
            Ok(request) if request.status() == Status::Open => {
                self.require_memory(wallet).await.map(|()| request)
            }
            other => other,
        };
        match found {
            Ok(request) => match request.status() {
                Status::Open => ForSession::Open(Box::new(request.into_row())),
                Status::Signed => ForSession::AlreadySigned(Box::new(request)),
                Status::Refused | Status::Expired | Status::Failed | Status::Replaced => {
                    ForSession::NotAllowed
                }
            },
            Err(error) if error.is_ours() => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a sign request cannot be looked up"
                );
                ForSession::Unavailable
            }
            Err(error) => {
                tracing::debug!(%error, "nothing to sign in this session");
                ForSession::NotAllowed
            }
        }
    }

    async fn by_id(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        id: RequestId,
        digest: Option<&Digest>,
    ) -> Result<SignRequest, SignRequestError> {
        require_owner(principal, wallet)?;
        let request = self.get(principal, id).await?.ok_or(SignRequestError::UnknownRequest)?;
        if convert::wallet_to_storage(request.wallet()) != wallet.wallet {
            return Err(SignRequestError::UnknownRequest);
        }
        if digest.is_some_and(|digest| *digest != request.digest()) {
            return Err(SignRequestError::OtherDigest);
        }
        Ok(request)
    }

    async fn by_digest(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        digest: &Digest,
    ) -> Result<SignRequest, SignRequestError> {
        match self.open_by_digest(principal, wallet, digest).await? {
            Some(request) => Ok(request),
            None => Ok(self.create_raw(principal, wallet, digest).await?.into_request()),
        }
    }

    /// The one open request of this wallet with this digest, if there is one.
    ///
    /// # Errors
    /// [`SignRequestError::Ambiguous`] where there are several, [`SignRequestError::Store`].
    pub async fn open_by_digest(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        digest: &Digest,
    ) -> Result<Option<SignRequest>, SignRequestError> {
        let (owner, digest) = (principal.rows(), Some(digest.as_bytes()));
        let found = self.vault.open_requests(&owner, wallet.wallet, digest, self.clock.now_ms()).await?;
        // A request that cannot be read may be the one that is meant: then nobody can say which.
        if let Some(damaged) = found.damaged.into_iter().next() {
            return Err(damaged.into());
        }
        let mut found = found.rows.into_iter();
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(row), None) => self.read(row).map(Some),
            (Some(_), Some(_)) => Err(SignRequestError::Ambiguous),
        }
    }

    /// Stores a signature that the engine has verified, durable when this returns. A request that is signed already
    /// keeps its signature and is given back as it is.
    ///
    /// A request whose time ran out while it was being signed is signed all the same: its session was admitted in
    /// time, and the signature exists.
    ///
    /// # Errors
    /// [`SignRequestError::Over`] for a request that was refused, closed, replaced or failed meanwhile;
    /// [`SignRequestError::Store`].
    pub async fn store_signature(
        &self,
        principal: &Principal,
        row: &Row<SignRequestRecord>,
        signature: &Signature,
    ) -> Result<Row<SignRequestRecord>, SignRequestError> {
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = signature.recovery_id();
        let mut row = row.clone();
        loop {
            match Status::from_number(row.status).ok_or(SignRequestError::Damaged)? {
                Status::Signed => return Ok(row),
                Status::Open => {}
                Status::Refused | Status::Expired | Status::Failed | Status::Replaced => {
                    return Err(SignRequestError::Over);
                }
            }
            let audit = audit(principal, &row, "sign-request-signed", self.clock.now_ms());
            match self.vault.store_signature(&row, bytes, Status::Signed.number(), audit).await {
                // Somebody else wrote: each round reads what they left, and ends unless they left it open.
                Err(StoreError::Conflict { .. } | StoreError::AlreadySigned) => {
                    row = self.read_again(principal, &row).await?;
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// Ends an open request that cannot be signed any more. `reason` is a fixed word.
    ///
    /// # Errors
    /// [`SignRequestError::Over`] where it is not open, [`SignRequestError::Store`].
    pub async fn mark_failed(
        &self,
        principal: &Principal,
        row: &Row<SignRequestRecord>,
        reason: &'static str,
    ) -> Result<(), SignRequestError> {
        match Status::from_number(row.status) {
            Some(Status::Open) => self.close(principal, row, Status::Failed, reason).await,
            _ => Err(SignRequestError::Over),
        }
    }

    /// Takes a request off the list of open ones. One that somebody changed meanwhile is left to them.
    pub(super) async fn close(
        &self,
        principal: &Principal,
        row: &Row<SignRequestRecord>,
        status: Status,
        reason: &'static str,
    ) -> Result<(), SignRequestError> {
        let event = match status {
            Status::Expired => "sign-request-expired",
            _ => "sign-request-failed",
        };
        let audit = audit(principal, row, event, self.clock.now_ms());
        let (verdict, status) = (row.verdict, status.number());
        match self.vault.judge_request(row, verdict, status, reason.to_owned(), Listing::Closed, audit).await
        {
            Ok(_) | Err(StoreError::Conflict { .. } | StoreError::AlreadySigned) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_again(
        &self,
        principal: &Principal,
        row: &Row<SignRequestRecord>,
    ) -> Result<Row<SignRequestRecord>, SignRequestError> {
        let again = self.vault.request(&principal.rows(), row.request).await?;
        again.ok_or(SignRequestError::UnknownRequest)
    }
}
