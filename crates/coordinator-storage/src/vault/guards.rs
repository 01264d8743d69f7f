//! Guards: of sign requests that exclude each other, one is live.
//!
//! A guard is a row that names its holder. It is written in the batch that makes, signs or ends the request, as a
//! compare-and-swap, so that of two writers at once, in whichever processes, one finds it taken. It goes with a
//! holder that ends unsigned, unless a signed request stands behind it; it stays with a signed one for ever, until a
//! replacement names that one.

use crate::error::StoreError;
use crate::record::{AuditRow, GuardKey, GuardRecord, SignRequestRecord};
use crate::table::{RecordTable, Table};
use crate::vault::requests::request_key;
use crate::vault::transaction::Transaction;
use crate::vault::{Listing, Row, Vault};

/// First byte of the key of a guard.
pub(super) const GUARD: u8 = b'g';

/// What a write makes of a request, as far as its guard goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// It may be signed.
    Open,
    /// It is signed.
    Signed,
    /// It ends unsigned.
    Over,
}

/// An open request whose place another one takes.
#[derive(Clone, Debug)]
pub struct Ending<'a> {
    /// The request as it was read.
    pub row: &'a Row<SignRequestRecord>,
    /// The status that it ends with.
    pub status: u8,
    /// Why, in words for the operator and the owner.
    pub reason: String,
}

impl Vault {
    /// Who holds a guard; `None` where nobody does.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names a damaged row.
    pub async fn guard(&self, guard: &GuardKey) -> Result<Option<Row<GuardRecord>>, StoreError> {
        self.read(Table::Requests, &guard_key(guard)).await
    }

    /// Stores a new open request in the place of the one that holds its guard, in one write. `held` is the guard as it
    /// was read; a holder that is open ends as `ending` says, one that is signed stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Held`] or [`StoreError::Conflict`] where guard or holder were changed meanwhile,
    /// [`StoreError::WrongState`] where guard, holder and request do not belong together, otherwise as
    /// [`Vault::insert_request`].
    pub async fn replace_request(
        &self,
        request: SignRequestRecord,
        held: &Row<GuardRecord>,
        ending: Option<Ending<'_>>,
        audit: AuditRow,
    ) -> Result<Row<SignRequestRecord>, StoreError> {
        let Some(guard) = request.guard else {
            return Err(StoreError::WrongState { reason: "a request without a guard replaces nothing" });
        };
        let mut staged = Transaction::new(self);
        self.stage_new(&mut staged, &request).await?;
        self.list(&mut staged, &request, Listing::Open).await?;
        let next = GuardRecord { holder: request.request, signed: held.signed };
        staged.replace(RecordTable::Requests, &guard_key(&guard), held.version, &next).await?;
        match ending {
            None if held.is_signed() => {}
            Some(ending)
                if !held.is_signed()
                    && ending.row.request == held.holder
                    && ending.row.guard == Some(guard)
                    && ending.row.signature.is_none() =>
            {
                let mut over = ending.row.record.clone();
                (over.status, over.reason) = (ending.status, ending.reason);
                over.reserved.clear();
                let key = request_key(over.request);
                staged.replace(RecordTable::Requests, &key, ending.row.version, &over).await?;
                self.relist(&mut staged, &over, Listing::Closed).await?;
            }
            _ => return Err(StoreError::WrongState { reason: "the guard is held by another request" }),
        }
        self.commit_new(staged, request, audit).await
    }

    /// Adds to what is staged what this write makes of the request's guard.
    pub(super) async fn stage_guard(
        &self,
        staged: &mut Transaction<'_>,
        request: &SignRequestRecord,
        hold: Hold,
    ) -> Result<(), StoreError> {
        let Some(guard) = &request.guard else { return Ok(()) };
        let (key, own) = (guard_key(guard), request.request);
        let held = self.guard(guard).await?;
        match (hold, held) {
            (Hold::Open, None) => {
                let taken = GuardRecord { holder: own, signed: None };
                staged.insert(RecordTable::Requests, &key, &taken).await
            }
            (Hold::Open, Some(held)) if held.holder == own => Ok(()),
            (Hold::Signed, Some(held)) if held.holder == own => {
                let signed = GuardRecord { holder: own, signed: Some(own) };
                staged.replace(RecordTable::Requests, &key, held.version, &signed).await
            }
            (Hold::Open | Hold::Signed, Some(held)) => Err(StoreError::Held { by: held.holder }),
            (Hold::Signed, None) => {
                Err(StoreError::WrongState { reason: "the request does not hold its guard" })
            }
            (Hold::Over, Some(held)) if held.holder == own => match held.signed {
                Some(signed) => {
                    let back = GuardRecord { holder: signed, signed: Some(signed) };
                    staged.replace(RecordTable::Requests, &key, held.version, &back).await
                }
                None => {
                    staged.erase(RecordTable::Requests, &key, held.version);
                    Ok(())
                }
            },
            (Hold::Over, _) => Ok(()),
        }
    }

    /// What a conflict on a new request's guard means: somebody else took it.
    pub(super) async fn taken_meanwhile(&self, guard: &GuardKey, conflict: StoreError) -> StoreError {
        match self.guard(guard).await {
            Ok(Some(held)) => StoreError::Held { by: held.holder },
            Ok(None) => conflict,
            Err(error) => error,
        }
    }
}

pub(super) fn guard_key(guard: &GuardKey) -> Vec<u8> {
    [&[GUARD], guard.as_slice()].concat()
}
