//! `PUT /v1/wallets/{id}/fragment`: the coordinator's own fragment of a backup that the device has made.

use axum::{Json, extract::State};
use maany_coordinator_proto::proof::Deposit;
use maany_coordinator_storage::{
    Row, SecretBytes, StoreError,
    record::{AuditRow, BackupRule, FragmentRecord, WalletRecord, WalletState},
};
use maany_mpc_core::backup::FragmentDocument;
use zeroize::Zeroizing;

use super::{
    access::{Caller, Id, Protected},
    body::{JsonBody, base64},
    error::ApiError,
    state::HttpState,
    wallets, wire,
};
use crate::{
    auth::{Principal, Scope},
    time,
};

/// Stores the fragment, and the backup's receipt where enough fragments have reached their holders.
pub(super) async fn put(
    State(state): State<HttpState>,
    caller: Caller,
    _protected: Protected,
    Id(id): Id,
    JsonBody(body): JsonBody<wire::NewFragment>,
) -> Result<Json<wire::StoredFragment>, ApiError> {
    let principal = caller.with(Scope::Backup)?;
    let text = Zeroizing::new(body.document);
    let bytes = Zeroizing::new(base64(&text, "document is not base64")?);
    let document = FragmentDocument::from_bytes(&bytes)
        .map_err(|_| ApiError::Fragment("the document is no backup fragment"))?;
    let wallet = wallets::named(&state.vault, &principal, &id).await?;
    require_proof(&wallet, body.proof.as_ref(), body.acknowledged, &bytes)?;
    require_in_use(&wallet)?;
    require_fits(&document, &wallet)?;
    let receipt = body.acknowledged >= document.threshold().t();
    let epoch = document.context().share_id.epoch;
    let fragment = FragmentRecord {
        owner: principal.rows(),
        subject: wallet.wallet.to_string(),
        epoch,
        document: SecretBytes::new(bytes.to_vec()),
        stored_ms: time::now_ms(),
    };
    if receipt {
        let wallet = require_backups(&state, &principal, wallet).await?;
        let share = wallet.active.ok_or(ApiError::NotFound)?;
        let audit = audit(&principal, &wallet, "backup-completed");
        let stored = state.vault.put_fragment_with_receipt(&wallet, fragment, share, audit).await;
        stored.map_err(refused)?;
    } else {
        let audit = audit(&principal, &wallet, "fragment-stored");
        state.vault.put_fragment_of(&wallet, fragment, audit).await.map_err(refused)?;
    }
    Ok(Json(wire::StoredFragment { epoch, receipt }))
}

/// Whoever has the owner's token alone leaves nothing in the place of what the owner's device has left.
fn require_proof(
    wallet: &WalletRecord,
    proof: Option<&wire::DepositProof>,
    acknowledged: u8,
    document: &[u8],
) -> Result<(), ApiError> {
    let Some(enrolled) = wallet.device.enrolled else { return Ok(()) };
    let deposit = Deposit { wallet: wallet.wallet.to_bytes(), acknowledged, document };
    let proven =
        proof.and_then(wire::DepositProof::parse).and_then(|proof| proof.verify_deposit(&deposit).ok());
    match proven {
        Some(identity) if *identity.as_bytes() == enrolled => Ok(()),
        _ => Err(ApiError::Unproven),
    }
}

/// A wallet that is locked is led out of it by new shares, and those by a new backup. Until then nothing says that a backup of it is
/// complete: whoever speaks for it may be why it is locked.
fn require_in_use(wallet: &WalletRecord) -> Result<(), ApiError> {
    match wallet.standing.state {
        WalletState::Active | WalletState::Provisional => Ok(()),
        _ => Err(ApiError::Locked),
    }
}

fn refused(error: StoreError) -> ApiError {
    match error {
        StoreError::BackupComplete => ApiError::BackupComplete,
        error => ApiError::Store(error),
    }
}

/// A fragment of another wallet, key or generation of shares is of no use to anyone who restores this one.
fn require_fits(document: &FragmentDocument, wallet: &WalletRecord) -> Result<(), ApiError> {
    let context = document.context();
    if context.wallet != wallet.wallet.as_bytes() || *context.public_key.as_bytes() != wallet.public_key {
        return Err(ApiError::Fragment("the backup is another wallet's"));
    }
    if wallet.active.map(|share| share.to_bytes()) != Some(context.share_id.to_bytes()) {
        return Err(ApiError::Fragment("the backup is not of the wallet's present share: make a new one"));
    }
    Ok(())
}

/// From its first complete backup on, a wallet needs a new one before a retired share goes.
async fn require_backups(
    state: &HttpState,
    principal: &Principal,
    wallet: Row<WalletRecord>,
) -> Result<Row<WalletRecord>, ApiError> {
    match wallet.backup_rule {
        BackupRule::None => {
            let audit = audit(principal, &wallet, "backup-required");
            Ok(state.vault.set_backup_rule(&wallet, BackupRule::Required, audit).await?)
        }
        _ => Ok(wallet),
    }
}

fn audit(principal: &Principal, wallet: &WalletRecord, event: &str) -> AuditRow {
    AuditRow {
        at_ms: time::now_ms(),
        actor: principal.actor(),
        event: event.to_owned(),
        wallet: Some(wallet.wallet),
        details: String::new(),
    }
}
