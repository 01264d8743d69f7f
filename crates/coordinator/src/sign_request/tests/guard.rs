//! One live doc for each account and sequence: who takes the guard, and when it is free again.

use std::path::Path;

use maany_coordinator_cosmos::{Address, Coin, Hrp, MsgSend, TxDraft};
use maany_coordinator_storage::{MemoryStore, ShareStore};

use super::*;

/// A transfer of this amount to oneself, with this sequence.
pub(super) fn sending(wallet: &WalletRecord, amount: &str, sequence: u64) -> TxDraft {
    let mut draft = TxDraft { sequence, ..draft(wallet.public_key) };
    draft.messages[0].amounts = vec![Coin::parse(amount, "uatom").unwrap()];
    draft
}

pub(super) fn asking(draft: &TxDraft, mode: SignMode) -> NewSignRequest {
    new(&draft.sign_doc(mode).unwrap(), mode, "m")
}

pub(super) fn direct(wallet: &WalletRecord, amount: &str, sequence: u64) -> NewSignRequest {
    asking(&sending(wallet, amount, sequence), SignMode::Direct)
}

pub(super) fn taken_by(answer: Result<Created, SignRequestError>) -> RequestId {
    match answer {
        Err(SignRequestError::SequenceTaken { by }) => by,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn sign(requests: &SignRequests, request: &SignRequest) -> Row<SignRequestRecord> {
    let row = requests.get(&alice(), request.id()).await.unwrap().unwrap().into_row();
    let signature = TestKey::new(1).sign(&request.digest());
    requests.store_signature(&alice(), &row, &signature).await.unwrap()
}

pub(super) async fn status(requests: &SignRequests, id: RequestId) -> Status {
    requests.get(&alice(), id).await.unwrap().unwrap().status()
}

#[tokio::test]
async fn another_doc_of_the_same_sequence_names_the_live_one() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let live = made(bench.requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    let rows = events(&bench.vault).await;
    assert_eq!(taken_by(bench.requests.create(&alice(), &row, direct(&row, "2", 7)).await), live.id());
    // The same in the other form: a chain takes either.
    let amino = asking(&sending(&row, "1", 7), SignMode::AminoJson);
    assert_eq!(taken_by(bench.requests.create(&alice(), &row, amino).await), live.id());
    assert_eq!(events(&bench.vault).await, rows, "nothing was stored");
    // Another sequence, account number or key is another guard.
    made(bench.requests.create(&alice(), &row, direct(&row, "2", 8)).await.unwrap());
    let account = TxDraft { account_number: 3, ..sending(&row, "2", 7) };
    made(bench.requests.create(&alice(), &row, asking(&account, SignMode::Direct)).await.unwrap());
    let child = TxDraft { sequence: 7, ..draft(child(&row, "m/1")) }.sign_doc(SignMode::Direct).unwrap();
    made(bench.requests.create(&alice(), &row, new(&child, SignMode::Direct, "m/1")).await.unwrap());
}

#[tokio::test]
async fn another_prefix_is_not_another_account() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let live = made(bench.requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    let own = Address::from_public_key(&row.public_key, &Hrp::parse("osmo").unwrap()).unwrap();
    let mut other = sending(&row, "1", 7);
    other.messages = vec![MsgSend::new(own.clone(), own, other.messages[0].amounts.clone()).unwrap()];
    for mode in [SignMode::Direct, SignMode::AminoJson] {
        assert_eq!(taken_by(bench.requests.create(&alice(), &row, asking(&other, mode)).await), live.id());
    }
}

#[tokio::test]
async fn of_two_callers_at_once_on_two_servers_one_gets_the_sequence() {
    let vault = vault_over(Arc::new(Slow::default())).await;
    let (one, two) = (bench_over(vault.clone(), allow(false)), bench_over(vault, allow(false)));
    let row = wallet(&one.vault, &alice(), 1, None).await;
    let alice = alice();
    let creates = (0..8).map(|n: u64| {
        let requests = if n.is_multiple_of(2) { &one.requests } else { &two.requests };
        requests.create(&alice, &row, direct(&row, &(n + 1).to_string(), 7))
    });
    let answers = futures::future::join_all(creates).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    let [Ok(Created::New(live))] = &made[..] else { panic!("{made:?}") };
    assert_eq!(refused.len(), 7);
    assert!(refused.into_iter().all(|answer| taken_by(answer) == live.id()));
    let open = one.vault.open_requests(&alice.rows(), row.wallet, None, 0).await.unwrap();
    assert_eq!(open.rows.len(), 1);
}

#[tokio::test]
async fn the_same_doc_on_two_servers_at_once_is_one_request() {
    let vault = vault_over(Arc::new(Slow::default())).await;
    let (one, two) = (bench_over(vault.clone(), allow(false)), bench_over(vault, allow(false)));
    let row = wallet(&one.vault, &alice(), 1, None).await;
    let alice = alice();
    let (one, two) = tokio::join!(
        one.requests.create(&alice, &row, plain(&row)),
        two.requests.create(&alice, &row, plain(&row)),
    );
    assert_eq!(one.unwrap().into_request().id(), two.unwrap().into_request().id());
}

#[tokio::test]
async fn the_sequence_is_free_again_where_a_request_ends_unsigned() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let create = async |amount: &str| bench.requests.create(&alice(), &row, direct(&row, amount, 7)).await;
    let failed = made(create("1").await.unwrap());
    bench.requests.mark_failed(&alice(), &failed.clone().into_row(), "quarantined").await.unwrap();
    assert_eq!(bench.requests.get(&alice(), failed.id()).await.unwrap().unwrap().reserved(), []);
    // One whose time is over holds it as long as a session may be signing it.
    let expired = made(create("2").await.unwrap());
    bench.hands.advance(659_999);
    assert_eq!(status(&bench.requests, expired.id()).await, Status::Expired);
    assert_eq!(taken_by(create("3").await), expired.id());
    assert_eq!(taken_by(create("2").await), expired.id(), "the same doc would be a second one to sign");
    bench.hands.advance(1);
    let third = made(create("3").await.unwrap());
    assert!(events(&bench.vault).await.contains(&"sign-request-expired".to_owned()));
    // And where housekeeping was first.
    bench.hands.advance(660_001);
    assert_eq!(bench.requests.close_expired().await.unwrap(), 1);
    assert_eq!(status(&bench.requests, third.id()).await, Status::Expired);
    made(create("4").await.unwrap());
}

#[tokio::test]
async fn what_the_policy_denies_holds_nothing() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let denied = made(bench.requests.create(&alice(), &row, direct(&row, "101", 7)).await.unwrap());
    assert_eq!((denied.status(), denied.reserved()), (Status::Refused, &[][..]));
    let live = made(bench.requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    // Nor does it take what another one holds.
    let denied = made(bench.requests.create(&alice(), &row, direct(&row, "102", 7)).await.unwrap());
    assert_eq!(denied.status(), Status::Refused);
    assert_eq!(status(&bench.requests, live.id()).await, Status::Open);
}

#[tokio::test]
async fn a_signed_doc_keeps_its_sequence_for_ever_and_is_given_back() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let create = async |amount: &str| bench.requests.create(&alice(), &row, direct(&row, amount, 7)).await;
    let first = made(create("1").await.unwrap());
    let signed = sign(&bench.requests, &first).await;
    for _ in 0..2 {
        assert_eq!(taken_by(create("2").await), first.id());
        let Created::Existing(again) = create("1").await.unwrap() else { panic!("a second request") };
        assert_eq!((again.id(), again.status()), (first.id(), Status::Signed));
        assert_eq!(again.signature(), signed.signature.as_ref());
        bench.hands.advance(u64::from(u32::MAX));
        bench.requests.close_expired().await.unwrap();
    }
}

#[tokio::test]
async fn a_bare_digest_excludes_itself_and_is_signed_once() {
    let bench = bench(allow(true)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let digest = Digest::from_bytes([5; 32]);
    let first = made(bench.requests.create_raw(&alice(), &row, &digest).await.unwrap());
    made(bench.requests.create_raw(&alice(), &row, &Digest::from_bytes([6; 32])).await.unwrap());
    let again = bench.requests.create_raw(&alice(), &row, &digest).await.unwrap();
    assert!(matches!(again, Created::Existing(again) if again.id() == first.id()));
    sign(&bench.requests, &first).await;
    let session = bench.requests.for_session(&alice(), &row, None, Some(&digest)).await;
    assert!(matches!(session, ForSession::AlreadySigned(_)), "{session:?}");
}

/// A policy that allows whatever it is asked.
pub(super) struct AllowAll;

#[async_trait::async_trait]
impl PolicyHook for AllowAll {
    async fn decide(&self, _intent: &SignIntent<'_>) -> Verdict {
        Verdict::Allow
    }
}

/// The direct doc of an unordered transfer of this amount.
fn unordered(wallet: &WalletRecord, amount: &str) -> SignDoc {
    let draft = sending(wallet, amount, 0);
    // TxBody { .., unordered: true, timeout_timestamp: { seconds: 5 } }
    let body = [&draft.body_bytes()[..], &[0x20, 1, 0x2a, 2, 0x08, 5]].concat();
    let auth_info = draft.auth_info_bytes(SignMode::Direct).unwrap();
    SignDoc::Direct(DirectSignDoc::new(&body, &auth_info, CHAIN, 0).unwrap())
}

#[tokio::test]
async fn unordered_docs_exclude_themselves_alone() {
    let bench = bench(AllowAll).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let create = async |doc: &SignDoc| {
        bench.requests.create(&alice(), &row, new(doc, SignMode::Direct, "m")).await.unwrap()
    };
    let ordered = sending(&row, "1", 0).sign_doc(SignMode::Direct).unwrap();
    let ordered = made(create(&ordered).await);
    let one = made(create(&unordered(&row, "1")).await);
    let two = made(create(&unordered(&row, "2")).await);
    assert_eq!([&ordered, &one, &two].map(SignRequest::status), [Status::Open; 3]);
    sign(&bench.requests, &one).await;
    let Created::Existing(again) = create(&unordered(&row, "1")).await else { panic!("a second request") };
    assert_eq!((again.id(), again.status()), (one.id(), Status::Signed));
}

#[tokio::test]
async fn a_request_from_before_guards_is_signed_and_stands_in_nobodys_way() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let doc = sending(&row, "1", 7).sign_doc(SignMode::Direct).unwrap();
    let request =
        made(bench.requests.create(&alice(), &row, new(&doc, SignMode::Direct, "m")).await.unwrap());
    let old = SignRequestRecord {
        request: [0xaa; 16].into(),
        guard: None,
        reserved: Vec::new(),
        ..(*request.clone().into_row()).clone()
    };
    bench.requests.mark_failed(&alice(), &request.into_row(), "test").await.unwrap();
    let audit = audit(&alice(), &old, "test", 1);
    let old = bench.vault.insert_request(old, Listing::Open, audit).await.unwrap();
    let old = SignRequest::from_row(old, 1_000_000).unwrap();
    let again = bench.requests.create(&alice(), &row, new(&doc, SignMode::Direct, "m")).await.unwrap();
    assert!(matches!(again, Created::Existing(again) if again.id() == old.id()));
    let other = made(bench.requests.create(&alice(), &row, direct(&row, "2", 7)).await.unwrap());
    let named = NewSignRequest { replaces: Some(old.id()), ..direct(&row, "3", 7) };
    let named = bench.requests.create(&alice(), &row, named).await;
    assert!(matches!(named, Err(SignRequestError::OtherSequence)), "{named:?}");
    sign(&bench.requests, &old).await;
    assert_eq!(status(&bench.requests, old.id()).await, Status::Signed);
    assert_eq!(status(&bench.requests, other.id()).await, Status::Open);
}

/// Opens a store of each kind in this folder, again and again.
async fn reopened(kind: &str, folder: &Path) -> Arc<dyn ShareStore> {
    match kind {
        #[cfg(feature = "redb")]
        "redb" => {
            Arc::new(maany_coordinator_storage::RedbStore::open(folder.join("rows.redb")).await.unwrap())
        }
        #[cfg(feature = "file")]
        "file" => Arc::new(maany_coordinator_storage::FileStore::open(folder.join("rows")).await.unwrap()),
        other => panic!("no store of the kind {other}"),
    }
}

async fn guards_hold(store: Arc<dyn ShareStore>, life: u64) {
    let bench = bench_over(vault_over(store).await, allow(false));
    let row = match bench.vault.wallet(&alice().rows(), [1; 16].into()).await.unwrap() {
        Some(row) => row,
        None => wallet(&bench.vault, &alice(), 1, None).await,
    };
    let create = async |amount: &str, sequence, replaces| {
        let new = NewSignRequest { replaces, ..direct(&row, amount, sequence) };
        bench.requests.create(&alice(), &row, new).await
    };
    // What earlier lives left: an open one, and a signed one that is replaced by an open one.
    for earlier in 0..life {
        let open = taken_by(create("9", 10 * earlier, None).await);
        assert_eq!(status(&bench.requests, open).await, Status::Open);
        let replacement = taken_by(create("9", 10 * earlier + 1, None).await);
        let replacement = bench.requests.get(&alice(), replacement).await.unwrap().unwrap();
        assert_eq!(replacement.status(), Status::Open);
        assert_eq!(status(&bench.requests, replacement.replaces().unwrap()).await, Status::Signed);
    }
    made(create("1", 10 * life, None).await.unwrap());
    let signed = made(create("1", 10 * life + 1, None).await.unwrap());
    sign(&bench.requests, &signed).await;
    made(create("2", 10 * life + 1, Some(signed.id())).await.unwrap());
}

#[tokio::test]
async fn guards_are_on_disk_in_every_kind_of_store() {
    let memory: Arc<dyn ShareStore> = Arc::new(MemoryStore::new());
    for life in 0..3 {
        guards_hold(Arc::clone(&memory), life).await;
    }
    let kinds: &[&str] = &[
        #[cfg(feature = "redb")]
        "redb",
        #[cfg(feature = "file")]
        "file",
    ];
    for kind in kinds {
        let folder = tempfile::tempdir().unwrap();
        for life in 0..3 {
            guards_hold(reopened(kind, folder.path()).await, life).await;
        }
    }
}

#[tokio::test]
async fn a_wallet_whose_signatures_are_forgotten_gives_back_what_it_has_and_signs_nothing_new() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let create = async |new: NewSignRequest| bench.requests.create(&alice(), &row, new).await;
    let signed = made(create(direct(&row, "1", 7)).await.unwrap());
    sign(&bench.requests, &signed).await;
    let open = made(create(direct(&row, "1", 8)).await.unwrap());
    let gap = maany_coordinator_storage::vault::import::Gap { from_ms: 1, until_ms: 2 };
    bench.vault.settle_import(gap, None).await.unwrap();

    let in_its_place = NewSignRequest { replaces: Some(open.id()), ..direct(&row, "2", 8) };
    for new in [direct(&row, "2", 7), direct(&row, "1", 9), in_its_place] {
        let refused = create(new).await;
        assert!(matches!(refused, Err(SignRequestError::SignaturesForgotten)), "{refused:?}");
    }
    assert!(matches!(create(direct(&row, "1", 7)).await, Ok(Created::Existing(_))));
    let session = async |id| bench.requests.for_session(&alice(), &row, Some(id), None).await;
    assert!(matches!(session(signed.id()).await, ForSession::AlreadySigned(_)));
    assert!(matches!(session(open.id()).await, ForSession::NotAllowed));

    let forgotten = bench.vault.forgotten(row.wallet).await.unwrap().unwrap();
    let audit = AuditRow {
        at_ms: 3,
        actor: "test".to_owned(),
        event: "accepted".to_owned(),
        wallet: Some(row.wallet),
        details: String::new(),
    };
    bench.vault.accept_forgotten(row.wallet, &forgotten, audit).await.unwrap();
    assert!(matches!(session(open.id()).await, ForSession::Open(_)));
    made(create(direct(&row, "1", 9)).await.unwrap());
}
