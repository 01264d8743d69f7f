use std::sync::Arc;

use maany_coordinator_proto::Token;
use maany_coordinator_storage::{MemoryStore, ShareStore, Table};

use super::{
    conformance::{self, Accepted},
    *,
};
use crate::test_support::{alice, bob, events, vault, vault_over};

async fn keys() -> Arc<ApiKeys> {
    Arc::new(ApiKeys::load(vault().await).await.unwrap())
}

async fn create(keys: &ApiKeys, principal: &Principal) -> NewApiKey {
    keys.create(&principal.tenant, &principal.owner, principal.scopes).await.unwrap()
}

fn text(key: &NewApiKey) -> String {
    key.token.dangerous_expose().to_owned()
}

#[tokio::test]
async fn api_keys_pass_the_conformance_suite() {
    let keys = keys().await;
    let mut accepted = Vec::new();
    for principal in [alice(), bob(), Principal::new("other", "alice", Scopes::from([Scope::Read]))] {
        let token = text(&create(&keys, &principal).await);
        accepted.push(Accepted { token, principal });
    }
    let revoked = create(&keys, &alice()).await;
    keys.revoke(&revoked.id).await.unwrap();
    let authenticator = ApiKeyAuthenticator::new(keys);
    conformance::run(&authenticator, &accepted, &[text(&revoked)]).await;
}

#[tokio::test]
async fn a_revoked_key_works_no_more_and_is_audited() {
    let vault = vault().await;
    let keys = Arc::new(ApiKeys::load(vault.clone()).await.unwrap());
    let authenticator = ApiKeyAuthenticator::new(Arc::clone(&keys));
    let key = create(&keys, &alice()).await;
    assert_eq!(authenticator.authenticate(&key.token).await.unwrap(), alice());
    keys.revoke(&key.id).await.unwrap();
    assert!(matches!(authenticator.authenticate(&key.token).await, Err(AuthError::Refused)));
    assert!(matches!(keys.revoke(&key.id).await, Err(ApiKeyError::Unknown)));
    assert_eq!(events(&vault).await, ["api-key-created", "api-key-revoked"]);
}

#[tokio::test]
async fn keys_are_accepted_after_a_restart_and_reload_follows_another_process() {
    let vault = vault().await;
    let first = ApiKeys::load(vault.clone()).await.unwrap();
    let key = create(&first, &alice()).await;
    let second = Arc::new(ApiKeys::load(vault).await.unwrap());
    let authenticator = ApiKeyAuthenticator::new(Arc::clone(&second));
    assert_eq!(authenticator.authenticate(&key.token).await.unwrap(), alice());
    first.revoke(&key.id).await.unwrap();
    second.reload().await.unwrap();
    assert!(authenticator.authenticate(&key.token).await.is_err());
    assert!(second.list().is_empty());
}

#[tokio::test]
async fn an_unauthenticated_peer_causes_no_access_to_the_store() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault_over(Arc::clone(&store) as _).await;
    let keys = Arc::new(ApiKeys::load(vault).await.unwrap());
    let key = create(&keys, &alice()).await;
    let authenticator = ApiKeyAuthenticator::new(keys);
    let before = rows(&store).await;
    let wrong = format!("{}.{}", key.id, "A".repeat(43));
    for bad in [wrong.as_str(), "unknown.unknown", "x"] {
        assert!(authenticator.authenticate(&Token::new(bad).unwrap()).await.is_err());
    }
    assert_eq!(rows(&store).await, before);
}

async fn rows(store: &MemoryStore) -> Vec<(Table, Vec<u8>, u64)> {
    let mut rows = Vec::new();
    for table in Table::ALL {
        for entry in store.scan(table, &[], None, 1000).await.unwrap() {
            rows.push((table, entry.key, entry.row.unwrap().version));
        }
    }
    rows
}

#[tokio::test]
async fn the_secret_is_in_no_row_and_in_no_debug_text() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault_over(Arc::clone(&store) as _).await;
    let keys = ApiKeys::load(vault.clone()).await.unwrap();
    let key = create(&keys, &alice()).await;
    let token = text(&key);
    let (_, secret) = token.split_once('.').unwrap();
    let record = vault.api_key(&key.id).await.unwrap().unwrap();
    for shown in [format!("{key:?}"), format!("{keys:?}"), format!("{record:?}")] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for table in Table::ALL {
        for entry in store.scan(table, &[], None, 1000).await.unwrap() {
            let value = entry.row.unwrap().value;
            assert!(!value.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[tokio::test]
async fn a_key_needs_an_owner_and_a_scope() {
    let keys = keys().await;
    let long = "x".repeat(129);
    for bad in ["", "a b", "a\n", long.as_str()] {
        let tenant = keys.create(bad, "alice", Scopes::DEVICE).await;
        assert!(matches!(tenant, Err(ApiKeyError::Name { which: "tenant" })), "{bad:?}");
        let owner = keys.create("acme", bad, Scopes::DEVICE).await;
        assert!(matches!(owner, Err(ApiKeyError::Name { which: "owner" })), "{bad:?}");
    }
    assert!(matches!(keys.create("acme", "alice", Scopes::NONE).await, Err(ApiKeyError::NoScope)));
    assert!(keys.list().is_empty());
}
