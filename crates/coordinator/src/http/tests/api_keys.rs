use serde_json::json;

use super::*;
use crate::test_support::events;

#[tokio::test]
async fn keys_are_listed_without_their_secrets_page_by_page() {
    let api = api().await;
    for _ in 0..300 {
        token(&api.keys, &test_support::bob()).await;
    }
    let (mut ids, mut path) = (Vec::new(), "/v1/admin/api-keys".to_owned());
    loop {
        let page = api.get(&api.admin, &path).await;
        let secret = api.alice.split('.').nth(1).unwrap();
        assert!(!String::from_utf8_lossy(&page.body).contains(secret));
        let page = page.json();
        ids.extend(page["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/admin/api-keys?after={next}"),
            None => break,
        }
    }
    assert_eq!(ids.len(), 303);
    assert!(ids.is_sorted() && ids.iter().any(|id| *id == api.alice.split('.').next().unwrap()));
}

#[tokio::test]
async fn a_key_that_is_revoked_is_accepted_no_more_from_the_answer_on() {
    let api = api().await;
    let id = api.alice.split('.').next().unwrap();
    assert_eq!(api.get(&api.alice, "/v1/wallets").await.status, StatusCode::OK);
    let revoke = json!({"id": id});
    let answer = api.post(&api.admin, "/v1/admin/api-keys/revoke", &revoke).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(api.get(&api.alice, "/v1/wallets").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.get(&api.bob, "/v1/wallets").await.status, StatusCode::OK);
    assert!(events(&api.vault).await.contains(&"api-key-revoked".to_owned()));
    let again = api.post(&api.admin, "/v1/admin/api-keys/revoke", &revoke).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(
        ApiKeys::load(api.vault.clone()).await.unwrap().list().iter().all(|key| key.id != id),
        "on disk too"
    );
}
