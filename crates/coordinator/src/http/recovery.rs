//! `GET /wallets/{id}/recovery`: the stored part of a backup goes back to its owner's device, while the operator's
//! grant for the wallet is open.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use maany_coordinator_proto::{
    BackupShare, KeyId, Recovery,
    backup_share::{BackupCiphertext, Fragment, Label, Split},
};
use maany_coordinator_storage::record::WalletRecord;
use maany_mpc_core::backup::FragmentDocument;

use super::{
    access::{Caller, Id, Protected},
    error::ApiError,
    state::HttpState,
    wallets,
};
use crate::auth::Scope;

/// The fragment of the latest epoch. Without a grant, or without a fragment, there is nothing here.
pub(super) async fn recover(
    State(state): State<HttpState>,
    caller: Caller,
    _protected: Protected,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let principal = caller.with(Scope::Restore)?;
    let wallet = wallets::named(&state.vault, &principal, &id).await?;
    if !state.step_ups.is_granted(wallet.wallet).await? {
        return Err(ApiError::NotFound);
    }
    let page = state.vault.fragments(&principal.rows(), &wallet.wallet.to_string()).await?;
    for error in &page.damaged {
        tracing::error!(%error, "a backup fragment cannot be read");
    }
    let latest = page.rows.first().ok_or(ApiError::NotFound)?;
    let recovery = read(latest.document.dangerous_expose(), &wallet)?;
    tracing::info!(wallet = %wallet.wallet, epoch = latest.epoch, "a backup fragment was given out");
    let json = recovery.to_json();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, json.as_bytes().to_vec()).into_response())
}

/// A stored document is the JSON of a `backup-share` frame, or a fragment document, which starts with its magic.
fn read(stored: &[u8], wallet: &WalletRecord) -> Result<Recovery, ApiError> {
    if stored.first() == Some(&b'{') {
        let left = BackupShare::parse(stored).map_err(|error| ApiError::Internal(Box::new(error)))?;
        return Ok(left.into_recovery());
    }
    let document =
        FragmentDocument::from_bytes(stored).map_err(|error| ApiError::Internal(Box::new(error)))?;
    describe(&document, wallet).ok_or_else(|| ApiError::Internal("a fragment cannot be described".into()))
}

/// A fragment document in the shape that devices read. The whole document is the `fragment`; the ciphertext beside it
/// says what it is.
fn describe(document: &FragmentDocument, wallet: &WalletRecord) -> Option<Recovery> {
    let threshold = document.threshold();
    let key_id = wallet.key_id.clone().unwrap_or_else(|| wallet.wallet.to_string());
    let ciphertext = BackupCiphertext {
        kind: Label::text("maany-fragment-document").ok()?,
        curve: Label::text("secp256k1").ok()?,
        scheme: Label::text("shamir-gf256-aes-256-gcm").ok()?,
        key_id: KeyId::new(&key_id).ok()?,
        split: Split::new(threshold.t().into(), threshold.n().into()).ok()?,
        label: document.context().share_id.to_bytes().to_vec(),
        blob: document.ciphertext().to_vec(),
    };
    let fragment = Fragment::new(document.dangerous_to_bytes()).ok()?;
    Some(Recovery { ciphertext, fragment })
}
