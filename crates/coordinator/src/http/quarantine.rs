//! `GET /v1/admin/quarantine` and `POST /v1/admin/quarantine/clear`: locked wallets, for an operator.

use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderName, HeaderValue, StatusCode},
};
use maany_coordinator_proto::WalletId;

use super::{
    access::{Caller, Protected},
    admin::NO_STORE,
    body::JsonBody,
    error::ApiError,
    state::HttpState,
    wallets::{Cursor, state_word},
    wire,
};
use crate::{
    auth::Scope,
    quarantine::{self, Forgotten, LockedWallet},
};

/// Lists the locked wallets of all owners. A damaged row is in the log, and counted.
pub(super) async fn list(
    State(state): State<HttpState>,
    caller: Caller,
    _protected: Protected,
    Query(cursor): Query<Cursor>,
) -> Result<Json<wire::LockedWallets>, ApiError> {
    caller.with(Scope::Admin)?;
    let page = quarantine::list(&state.vault, cursor.after()?.as_deref()).await?;
    for error in &page.damaged {
        tracing::error!(%error, "a wallet cannot be read");
    }
    Ok(Json(wire::LockedWallets {
        wallets: page.wallets.into_iter().map(view).collect(),
        damaged: page.damaged.len() as u64,
        next: page.next.map(hex::encode),
    }))
}

/// Makes the code that admits the session that leads a wallet out. The wallet stays locked until that session's end.
pub(super) async fn clear(
    State(state): State<HttpState>,
    caller: Caller,
    _protected: Protected,
    JsonBody(body): JsonBody<wire::NewClearance>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<wire::Clearance>), ApiError> {
    let principal = caller.with(Scope::Admin)?;
    let wallet = WalletId::from_hex(&body.wallet_id).map_err(|_| ApiError::NotFound)?;
    let forgotten = if body.accept_forgotten { Forgotten::Accept } else { Forgotten::Refuse };
    let made =
        quarantine::clear(&state.vault, &state.step_ups, wallet, forgotten, &principal.actor()).await?;
    let answer = wire::Clearance {
        wallet: view(made.wallet),
        code: made.step_up.as_ref().map(|made| made.code.dangerous_expose().to_owned()),
        expires_at: made.step_up.map(|made| made.expires_ms),
    };
    Ok((StatusCode::CREATED, NO_STORE, Json(answer)))
}

fn view(locked: LockedWallet) -> wire::LockedWallet {
    wire::LockedWallet {
        id: locked.wallet.to_string(),
        tenant: locked.tenant,
        owner: locked.owner,
        key_id: locked.key_id,
        state: state_word(locked.state).to_owned(),
        epoch: locked.epoch,
        failed_checks: locked.failed_checks,
        cause: locked.cause.word().to_owned(),
        remedy: locked.remedy.word().to_owned(),
        forgotten: locked.forgotten.map(|gap| wire::ForgottenTime { from: gap.from_ms, until: gap.until_ms }),
    }
}
