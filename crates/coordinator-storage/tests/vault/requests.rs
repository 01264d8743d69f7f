//! Sign requests: one signature each, found by id, wallet and digest, by their owner only.

use maany_coordinator_storage::record::SignRequestRecord;
use maany_coordinator_storage::vault::Listing;
use maany_coordinator_storage::{RequestId, Row, StoreError, Table, Vault};

use crate::lab::{alice, audit, bob, request, server, wallet_id};

const SIGNED: u8 = 9;

#[tokio::test]
async fn a_request_reads_back_for_its_owner_only() {
    let (_, vault) = server().await;
    let made = vault.insert_request(request(1, alice(), 1, 5), Listing::Open, audit("r")).await.unwrap();
    let id = RequestId::from_bytes([1; 16]);
    assert_eq!(vault.request(&alice(), id).await.unwrap().unwrap(), made);
    assert_eq!(vault.request(&bob(), id).await.unwrap(), None);
    assert_eq!(vault.request(&alice(), RequestId::from_bytes([2; 16])).await.unwrap(), None);
    let found = vault.open_requests(&bob(), wallet_id(1), None, 500).await.unwrap();
    assert!(found.rows.is_empty());
}

#[tokio::test]
async fn a_taken_request_id_is_never_overwritten() {
    let (lab, vault) = server().await;
    vault.insert_request(request(1, alice(), 1, 5), Listing::Open, audit("r")).await.unwrap();
    let before = lab.rows();
    for listing in [Listing::Open, Listing::Closed] {
        let again = vault.insert_request(request(1, bob(), 2, 6), listing, audit("r")).await;
        assert!(matches!(again, Err(StoreError::AlreadyExists { what: "sign request" })), "{again:?}");
    }
    let mut signed = request(3, alice(), 1, 5);
    signed.signature = Some([1; 65]);
    let signed = vault.insert_request(signed, Listing::Open, audit("r")).await;
    assert!(matches!(signed, Err(StoreError::WrongState { .. })), "{signed:?}");
    assert_eq!(lab.rows(), before);
}

#[tokio::test]
async fn a_signature_is_stored_once_and_never_changed() {
    let (lab, vault) = server().await;
    let row = vault.insert_request(request(1, alice(), 1, 5), Listing::Open, audit("r")).await.unwrap();
    let signed = vault.store_signature(&row, [7; 65], SIGNED, audit("signed")).await.unwrap();
    assert_eq!((signed.signature, signed.status), (Some([7; 65]), SIGNED));
    let before = lab.rows();
    // With the row from before and with the new one; another signature, the same one, another verdict.
    for row in [&row, &signed] {
        for signature in [[7; 65], [8; 65]] {
            let again = vault.store_signature(row, signature, SIGNED, audit("signed")).await;
            assert!(matches!(again, Err(StoreError::AlreadySigned)), "{again:?}");
        }
        let judged = vault.judge_request(row, 0, 0, "no".into(), Listing::Closed, audit("j")).await;
        assert!(matches!(judged, Err(StoreError::AlreadySigned)), "{judged:?}");
    }
    assert_eq!(lab.rows(), before);
    let id = RequestId::from_bytes([1; 16]);
    assert_eq!(vault.request(&alice(), id).await.unwrap().unwrap(), signed);
}

#[tokio::test]
async fn of_two_signatures_at_once_one_is_stored() {
    let (_, vault) = server().await;
    let row = vault.insert_request(request(1, alice(), 1, 5), Listing::Open, audit("r")).await.unwrap();
    let (one, two) = tokio::join!(
        vault.store_signature(&row, [1; 65], SIGNED, audit("signed")),
        vault.store_signature(&row, [2; 65], SIGNED, audit("signed")),
    );
    assert!(matches!(
        (&one, &two),
        (Ok(_), Err(StoreError::AlreadySigned)) | (Err(StoreError::AlreadySigned), Ok(_))
    ));
    let stored = vault.request(&alice(), RequestId::from_bytes([1; 16])).await.unwrap().unwrap();
    assert_eq!(stored, one.or(two).unwrap());
}

#[tokio::test]
async fn a_change_that_was_overtaken_is_a_conflict() {
    let (_, vault) = server().await;
    let row = vault.insert_request(request(1, alice(), 1, 5), Listing::Open, audit("r")).await.unwrap();
    let judged = vault.judge_request(&row, 2, 2, "seen".into(), Listing::Open, audit("j")).await.unwrap();
    assert_eq!((judged.verdict, judged.status, judged.reason.as_str()), (2, 2, "seen"));
    let late = vault.store_signature(&row, [7; 65], SIGNED, audit("signed")).await;
    assert!(matches!(late, Err(StoreError::Conflict { table: Table::Requests, .. })), "{late:?}");
    vault.store_signature(&judged, [7; 65], SIGNED, audit("signed")).await.unwrap();
}

#[tokio::test]
async fn open_requests_are_found_by_wallet_and_digest_until_they_end() {
    let (lab, vault) = server().await;
    let insert = |n, wallet, digest, listing| {
        let vault = vault.clone();
        async move { vault.insert_request(request(n, alice(), wallet, digest), listing, audit("r")).await }
    };
    let one = insert(1, 1, 5, Listing::Open).await.unwrap();
    let two = insert(2, 1, 5, Listing::Open).await.unwrap();
    let three = insert(3, 1, 6, Listing::Open).await.unwrap();
    insert(4, 2, 5, Listing::Open).await.unwrap();
    insert(5, 1, 5, Listing::Closed).await.unwrap();
    let find = |digest: Option<u8>, now| {
        let vault = vault.clone();
        async move {
            let digest = digest.map(|digest| [digest; 32]);
            let page = vault.open_requests(&alice(), wallet_id(1), digest.as_ref(), now).await.unwrap();
            assert!(page.damaged.is_empty() && page.next.is_none());
            page.rows.iter().map(|row| row.request.to_bytes()[0]).collect::<Vec<_>>()
        }
    };
    assert_eq!(find(None, 999).await, [1, 2, 3]);
    assert_eq!(find(Some(5), 999).await, [1, 2]);
    assert_eq!(find(Some(6), 999).await, [3]);
    assert_eq!(find(Some(7), 999).await, [0_u8; 0]);
    assert_eq!(find(None, 1000).await, [0_u8; 0]);

    vault.store_signature(&one, [7; 65], SIGNED, audit("signed")).await.unwrap();
    assert_eq!(find(Some(5), 999).await, [2]);
    let two = vault.judge_request(&two, 3, 3, "no".into(), Listing::Closed, audit("j")).await.unwrap();
    assert_eq!(find(Some(5), 999).await, [0_u8; 0]);
    vault.judge_request(&two, 1, 1, "yes".into(), Listing::Open, audit("j")).await.unwrap();
    assert_eq!(find(Some(5), 999).await, [2]);
    vault.judge_request(&three, 1, 1, "yes".into(), Listing::Open, audit("j")).await.unwrap();
    assert_eq!(find(None, 999).await, [2, 3]);

    // Requests 2, 3 and 4 are still listed.
    assert_eq!(vault.close_expired_requests(1000, 8, |_| audit("expired")).await.unwrap(), 0);
    assert_eq!(vault.close_expired_requests(1001, 8, |_| audit("expired")).await.unwrap(), 3);
    assert_eq!(lab.keys(Table::Requests).len(), 5);
    let ended = vault.request(&alice(), RequestId::from_bytes([4; 16])).await.unwrap().unwrap();
    assert_eq!(ended.status, 8);
    assert_eq!(vault.close_expired_requests(1001, 8, |_| audit("expired")).await.unwrap(), 0);
}

#[tokio::test]
async fn a_damaged_request_hides_no_other() {
    let (lab, vault) = server().await;
    for n in 1..=3 {
        vault.insert_request(request(n, alice(), 1, n), Listing::Open, audit("r")).await.unwrap();
    }
    let key = [&b"r"[..], &[2; 16]].concat();
    lab.change(Table::Requests, &key, |value| *value.last_mut().unwrap() ^= 1);
    let page = vault.open_requests(&alice(), wallet_id(1), None, 500).await.unwrap();
    assert_eq!(page.rows.len(), 2);
    assert!(
        matches!(&page.damaged[..], [StoreError::Corrupt { key: named, .. }] if *named == hex(&key)),
        "{:?}",
        page.damaged
    );
    assert_eq!(vault.close_expired_requests(2000, 8, |_| audit("expired")).await.unwrap(), 2);
}

/// Alice's refused request `n` of a wallet, made at time `n`.
async fn refuse(vault: &Vault, n: u8, wallet: u8, keep: usize) -> Row<SignRequestRecord> {
    let refused = SignRequestRecord { created_ms: n.into(), status: 3, ..request(n, alice(), wallet, n) };
    vault.insert_request(refused, Listing::Refused { keep }, audit("refused")).await.unwrap()
}

async fn there(vault: &Vault, n: u8) -> bool {
    vault.request(&alice(), RequestId::from_bytes([n; 16])).await.unwrap().is_some()
}

#[tokio::test]
async fn of_refused_requests_the_newest_of_each_wallet_are_kept() {
    let (lab, vault) = server().await;
    vault.insert_request(request(1, alice(), 1, 1), Listing::Open, audit("made")).await.unwrap();
    let rows = lab.count(Table::Requests);
    refuse(&vault, 2, 2, 3).await;
    for n in 3..=20 {
        refuse(&vault, n, 1, 3).await;
        // A refused request has two rows, and there are three and one at most.
        assert!(lab.count(Table::Requests) <= rows + 8, "{n}");
    }
    for n in 1..=20 {
        assert_eq!(there(&vault, n).await, n <= 2 || n > 17, "{n}");
    }
    assert_eq!(vault.open_requests(&alice(), wallet_id(1), None, 1).await.unwrap().rows.len(), 1);
    // A smaller bound takes the rest along; none is as one.
    refuse(&vault, 21, 1, 0).await;
    assert_eq!((there(&vault, 20).await, there(&vault, 21).await), (false, true));
}

#[tokio::test]
async fn a_refused_request_that_was_allowed_later_is_kept() {
    let (_, vault) = server().await;
    let first = refuse(&vault, 1, 1, 1).await;
    let open = vault.judge_request(&first, 1, 1, "yes".into(), Listing::Open, audit("j")).await.unwrap();
    refuse(&vault, 2, 1, 1).await;
    assert!(there(&vault, 1).await, "it is open");
    vault.store_signature(&open, [7; 65], SIGNED, audit("signed")).await.unwrap();
    let third = refuse(&vault, 3, 1, 1).await;
    let open = vault.judge_request(&third, 1, 1, "yes".into(), Listing::Open, audit("j")).await.unwrap();
    let again = vault.judge_request(&open, 3, 3, "no".into(), Listing::Refused { keep: 1 }, audit("j")).await;
    again.unwrap();
    assert!(there(&vault, 1).await && !there(&vault, 2).await && there(&vault, 3).await);
    assert_eq!(vault.open_requests(&alice(), wallet_id(1), None, 1).await.unwrap().rows.len(), 0);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
