use std::time::Duration;

use futures::stream;
use serde_json::json;

use super::*;
use crate::test_support::{doc, wallet};

#[tokio::test]
async fn a_body_over_its_limit_is_413_and_one_at_the_limit_is_read() {
    let api = api().await;
    let row = wallet(&api.vault, &test_support::alice(), 1, Some("k")).await;
    let doc = doc(row.public_key, maany_coordinator_cosmos::SignMode::Direct);
    let body = sign_requests::body("k", &doc).to_string();
    let send = |padding: usize| {
        let body = format!("{}{body}", " ".repeat(padding));
        let bearer = format!("Bearer {}", api.alice);
        Request::post("/v1/sign-requests")
            .header(header::AUTHORIZATION, bearer)
            .body(Body::from(body))
            .unwrap()
    };
    let limit = HttpLimits::default().body_bytes;
    assert_eq!(limit, 128 * 1024);
    assert_eq!(api.call(send(limit - body.len())).await.status, StatusCode::CREATED);
    let answer = api.call(send(limit - body.len() + 1)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
}

#[tokio::test]
async fn an_endless_body_without_a_length_is_cut_at_the_limit() {
    let api = api().await;
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 4096]));
    let request = Request::post("/v1/sign-requests")
        .header(header::AUTHORIZATION, format!("Bearer {}", api.alice))
        .body(Body::from_stream(endless))
        .unwrap();
    assert_eq!(api.call(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_408_at_the_deadline() {
    let mut api = api().await;
    api.state =
        api.state.with_limits(HttpLimits { deadline: Duration::from_secs(2), ..HttpLimits::default() });
    let silent = stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request = Request::post("/v1/sign-requests")
        .header(header::AUTHORIZATION, format!("Bearer {}", api.alice))
        .body(Body::from_stream(silent))
        .unwrap();
    let started = tokio::time::Instant::now();
    let answer = api.call(request).await;
    assert_eq!(started.elapsed().as_secs(), 2);
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::REQUEST_TIMEOUT, "deadline"));
    assert_eq!(answer.json()["retryable"], true);
}

#[tokio::test]
async fn a_body_that_is_not_the_expected_json_is_400_and_not_repeated() {
    let api = api().await;
    let good = json!({"walletId": "k", "chainId": CHAIN, "mode": "direct", "signDoc": "AA=="});
    let change = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let mut bodies: Vec<String> =
        ["", "{", "null", "[]", "\"canary\"", "{\"canary\": 1}"].map(str::to_owned).into();
    for body in [
        change("canary", json!("canary")),
        change("walletId", json!(7)),
        change("chainId", json!("can ary")),
        change("mode", json!("canary")),
        change("signDoc", json!("can*ary")),
        change("path", json!("m/44'/118'/0'/0/0")),
        change("path", json!("canary")),
    ] {
        bodies.push(body.to_string());
    }
    for body in bodies {
        let request = Request::post("/v1/sign-requests")
            .header(header::AUTHORIZATION, format!("Bearer {}", api.alice))
            .body(Body::from(body.clone()))
            .unwrap();
        let answer = api.call(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "malformed"), "{body}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("ary"), "{answer:?}");
    }
}
