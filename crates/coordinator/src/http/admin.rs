//! `POST /v1/admin/step-up`: what an operator does to a running server.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use maany_coordinator_proto::WalletId;

use super::{
    access::{Caller, Protected},
    body::JsonBody,
    error::ApiError,
    state::HttpState,
    wire,
};
use crate::{auth::Scope, convert};

/// A code is for one reader.
pub(super) const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// Makes a step-up code for any owner's wallet. The answer holds it, and nothing else ever does.
pub(super) async fn step_up(
    State(state): State<HttpState>,
    caller: Caller,
    _protected: Protected,
    JsonBody(body): JsonBody<wire::NewStepUp>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<wire::StepUp>), ApiError> {
    let principal = caller.with(Scope::Admin)?;
    let wallet = WalletId::from_hex(&body.wallet_id).map_err(|_| ApiError::NotFound)?;
    let made = state.step_ups.create(convert::wallet_to_storage(wallet), &principal.actor()).await?;
    let answer = wire::StepUp { code: made.code.dangerous_expose().to_owned(), expires_at: made.expires_ms };
    Ok((StatusCode::CREATED, NO_STORE, Json(answer)))
}
