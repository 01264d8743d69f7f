//! Where something that is to be signed stands to the live request of its guard.

use maany_coordinator_cosmos::DecodedTx;
use maany_coordinator_proto::RequestId;
use maany_coordinator_storage::{
    Row,
    record::{GuardRecord, SignRequestRecord, WalletRecord},
};

use super::{SESSION, SignRequest, SignRequestError, SignRequests, Status, creation::Asked, millis};
use crate::{auth::Principal, convert};

/// How often a guard and its holder are looked at until they agree. Each write of somebody else costs one look.
const LOOKS: usize = 8;

/// How many requests in a row may take each other's place for one account and sequence: a fee is raised a few times, and the way back
/// through them is walked for each.
pub(super) const REPLACEMENTS: usize = 64;

/// What is there already.
#[derive(Debug)]
pub(super) enum Place {
    /// Nobody holds the guard.
    Free,
    /// A request for the same bytes, path and mode is live, or is signed and was replaced.
    Same(Box<SignRequest>),
    /// Another request is live, which nobody has named.
    Taken(RequestId),
    /// Another request is live, and is named to give way.
    Replacing(Box<Replacing>),
}

/// The way back from a guard's holder.
struct Before {
    /// A request for the same bytes that was signed and then replaced.
    same: Option<SignRequest>,
    /// How many requests have taken each other's place so far.
    replaced: usize,
}

/// A live request that gives way.
#[derive(Debug)]
pub(super) struct Replacing {
    /// The guard as it was read.
    pub(super) held: Row<GuardRecord>,
    /// Its holder.
    pub(super) holder: Row<SignRequestRecord>,
    /// What the guard's newest signed request says, which may run in place of the new one.
    pub(super) signed: Option<DecodedTx>,
}

impl Replacing {
    pub(super) fn ends_an_open_one(&self) -> bool {
        !self.held.is_signed()
    }
}

impl SignRequests {
    /// Looks at the guard and its holder. Nothing is locked: the write that relies on it finds out what changed since.
    pub(super) async fn place(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: &Asked<'_>,
    ) -> Result<Place, SignRequestError> {
        let Some((held, holder)) = self.holder(principal, asked).await? else {
            return match asked.replaces {
                None => Ok(Place::Free),
                Some(named) => Err(self.not_live(principal, wallet, asked, named, None).await?),
            };
        };
        let live = self.read(holder.clone())?;
        if asked.equals(&holder) && matches!(live.status(), Status::Open | Status::Signed) {
            return Ok(Place::Same(Box::new(live)));
        }
        let before = self.before(principal, asked, &holder).await?;
        if let Some(signed) = before.same {
            return Ok(Place::Same(Box::new(signed)));
        }
        let by = live.id();
        match asked.replaces {
            None => Ok(Place::Taken(by)),
            Some(named) if named == by && holder.wallet == wallet.wallet => {
                if before.replaced >= REPLACEMENTS {
                    return Err(SignRequestError::ReplacedTooOften);
                }
                let signed = self.signed_behind(principal, &held, &holder).await?;
                Ok(Place::Replacing(Box::new(Replacing { held, holder, signed })))
            }
            Some(named) => Err(self.not_live(principal, wallet, asked, named, Some(by)).await?),
        }
    }

    /// The guard and its holder. A holder whose time is over, and that no session can be signing any more, is ended here.
    async fn holder(
        &self,
        principal: &Principal,
        asked: &Asked<'_>,
    ) -> Result<Option<(Row<GuardRecord>, Row<SignRequestRecord>)>, SignRequestError> {
        for _ in 0..LOOKS {
            let Some(held) = self.vault.guard(&asked.guard).await? else { return Ok(None) };
            let holder = self.vault.request(&principal.rows(), held.holder).await?;
            let holder = holder.ok_or(SignRequestError::Damaged)?;
            // The two were read one after the other: it was signed between them.
            if held.is_signed() != holder.signature.is_some() {
                continue;
            }
            let gone = holder.expires_ms.saturating_add(millis(SESSION)) <= self.clock.now_ms();
            if held.is_signed() || !gone {
                return Ok(Some((held, holder)));
            }
            // Whoever ended or signed it first, the next look shows it: the guard was freed, or is a signed one's.
            self.close(principal, &holder, Status::Expired, "expired").await?;
        }
        Err(SignRequestError::Damaged)
    }

    /// What the holder has replaced. Every signed request of a guard lies on the way back from its holder.
    async fn before(
        &self,
        principal: &Principal,
        asked: &Asked<'_>,
        holder: &SignRequestRecord,
    ) -> Result<Before, SignRequestError> {
        let (mut next, mut replaced) = (holder.replaces, 0);
        while let Some(id) = next {
            let row = self.vault.request(&principal.rows(), id).await?.ok_or(SignRequestError::Damaged)?;
            replaced += 1;
            next = row.replaces;
            if row.signature.is_some() && asked.equals(&row) {
                return Ok(Before { same: Some(self.read(row)?), replaced });
            }
        }
        Ok(Before { same: None, replaced })
    }

    /// Why a request that is named cannot be replaced.
    async fn not_live(
        &self,
        principal: &Principal,
        wallet: &WalletRecord,
        asked: &Asked<'_>,
        named: RequestId,
        live: Option<RequestId>,
    ) -> Result<SignRequestError, SignRequestError> {
        let row = self.vault.request(&principal.rows(), convert::request_to_storage(named)).await?;
        Ok(match (row, live) {
            (Some(row), _) if row.wallet == wallet.wallet && row.guard != Some(asked.guard) => {
                SignRequestError::OtherSequence
            }
            (Some(row), Some(by)) if row.wallet == wallet.wallet => SignRequestError::SequenceTaken { by },
            (Some(row), None) if row.wallet == wallet.wallet => SignRequestError::NotLive,
            _ => SignRequestError::UnknownRequest,
        })
    }

    async fn signed_behind(
        &self,
        principal: &Principal,
        held: &Row<GuardRecord>,
        holder: &Row<SignRequestRecord>,
    ) -> Result<Option<DecodedTx>, SignRequestError> {
        let signed = match held.signed {
            None => return Ok(None),
            Some(id) if id == holder.request => holder.clone(),
            Some(id) => {
                let row = self.vault.request(&principal.rows(), id).await?;
                row.ok_or(SignRequestError::Damaged)?
            }
        };
        self.read(signed)?.decoded()
    }
}
