use maany_coordinator_proto::{
    Epoch,
    session::{AbortClass, AbortLedger},
};
use maany_coordinator_storage::{
    record::{AuditRow, Standing, WalletState},
    vault::import::Gap,
};
use serde_json::json;

use super::*;
use crate::test_support::{events, wallet};

/// A ledger with this many failed checks in the first epoch.
fn aborts(count: u8) -> Vec<u8> {
    let epoch = Epoch::new(1).unwrap();
    let ledger =
        (0..count).fold(AbortLedger::default(), |ledger, _| ledger.record(epoch, AbortClass::B).ledger);
    ledger.to_bytes().to_vec()
}

async fn lock(api: &Api, seed: u8, state: WalletState, failed: u8) {
    let row = wallet(&api.vault, &test_support::alice(), seed, None).await;
    let audit = AuditRow {
        at_ms: 1,
        actor: "test".into(),
        event: "locked".into(),
        wallet: Some(row.wallet),
        details: String::new(),
    };
    api.vault.set_standing(&row, Standing { state, aborts: aborts(failed) }, audit).await.unwrap();
}

#[tokio::test]
async fn locked_wallets_are_listed_with_cause_and_remedy() {
    let api = api().await;
    wallet(&api.vault, &test_support::alice(), 1, None).await;
    lock(&api, 2, WalletState::Active, 2).await;
    lock(&api, 3, WalletState::Quarantined, 3).await;
    lock(&api, 4, WalletState::Quarantined, 1).await;
    lock(&api, 5, WalletState::Frozen, 0).await;
    let list = api.get(&api.admin, "/v1/admin/quarantine").await.json();
    let told: Vec<_> = list["wallets"].as_array().unwrap().iter().collect();
    let expected = |seed: u8, state: &str, failed: u8, cause: &str, remedy: &str| {
        json!({
            "id": hex::encode([seed; 16]), "tenant": "acme", "owner": "alice", "state": state, "epoch": 1,
            "failedChecks": failed, "cause": cause, "remedy": remedy,
        })
    };
    assert_eq!(
        told,
        [
            &expected(3, "quarantined", 3, "failed_checks", "refresh"),
            &expected(4, "quarantined", 1, "peer_cheated", "refresh"),
            &expected(5, "frozen", 0, "own_state", "restore"),
        ]
    );
    assert_eq!((&list["damaged"], list.get("next")), (&json!(0), None));
    let bad = api.get(&api.admin, "/v1/admin/quarantine?after=xyz").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_clearance_is_a_code_and_changes_no_state() {
    let api = api().await;
    lock(&api, 3, WalletState::Quarantined, 3).await;
    wallet(&api.vault, &test_support::alice(), 1, None).await;
    let ask = |seed: u8| json!({"walletId": hex::encode([seed; 16])});
    let answer = api.post(&api.admin, "/v1/admin/quarantine/clear", &ask(3)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let body = answer.json();
    assert_eq!((&body["wallet"]["remedy"], body["code"].as_str().unwrap().len()), (&json!("refresh"), 35));
    assert!(events(&api.vault).await.contains(&"step-up-created".to_owned()));
    let after = api.get(&api.admin, "/v1/admin/quarantine").await.json();
    assert_eq!(after["wallets"][0]["state"], "quarantined", "only new shares unlock it");

    let unlocked = api.post(&api.admin, "/v1/admin/quarantine/clear", &ask(1)).await;
    assert_eq!((unlocked.status, unlocked.code().as_str()), (StatusCode::CONFLICT, "not_locked"));
    for unknown in [ask(9), json!({"walletId": "nobody"})] {
        let answer = api.post(&api.admin, "/v1/admin/quarantine/clear", &unknown).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    }
}

#[tokio::test]
async fn a_wallet_from_an_archive_is_cleared_only_by_whoever_accepts_what_is_forgotten() {
    let api = api().await;
    let row = wallet(&api.vault, &test_support::alice(), 1, None).await;
    api.vault.settle_import(Gap { from_ms: 5, until_ms: 9 }, None).await.unwrap();
    let list = api.get(&api.admin, "/v1/admin/quarantine").await.json();
    let told = &list["wallets"][0];
    assert_eq!((&told["state"], &told["cause"]), (&json!("quarantined"), &json!("imported")));
    assert_eq!((&told["remedy"], &told["forgotten"]), (&json!("refresh"), &json!({"from": 5, "until": 9})));

    let mut ask = json!({"walletId": row.wallet.to_string()});
    let refused = api.post(&api.admin, "/v1/admin/quarantine/clear", &ask).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "signatures_forgotten"));
    assert!(!events(&api.vault).await.contains(&"step-up-created".to_owned()));
    ask["acceptForgotten"] = json!(true);
    let cleared = api.post(&api.admin, "/v1/admin/quarantine/clear", &ask).await;
    assert_eq!((cleared.status, cleared.json()["code"].is_string()), (StatusCode::CREATED, true));
    assert!(events(&api.vault).await.contains(&"forgotten-signatures-accepted".to_owned()));
    let list = api.get(&api.admin, "/v1/admin/quarantine").await.json();
    assert_eq!(list["wallets"][0]["state"], "quarantined", "only new shares unlock it");
    assert_eq!(list["wallets"][0].get("forgotten"), None);
}

#[tokio::test]
async fn a_wallet_whose_shares_are_new_still_waits_until_what_is_forgotten_is_accepted() {
    let api = api().await;
    let row = wallet(&api.vault, &test_support::alice(), 1, None).await;
    api.vault.settle_import(Gap { from_ms: 5, until_ms: 9 }, None).await.unwrap();
    let row = api.vault.wallet(&row.owner, row.wallet).await.unwrap().unwrap();
    let audit = AuditRow {
        at_ms: 1,
        actor: "test".into(),
        event: "unlocked".into(),
        wallet: Some(row.wallet),
        details: String::new(),
    };
    let active = Standing { state: WalletState::Active, aborts: Vec::new() };
    api.vault.set_standing(&row, active, audit).await.unwrap();
    let list = api.get(&api.admin, "/v1/admin/quarantine").await.json();
    assert_eq!(
        (&list["wallets"][0]["state"], &list["wallets"][0]["remedy"]),
        (&json!("active"), &json!("accept"))
    );
    let ask = json!({"walletId": row.wallet.to_string(), "acceptForgotten": true});
    let accepted = api.post(&api.admin, "/v1/admin/quarantine/clear", &ask).await;
    assert_eq!((accepted.status, accepted.json().get("code")), (StatusCode::CREATED, None));
    let again = api.post(&api.admin, "/v1/admin/quarantine/clear", &ask).await;
    assert_eq!(again.code(), "not_locked");
}
