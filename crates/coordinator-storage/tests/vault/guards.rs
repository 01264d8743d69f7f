//! Guards: of requests that exclude each other one is live, whoever writes at the same time.

use maany_coordinator_storage::record::{GuardRecord, ReservedCoin, SignRequestRecord};
use maany_coordinator_storage::vault::{Ending, Listing};
use maany_coordinator_storage::{RequestId, Role, Row, StoreError, Table, Vault};

use crate::lab::{alice, audit, open, request, server};

const GUARD: [u8; 32] = [6; 32];
const SIGNED: u8 = 9;
const REPLACED: u8 = 8;

fn id(n: u8) -> RequestId {
    RequestId::from_bytes([n; 16])
}

fn guarded(n: u8) -> SignRequestRecord {
    let reserved = vec![ReservedCoin { denom: "uatom".into(), amount: n.to_string() }];
    SignRequestRecord { guard: Some(GUARD), reserved, ..request(n, alice(), 1, n) }
}

async fn make(vault: &Vault, n: u8) -> Result<Row<SignRequestRecord>, StoreError> {
    vault.insert_request(guarded(n), Listing::Open, audit("made")).await
}

async fn sign(vault: &Vault, row: &Row<SignRequestRecord>) -> Result<Row<SignRequestRecord>, StoreError> {
    vault.store_signature(row, [7; 65], SIGNED, audit("signed")).await
}

async fn fail(vault: &Vault, row: &Row<SignRequestRecord>) -> Result<Row<SignRequestRecord>, StoreError> {
    vault.judge_request(row, 1, 5, "failed".into(), Listing::Closed, audit("failed")).await
}

async fn held(vault: &Vault) -> Option<Row<GuardRecord>> {
    vault.guard(&GUARD).await.unwrap()
}

/// Holder, and the signed one behind it.
async fn guard(vault: &Vault) -> Option<(u8, Option<u8>)> {
    let first = |id: RequestId| id.to_bytes()[0];
    held(vault).await.map(|held| (first(held.holder), held.signed.map(first)))
}

async fn replace(
    vault: &Vault,
    n: u8,
    held: &Row<GuardRecord>,
    open: Option<&Row<SignRequestRecord>>,
) -> Result<Row<SignRequestRecord>, StoreError> {
    let ending = open.map(|row| Ending { row, status: REPLACED, reason: "replaced".into() });
    let new = SignRequestRecord { replaces: Some(held.holder), ..guarded(n) };
    vault.replace_request(new, held, ending, audit("made")).await
}

async fn status(vault: &Vault, n: u8) -> (u8, bool, usize) {
    let row = vault.request(&alice(), id(n)).await.unwrap().unwrap();
    (row.status, row.signature.is_some(), row.reserved.len())
}

#[tokio::test]
async fn a_second_request_finds_the_guard_taken_and_writes_nothing() {
    let (lab, vault) = server().await;
    make(&vault, 1).await.unwrap();
    let before = lab.rows();
    let second = make(&vault, 2).await;
    assert!(matches!(second, Err(StoreError::Held { by }) if by == id(1)), "{second:?}");
    assert_eq!(lab.rows(), before);
    // One that may not be signed holds nothing and needs nothing.
    vault.insert_request(guarded(3), Listing::Refused { keep: 4 }, audit("refused")).await.unwrap();
    vault.insert_request(guarded(4), Listing::Closed, audit("closed")).await.unwrap();
    assert_eq!(guard(&vault).await, Some((1, None)));
    let again = open(&lab, Role::Server).await.unwrap();
    assert_eq!(guard(&again).await, Some((1, None)), "it is on disk");
}

#[tokio::test]
async fn of_two_writers_at_once_one_holds_the_guard() {
    let (lab, vault) = server().await;
    make(&vault, 1).await.unwrap();
    let theirs = lab.rows();
    let (lab, vault) = server().await;
    // The other server's write lands after our look and before our commit.
    lab.overtake_with(theirs);
    let late = make(&vault, 2).await;
    assert!(matches!(late, Err(StoreError::Held { by }) if by == id(1)), "{late:?}");
    assert!(vault.request(&alice(), id(2)).await.unwrap().is_none());
    assert_eq!(guard(&vault).await, Some((1, None)));
}

#[tokio::test]
async fn a_guard_is_freed_by_every_end_without_a_signature_and_by_no_other() {
    let (_, vault) = server().await;
    let one = make(&vault, 1).await.unwrap();
    fail(&vault, &one).await.unwrap();
    assert_eq!((guard(&vault).await, status(&vault, 1).await), (None, (5, false, 0)));
    make(&vault, 2).await.unwrap();
    vault.close_expired_requests(2000, 4, |_| audit("expired")).await.unwrap();
    assert_eq!((guard(&vault).await, status(&vault, 2).await), (None, (4, false, 0)));
    let three = make(&vault, 3).await.unwrap();
    let refuse = Listing::Refused { keep: 4 };
    vault.judge_request(&three, 2, 3, "no".into(), refuse, audit("j")).await.unwrap();
    assert_eq!((guard(&vault).await, status(&vault, 3).await), (None, (3, false, 0)));

    let four = make(&vault, 4).await.unwrap();
    sign(&vault, &four).await.unwrap();
    assert_eq!((guard(&vault).await, status(&vault, 4).await), (Some((4, Some(4))), (SIGNED, true, 1)));
    let five = make(&vault, 5).await;
    assert!(matches!(five, Err(StoreError::Held { by }) if by == id(4)), "{five:?}");
    // Neither a second end nor housekeeping touches it.
    assert!(matches!(fail(&vault, &four).await, Err(StoreError::AlreadySigned)));
    vault.close_expired_requests(5000, 4, |_| audit("expired")).await.unwrap();
    assert_eq!(guard(&vault).await, Some((4, Some(4))));
}

#[tokio::test]
async fn a_request_that_is_allowed_later_takes_its_guard_or_is_not_opened() {
    let (_, vault) = server().await;
    let refused = Listing::Refused { keep: 4 };
    let one = vault.insert_request(guarded(1), refused, audit("refused")).await.unwrap();
    let two = make(&vault, 2).await.unwrap();
    let opened = vault.judge_request(&one, 1, 1, "yes".into(), Listing::Open, audit("j")).await;
    assert!(matches!(opened, Err(StoreError::Held { by }) if by == id(2)), "{opened:?}");
    fail(&vault, &two).await.unwrap();
    let one = vault.judge_request(&one, 1, 1, "yes".into(), Listing::Open, audit("j")).await.unwrap();
    assert_eq!(guard(&vault).await, Some((1, None)));
    vault.judge_request(&one, 1, 1, "still".into(), Listing::Open, audit("j")).await.unwrap();
    assert_eq!(guard(&vault).await, Some((1, None)));
}

#[tokio::test]
async fn an_open_request_that_is_replaced_ends_in_the_same_write() {
    let (lab, vault) = server().await;
    let one = make(&vault, 1).await.unwrap();
    let before = held(&vault).await.unwrap();
    let two = replace(&vault, 2, &before, Some(&one)).await.unwrap();
    assert_eq!(status(&vault, 1).await, (REPLACED, false, 0));
    assert_eq!((guard(&vault).await, two.replaces), (Some((2, None)), Some(id(1))));
    let listed = vault.open_requests(&alice(), one.wallet, None, 1).await.unwrap();
    assert_eq!(listed.rows, vec![two.clone()]);
    // Whoever holds the row from before, or the guard from before, writes nothing.
    let rows = lab.rows();
    assert!(matches!(sign(&vault, &one).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(fail(&vault, &one).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(
        replace(&vault, 3, &before, Some(&one)).await,
        Err(StoreError::Held { by }) if by == id(2)
    ));
    assert_eq!(lab.rows(), rows);
    fail(&vault, &two).await.unwrap();
    assert_eq!(guard(&vault).await, None);
}

#[tokio::test]
async fn the_signed_one_behind_a_replacement_gets_the_guard_back_where_that_ends_unsigned() {
    let (_, vault) = server().await;
    let one = make(&vault, 1).await.unwrap();
    sign(&vault, &one).await.unwrap();
    let two = replace(&vault, 2, &held(&vault).await.unwrap(), None).await.unwrap();
    assert_eq!((guard(&vault).await, status(&vault, 1).await), (Some((2, Some(1))), (SIGNED, true, 1)));
    // The second is replaced while it is open, and the third ends unsigned.
    let three = replace(&vault, 3, &held(&vault).await.unwrap(), Some(&two)).await.unwrap();
    assert_eq!((guard(&vault).await, status(&vault, 2).await), (Some((3, Some(1))), (REPLACED, false, 0)));
    fail(&vault, &three).await.unwrap();
    assert_eq!(guard(&vault).await, Some((1, Some(1))));
    assert!(matches!(make(&vault, 4).await, Err(StoreError::Held { by }) if by == id(1)));
    let five = replace(&vault, 5, &held(&vault).await.unwrap(), None).await.unwrap();
    sign(&vault, &five).await.unwrap();
    assert_eq!(guard(&vault).await, Some((5, Some(5))));
}

#[tokio::test]
async fn a_replacement_of_what_does_not_hold_the_guard_writes_nothing() {
    let (lab, vault) = server().await;
    let one = make(&vault, 1).await.unwrap();
    let unguarded =
        vault.insert_request(request(2, alice(), 1, 2), Listing::Open, audit("made")).await.unwrap();
    let before = held(&vault).await.unwrap();
    let rows = lab.rows();
    for ending in [None, Some(&unguarded)] {
        let wrong = replace(&vault, 3, &before, ending).await;
        assert!(matches!(wrong, Err(StoreError::WrongState { .. })), "{wrong:?}");
    }
    let bare = vault.replace_request(request(3, alice(), 1, 3), &before, None, audit("made")).await;
    assert!(matches!(bare, Err(StoreError::WrongState { .. })), "{bare:?}");
    assert_eq!(lab.rows(), rows);
    // It is signed between the look and the write: the replacement relied on an open one.
    sign(&vault, &one).await.unwrap();
    let late = replace(&vault, 3, &before, Some(&one)).await;
    assert!(matches!(late, Err(StoreError::Held { by }) if by == id(1)), "{late:?}");
    assert_eq!((status(&vault, 1).await, guard(&vault).await), ((SIGNED, true, 1), Some((1, Some(1)))));
}

#[tokio::test]
async fn a_request_without_its_guard_is_not_signed() {
    let (lab, vault) = server().await;
    let one = make(&vault, 1).await.unwrap();
    let key = [&b"g"[..], &GUARD].concat();
    let mut rows = lab.rows();
    rows.remove(&(Table::Requests, key)).unwrap();
    lab.set_rows(rows);
    assert!(matches!(sign(&vault, &one).await, Err(StoreError::WrongState { .. })));
    make(&vault, 2).await.unwrap();
    assert!(matches!(sign(&vault, &one).await, Err(StoreError::Held { by }) if by == id(2)));
    fail(&vault, &one).await.unwrap();
    assert_eq!(guard(&vault).await, Some((2, None)), "what another holds is not freed");
}

#[tokio::test]
async fn a_request_from_before_guards_is_signed_and_ended_as_ever() {
    let (_, vault) = server().await;
    let old = |n| vault.insert_request(request(n, alice(), 1, n), Listing::Open, audit("made"));
    let (one, two) = (old(1).await.unwrap(), old(2).await.unwrap());
    sign(&vault, &one).await.unwrap();
    fail(&vault, &two).await.unwrap();
    assert_eq!((status(&vault, 1).await, status(&vault, 2).await), ((SIGNED, true, 0), (5, false, 0)));
    assert_eq!(guard(&vault).await, None);
}
