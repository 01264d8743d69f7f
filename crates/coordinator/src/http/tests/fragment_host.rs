use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_proto::{KeyId, StepUp, Token};
use maany_mpc_core::{
    PublicKey, ShareId,
    backup::{self, BackupContext, FragmentDocument, Threshold},
};
use serde_json::json;

use super::*;
use crate::{
    fragment_host::{HostLimits, Releases},
    http::{
        client::{ClientError, HttpClient},
        fragment_host::{self, HostState},
    },
    test_support::{TestKey, alice, share_id},
};

const WALLET: [u8; 16] = [0xab; 16];

/// A fragment host with two owners and an operator.
struct Host {
    store: Arc<MemoryStore>,
    vault: Vault,
    state: HostState,
    alice: String,
    bob: String,
    admin: String,
}

async fn host() -> Host {
    let api = api().await;
    let state = HostState {
        gate: FromRef::from_ref(&api.state),
        readiness: Readiness::default(),
        vault: api.vault.clone(),
        releases: Releases::new(api.vault.clone()),
        patience: HostLimits::default().patience,
    };
    Host { store: api.store, vault: api.vault, state, alice: api.alice, bob: api.bob, admin: api.admin }
}

fn document(epoch: u64, seed: u8) -> FragmentDocument {
    let context = BackupContext {
        wallet: WALLET.to_vec(),
        key_id: b"savings".to_vec(),
        share_id: ShareId::from_bytes(&share_id(epoch).to_bytes()).unwrap(),
        public_key: PublicKey::from_sec1(&TestKey::new(seed).public()).unwrap(),
    };
    let fragment = backup::Fragment::from_bytes(&[2; 33]).unwrap();
    FragmentDocument::new(context, Threshold::default(), vec![7; 40], fragment).unwrap()
}

fn path() -> String {
    format!("/fragments/{}", hex::encode(WALLET))
}

fn body(bytes: &[u8]) -> Value {
    json!({"fragment": STANDARD.encode(bytes)})
}

impl Host {
    async fn call_from(&self, peer: &str, request: Request<Body>) -> Answer {
        let peer: SocketAddr = peer.parse().unwrap();
        let router = fragment_host::router(self.state.clone()).layer(Extension(connection(peer)));
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn hold(&self, token: &str, path: &str, bytes: &[u8]) -> Answer {
        self.call_from(LOOPBACK, request(Method::POST, token, path, Some(&body(bytes)))).await
    }

    async fn held(&self, epoch: u64) -> Vec<u8> {
        let bytes = document(epoch, 1).dangerous_to_bytes().to_vec();
        let answer = self.hold(&self.alice, &path(), &bytes).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"epoch": epoch})));
        bytes
    }

    async fn get(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = request(Method::GET, token, path, None);
        for (name, value) in headers {
            let name: header::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        self.call_from(LOOPBACK, request).await
    }

    async fn release(&self, body: &Value) -> Answer {
        self.call_from(LOOPBACK, request(Method::POST, &self.admin, "/v1/admin/release", Some(body))).await
    }

    async fn code(&self) -> String {
        let answer = self.release(&json!({"id": hex::encode(WALLET)})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        answer.json()["code"].as_str().unwrap().to_owned()
    }
}

fn fragment(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    STANDARD.decode(answer.json()["fragment"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_fragment_goes_back_once_for_each_code_and_to_its_owner_alone() {
    let host = host().await;
    let left = host.held(1).await;
    let unknown = host.get(&host.alice, "/fragments/nobodys", &[]).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    assert_eq!(host.get(&host.alice, &path(), &[]).await, unknown, "without a code there is nothing");
    let code = host.code().await;
    let with = |code: &str| [("maany-step-up", code.to_owned())];
    let wrong = "00000000-00000000-00000000-00000000";
    for bad in [wrong, "x", &code[1..]] {
        let answer = host.get(&host.alice, &path(), &[("maany-step-up", bad)]).await;
        assert_eq!(answer, unknown, "{bad}");
    }
    let [(name, value)] = &with(&code);
    assert_eq!(host.get(&host.bob, &path(), &[(name, value)]).await, unknown, "another owner");
    assert_eq!(host.get(&host.alice, &path(), &[(name, value), (name, value)]).await, unknown);
    let answer = host.get(&host.alice, &path(), &[(name, value)]).await;
    assert_eq!(fragment(&answer), left);
    assert_eq!(answer.json().get("encryption"), None);
    assert_eq!(host.get(&host.alice, &path(), &[(name, value)]).await, unknown, "the code is used up");
}

#[tokio::test]
async fn a_device_that_sends_no_code_is_served_once_where_the_operator_says_so() {
    let host = host().await;
    let left = host.held(1).await;
    let made = host.release(&json!({"id": hex::encode(WALLET), "withoutCode": true})).await;
    assert_eq!((made.status, made.json().get("code").cloned()), (StatusCode::CREATED, None));
    assert_eq!(host.get(&host.bob, &path(), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(fragment(&host.get(&host.alice, &path(), &[]).await), left);
    assert_eq!(host.get(&host.alice, &path(), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_fragment_is_encrypted_to_the_devices_key_and_a_bad_key_uses_no_code_up() {
    let host = host().await;
    let left = host.held(1).await;
    let code = host.code().await;
    for bad in ["age1", "age1qqqq", "x"] {
        let answer =
            host.get(&host.alice, &path(), &[("maany-step-up", &code), ("maany-recipient", bad)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "malformed"));
    }
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let headers = [("maany-step-up", code.as_str()), ("maany-recipient", recipient.as_str())];
    let answer = host.get(&host.alice, &path(), &headers).await;
    assert_eq!(answer.json()["encryption"], "age");
    let sealed = fragment(&answer);
    assert!(!sealed.windows(16).any(|window| left.windows(16).any(|part| part == window)));
    assert_eq!(age::decrypt(&identity, &sealed).unwrap(), left);
    assert!(age::decrypt(&age::x25519::Identity::generate(), &sealed).is_err());
}

#[tokio::test]
async fn an_epoch_goes_when_two_later_ones_have_been_held_for_a_while_and_does_not_come_back() {
    let mut host = host().await;
    for epoch in [1, 2, 4, 5] {
        host.held(epoch).await;
    }
    let of = async |host: &Host, query: &str| {
        let code = host.code().await;
        host.get(&host.alice, &format!("{}{query}", path()), &[("maany-step-up", &code)]).await
    };
    for (query, epoch) in [("", 5), ("?epoch=4", 4), ("?epoch=2", 2), ("?epoch=1", 1)] {
        let read = FragmentDocument::from_bytes(&fragment(&of(&host, query).await)).unwrap();
        assert_eq!(read.context().share_id.epoch, epoch);
    }
    host.state.patience = Duration::ZERO;
    host.held(6).await;
    for (query, status) in [("?epoch=5", StatusCode::OK), ("?epoch=4", StatusCode::OK)] {
        assert_eq!(of(&host, query).await.status, status, "{query}");
    }
    for query in ["?epoch=1", "?epoch=2"] {
        assert_eq!(of(&host, query).await.status, StatusCode::NOT_FOUND, "{query}");
    }
    let stale = host.hold(&host.alice, &path(), &document(1, 1).dangerous_to_bytes()).await;
    assert_eq!((stale.status, stale.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "fragment"));
    for query in ["?epoch=x", "?epoch=-1", "?other=1"] {
        assert_eq!(of(&host, query).await.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

/// An API key of the host, and what anyone may know of the wallet: its id and its public key.
#[tokio::test]
async fn an_api_key_alone_does_not_take_the_held_fragments_away() {
    let host = host().await;
    let genuine = host.held(5).await;
    let far = [u64::MAX, u64::MAX - 1, 5 + 65];
    for (epoch, status) in far.map(|epoch| (epoch, StatusCode::UNPROCESSABLE_ENTITY)).into_iter().chain([
        (7, StatusCode::OK),
        (8, StatusCode::OK),
        (9, StatusCode::OK),
    ]) {
        let forged = document(epoch, 1).dangerous_to_bytes().to_vec();
        assert_eq!(host.hold(&host.alice, &path(), &forged).await.status, status, "{epoch}");
    }
    host.held(6).await;
    let code = host.code().await;
    let found = host.get(&host.alice, &format!("{}?epoch=5", path()), &[("maany-step-up", &code)]).await;
    assert_eq!(fragment(&found), genuine);
    // No more than a bounded number of them is kept.
    let mut answers = Vec::new();
    for epoch in 10..80 {
        let answer = host.hold(&host.alice, &path(), &document(epoch, 1).dangerous_to_bytes()).await;
        answers.push(answer.status);
    }
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::OK).count(), 64 - 5);
    assert_eq!(answers.last(), Some(&StatusCode::UNPROCESSABLE_ENTITY));
}

#[tokio::test]
async fn a_second_backup_of_an_epoch_does_not_take_the_first_ones_place_unless_the_operator_drops_that() {
    let host = host().await;
    let first = host.held(5).await;
    assert_eq!(host.held(5).await, first, "what is sent again is held already");
    let context = document(5, 1).context().clone();
    let fragment_of = backup::Fragment::from_bytes(&[2; 33]).unwrap();
    let other = FragmentDocument::new(context, Threshold::default(), vec![8; 40], fragment_of).unwrap();
    let other = other.dangerous_to_bytes();
    let refused = host.hold(&host.alice, &path(), &other).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "other_backup"));
    let code = host.code().await;
    assert_eq!(fragment(&host.get(&host.alice, &path(), &[("maany-step-up", &code)]).await), first);

    let drop = async |token: &str, epoch: u64| {
        let body = json!({"id": hex::encode(WALLET), "epoch": epoch});
        host.call_from(LOOPBACK, request(Method::POST, token, "/v1/admin/drop", Some(&body))).await.status
    };
    assert_eq!(drop(&host.alice, 5).await, StatusCode::FORBIDDEN);
    assert_eq!(drop(&host.admin, 4).await, StatusCode::NOT_FOUND);
    assert_eq!(drop(&host.admin, 5).await, StatusCode::OK);
    assert_eq!(host.hold(&host.alice, &path(), &other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_fragment_of_this_wallet_is_not_held() {
    let host = host().await;
    let good = document(1, 1).dangerous_to_bytes();
    let mut flipped = good.to_vec();
    flipped[60] ^= 1;
    let long = vec![0; backup::MAX_DOCUMENT + 1];
    for (path, bytes) in [
        (path(), &[][..]),
        (path(), &flipped),
        (path(), &good[..40]),
        (path(), &long),
        ("/fragments/another".to_owned(), &good),
    ] {
        let answer = host.hold(&host.alice, &path, bytes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {}", bytes.len());
    }
    let bad_id = host.hold(&host.alice, "/fragments/two%20words", &good).await;
    assert_eq!(bad_id.status, StatusCode::NOT_FOUND);
    host.held(1).await;
    for bytes in [document(2, 2).dangerous_to_bytes().to_vec(), b"an older device's".to_vec()] {
        let answer = host.hold(&host.alice, &path(), &bytes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "another key's");
    }
    // By the device's own name for its key it may be held as well, and so may what is not ours at all.
    assert_eq!(host.hold(&host.alice, "/fragments/savings", &good).await.status, StatusCode::OK);
    let other = host.hold(&host.bob, &path(), b"an older device's").await;
    assert_eq!((other.status, other.json()), (StatusCode::OK, json!({"epoch": 0})));
}

#[tokio::test]
async fn each_route_needs_its_scope_a_token_and_loopback() {
    let host = host().await;
    let keys = ApiKeys::load(host.vault.clone()).await.unwrap();
    let release = json!({"id": "x"});
    let drop = json!({"id": "x", "epoch": 1});
    let good = body(b"x");
    let routes = [
        (Method::POST, "/fragments/x", Some(&good), Scope::Backup),
        (Method::GET, "/fragments/x", None, Scope::Restore),
        (Method::POST, "/v1/admin/release", Some(&release), Scope::Admin),
        (Method::POST, "/v1/admin/drop", Some(&drop), Scope::Admin),
    ];
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        let principal = Principal::new("acme", "scoped", Scopes::from([scope]));
        tokens.push((scope, token(&keys, &principal).await));
    }
    let mut host = host;
    host.state.gate.authenticator = Arc::new(ApiKeyAuthenticator::new(Arc::new(keys)));
    for (method, path, body, needed) in routes {
        let before = access::versions(&host.store).await;
        let nobody = host.call_from(LOOPBACK, request(method.clone(), "nobody.nothing", path, body)).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        for (scope, token) in &tokens {
            let elsewhere = host.call_from(ELSEWHERE, request(method.clone(), token, path, body)).await;
            assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
            if *scope != needed {
                let answer = host.call_from(LOOPBACK, request(method.clone(), token, path, body)).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path} with {scope}");
            }
        }
        assert_eq!(access::versions(&host.store).await, before, "nothing was written for any of them");
    }
    for path in ["/", "/metrics", "/v1/wallets", "/wallets/x"] {
        let answer = host.get(&host.alice, path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "a fragment host has no {path}");
    }
}

#[tokio::test]
async fn several_owners_of_one_id_are_told_apart_by_name() {
    let host = host().await;
    let left = host.held(1).await;
    assert_eq!(host.hold(&host.bob, &path(), b"bob's").await.status, StatusCode::OK);
    let id = hex::encode(WALLET);
    let unclear = host.release(&json!({"id": id})).await;
    assert_eq!((unclear.status, unclear.code().as_str()), (StatusCode::CONFLICT, "conflict"));
    let nobodys = host.release(&json!({"id": id, "owner": "carol"})).await;
    assert_eq!(nobodys.status, StatusCode::NOT_FOUND);
    let code = host.release(&json!({"id": id, "owner": "alice"})).await.json()["code"].clone();
    let code = [("maany-step-up", code.as_str().unwrap())];
    assert_eq!(host.get(&host.bob, &path(), &code).await.status, StatusCode::NOT_FOUND);
    assert_eq!(fragment(&host.get(&host.alice, &path(), &code).await), left);
}

#[tokio::test]
async fn a_device_and_an_operator_reach_every_route_through_the_client() {
    let host = host().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = fragment_host::router(host.state.clone()).layer(Extension(connection(address)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = |token: &str| {
        HttpClient::new(&format!("http://{address}"), Arc::new(Token::new(token).unwrap())).unwrap()
    };
    let (device, operator) = (client(&host.alice), client(&host.admin));
    let id = KeyId::new(&hex::encode(WALLET)).unwrap();
    let left = document(3, 1).dangerous_to_bytes();
    assert_eq!(device.hold_fragment(&id, &left).await.unwrap().epoch, 3);
    let new = wire::NewRelease { id: id.to_string(), tenant: None, owner: None, without_code: false };
    let made = operator.create_release(&new).await.unwrap();
    assert_eq!(made.owner, alice().owner);
    let code = StepUp::new(&made.code.unwrap()).unwrap();
    assert_eq!(*device.release_fragment(&id, &code).await.unwrap(), *left);
    let again = device.release_fragment(&id, &code).await.map(|_| ());
    assert!(matches!(again, Err(ClientError::Refused { status: 404, .. })), "{again:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_encrypted_to_the_devices_key_is_not_taken() {
    for answer in [
        json!({"fragment": "AAAA"}),
        json!({"fragment": "AAAA", "encryption": "age"}),
        json!({"fragment": "AAAA", "encryption": "rot13"}),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(async move || axum::Json(answer.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = HttpClient::new(&url, Arc::new(Token::new("a.b").unwrap())).unwrap();
        let id = KeyId::new("x").unwrap();
        let taken = client.release_fragment(&id, &StepUp::new("x").unwrap()).await.map(|_| ());
        assert!(matches!(taken, Err(ClientError::Malformed)), "{taken:?}");
    }
}
