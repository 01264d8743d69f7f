//! `GET /v1/admin/api-keys` and `POST /v1/admin/api-keys/revoke`: the keys of a running server, for an operator.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};

use super::{
    access::{Caller, Protected},
    body::JsonBody,
    error::ApiError,
    state::HttpState,
    wallets::Cursor,
    wire,
};
use crate::auth::{ApiKeyError, ApiKeyInfo, ApiKeys, Scope};

/// Keys of one page.
const PAGE: usize = 256;

/// Lists the keys that are accepted now. Their secrets are nowhere.
pub(super) async fn list(
    State(state): State<HttpState>,
    caller: Caller,
    _protected: Protected,
    Query(cursor): Query<Cursor>,
) -> Result<Json<wire::ApiKeys>, ApiError> {
    caller.with(Scope::Admin)?;
    let after = cursor.after()?.unwrap_or_default();
    let mut rest = of(&state)?.list().into_iter().filter(|key| key.id.as_bytes() > after.as_slice());
    let keys: Vec<wire::ApiKey> = rest.by_ref().take(PAGE).map(view).collect();
    let next = keys.last().filter(|_| rest.next().is_some()).map(|key| hex::encode(&key.id));
    Ok(Json(wire::ApiKeys { keys, next }))
}

/// Revokes a key, in the store and in this process.
pub(super) async fn revoke(
    State(state): State<HttpState>,
    caller: Caller,
    _protected: Protected,
    JsonBody(body): JsonBody<wire::RevokeApiKey>,
) -> Result<StatusCode, ApiError> {
    let principal = caller.with(Scope::Admin)?;
    match of(&state)?.revoke_as(&body.id, &principal.actor()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(ApiKeyError::Unknown) => Err(ApiError::NotFound),
        Err(ApiKeyError::Store(error)) => Err(error.into()),
        Err(error) => Err(ApiError::Internal(Box::new(error))),
    }
}

/// A host whose tokens are not API keys has no such routes.
fn of(state: &HttpState) -> Result<&Arc<ApiKeys>, ApiError> {
    state.api_keys.as_ref().ok_or(ApiError::NotFound)
}

fn view(key: ApiKeyInfo) -> wire::ApiKey {
    wire::ApiKey {
        id: key.id,
        scopes: key.principal.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        tenant: key.principal.tenant,
        owner: key.principal.owner,
    }
}
