//! Used ids and step-up codes are good once, whatever happens at the same time.

use maany_coordinator_storage::record::StepUpRecord;
use maany_coordinator_storage::{StoreError, Table};

use crate::lab::{active, audit, server, share, share_id, wallet_id};

fn code(n: u8, expires_ms: u64) -> StepUpRecord {
    StepUpRecord { wallet: wallet_id(1), hash: [n; 32], expires_ms }
}

#[tokio::test]
async fn an_id_is_used_once_for_each_kind() {
    let (_, vault) = server().await;
    vault.use_id("session", b"id", 100, audit("used")).await.unwrap();
    let again = vault.use_id("session", b"id", 200, audit("used")).await;
    assert!(matches!(again, Err(StoreError::Spent { what: "id" })), "{again:?}");
    vault.use_id("token", b"id", 100, audit("used")).await.unwrap();
    vault.use_id("session", b"other", 100, audit("used")).await.unwrap();
    // The same letters, cut elsewhere.
    vault.use_id("sessioni", b"d", 100, audit("used")).await.unwrap();
}

#[tokio::test]
async fn a_step_up_code_is_good_once_for_its_wallet_until_it_ends() {
    let (lab, vault) = server().await;
    vault.put_step_up(code(1, 100), audit("made")).await.unwrap();
    let again = vault.put_step_up(code(1, 200), audit("made")).await;
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    let before = lab.rows();
    for (wallet, hash, now) in [(2, 1, 50), (1, 2, 50), (1, 1, 100), (1, 1, 101)] {
        let refused = vault.consume_step_up(wallet_id(wallet), &[hash; 32], now, audit("used")).await;
        assert!(matches!(refused, Err(StoreError::Spent { .. })), "{refused:?}");
    }
    assert_eq!(lab.rows(), before);
    vault.consume_step_up(wallet_id(1), &[1; 32], 99, audit("used")).await.unwrap();
    let again = vault.consume_step_up(wallet_id(1), &[1; 32], 99, audit("used")).await;
    assert!(matches!(again, Err(StoreError::Spent { .. })), "{again:?}");
}

#[tokio::test]
async fn of_two_who_use_a_code_at_once_one_succeeds() {
    let (lab, vault) = server().await;
    vault.put_step_up(code(1, 100), audit("made")).await.unwrap();
    // Both have read the code when the other one's commit comes first.
    let mut without = lab.rows();
    without.retain(|(table, _), _| *table != Table::StepUps);
    lab.overtake_with(without);
    let late = vault.consume_step_up(wallet_id(1), &[1; 32], 50, audit("used")).await;
    assert!(matches!(late, Err(StoreError::Spent { .. })), "{late:?}");
}

#[tokio::test]
async fn asking_whether_a_code_is_open_uses_none_up() {
    let (_, vault) = server().await;
    assert!(!vault.step_up_open(wallet_id(1), 50).await.unwrap());
    vault.put_step_up(code(1, 100), audit("made")).await.unwrap();
    assert!(vault.step_up_open(wallet_id(1), 50).await.unwrap());
    assert!(vault.step_up_open(wallet_id(1), 99).await.unwrap());
    assert!(!vault.step_up_open(wallet_id(1), 100).await.unwrap());
    assert!(!vault.step_up_open(wallet_id(2), 50).await.unwrap());
    vault.consume_step_up(wallet_id(1), &[1; 32], 50, audit("used")).await.unwrap();
    assert!(!vault.step_up_open(wallet_id(1), 50).await.unwrap());
}

#[tokio::test]
async fn what_has_ended_is_forgotten_and_nothing_else() {
    let (lab, vault) = server().await;
    for n in 0..250_u16 {
        vault.use_id("session", &n.to_be_bytes(), u64::from(n), audit("used")).await.unwrap();
    }
    vault.put_step_up(code(1, 99), audit("made")).await.unwrap();
    vault.put_step_up(code(2, 100), audit("made")).await.unwrap();
    assert_eq!(vault.forget_expired(100, audit("forgot")).await.unwrap(), 101);
    assert_eq!((lab.count(Table::UsedIds), lab.count(Table::StepUps)), (150, 1));
    assert_eq!(vault.forget_expired(100, audit("forgot")).await.unwrap(), 0);
    let still = vault.use_id("session", &100_u16.to_be_bytes(), 9, audit("used")).await;
    assert!(matches!(still, Err(StoreError::Spent { .. })), "{still:?}");
}

#[tokio::test]
async fn a_code_goes_with_the_write_that_it_lets_in_or_stays() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    vault.put_step_up(code(1, 100), audit("made")).await.unwrap();
    let open = async || vault.open_step_up(wallet_id(1), &[1; 32], 50).await;
    let pend = async |code| {
        let code = (code, audit("used"));
        vault
            .supersede_pending_stepped_up(&row, share_id(1), &share(1, 2), None, code, audit("pending"))
            .await
    };
    lab.fail_next_commit(StoreError::Full { source: std::io::ErrorKind::StorageFull.into() });
    let full = pend(open().await.unwrap()).await;
    assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");

    let (first, second) = (open().await.unwrap(), open().await.unwrap());
    let rows = lab.count(Table::Audit);
    let pending = pend(first).await.unwrap();
    assert_eq!((pending.pending, lab.count(Table::StepUps)), (Some(share_id(2)), 0));
    assert_eq!(lab.count(Table::Audit), rows + 2, "the share and the code, in one write");
    assert!(matches!(open().await, Err(StoreError::Spent { .. })));
    // Who looked at it before it went has nothing in hand.
    let late = vault.use_step_up(second, audit("used")).await;
    assert!(matches!(late, Err(StoreError::Spent { .. })), "{late:?}");
}

#[tokio::test]
async fn a_code_that_somebody_used_meanwhile_lets_no_share_in() {
    let (lab, vault) = server().await;
    let row = active(&vault).await;
    vault.put_step_up(code(1, 100), audit("made")).await.unwrap();
    let open = vault.open_step_up(wallet_id(1), &[1; 32], 50).await.unwrap();
    vault.consume_step_up(wallet_id(1), &[1; 32], 50, audit("used")).await.unwrap();
    let before = lab.rows();
    let code = (open, audit("used"));
    let refused = vault
        .supersede_pending_stepped_up(&row, share_id(1), &share(1, 2), None, code, audit("pending"))
        .await;
    assert!(matches!(refused, Err(StoreError::Spent { .. })), "{refused:?}");
    assert_eq!(lab.rows(), before);
}
