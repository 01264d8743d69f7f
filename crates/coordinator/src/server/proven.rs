//! Who may begin a session of protocol 2: scope, wallet, identity, lease, step-up, request. The device has proven its claim by
//! now, and its token was checked before its channel was opened. Nothing is written here: a step-up code is looked at, and
//! goes with the first write of the session that it lets in.

use maany_coordinator_proto::{
    Hello, IdentityPublicKey, Intent, ProvenClaim,
    proof::Challenge,
    session::{
        Asked, ProvenAdmission, ProvenFacts, Refusal, SteppedUp,
        reconcile::{Confirmed, Identity},
    },
};
use maany_coordinator_storage::{Row, StoreError, record::WalletRecord, vault::OpenStepUp};

use super::{
    Parts,
    admit::{self, Key},
    host::Admitted,
    leases::{Lease, Subject, Tenure, Word},
};
use crate::{
    abort_rates::TokenMark,
    auth::{Principal, Scope},
    channel::Admittance,
    convert,
    sign_request::ForSession,
};

/// A session whose channel is open.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Whose token it came with.
    pub(crate) principal: Principal,
    /// The token, for what comes to nothing.
    pub(crate) token: TokenMark,
    /// What tells the session from any other.
    pub(crate) challenge: Challenge,
    /// How a newer session ends it.
    pub(crate) tenure: Tenure,
    /// Where it is said that the session is let in.
    pub(crate) admittance: Admittance,
}

/// Decides whether the proven hello may go on.
pub(super) async fn admit(
    parts: &Parts,
    opened: &Opened,
    hello: Hello,
    claim: ProvenClaim,
) -> Result<(Admitted, ProvenAdmission), Refusal> {
    let principal = &opened.principal;
    if !principal.may(Scope::of_intent(hello.intent())) {
        return Err(Refusal::NotAllowed);
    }
    let mut admitted = Admitted {
        principal: principal.clone(),
        token: opened.token,
        intent: hello.intent(),
        session_id: hello.session_id().clone(),
        key_id: hello.key_id().cloned(),
        wallet: None,
        request: None,
        lease: None,
        identity: Some(claim.identity),
        step_up: None,
    };
    if hello.intent() == Intent::Dkg {
        admit::not_held_back(parts, principal, None)?;
        if let Some(key_id) = hello.key_id() {
            let subject = admit::key_id_subject(principal, key_id);
            let lease = parts.leases.take_over(&subject, &opened.tenure, Word::Device).await;
            admitted.lease = Some(lease.ok_or(Refusal::WalletBusy)?);
            if let Key::Taken = admit::settle_key_id(parts, principal, key_id).await? {
                return Err(Refusal::KeyIdTaken);
            }
        }
        return Ok((admitted, ProvenAdmission::Dkg { wallet: admit::fresh_wallet()? }));
    }
    let (row, lease, identity) = wallet(parts, opened, &hello, &claim.identity).await?;
    admitted.step_up = step_up(parts, &row, &hello).await?;
    let stepped_up = if admitted.step_up.is_some() { SteppedUp::Yes } else { SteppedUp::No };
    if stepped_up == SteppedUp::Yes {
        lease.step_up();
    }
    let identity = match (identity, stepped_up) {
        (Class::Known(identity), _) => identity,
        (Class::New, SteppedUp::Yes) => Identity::Restoring,
        (Class::New, SteppedUp::No) => return Err(Refusal::NotAllowed),
    };
    let facts = ProvenFacts {
        wallet: admit::facts(&row, stepped_up).ok_or(Refusal::Internal)?,
        confirmed: if row.confirmed { Confirmed::Yes } else { Confirmed::No },
        identity,
    };
    let admission = match hello.intent() {
        Intent::Sign => {
            let digest = claim.claim.digest.map(maany_coordinator_proto::Digest::from_bytes);
            let request = hello.request_id();
            let asked = match parts.requests.for_session(principal, &row, request, digest.as_ref()).await {
                ForSession::Open(found) => {
                    admitted.request = Some(found);
                    Asked::Open
                }
                ForSession::AlreadySigned(found) => {
                    let signature = found.signature().ok_or(Refusal::Internal)?;
                    Asked::Signed(convert::signature(signature))
                }
                ForSession::NotAllowed => return Err(Refusal::NotAllowed),
                ForSession::Unavailable => return Err(Refusal::Internal),
            };
            ProvenAdmission::Sign { facts, asked }
        }
        Intent::Refresh => ProvenAdmission::Refresh(facts),
        Intent::Restore | Intent::Dkg => ProvenAdmission::Restore(facts),
    };
    (admitted.wallet, admitted.lease) = (Some(row), Some(lease));
    Ok((admitted, admission))
}

/// Who an identity is to a wallet.
enum Class {
    /// One of the wallet's.
    Known(Identity),
    /// None of them, but the intent is one that a right step-up code lets a new device do.
    New,
}

/// The wallet's row, under its lease. Identity and code are looked at before, so that a stranger ends nobody's session, and
/// again after, as the session that ended may have changed them.
async fn wallet(
    parts: &Parts,
    opened: &Opened,
    hello: &Hello,
    identity: &IdentityPublicKey,
) -> Result<(Row<WalletRecord>, Lease, Class), Refusal> {
    let principal = &opened.principal;
    let row = admit::wallet_of(parts, principal, hello).await?;
    let class = classify(&row, hello, identity)?;
    let word = match (class, step_up(parts, &row, hello).await?) {
        (_, Some(_)) => Word::Owner,
        (Class::Known(_), None) => Word::Device,
        (Class::New, None) => return Err(Refusal::NotAllowed),
    };
    if word == Word::Device {
        admit::not_held_back(parts, principal, Some(&row))?;
    }
    let subject = Subject::Wallet(row.wallet.to_bytes());
    let lease = parts.leases.take_over(&subject, &opened.tenure, word).await.ok_or(Refusal::WalletBusy)?;
    let row = parts.vault.wallet(&principal.rows(), row.wallet).await;
    let row = row.map_err(|error| admit::unavailable(&error))?.ok_or(Refusal::UnknownWallet)?;
    let class = classify(&row, hello, identity)?;
    Ok((row, lease, class))
}

/// Whether a hello whose channel is not open yet is held back: too many sessions that took nothing but its token came to nothing. A right
/// step-up code passes.
pub(super) async fn not_held_back(
    parts: &Parts,
    principal: &Principal,
    token: TokenMark,
    hello: &Hello,
) -> Result<(), Refusal> {
    let Err(refused) = parts.aborts.check_token(token).map_err(admit::too_many) else { return Ok(()) };
    if hello.step_up().is_none() || hello.intent() == Intent::Sign {
        return Err(refused);
    }
    let row = admit::wallet_of(parts, principal, hello).await.map_err(|_| refused)?;
    match step_up(parts, &row, hello).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) | Err(_) => Err(refused),
    }
}

/// The hello's code, where it has one that is good for this wallet now.
async fn step_up(parts: &Parts, row: &WalletRecord, hello: &Hello) -> Result<Option<OpenStepUp>, Refusal> {
    let Some(code) = hello.step_up().filter(|_| hello.intent() != Intent::Sign) else { return Ok(None) };
    match parts.step_ups.open(row.wallet, code).await {
        Ok(code) => Ok(Some(code)),
        Err(StoreError::Spent { .. }) => Ok(None),
        Err(error) => Err(admit::unavailable(&error)),
    }
}

fn classify(row: &WalletRecord, hello: &Hello, identity: &IdentityPublicKey) -> Result<Class, Refusal> {
    let (key, device) = (*identity.as_bytes(), &row.device);
    if device.revoked.contains(&key) {
        return Err(Refusal::UnknownWallet);
    }
    // A pending key came with the pending share, and goes with it.
    if device.enrolled == Some(key) || device.pending == Some(key) {
        return Ok(Class::Known(Identity::RanAttempt));
    }
    let may_enrol = match hello.intent() {
        Intent::Restore => true,
        Intent::Refresh => device.enrolled.is_none(),
        Intent::Dkg | Intent::Sign => false,
    };
    if may_enrol && hello.step_up().is_some() { Ok(Class::New) } else { Err(Refusal::UnknownWallet) }
}
