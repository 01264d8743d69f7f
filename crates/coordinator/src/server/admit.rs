//! Who may begin a session: token, scope, channel, owner, wallet, lease, request. Nothing is written here but the use of a step-up code, and
//! that only for a principal who owns the wallet.

use maany_coordinator_proto::{
    Hello, Intent, KeyId, WalletId,
    session::{Admission, Backup, Refusal, SignFacts, SteppedUp, WalletFacts},
};
use maany_coordinator_storage::{
    Row, StoreError,
    record::{AuditRow, BackupRule, WalletRecord, WalletState},
};
use tracing::{debug, error, warn};

use super::{Parts, host::Admitted, leases::Subject, session::Channel};
use crate::{
    abort_rates::{HeldBack, TokenMark},
    auth::{AuthError, Principal, Scope},
    convert,
    sign_request::ForSession,
    time,
};

/// Decides whether the hello's sender may go on.
pub(super) async fn admit(
    parts: &Parts,
    channel: Channel,
    hello: Hello,
) -> Result<(Admitted, Admission), Refusal> {
    let (principal, token) = authenticate(parts, &hello).await?;
    if !principal.may(Scope::of_intent(hello.intent())) {
        return Err(Refusal::NotAllowed);
    }
    if hello.intent() != Intent::Sign && channel == Channel::Plaintext {
        debug!("only signing runs over a plain connection from another machine");
        return Err(Refusal::NotAllowed);
    }
    if let Intent::Dkg = hello.intent() {
        return dkg(parts, principal, token, hello).await;
    }
    let row = wallet_of(parts, &principal, &hello).await?;
    let lease = parts.leases.take(Subject::Wallet(row.wallet.to_bytes())).ok_or(Refusal::WalletBusy)?;
    // Read again: a session that ended between the look-up and the lease may have changed it.
    let row = parts.vault.wallet(&principal.rows(), row.wallet).await.map_err(|error| unavailable(&error))?;
    let row = row.ok_or(Refusal::UnknownWallet)?;
    if row.device.enrolled.is_some() {
        debug!(wallet = %row.wallet, "the wallet's device proves who it is, in protocol 2");
        return Err(Refusal::NotAllowed);
    }
    let stepped_up = step_up(parts, &principal, &row, &hello).await?;
    if stepped_up == SteppedUp::No {
        not_held_back(parts, &principal, Some(&row))?;
    }
    let facts = facts(&row, stepped_up).ok_or(Refusal::Internal)?;
    let mut request = None;
    let admission = match hello.intent() {
        Intent::Sign => {
            match parts.requests.for_session(&principal, &row, hello.request_id(), hello.message()).await {
                ForSession::Open(found) => {
                    request = Some(found);
                    Admission::Sign(SignFacts::Open(facts))
                }
                ForSession::AlreadySigned(_) => Admission::Sign(SignFacts::AlreadySigned),
                ForSession::NotAllowed => return Err(Refusal::NotAllowed),
                ForSession::Unavailable => return Err(Refusal::Internal),
            }
        }
        Intent::Refresh => Admission::Refresh(facts),
        Intent::Restore | Intent::Dkg => Admission::Restore(facts),
    };
    if hello.intent() != Intent::Sign {
        use_up(parts, &principal, &hello, Some(&row)).await?;
    }
    let (session_id, key_id) = (hello.session_id().clone(), hello.key_id().cloned());
    let admitted = Admitted {
        principal,
        token,
        intent: hello.intent(),
        session_id,
        key_id,
        wallet: Some(row),
        request,
        lease: Some(lease),
        identity: None,
        step_up: None,
    };
    Ok((admitted, admission))
}

/// Whom the hello's token speaks for.
pub(super) async fn authenticate(parts: &Parts, hello: &Hello) -> Result<(Principal, TokenMark), Refusal> {
    let token = hello.token().ok_or(Refusal::NotAuthenticated)?;
    match parts.authenticator.authenticate(token).await {
        Ok(principal) => Ok((principal, TokenMark::of(token))),
        Err(AuthError::Unavailable(source)) => {
            error!(error = %source, "tokens cannot be checked");
            Err(Refusal::Internal)
        }
        Err(_refused) => {
            parts.telemetry.auth_failed();
            Err(Refusal::NotAuthenticated)
        }
    }
}

/// Whether sessions of this wallet and this principal have not come to nothing too often of late.
pub(super) fn not_held_back(
    parts: &Parts,
    principal: &Principal,
    wallet: Option<&WalletRecord>,
) -> Result<(), Refusal> {
    parts.aborts.check(principal, wallet.map(|row| row.wallet.to_bytes())).map_err(too_many)
}

/// What is told to whoever is held back.
pub(super) fn too_many(held: HeldBack) -> Refusal {
    Refusal::TooMany { again_s: held.seconds() }
}

async fn dkg(
    parts: &Parts,
    principal: Principal,
    token: TokenMark,
    hello: Hello,
) -> Result<(Admitted, Admission), Refusal> {
    parts.aborts.check_token(token).map_err(too_many)?;
    not_held_back(parts, &principal, None)?;
    let mut lease = None;
    if let Some(key_id) = hello.key_id() {
        let subject = key_id_subject(&principal, key_id);
        lease = Some(parts.leases.take(subject).ok_or(Refusal::WalletBusy)?);
        if let Key::Taken = settle_key_id(parts, &principal, key_id).await? {
            return Err(Refusal::KeyIdTaken);
        }
    }
    use_up(parts, &principal, &hello, None).await?;
    let wallet = fresh_wallet()?;
    let (session_id, key_id) = (hello.session_id().clone(), hello.key_id().cloned());
    let intent = hello.intent();
    let admitted = Admitted {
        principal,
        token,
        intent,
        session_id,
        key_id,
        wallet: None,
        request: None,
        lease,
        identity: None,
        step_up: None,
    };
    Ok((admitted, Admission::Dkg { wallet }))
}

/// What becomes of a key id that a DKG proposes.
pub(super) enum Key {
    /// It is free, or was a DKG's that came to nothing.
    Free,
    /// A wallet has it.
    Taken,
}

/// Looks at the wallet of this key id, under its lease.
pub(super) async fn settle_key_id(
    parts: &Parts,
    principal: &Principal,
    key_id: &KeyId,
) -> Result<Key, Refusal> {
    let found = parts.vault.wallet_by_key_id(&principal.rows(), key_id.as_str()).await;
    let Some(row) = found.map_err(|error| unavailable(&error))? else { return Ok(Key::Free) };
    if row.standing.state != WalletState::Provisional {
        return Ok(Key::Taken);
    }
    // The device of an earlier attempt never said that it holds its share, and no session of it is alive: no address of
    // that key was ever shown.
    let audit = audit(principal, "provisional-collected", &row);
    parts.vault.discard_provisional(&row, audit).await.map_err(|error| unavailable(&error))?;
    Ok(Key::Free)
}

pub(super) fn key_id_subject(principal: &Principal, key_id: &KeyId) -> Subject {
    let owner = principal.rows();
    Subject::KeyId { tenant: owner.tenant, owner: owner.owner, key_id: key_id.as_str().to_owned() }
}

/// An id for a new wallet.
pub(super) fn fresh_wallet() -> Result<WalletId, Refusal> {
    crate::random::bytes().map(WalletId::from_bytes).map_err(|_| Refusal::Internal)
}

/// Uses the session id up: a hello that was recorded and is sent again is refused, also after a restart. Signing needs no
/// such row, since a sign request is good for one signature, whose nonce is the server's.
async fn use_up(
    parts: &Parts,
    principal: &Principal,
    hello: &Hello,
    row: Option<&WalletRecord>,
) -> Result<(), Refusal> {
    let owner = principal.rows();
    let mut id = Vec::new();
    for part in [&owner.tenant, &owner.owner] {
        id.extend_from_slice(&(part.len() as u64).to_be_bytes());
        id.extend_from_slice(part.as_bytes());
    }
    id.extend_from_slice(hello.session_id().as_str().as_bytes());
    let audit = AuditRow {
        at_ms: time::now_ms(),
        actor: principal.actor(),
        event: format!("{}-admitted", hello.intent().as_str()),
        wallet: row.map(|row| row.wallet),
        details: String::new(),
    };
    // An API key has no end, and neither has what must not be said twice with it.
    match parts.vault.use_id("session", &id, u64::MAX, audit).await {
        Ok(()) => Ok(()),
        Err(StoreError::Spent { .. }) => Err(Refusal::WalletBusy),
        Err(error) => Err(unavailable(&error)),
    }
}

pub(super) async fn wallet_of(
    parts: &Parts,
    principal: &Principal,
    hello: &Hello,
) -> Result<Row<WalletRecord>, Refusal> {
    let key_id = hello.key_id().ok_or(Refusal::UnknownWallet)?;
    super::wallets::find(&parts.vault, principal, key_id.as_str())
        .await
        .map_err(|error| unavailable(&error))?
        .ok_or(Refusal::UnknownWallet)
}

async fn step_up(
    parts: &Parts,
    principal: &Principal,
    row: &WalletRecord,
    hello: &Hello,
) -> Result<SteppedUp, Refusal> {
    let Some(code) = hello.step_up() else { return Ok(SteppedUp::No) };
    match parts.step_ups.consume(row.wallet, code, &principal.actor()).await {
        Ok(()) => Ok(SteppedUp::Yes),
        Err(StoreError::Spent { .. }) => Ok(SteppedUp::No),
        Err(error) => Err(unavailable(&error)),
    }
}

pub(super) fn facts(row: &WalletRecord, stepped_up: SteppedUp) -> Option<WalletFacts> {
    let facts = || {
        Ok::<_, convert::Damaged>(WalletFacts {
            wallet: convert::wallet_from_storage(row.wallet),
            standing: convert::standing(row.standing.state),
            active: convert::optional_share(row.active)?.ok_or(convert::Damaged)?,
            pending: convert::optional_share(row.pending)?,
            retired: convert::optional_share(row.retired)?,
            backup: match row.backup_rule {
                BackupRule::None | BackupRule::Waived => Backup::NotRequired,
                BackupRule::Required | _ => {
                    Backup::Required { receipt: convert::optional_share(row.receipt)? }
                }
            },
            aborts: convert::ledger(row)?,
            stepped_up,
        })
    };
    facts().map_err(|error| warn!(%error, wallet = %row.wallet, "the wallet is not served")).ok()
}

/// An audit row of something that a principal's session did to a wallet.
pub(super) fn audit(principal: &Principal, event: &str, row: &WalletRecord) -> AuditRow {
    AuditRow {
        at_ms: time::now_ms(),
        actor: principal.actor(),
        event: event.to_owned(),
        wallet: Some(row.wallet),
        details: String::new(),
    }
}

pub(super) fn unavailable(error: &StoreError) -> Refusal {
    error!(%error, "the store does not answer");
    Refusal::Internal
}
