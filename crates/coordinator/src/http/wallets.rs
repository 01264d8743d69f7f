//! Which wallets an owner has.

use axum::{
    Json,
    extract::{Query, State},
};
use maany_coordinator_proto::{KeyId, WalletId};
use maany_coordinator_storage::{
    Row, Vault,
    record::{WalletRecord, WalletState},
};

use super::{
    access::{Caller, Id},
    error::ApiError,
    state::HttpState,
    wire,
};
use crate::{
    auth::{Principal, Scope},
    convert,
    server::wallets,
};

/// Wallets of one page.
const PAGE: usize = 100;

/// `GET /wallets/{id}`: whether the owner has such a wallet.
pub(super) async fn exists(
    State(state): State<HttpState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<wire::Exists>, ApiError> {
    let principal = caller.with(Scope::Read)?;
    match named(&state.vault, &principal, &id).await {
        Ok(_) => Ok(Json(wire::Exists { exists: true })),
        // An id outside its alphabet is nobody's: that is 404, and not `false`.
        Err(ApiError::NotFound) if KeyId::new(&id).is_ok() => Ok(Json(wire::Exists { exists: false })),
        Err(error) => Err(error),
    }
}

/// `GET /v1/wallets/{id}`.
pub(super) async fn show(
    State(state): State<HttpState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<wire::Wallet>, ApiError> {
    let principal = caller.with(Scope::Read)?;
    let row = named(&state.vault, &principal, &id).await?;
    Ok(Json(view(&row)))
}

/// Where a list goes on.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    after: Option<String>,
}

impl Cursor {
    /// The place that a list gave.
    pub(super) fn after(self) -> Result<Option<Vec<u8>>, ApiError> {
        let after = self.after.map(hex::decode).transpose();
        after.map_err(|_| ApiError::Malformed("after is not what a list gave"))
    }
}

/// `GET /v1/wallets`. A damaged row is in the log; the others are listed.
pub(super) async fn list(
    State(state): State<HttpState>,
    caller: Caller,
    Query(cursor): Query<Cursor>,
) -> Result<Json<wire::Wallets>, ApiError> {
    let principal = caller.with(Scope::Read)?;
    let after = cursor.after()?;
    let page = state.vault.wallets(&principal.rows(), after.as_deref(), PAGE).await?;
    for error in &page.damaged {
        tracing::error!(%error, "a wallet cannot be read");
    }
    Ok(Json(wire::Wallets {
        wallets: page.rows.iter().map(|row| view(row)).collect(),
        next: page.next.map(hex::encode),
    }))
}

/// The owner's wallet of that name, a key id or a wallet id.
pub(super) async fn named(
    vault: &Vault,
    principal: &Principal,
    name: &str,
) -> Result<Row<WalletRecord>, ApiError> {
    let name = KeyId::new(name).map_err(|_| ApiError::NotFound)?;
    wallets::find(vault, principal, name.as_str()).await?.ok_or(ApiError::NotFound)
}

fn view(row: &WalletRecord) -> wire::Wallet {
    let id: WalletId = convert::wallet_from_storage(row.wallet);
    wire::Wallet {
        id: id.to_string(),
        key_id: row.key_id.clone(),
        public_key: hex::encode(row.public_key),
        state: state_word(row.standing.state).to_owned(),
        epoch: row.active.map_or(0, |share| share.epoch()),
        backup_epoch: row.receipt.map(|share| share.epoch()),
    }
}

/// A state's name on the wire.
pub(super) fn state_word(state: WalletState) -> &'static str {
    match state {
        WalletState::Provisional => "provisional",
        WalletState::Active => "active",
        WalletState::Quarantined | WalletState::Imported => "quarantined",
        WalletState::Retired => "retired",
        // A state of a later release is one that this one cannot vouch for.
        WalletState::Frozen | _ => "frozen",
    }
}
