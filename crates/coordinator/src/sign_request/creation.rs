//! Making a sign request: parse, check, decide, and store it with its guard and its audit row in one write.

use maany_coordinator_cosmos::{ArbitraryDoc, Coin, CosmosError, DecodedTx, MultisigKey, SignDoc};
use maany_coordinator_proto::{Digest, RequestId, WalletId};
use maany_coordinator_storage::{
    StoreError,
    record::{GuardKey, ReservedCoin, SignRequestRecord, WalletRecord},
    vault::{Ending, Listing},
};
use maany_mpc_core::DerivationPath;

use super::{
    Created, Mode, NewArbitrary, NewSignRequest, SESSION, SignRequest, SignRequestError, SignRequests,
    Status, audit, checks, guard,
    live::{Place, Replacing},
    millis, require_active, require_owner,
    reservation::{outgoing, reservation},
    stored::{self, Decision},
};
use crate::{
    auth::Principal,
    convert,
    policy::{Replaced, SignIntent, Subject, Verdict},
    random,
};

/// How often a request is decided and written anew where somebody else's write has changed what the policy was told. Each
/// time one of the others has got on.
const TRIES: usize = 8;

impl SignRequests {
    /// Makes a sign request for a wallet of this principal. A request that the policy denies is stored as refused, and
    /// holds no guard. Where the same bytes are live already, open or signed, theirs is given back.
    ///
    /// # Errors
    /// [`SignRequestError::SequenceTaken`] where another doc of this account and sequence is live and is not the one that
    /// is to be replaced; otherwise [`SignRequestError`] tells a bad sign doc from a wallet that cannot sign and from a
    /// store that failed. Nothing is stored then.
    pub async fn create(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        new: NewSignRequest,
    ) -> Result<Created, SignRequestError> {
        require_owner(principal, wallet)?;
        require_active(wallet)?;
        let doc = SignDoc::parse(new.mode, &new.sign_doc).map_err(SignRequestError::SignDoc)?;
        let (tx, digest) = (doc.decoded(), doc.digest());
        let public_key = checks::signing_key(wallet, &new.path)?;
        let signer = checks::belongs(tx, new.mode, &new.chain_id, &public_key, new.member_of.as_ref())?;
        let asked = Asked {
            chain_id: new.chain_id.as_str(),
            path: &new.path,
            mode: Mode::SignDoc(new.mode),
            digest,
            sign_doc: new.sign_doc,
            public_key,
            content: Content::Transaction(tx),
            guard: guard::of_transaction(tx, signer, &public_key, &digest),
            replaces: new.replaces,
            member_of: new.member_of.as_ref(),
        };
        self.make(principal, wallet, &asked).await
    }

    /// Makes a request for arbitrary data (ADR-036) that names an account of the key. It has no chain and no sequence, so that it stands in
    /// no other request's way.
    ///
    /// # Errors
    /// As [`SignRequests::create`].
    pub async fn create_arbitrary(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        new: NewArbitrary,
    ) -> Result<Created, SignRequestError> {
        require_owner(principal, wallet)?;
        require_active(wallet)?;
        let doc = ArbitraryDoc::parse(&new.sign_doc).map_err(SignRequestError::SignDoc)?;
        let public_key = checks::signing_key(wallet, &new.path)?;
        let digest = doc.digest(&public_key).map_err(|error| match error {
            CosmosError::OtherAccount => SignRequestError::OtherSigner,
            error => SignRequestError::SignDoc(error),
        })?;
        let asked = Asked {
            chain_id: "",
            path: &new.path,
            mode: Mode::Arbitrary,
            digest,
            sign_doc: new.sign_doc,
            public_key,
            content: Content::Arbitrary(&doc),
            guard: guard::of_digest(&public_key, &digest),
            replaces: None,
            member_of: None,
        };
        self.make(principal, wallet, &asked).await
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
        let asked = Asked {
            chain_id: "",
            path: &path,
            mode: Mode::Raw,
            digest: *digest.as_bytes(),
            sign_doc: Vec::new(),
            public_key,
            content: Content::Nothing,
            guard: guard::of_digest(&public_key, digest.as_bytes()),
            replaces: None,
            member_of: None,
        };
        self.make(principal, wallet, &asked).await
    }

    async fn make(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: &Asked<'_>,
    ) -> Result<Created, SignRequestError> {
        let mut tries = 1;
        loop {
            let place = self.place(principal, wallet, asked).await?;
            // What is signed already may be had again; whether anything else was signed in its place, nobody knows.
            if !matches!(place, Place::Same(_)) {
                self.require_memory(wallet).await?;
            }
            let reserved = asked.reserved(&place)?;
            let verdict = self.decide(principal, wallet, asked, &place, &reserved).await;
            match self.insert(principal, wallet, asked, &place, &reserved, &verdict).await {
                // What the policy was told of the live request may not be true any more.
                Err(SignRequestError::Store(StoreError::Held { .. } | StoreError::Conflict { .. }))
                    if tries < TRIES =>
                {
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn decide(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: &Asked<'_>,
        place: &Place,
        reserved: &[Coin],
    ) -> Verdict {
        let replaces = match place {
            Place::Replacing(replacing) => Some(Replaced {
                request: RequestId::from_bytes(replacing.held.holder.to_bytes()),
                signed: replacing.signed.as_ref(),
            }),
            Place::Free | Place::Same(_) | Place::Taken(_) => None,
        };
        let digest = Digest::from_bytes(asked.digest);
        let intent = SignIntent {
            principal,
            wallet: WalletId::from_bytes(wallet.wallet.to_bytes()),
            path: asked.path,
            public_key: &asked.public_key,
            subject: match asked.content {
                Content::Transaction(tx) => Subject::Transaction(tx),
                Content::Arbitrary(doc) => Subject::Arbitrary(doc),
                Content::Nothing => Subject::Raw(&digest),
            },
            member_of: asked.member_of,
            replaces,
            reserved,
        };
        let verdict = self.policy.decide(&intent).await;
        self.telemetry.policy_decided(Decision::of(&verdict).word());
        verdict
    }

    async fn insert(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: &Asked<'_>,
        place: &Place,
        reserved: &[Coin],
        verdict: &Verdict,
    ) -> Result<Created, SignRequestError> {
        // From the look for an equal request to the insert: two callers at once make one request.
        let _lock = self.locks.of(wallet.wallet.as_bytes()).lock().await;
        let now_ms = self.clock.now_ms();
        let decision = Decision::of(verdict);
        let status = match decision {
            Decision::Allow => Status::Open,
            Decision::Deny => Status::Refused,
        };
        let mut record = SignRequestRecord {
            request: random::bytes().map_err(SignRequestError::NoRandomness)?.into(),
            wallet: wallet.wallet,
            owner: principal.rows(),
            chain_id: asked.chain_id.to_owned(),
            path: asked.path.to_string(),
            mode: stored::mode_number(asked.mode),
            sign_doc: asked.sign_doc.clone(),
            digest: asked.digest,
            verdict: decision.number(),
            status: status.number(),
            reason: stored::reason(verdict),
            created_ms: now_ms,
            expires_ms: now_ms.saturating_add(millis(self.limits.lifetime)),
            signature: None,
            guard: Some(asked.guard),
            replaces: asked.replaces.map(convert::request_to_storage),
            reserved: Vec::new(),
        };
        if decision == Decision::Deny {
            let listing = Listing::Refused { keep: self.limits.refused_per_wallet };
            let audit = audit(principal, &record, "sign-request-refused", now_ms);
            let row = self.vault.insert_request(record, listing, audit).await?;
            return self.read(row).map(Created::New);
        }
        record.reserved = reserved.iter().map(stored_coin).collect();
        let gives_way = match place {
            Place::Same(live) => return Ok(Created::Existing((**live).clone())),
            Place::Taken(by) => return Err(SignRequestError::SequenceTaken { by: *by }),
            Place::Replacing(replacing) => Some(&**replacing),
            Place::Free => None,
        };
        let room =
            self.limits.open_per_wallet + usize::from(gives_way.is_some_and(Replacing::ends_an_open_one));
        if let Some(existing) = self.make_room(principal, wallet, asked, room, now_ms).await? {
            return Ok(Created::Existing(existing));
        }
        let audit = audit(principal, &record, "sign-request-made", now_ms);
        let row = match gives_way {
            None => self.vault.insert_request(record, Listing::Open, audit).await?,
            Some(replacing) => {
                let ending = replacing.ends_an_open_one().then(|| Ending {
                    row: &replacing.holder,
                    status: Status::Replaced.number(),
                    reason: "replaced".to_owned(),
                });
                self.vault.replace_request(record, &replacing.held, ending, audit).await?
            }
        };
        self.read(row).map(Created::New)
    }

    /// Closes what has expired, finds an equal open request, and refuses one more than `room`.
    async fn make_room(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: &Asked<'_>,
        room: usize,
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
        if open < room { Ok(None) } else { Err(SignRequestError::TooMany) }
    }
}

/// A request before it has an id.
pub(super) struct Asked<'a> {
    chain_id: &'a str,
    path: &'a DerivationPath,
    mode: Mode,
    digest: [u8; 32],
    sign_doc: Vec<u8>,
    public_key: [u8; 33],
    content: Content<'a>,
    pub(super) guard: GuardKey,
    pub(super) replaces: Option<RequestId>,
    member_of: Option<&'a MultisigKey>,
}

/// What is known of what is to be signed.
#[derive(Clone, Copy)]
enum Content<'a> {
    Transaction(&'a DecodedTx),
    Arbitrary(&'a ArbitraryDoc),
    /// A bare digest.
    Nothing,
}

impl Asked<'_> {
    pub(super) fn equals(&self, record: &SignRequestRecord) -> bool {
        record.digest == self.digest
            && record.mode == stored::mode_number(self.mode)
            && record.path == self.path.to_string()
            && record.sign_doc == self.sign_doc
    }

    /// What is set aside for it. By arbitrary data nothing leaves the wallet; of a bare digest nobody knows.
    fn reserved(&self, place: &Place) -> Result<Vec<Coin>, SignRequestError> {
        let Content::Transaction(tx) = self.content else { return Ok(Vec::new()) };
        let new = outgoing(tx, &self.public_key).map_err(SignRequestError::SignDoc)?;
        let signed = match place {
            Place::Replacing(replacing) => replacing.signed.as_ref(),
            Place::Free | Place::Same(_) | Place::Taken(_) => None,
        };
        let replaced = signed.map(|tx| outgoing(tx, &self.public_key)).transpose();
        let replaced = replaced.map_err(|_overflow| SignRequestError::Damaged)?;
        Ok(reservation(&new, replaced.as_ref()))
    }
}

fn stored_coin(coin: &Coin) -> ReservedCoin {
    ReservedCoin { denom: coin.denom.to_string(), amount: coin.amount.to_string() }
}
