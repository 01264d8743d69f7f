//! HTTP on the coordinator's listener: health, wallets, recovery, sign requests, and what an operator needs.
//!
//! Routes and bodies follow docs/wire-format.md. The WebSocket upgrade at `/` is the server's; a request there that
//! wants no upgrade is answered by [`upgrade_required`]. Every answer that is not a success has the body
//! `{"code", "message", "retryable"}`. A wallet or request of another owner is answered exactly as one that does not
//! exist, and so is an id outside its alphabet, which is neither echoed nor logged. No log holds a URL path.

mod access;
mod admin;
mod api_keys;
mod body;
pub mod client;
mod error;
pub(crate) mod fragment_host;
mod fragments;
pub(crate) mod gate;
mod health;
mod layers;
mod quarantine;
mod recovery;
mod sign_requests;
mod state;
mod wallets;
pub mod wire;

use axum::{
    Router,
    extract::FromRef,
    middleware,
    routing::{get, post, put},
};

use self::gate::Gate;

pub use self::{
    error::upgrade_required,
    state::{HttpLimits, HttpState, MetricsPage, Readiness},
};

/// Every route but the upgrade at `/`.
pub fn router(state: HttpState) -> Router {
    let gate = Gate::from_ref(&state);
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/wallets/{id}", get(wallets::exists))
        .route("/wallets/{id}/recovery", get(recovery::recover))
        .route("/v1/wallets", get(wallets::list))
        .route("/v1/wallets/{id}", get(wallets::show))
        .route("/v1/wallets/{id}/fragment", put(fragments::put))
        .route("/v1/sign-requests", post(sign_requests::create))
        .route("/v1/sign-requests/{id}", get(sign_requests::show))
        .route("/v1/admin/step-up", post(admin::step_up))
        .route("/v1/admin/api-keys", get(api_keys::list))
        .route("/v1/admin/api-keys/revoke", post(api_keys::revoke))
        .route("/v1/admin/quarantine", get(quarantine::list))
        .route("/v1/admin/quarantine/clear", post(quarantine::clear))
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .layer(layers::body_limit(&gate))
        .layer(middleware::from_fn_with_state(gate, layers::observe_and_bound))
        .with_state(state)
}

#[cfg(test)]
mod tests;
