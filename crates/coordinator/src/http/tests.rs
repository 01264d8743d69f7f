//! The routes, each tried through the whole router over a vault in memory.

mod access;
mod api_keys;
mod backup;
mod client;
mod fragment_host;
mod health;
mod limits;
mod logs;
mod quarantine;
mod sign_requests;
mod wallets;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use maany_coordinator_storage::{MemoryStore, Vault};
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::*;
use crate::{
    auth::{ApiKeyAuthenticator, ApiKeys, Principal, Scope, Scopes},
    policy::{AllowList, AllowListConfig},
    server::listener::Connection,
    sign_request::SignRequests,
    step_up::StepUps,
    telemetry::Telemetry,
    test_support::{self, CHAIN},
};

const LOOPBACK: &str = "127.0.0.1:50000";
const ELSEWHERE: &str = "192.0.2.7:50000";

/// A router with two owners and an operator.
struct Api {
    store: Arc<MemoryStore>,
    vault: Vault,
    keys: Arc<ApiKeys>,
    requests: Arc<SignRequests>,
    state: HttpState,
    alice: String,
    bob: String,
    admin: String,
}

fn connection(peer: SocketAddr) -> Connection {
    let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    Connection { peer, place: Arc::new(place), is_private: false }
}

/// What came back.
#[derive(Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of an error body, which has exactly the three fields.
    fn code(&self) -> String {
        let json = self.json();
        // Where a request of the caller's own stands in the way, it is named.
        let fields = if json["code"] == "sequence_taken" { 4 } else { 3 };
        assert_eq!(json.as_object().unwrap().len(), fields, "{json}");
        assert!(json["message"].is_string() && json["retryable"].is_boolean(), "{json}");
        json["code"].as_str().unwrap().to_owned()
    }
}

async fn api() -> Api {
    let store = Arc::new(MemoryStore::new());
    let vault = test_support::vault_over(Arc::clone(&store) as _).await;
    let keys = Arc::new(ApiKeys::load(vault.clone()).await.unwrap());
    let requests = Arc::new(SignRequests::new(vault.clone(), Arc::new(policy())));
    let state = HttpState::new(
        vault.clone(),
        Arc::new(ApiKeyAuthenticator::new(Arc::clone(&keys))),
        Arc::clone(&requests),
        Arc::new(StepUps::new(vault.clone())),
        Telemetry::default(),
    );
    let state = state.with_api_keys(Arc::clone(&keys));
    let alice = token(&keys, &test_support::alice()).await;
    let bob = token(&keys, &test_support::bob()).await;
    let admin = token(&keys, &Principal::new("acme", "operator", Scopes::from([Scope::Admin]))).await;
    Api { store, vault, keys, requests, state, alice, bob, admin }
}

fn policy() -> AllowList {
    let maximum = |amount: &str| [("uatom".to_owned(), amount.to_owned())].into();
    let config = AllowListConfig {
        chains: vec![CHAIN.to_owned()],
        messages: vec!["/cosmos.bank.v1beta1.MsgSend".to_owned()],
        max_per_tx: maximum("10"),
        max_fee: maximum("10"),
        ..AllowListConfig::default()
    };
    AllowList::try_from(config).unwrap()
}

async fn token(keys: &ApiKeys, principal: &Principal) -> String {
    let made = keys.create(&principal.tenant, &principal.owner, principal.scopes).await.unwrap();
    made.token.dangerous_expose().to_owned()
}

impl Api {
    fn router(&self) -> Router {
        router(self.state.clone())
    }

    async fn call_from(&self, peer: &str, request: Request<Body>) -> Answer {
        let peer: SocketAddr = peer.parse().unwrap();
        let router = self.router().layer(Extension(connection(peer)));
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn call(&self, request: Request<Body>) -> Answer {
        self.call_from(LOOPBACK, request).await
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(request(Method::GET, token, path, None)).await
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.call(request(Method::POST, token, path, Some(body))).await
    }

    async fn put(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.call(request(Method::PUT, token, path, Some(body))).await
    }
}

fn request(method: Method, token: &str, path: &str, body: Option<&Value>) -> Request<Body> {
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(body)
        .unwrap()
}
