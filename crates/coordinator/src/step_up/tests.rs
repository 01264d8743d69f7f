use super::*;
use crate::test_support::{Hands, alice, events, vault, wallet};

const TEN_MINUTES: u64 = 600_000;

async fn set_up() -> (Vault, StepUps, Hands, WalletId) {
    let vault = vault().await;
    let hands = Hands::at(1_000_000);
    let step_ups = StepUps::new(vault.clone()).with_clock(hands.clock());
    let id = wallet(&vault, &alice(), 1, None).await.wallet;
    (vault, step_ups, hands, id)
}

fn is_spent(answer: &Result<(), StoreError>) -> bool {
    matches!(answer, Err(StoreError::Spent { .. }))
}

#[tokio::test]
async fn a_code_is_good_once_for_its_wallet_and_opens_the_grant_until_then() {
    let (vault, step_ups, _, id) = set_up().await;
    assert!(!step_ups.is_granted(id).await.unwrap());
    let made = step_ups.create(id, "operator").await.unwrap();
    assert_eq!(made.expires_ms, 1_000_000 + TEN_MINUTES);
    assert!(step_ups.is_granted(id).await.unwrap());
    step_ups.consume(id, &made.code, "acme/alice").await.unwrap();
    assert!(!step_ups.is_granted(id).await.unwrap());
    assert!(is_spent(&step_ups.consume(id, &made.code, "acme/alice").await));
    assert_eq!(events(&vault).await[2..], ["step-up-created", "step-up-used"]);
}

#[tokio::test]
async fn of_many_callers_with_one_code_exactly_one_succeeds() {
    let (_, step_ups, _, id) = set_up().await;
    let code = step_ups.create(id, "operator").await.unwrap().code;
    let uses = (0..16).map(|_| step_ups.consume(id, &code, "acme/alice"));
    let answers = futures::future::join_all(uses).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(answers.into_iter().filter(is_spent).count(), 15);
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes() {
    let (_, step_ups, hands, id) = set_up().await;
    let code = step_ups.create(id, "operator").await.unwrap().code;
    hands.advance(TEN_MINUTES - 1);
    assert!(step_ups.is_granted(id).await.unwrap());
    hands.advance(1);
    assert!(!step_ups.is_granted(id).await.unwrap());
    assert!(is_spent(&step_ups.consume(id, &code, "acme/alice").await));
}

#[tokio::test]
async fn a_code_for_one_wallet_is_none_for_another() {
    let (vault, step_ups, _, id) = set_up().await;
    let other = wallet(&vault, &alice(), 2, None).await.wallet;
    let code = step_ups.create(id, "operator").await.unwrap().code;
    assert!(!step_ups.is_granted(other).await.unwrap());
    assert!(is_spent(&step_ups.consume(other, &code, "acme/alice").await));
    // The attempt used nothing up.
    step_ups.consume(id, &code, "acme/alice").await.unwrap();
}

#[tokio::test]
async fn a_guess_is_refused_like_a_used_code() {
    let (_, step_ups, _, id) = set_up().await;
    step_ups.create(id, "operator").await.unwrap();
    for guess in ["0", "not-a-code", &"0".repeat(32), &"f".repeat(128)] {
        assert!(is_spent(&step_ups.consume(id, &StepUp::new(guess).unwrap(), "acme/alice").await), "{guess}");
    }
}

#[tokio::test]
async fn no_code_is_made_for_a_wallet_that_does_not_exist() {
    let (_, step_ups, _, _) = set_up().await;
    let nobody = WalletId::from_bytes([0xee; 16]);
    assert!(matches!(step_ups.create(nobody, "operator").await, Err(StepUpError::UnknownWallet)));
}

#[tokio::test]
async fn the_code_is_not_in_the_debug_text() {
    let (_, step_ups, _, id) = set_up().await;
    let made = step_ups.create(id, "operator").await.unwrap();
    assert!(!format!("{made:?}").contains(made.code.dangerous_expose()));
}
