//! Sign requests: asking twice for one request gives the one signature.
//!
//! A request that may be signed has a second row, its listing, so that it is found by wallet and digest without
//! opening every request there ever was. The listing goes with the write that ends the request.

use crate::error::StoreError;
use crate::id::{Owner, RequestId, WalletId};
use crate::record::{AuditRow, SignRequestRecord, UsedIdRecord};
use crate::table::{RecordTable, Table};
use crate::vault::guards::{Hold, guard_key};
use crate::vault::transaction::Transaction;
use crate::vault::{Page, Row, Vault};

/// How many listings are read at once.
const LISTING_PAGE: usize = 100;

/// Whether a request is found among the open ones of its wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// It may be signed.
    Open,
    /// It is over.
    Closed,
    /// It is refused from the start: of its wallet so many refused ones are kept, this one among them.
    Refused {
        /// How many; at least this one.
        keep: usize,
    },
}

impl Vault {
    /// Stores a new request. One that is listed as open takes its guard with the same write.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for a request id that is taken, [`StoreError::WrongState`] for a request that
    /// holds a signature already, [`StoreError::Held`] where another request holds the guard.
    pub async fn insert_request(
        &self,
        request: SignRequestRecord,
        listing: Listing,
        audit: AuditRow,
    ) -> Result<Row<SignRequestRecord>, StoreError> {
        let mut staged = Transaction::new(self);
        self.stage_new(&mut staged, &request).await?;
        self.list(&mut staged, &request, listing).await?;
        if listing == Listing::Open {
            self.stage_guard(&mut staged, &request, Hold::Open).await?;
        }
        self.commit_new(staged, request, audit).await
    }

    pub(super) async fn stage_new(
        &self,
        staged: &mut Transaction<'_>,
        request: &SignRequestRecord,
    ) -> Result<(), StoreError> {
        if request.signature.is_some() {
            return Err(StoreError::WrongState { reason: "a new request holds no signature" });
        }
        staged.insert(RecordTable::Requests, &request_key(request.request), request).await
    }

    /// Commits a new request; a conflict on one of its own rows is told by its cause.
    pub(super) async fn commit_new(
        &self,
        staged: Transaction<'_>,
        request: SignRequestRecord,
        audit: AuditRow,
    ) -> Result<Row<SignRequestRecord>, StoreError> {
        let Err(error) = staged.commit(audit).await else {
            return Ok(Row { version: 1, record: request });
        };
        let StoreError::Conflict { table: Table::Requests, key } = &error else { return Err(error) };
        if *key == hex::encode(request_key(request.request)) {
            return Err(StoreError::AlreadyExists { what: "sign request" });
        }
        match &request.guard {
            Some(guard) if *key == hex::encode(guard_key(guard)) => {
                Err(self.taken_meanwhile(guard, error).await)
            }
            _ => Err(error),
        }
    }

    /// The owner's request of that id; another owner's is `None`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names a damaged row.
    pub async fn request(
        &self,
        owner: &Owner,
        request: RequestId,
    ) -> Result<Option<Row<SignRequestRecord>>, StoreError> {
        let row: Option<Row<SignRequestRecord>> = self.read(Table::Requests, &request_key(request)).await?;
        Ok(row.filter(|row| row.owner == *owner))
    }

    /// The owner's open requests for a wallet that have not expired, of one digest or of all. The page is the only
    /// one: how many requests may be open is bounded by who lets them in.
    ///
    /// # Errors
    /// Where the store cannot be read at all; damaged rows are listed in the page.
    pub async fn open_requests(
        &self,
        owner: &Owner,
        wallet: WalletId,
        digest: Option<&[u8; 32]>,
        now_ms: u64,
    ) -> Result<Page<Row<SignRequestRecord>>, StoreError> {
        let prefix = listing_prefix(wallet, digest);
        let mut found = Page { rows: Vec::new(), damaged: Vec::new(), next: None };
        let mut after: Option<Vec<u8>> = None;
        loop {
            let entries = self.store.scan(Table::Requests, &prefix, after.as_deref(), LISTING_PAGE).await?;
            let last = entries.len() < LISTING_PAGE;
            for entry in entries {
                if let Some(request) = listed(&entry.key) {
                    match self.request(owner, request).await {
                        Ok(Some(row)) if row.signature.is_none() && row.expires_ms > now_ms => {
                            found.rows.push(row);
                        }
                        // Another owner's, over, or gone since the scan.
                        Ok(_) => {}
                        Err(error @ (StoreError::Corrupt { .. } | StoreError::UnsupportedVersion { .. })) => {
                            found.damaged.push(error);
                        }
                        Err(error) => return Err(error),
                    }
                }
                after = Some(entry.key);
            }
            if last {
                return Ok(found);
            }
        }
    }

    /// Writes verdict, status and reason of a request that holds no signature, and whether it is open. An open one
    /// takes its guard, one that ends frees it.
    ///
    /// # Errors
    /// [`StoreError::AlreadySigned`], [`StoreError::Conflict`] where the row was changed meanwhile, or
    /// [`StoreError::Held`] where another request holds the guard.
    pub async fn judge_request(
        &self,
        row: &Row<SignRequestRecord>,
        verdict: u8,
        status: u8,
        reason: String,
        listing: Listing,
        audit: AuditRow,
    ) -> Result<Row<SignRequestRecord>, StoreError> {
        let request = SignRequestRecord { verdict, status, reason, ..row.record.clone() };
        self.change_request(row, request, listing, audit).await
    }

    /// Stores the signature, 65 bytes `r || s || recovery id`, once. The request is closed with that, and keeps its guard.
    ///
    /// # Errors
    /// [`StoreError::AlreadySigned`], [`StoreError::Conflict`] where the row was changed meanwhile, or
    /// [`StoreError::Held`] and [`StoreError::WrongState`] where it does not hold its guard.
    pub async fn store_signature(
        &self,
        row: &Row<SignRequestRecord>,
        signature: [u8; 65],
        status: u8,
        audit: AuditRow,
    ) -> Result<Row<SignRequestRecord>, StoreError> {
        let request = SignRequestRecord { signature: Some(signature), status, ..row.record.clone() };
        self.change_request(row, request, Listing::Closed, audit).await
    }

    /// Ends the listed requests that expired before `now_ms` with this status, each in a write of its own; says how many.
    /// A request that changes at the same time is left to the next call.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn close_expired_requests(
        &self,
        now_ms: u64,
        status: u8,
        audit: impl Fn(&SignRequestRecord) -> AuditRow + Send + Sync,
    ) -> Result<usize, StoreError> {
        let (mut after, mut count) = (None::<Vec<u8>>, 0);
        loop {
            let page: Page<(RequestId, u64)> = self.listings(after.as_deref()).await?;
            for (request, expires_ms) in page.rows {
                if expires_ms >= now_ms {
                    continue;
                }
                let read = self.read::<SignRequestRecord>(Table::Requests, &request_key(request)).await;
                // A damaged request stays listed; it is reported where it is asked for.
                if let Ok(Some(row)) = read {
                    let mut ended = row.record.clone();
                    ended.status = status;
                    let audit = audit(&ended);
                    match self.change_request(&row, ended, Listing::Closed, audit).await {
                        Ok(_) => count += 1,
                        Err(StoreError::Conflict { .. } | StoreError::AlreadySigned) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Writes the request, what lists it, and its guard. What was set aside for a request that ends unsigned is free again.
    async fn change_request(
        &self,
        row: &Row<SignRequestRecord>,
        mut request: SignRequestRecord,
        listing: Listing,
        audit: AuditRow,
    ) -> Result<Row<SignRequestRecord>, StoreError> {
        if row.signature.is_some() {
            return Err(StoreError::AlreadySigned);
        }
        let hold = match (request.signature, listing) {
            (Some(_), _) => Hold::Signed,
            (None, Listing::Open) => Hold::Open,
            (None, Listing::Closed | Listing::Refused { .. }) => Hold::Over,
        };
        if hold == Hold::Over {
            request.reserved.clear();
        }
        let mut staged = Transaction::new(self);
        let key = request_key(row.request);
        staged.replace(RecordTable::Requests, &key, row.version, &request).await?;
        self.relist(&mut staged, &request, listing).await?;
        let committed = match self.stage_guard(&mut staged, &request, hold).await {
            Ok(()) => staged.commit(audit).await,
            Err(error) => Err(error),
        };
        match committed {
            Ok(()) => Ok(Row { version: row.version + 1, record: request }),
            Err(
                error @ (StoreError::Conflict { .. }
                | StoreError::Held { .. }
                | StoreError::WrongState { .. }),
            ) => Err(self.overtaken(row, error).await?),
            Err(error) => Err(error),
        }
    }

    /// Why a change did not fit: the request was changed meanwhile, and perhaps signed; otherwise as it was said.
    async fn overtaken(
        &self,
        row: &Row<SignRequestRecord>,
        error: StoreError,
    ) -> Result<StoreError, StoreError> {
        let key = request_key(row.request);
        let now: Option<Row<SignRequestRecord>> = self.read(Table::Requests, &key).await?;
        Ok(match now {
            Some(now) if now.signature.is_some() => StoreError::AlreadySigned,
            Some(now) if now.version == row.version => error,
            _ => StoreError::conflict(Table::Requests, &key),
        })
    }

    pub(super) async fn list(
        &self,
        staged: &mut Transaction<'_>,
        request: &SignRequestRecord,
        listing: Listing,
    ) -> Result<(), StoreError> {
        match listing {
            Listing::Open => {
                let row = UsedIdRecord { expires_ms: request.expires_ms };
                staged.insert(RecordTable::Requests, &listing_key(request), &row).await
            }
            Listing::Refused { keep } => self.stage_refusal(staged, request, keep).await,
            Listing::Closed => Ok(()),
        }
    }

    pub(super) async fn relist(
        &self,
        staged: &mut Transaction<'_>,
        request: &SignRequestRecord,
        listing: Listing,
    ) -> Result<(), StoreError> {
        let key = listing_key(request);
        let listed = self.store.get(Table::Requests, &key).await?;
        match (listed, listing) {
            (Some(_), Listing::Open) => Ok(()),
            (None, _) => self.list(staged, request, listing).await,
            (Some(row), Listing::Closed | Listing::Refused { .. }) => {
                staged.erase(RecordTable::Requests, &key, row.version);
                self.list(staged, request, listing).await
            }
        }
    }

    /// A page of all listings: which request, and when it expires.
    async fn listings(&self, after: Option<&[u8]>) -> Result<Page<(RequestId, u64)>, StoreError> {
        let entries = self.store.scan(Table::Requests, &[LISTED], after, LISTING_PAGE).await?;
        let next =
            if entries.len() < LISTING_PAGE { None } else { entries.last().map(|entry| entry.key.clone()) };
        let mut rows = Vec::new();
        for entry in entries {
            if let (Some(request), Ok(row)) = (listed(&entry.key), entry.row)
                && let Ok(listing) = self.open_row::<UsedIdRecord>(Table::Requests, &entry.key, &row).await
            {
                rows.push((request, listing.expires_ms));
            }
        }
        Ok(Page { rows, damaged: Vec::new(), next })
    }
}

/// First byte of the key of a listing.
pub(super) const LISTED: u8 = b'o';
/// First byte of the key of a request.
pub(super) const REQUEST: u8 = b'r';

pub(super) fn request_key(request: RequestId) -> Vec<u8> {
    [&[REQUEST], request.as_bytes().as_slice()].concat()
}

fn listing_prefix(wallet: WalletId, digest: Option<&[u8; 32]>) -> Vec<u8> {
    let digest = digest.map_or(&[][..], <[u8; 32]>::as_slice);
    [&[LISTED], wallet.as_bytes().as_slice(), digest].concat()
}

/// Wallet, digest, request.
pub(super) fn listing_key(request: &SignRequestRecord) -> Vec<u8> {
    let mut key = listing_prefix(request.wallet, Some(&request.digest));
    key.extend_from_slice(request.request.as_bytes());
    key
}

/// The request that a listing or a refusal is of: the end of its key.
pub(super) fn listed(key: &[u8]) -> Option<RequestId> {
    key.last_chunk::<16>().map(|id| RequestId::from_bytes(*id))
}
