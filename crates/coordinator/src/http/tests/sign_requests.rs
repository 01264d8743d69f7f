use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_cosmos::{SignDoc, SignMode, TxDraft};
use maany_coordinator_proto::{Digest, RequestId};
use serde_json::json;

use super::*;
use crate::{
    sign_request::ForSession,
    test_support::{TestKey, alice, doc, draft, wallet},
};

pub(super) fn body(name: &str, doc: &SignDoc) -> Value {
    json!({
        "walletId": name,
        "chainId": CHAIN,
        "mode": "direct",
        "signDoc": STANDARD.encode(doc.sign_bytes()),
    })
}

#[tokio::test]
async fn a_sign_request_is_made_shown_and_in_the_end_carries_its_signature() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let doc = doc(row.public_key, SignMode::Direct);
    let made = api.post(&api.alice, "/v1/sign-requests", &body("k", &doc)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let view = made.json();
    assert_eq!(view["walletId"], row.wallet.to_string());
    assert_eq!(view["digest"], hex::encode(doc.digest()));
    assert_eq!(view["decoded"], serde_json::to_value(doc.decoded()).unwrap());
    assert_eq!((&view["verdict"], &view["status"]), (&json!({"decision": "allow"}), &json!("open")));
    assert_eq!((&view["path"], &view["mode"]), (&json!("m"), &json!("direct")));
    assert!(view.get("signature").is_none());
    let path = format!("/v1/sign-requests/{}", view["id"].as_str().unwrap());
    assert_eq!(api.get(&api.alice, &path).await.json(), view);
    assert_eq!(api.get(&api.bob, &path).await.status, StatusCode::NOT_FOUND);

    let id: RequestId = view["id"].as_str().unwrap().parse().unwrap();
    let session = api.requests.for_session(&alice(), &row, Some(id), None).await;
    let ForSession::Open(open) = session else { panic!("{session:?}") };
    let signature = TestKey::new(1).sign(&Digest::from_bytes(doc.digest()));
    api.requests.store_signature(&alice(), &open, &signature).await.unwrap();
    let signed = api.get(&api.alice, &path).await.json();
    assert_eq!(signed["status"], "signed");
    assert_eq!(signed["signature"], STANDARD.encode(signature.to_bytes()));
    assert_eq!(signed["recoveryId"], signature.recovery_id());
}

#[tokio::test]
async fn asking_again_for_the_same_doc_gives_the_same_request() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let body = body("k", &doc(row.public_key, SignMode::Direct));
    let first = api.post(&api.alice, "/v1/sign-requests", &body).await;
    let again = api.post(&api.alice, "/v1/sign-requests", &body).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(first.json(), again.json());
}

#[tokio::test]
async fn a_denied_request_is_made_as_refused_with_the_reasons_code() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let draft = TxDraft { memo: "x".repeat(257), ..draft(row.public_key) };
    let doc = draft.sign_doc(SignMode::Direct).unwrap();
    let made = api.post(&api.alice, "/v1/sign-requests", &body("k", &doc)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let view = made.json();
    assert_eq!(view["verdict"], json!({"decision": "deny", "reason": "memo_too_long"}));
    assert_eq!(view["status"], "refused");
}

#[tokio::test]
async fn a_doc_that_cannot_be_signed_is_422_with_a_code_that_says_why() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let own = doc(row.public_key, SignMode::Direct);
    let stranger = doc(TestKey::new(2).public(), SignMode::Direct);
    let changed = |field: &str, value: Value| {
        let mut body = body("k", &own);
        body[field] = value;
        body
    };
    for (body, code) in [
        (changed("chainId", json!("osmosis-1")), "other_chain"),
        (changed("path", json!("m/44/118/0/0/0")), "other_signer"),
        (changed("mode", json!("amino-json")), "sign_doc"),
        (changed("signDoc", json!("AAAA")), "sign_doc"),
        (body("k", &stranger), "other_signer"),
    ] {
        let answer = api.post(&api.alice, "/v1/sign-requests", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
        assert_eq!(answer.code(), code);
    }
}

#[tokio::test]
async fn a_sequence_that_is_taken_is_409_with_the_live_request_which_may_be_named_to_be_replaced() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let asks = |memo: &str, replaces: Option<&Value>| {
        let draft = TxDraft { memo: memo.to_owned(), ..draft(row.public_key) };
        let mut body = body("k", &draft.sign_doc(SignMode::Direct).unwrap());
        if let Some(replaces) = replaces {
            body["replaces"] = replaces.clone();
        }
        body
    };
    let post = async |body: &Value| api.post(&api.alice, "/v1/sign-requests", body).await;
    let first = post(&asks("one", None)).await.json();
    assert!(first.get("replaces").is_none());
    let taken = post(&asks("two", None)).await;
    assert_eq!((taken.status, taken.code().as_str()), (StatusCode::CONFLICT, "sequence_taken"));
    assert_eq!((&taken.json()["request"], &taken.json()["retryable"]), (&first["id"], &json!(false)));

    for malformed in [json!("zz"), json!("00"), json!(7)] {
        let answer = post(&asks("two", Some(&malformed))).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "malformed"));
    }
    let unknown = post(&asks("two", Some(&json!("00".repeat(16))))).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.json().get("request").is_none());

    let second = post(&asks("two", Some(&first["id"]))).await;
    assert_eq!(second.status, StatusCode::CREATED);
    assert_eq!(second.json()["replaces"], first["id"]);
    let path = format!("/v1/sign-requests/{}", first["id"].as_str().unwrap());
    assert_eq!(api.get(&api.alice, &path).await.json()["status"], "replaced");
    // Another sequence is not replaced by this one.
    let draft = TxDraft { sequence: 5, ..draft(row.public_key) };
    let mut other = body("k", &draft.sign_doc(SignMode::Direct).unwrap());
    other["replaces"] = second.json()["id"].clone();
    let other = post(&other).await;
    assert_eq!((other.status, other.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "other_sequence"));
}
