use serde_json::json;

use super::*;
use crate::test_support::wallet;

#[tokio::test]
async fn an_owner_sees_exactly_the_own_wallets() {
    let api = api().await;
    let one = wallet(&api.vault, &test_support::alice(), 1, Some("my:key.1")).await;
    let two = wallet(&api.vault, &test_support::alice(), 2, None).await;
    wallet(&api.vault, &test_support::bob(), 3, Some("my:key.1")).await;
    let list = api.get(&api.alice, "/v1/wallets").await.json();
    let expected = |row: &maany_coordinator_storage::record::WalletRecord, key_id: Option<&str>| {
        let mut wallet = json!({
            "id": row.wallet.to_string(),
            "publicKey": hex::encode(row.public_key),
            "state": "active",
            "epoch": 1,
        });
        if let Some(key_id) = key_id {
            wallet["keyId"] = json!(key_id);
        }
        wallet
    };
    assert_eq!(list, json!({"wallets": [expected(&one, Some("my:key.1")), expected(&two, None)]}));
    for name in ["my:key.1".to_owned(), one.wallet.to_string()] {
        let shown = api.get(&api.alice, &format!("/v1/wallets/{name}")).await;
        assert_eq!(shown.json(), expected(&one, Some("my:key.1")));
        let exists = api.get(&api.alice, &format!("/wallets/{name}")).await;
        assert_eq!((exists.status, exists.json()), (StatusCode::OK, json!({"exists": true})));
    }
    let gone = api.get(&api.alice, "/wallets/other").await;
    assert_eq!((gone.status, gone.json()), (StatusCode::OK, json!({"exists": false})));
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let api = api().await;
    for seed in 1..=120 {
        wallet(&api.vault, &test_support::alice(), seed, None).await;
    }
    let first = api.get(&api.alice, "/v1/wallets").await.json();
    assert_eq!(first["wallets"].as_array().unwrap().len(), 100);
    let after = first["next"].as_str().unwrap();
    let second = api.get(&api.alice, &format!("/v1/wallets?after={after}")).await.json();
    assert_eq!(second["wallets"].as_array().unwrap().len(), 20);
    assert!(second.get("next").is_none());
    // Another owner's cursor leads nowhere else than to the own wallets.
    let stolen = api.get(&api.bob, &format!("/v1/wallets?after={after}")).await.json();
    assert_eq!(stolen, json!({"wallets": []}));
    let bad = api.get(&api.alice, "/v1/wallets?after=xyz").await;
    assert_eq!((bad.status, bad.code().as_str()), (StatusCode::BAD_REQUEST, "malformed"));
}
