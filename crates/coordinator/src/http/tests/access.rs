use maany_coordinator_storage::{ShareStore, Table};
use serde_json::json;

use super::*;
use crate::test_support::wallet;

/// Every route that needs a token, and the scopes of which one is enough.
fn routes() -> Vec<(Method, &'static str, Value, &'static [Scope])> {
    let sign = json!({"walletId": "k", "chainId": CHAIN, "mode": "direct", "signDoc": ""});
    let id = "/v1/sign-requests/00000000000000000000000000000000";
    vec![
        (Method::GET, "/metrics", Value::Null, &[Scope::Admin]),
        (Method::GET, "/wallets/k", Value::Null, &[Scope::Read]),
        (Method::GET, "/wallets/k/recovery", Value::Null, &[Scope::Restore]),
        (Method::GET, "/v1/wallets", Value::Null, &[Scope::Read]),
        (Method::GET, "/v1/wallets/k", Value::Null, &[Scope::Read]),
        (Method::PUT, "/v1/wallets/k/fragment", json!({"document": "", "acknowledged": 1}), &[Scope::Backup]),
        (Method::POST, "/v1/sign-requests", sign, &[Scope::Sign]),
        (Method::GET, id, Value::Null, &[Scope::Read, Scope::Sign]),
        (Method::POST, "/v1/admin/step-up", json!({"walletId": "k"}), &[Scope::Admin]),
        (Method::GET, "/v1/admin/api-keys", Value::Null, &[Scope::Admin]),
        (Method::POST, "/v1/admin/api-keys/revoke", json!({"id": "k"}), &[Scope::Admin]),
        (Method::GET, "/v1/admin/quarantine", Value::Null, &[Scope::Admin]),
        (Method::POST, "/v1/admin/quarantine/clear", json!({"walletId": "k"}), &[Scope::Admin]),
    ]
}

#[tokio::test]
async fn each_route_needs_its_scope_and_no_other_one_helps() {
    let api = api().await;
    for (method, path, body, scopes) in routes() {
        for scope in Scope::ALL {
            let principal = Principal::new("acme", "scoped", Scopes::from([scope]));
            let token = token(&api.keys, &principal).await;
            let answer = api.call(request(method.clone(), &token, path, Some(&body))).await;
            let refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(refused, !scopes.contains(&scope), "{method} {path} with {scope}: {answer:?}");
            if refused {
                assert_eq!(answer.code(), "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn without_a_good_token_every_route_is_401_and_nothing_is_written() {
    let api = api().await;
    wallet(&api.vault, &test_support::alice(), 1, Some("k")).await;
    let before = versions(&api.store).await;
    let wrong = format!("{}.{}", api.alice.split('.').next().unwrap(), "A".repeat(43));
    for (method, path, body, _) in routes() {
        let with = |headers: &[&str]| {
            let mut request = Request::builder().method(method.clone()).uri(path);
            for header in headers {
                request = request.header(header::AUTHORIZATION, *header);
            }
            request.body(Body::from(body.to_string())).unwrap()
        };
        let good = format!("Bearer {}", api.alice);
        let bad = [
            vec![],
            vec!["Bearer"],
            vec!["Bearer "],
            vec!["Bearer x y"],
            vec!["Basic YTpi"],
            vec![&api.alice],
            vec![&good, &good],
        ];
        let mut answers = Vec::new();
        for headers in bad {
            answers.push(api.call(with(&headers)).await);
        }
        answers.push(api.call(with(&[&format!("Bearer {wrong}")])).await);
        answers.push(api.call(with(&[&format!("Bearer {}", "x".repeat(5000))])).await);
        for answer in &answers {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::UNAUTHORIZED, "unauthenticated")
            );
            assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
            assert_eq!(answer, &answers[0], "every bad token is answered alike");
        }
    }
    assert_eq!(versions(&api.store).await, before);
}

pub(super) async fn versions(store: &MemoryStore) -> Vec<(Table, Vec<u8>, u64)> {
    let mut rows = Vec::new();
    for table in Table::ALL {
        for entry in store.scan(table, &[], None, 1000).await.unwrap() {
            rows.push((table, entry.key, entry.row.unwrap().version));
        }
    }
    rows
}

#[tokio::test]
async fn another_owners_wallet_is_answered_exactly_as_an_unknown_one() {
    let api = api().await;
    let row = wallet(&api.vault, &test_support::bob(), 1, Some("bobs")).await;
    let theirs = [row.wallet.to_string(), "bobs".to_owned()];
    let unknown = ["ee".repeat(16), "nobodys".to_owned()];
    for (theirs, unknown) in theirs.iter().zip(&unknown) {
        for (method, path, body, _) in routes() {
            if !path.contains("wallets/k") && path != "/v1/sign-requests" {
                continue;
            }
            let ask = |name: &str| {
                let body = body.to_string().replace("\"k\"", &format!("\"{name}\""));
                let path = path.replace("wallets/k", &format!("wallets/{name}"));
                let body: Value = serde_json::from_str(&body).unwrap();
                request(method.clone(), &api.alice, &path, Some(&body))
            };
            let (theirs, unknown) = (api.call(ask(theirs)).await, api.call(ask(unknown)).await);
            assert_eq!(theirs, unknown, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_id_outside_its_alphabet_is_404_and_not_echoed() {
    let api = api().await;
    let long = "a".repeat(129);
    for bad in ["a%20b", "a%2Fb", "%C3%A9", "%ff%fe", "a%00", "%3Cscript%3E", "a%0Ab", long.as_str()] {
        for path in ["/wallets/{}", "/wallets/{}/recovery", "/v1/wallets/{}", "/v1/sign-requests/{}"] {
            let answer = api.get(&api.alice, &path.replace("{}", bad)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} {bad}");
            let expected = json!({"code": "not_found", "message": "not found", "retryable": false});
            assert_eq!(answer.json(), expected, "{path} {bad}");
        }
    }
    let no_hex = api.get(&api.alice, "/v1/sign-requests/xyz").await;
    assert_eq!(no_hex.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_served_is_answered_in_json_too() {
    let api = api().await;
    let nowhere = api.get(&api.alice, "/v2/anything?x=1").await;
    assert_eq!((nowhere.status, nowhere.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    let method = api.call(request(Method::DELETE, &api.alice, "/v1/wallets", None)).await;
    assert_eq!(
        (method.status, method.code().as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
    );
}

#[tokio::test]
async fn fragments_and_codes_travel_over_no_plain_connection_from_another_machine() {
    let api = api().await;
    let body = json!({"walletId": "k", "document": "", "acknowledged": 1});
    for (method, path, token) in [
        (Method::GET, "/wallets/k/recovery", &api.alice),
        (Method::PUT, "/v1/wallets/k/fragment", &api.alice),
        (Method::POST, "/v1/admin/step-up", &api.admin),
        (Method::GET, "/v1/admin/quarantine", &api.admin),
        (Method::POST, "/v1/admin/quarantine/clear", &api.admin),
    ] {
        let ask = || request(method.clone(), token, path, Some(&body));
        let far = api.call_from(ELSEWHERE, ask()).await;
        assert_eq!((far.status, far.code().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "{path}");
        let near = api.call_from("[::ffff:127.0.0.1]:9", ask()).await;
        assert_ne!(near.status, StatusCode::FORBIDDEN, "{path}");
    }
    let read = api.call_from(ELSEWHERE, request(Method::GET, &api.alice, "/v1/wallets", None)).await;
    assert_eq!(read.status, StatusCode::OK);
}
