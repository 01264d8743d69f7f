//! `/healthz`, `/readyz` and `/metrics`.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{
    access::Caller,
    error::ApiError,
    state::{HttpState, Readiness},
};
use crate::{auth::Scope, telemetry::text};

/// The process runs.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The server takes new work.
pub(super) async fn ready(State(readiness): State<Readiness>) -> Result<&'static str, ApiError> {
    if readiness.is_ready() { Ok("ready\n") } else { Err(ApiError::Draining) }
}

/// The numbers, for the admin scope. Where none are kept there is nothing here.
pub(super) async fn metrics(State(state): State<HttpState>, caller: Caller) -> Result<Response, ApiError> {
    caller.with(Scope::Admin)?;
    let page = state.metrics.as_ref().ok_or(ApiError::NotFound)?;
    Ok(([(header::CONTENT_TYPE, text::CONTENT_TYPE)], page()).into_response())
}
