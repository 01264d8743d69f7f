use maany_coordinator_storage::{SecretBytes, record::FragmentRecord};

use super::*;
use crate::test_support::{Hands, alice, bob, events, vault};

async fn held(vault: &Vault, owner: &Owner, id: &str) -> KeyId {
    let fragment = FragmentRecord {
        owner: owner.clone(),
        subject: id.to_owned(),
        epoch: 1,
        document: SecretBytes::new(vec![1; 8]),
        stored_ms: 1,
    };
    let id = KeyId::new(id).unwrap();
    vault.put_fragment(fragment, audit(owner, &id, "test", "set-up", 1)).await.unwrap();
    id
}

fn is_spent(answer: Result<(), StoreError>) -> bool {
    matches!(answer, Err(StoreError::Spent { .. }))
}

#[tokio::test]
async fn a_code_is_good_once_for_one_owners_fragment() {
    let vault = vault().await;
    let (alice, bob) = (alice().rows(), bob().rows());
    let releases = Releases::new(vault.clone());
    let (mine, other) = (held(&vault, &alice, "mine").await, held(&vault, &alice, "other").await);
    held(&vault, &bob, "mine").await;
    let made = releases.create(&mine, Some(alice.clone()), "operator").await.unwrap();
    let code = made.code.unwrap();
    assert!(is_spent(releases.consume(&alice, &other, Some(&code)).await), "another fragment");
    assert!(is_spent(releases.consume(&bob, &mine, Some(&code)).await), "another owner");
    assert!(is_spent(releases.consume(&alice, &mine, None).await), "a code is needed");
    let wrong = StepUp::new("00000000-00000000-00000000-00000000").unwrap();
    assert!(is_spent(releases.consume(&alice, &mine, Some(&wrong)).await));
    releases.consume(&alice, &mine, Some(&code)).await.unwrap();
    assert!(is_spent(releases.consume(&alice, &mine, Some(&code)).await), "used");
    let events = events(&vault).await;
    assert_eq!(&events[events.len() - 2..], ["release-created", "fragment-released"]);
}

#[tokio::test]
async fn a_release_ends_after_ten_minutes_with_a_code_and_without() {
    let vault = vault().await;
    let alice = alice().rows();
    let hands = Hands::at(1_000);
    let releases = Releases::new(vault.clone()).with_clock(hands.clock());
    let id = held(&vault, &alice, "mine").await;
    let made = releases.create(&id, None, "operator").await.unwrap();
    assert_eq!(made.expires_ms, 601_000);
    releases.create_without_code(&id, None, "operator").await.unwrap();
    let again = releases.create_without_code(&id, None, "operator").await;
    assert!(matches!(again, Err(ReleaseError::Open)), "{again:?}");
    hands.advance(600_000);
    assert!(is_spent(releases.consume(&alice, &id, made.code.as_ref()).await));
    assert!(is_spent(releases.consume(&alice, &id, None).await));
    hands.advance(1);
    releases.create_without_code(&id, None, "operator").await.unwrap();
    releases.consume(&alice, &id, None).await.unwrap();
    assert!(is_spent(releases.consume(&alice, &id, None).await), "without a code it is single-use too");
}

#[tokio::test]
async fn an_id_of_nobody_or_of_several_owners_is_told_apart() {
    let vault = vault().await;
    let (alice, bob) = (alice().rows(), bob().rows());
    let releases = Releases::new(vault.clone());
    let id = KeyId::new("mine").unwrap();
    assert!(matches!(releases.create(&id, None, "operator").await, Err(ReleaseError::Unknown)));
    held(&vault, &alice, "mine").await;
    assert_eq!(releases.create(&id, None, "operator").await.unwrap().owner, alice);
    let bobs = releases.create(&id, Some(bob.clone()), "operator").await;
    assert!(matches!(bobs, Err(ReleaseError::Unknown)), "{bobs:?}");
    held(&vault, &bob, "mine").await;
    assert!(matches!(releases.create(&id, None, "operator").await, Err(ReleaseError::Ambiguous)));
    assert_eq!(releases.create(&id, Some(bob.clone()), "operator").await.unwrap().owner, bob);
}

#[tokio::test]
async fn of_two_requests_with_one_code_one_is_served() {
    let vault = vault().await;
    let alice = alice().rows();
    let releases = Releases::new(vault.clone());
    let id = held(&vault, &alice, "mine").await;
    let code = releases.create(&id, None, "operator").await.unwrap().code;
    let one = releases.consume(&alice, &id, code.as_ref());
    let two = releases.consume(&alice, &id, code.as_ref());
    let (one, two) = futures::join!(one, two);
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}
