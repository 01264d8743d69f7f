//! Another doc in the place of the live one: only where it is named, and never two to choose from by accident.

use std::sync::Mutex;

use async_trait::async_trait;
use maany_coordinator_cosmos::{Address, Coin, Hrp, MsgSend, TxDraft};

use super::{
    guard::{asking, direct, sending, sign, status, taken_by},
    *,
};
use crate::{
    policy::{SignIntent, Verdict},
    sign_request::live::REPLACEMENTS,
};

fn replacing(new: NewSignRequest, replaced: &SignRequest) -> NewSignRequest {
    NewSignRequest { replaces: Some(replaced.id()), ..new }
}

#[tokio::test]
async fn an_open_request_that_is_replaced_is_never_signed_though_a_session_runs_on_it() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let first = made(bench.requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    let ForSession::Open(running) = bench.requests.for_session(&alice(), &row, Some(first.id()), None).await
    else {
        panic!("it is open");
    };
    let new = replacing(direct(&row, "2", 7), &first);
    let second = made(bench.requests.create(&alice(), &row, new.clone()).await.unwrap());
    assert_eq!((second.replaces(), second.status()), (Some(first.id()), Status::Open));
    let ended = bench.requests.get(&alice(), first.id()).await.unwrap().unwrap();
    assert_eq!((ended.status(), ended.reason(), ended.reserved()), (Status::Replaced, "replaced", &[][..]));
    // The ceremony ends all the same, and its signature finds no place.
    let signature = TestKey::new(1).sign(&first.digest());
    let late = bench.requests.store_signature(&alice(), &running, &signature).await;
    assert!(matches!(late, Err(SignRequestError::Over)), "{late:?}");
    assert!(bench.requests.get(&alice(), first.id()).await.unwrap().unwrap().signature().is_none());
    let session = bench.requests.for_session(&alice(), &row, Some(first.id()), None).await;
    assert!(matches!(session, ForSession::NotAllowed));
    // Whoever lost the answer asks again in the same words.
    let again = bench.requests.create(&alice(), &row, new).await.unwrap();
    assert!(matches!(again, Created::Existing(again) if again.id() == second.id()));
    sign(&bench.requests, &second).await;
    let made = events(&bench.vault).await;
    assert_eq!(made[2..], ["sign-request-made", "sign-request-made", "sign-request-signed"]);
    let rows = bench.vault.audit(None, 100).await.unwrap().rows;
    assert!(rows[3].details.ends_with(&format!("replaces {}", first.id())), "{}", rows[3].details);
}

#[tokio::test]
async fn a_session_that_was_faster_keeps_its_signature() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let first = made(bench.requests.create(&alice(), &row, direct(&row, "5", 7)).await.unwrap());
    let signed = sign(&bench.requests, &first).await;
    let new = replacing(direct(&row, "6", 7), &first);
    let second = made(bench.requests.create(&alice(), &row, new).await.unwrap());
    let kept = bench.requests.get(&alice(), first.id()).await.unwrap().unwrap();
    assert_eq!((kept.status(), kept.signature()), (Status::Signed, signed.signature.as_ref()));
    let session = bench.requests.for_session(&alice(), &row, Some(first.id()), None).await;
    assert!(matches!(session, ForSession::AlreadySigned(_)));
    // The guard has passed on.
    assert_eq!(taken_by(bench.requests.create(&alice(), &row, direct(&row, "7", 7)).await), second.id());
    let stale = replacing(direct(&row, "7", 7), &first);
    assert_eq!(taken_by(bench.requests.create(&alice(), &row, stale).await), second.id());
    // The doc that was signed first has its one signature, now and after the second is signed.
    for _ in 0..2 {
        let Created::Existing(again) =
            bench.requests.create(&alice(), &row, direct(&row, "5", 7)).await.unwrap()
        else {
            panic!("a second request for what is signed");
        };
        assert_eq!((again.id(), again.signature()), (first.id(), signed.signature.as_ref()));
        sign(&bench.requests, &second).await;
    }
}

#[tokio::test]
async fn the_signed_one_has_the_sequence_back_where_its_replacement_ends_unsigned() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let create = async |amount: &str, replaced: &SignRequest| {
        bench.requests.create(&alice(), &row, replacing(direct(&row, amount, 7), replaced)).await
    };
    let signed = made(bench.requests.create(&alice(), &row, direct(&row, "5", 7)).await.unwrap());
    sign(&bench.requests, &signed).await;
    let failed = made(create("6", &signed).await.unwrap());
    bench.requests.mark_failed(&alice(), &failed.into_row(), "quarantined").await.unwrap();
    assert_eq!(taken_by(bench.requests.create(&alice(), &row, direct(&row, "8", 7)).await), signed.id());
    let expired = made(create("6", &signed).await.unwrap());
    let replaced = made(create("7", &expired).await.unwrap());
    bench.hands.advance(660_001);
    bench.requests.close_expired().await.unwrap();
    assert_eq!(status(&bench.requests, replaced.id()).await, Status::Expired);
    assert_eq!(taken_by(bench.requests.create(&alice(), &row, direct(&row, "8", 7)).await), signed.id());
    let over = create("8", &expired).await;
    assert_eq!(taken_by(over), signed.id(), "the one that is named is over, and another one is live");
}

#[tokio::test]
async fn a_replacement_that_the_policy_denies_changes_nothing() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let first = made(bench.requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    let denied = replacing(direct(&row, "101", 7), &first);
    let denied = made(bench.requests.create(&alice(), &row, denied).await.unwrap());
    assert_eq!((denied.status(), denied.replaces()), (Status::Refused, Some(first.id())));
    assert_eq!(status(&bench.requests, first.id()).await, Status::Open);
    sign(&bench.requests, &first).await;
}

#[tokio::test]
async fn only_the_live_request_of_the_same_wallet_owner_and_sequence_gives_way() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let other = wallet(&bench.vault, &alice(), 2, None).await;
    let bobs = wallet(&bench.vault, &bob(), 3, None).await;
    let live = made(bench.requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    let next = made(bench.requests.create(&alice(), &row, direct(&row, "1", 8)).await.unwrap());
    let others = made(bench.requests.create(&alice(), &other, direct(&other, "1", 7)).await.unwrap());
    let bobs = made(bench.requests.create(&bob(), &bobs, direct(&bobs, "1", 7)).await.unwrap());
    let over = made(bench.requests.create(&alice(), &row, direct(&row, "1", 9)).await.unwrap());
    bench.requests.mark_failed(&alice(), &over.clone().into_row(), "test").await.unwrap();
    let before = events(&bench.vault).await;
    use SignRequestError as E;
    let create = async |replaced: RequestId, sequence| {
        let new = NewSignRequest { replaces: Some(replaced), ..direct(&row, "2", sequence) };
        bench.requests.create(&alice(), &row, new).await.unwrap_err()
    };
    // Sequence 7 is held, 9 and 10 are free.
    for sequence in [7, 9, 10] {
        assert!(matches!(create(next.id(), sequence).await, E::OtherSequence), "{sequence}");
        assert!(matches!(create(others.id(), sequence).await, E::UnknownRequest), "another wallet's");
        assert!(matches!(create(bobs.id(), sequence).await, E::UnknownRequest), "another owner's");
        let unknown = RequestId::from_bytes([9; 16]);
        assert!(matches!(create(unknown, sequence).await, E::UnknownRequest));
    }
    assert!(matches!(create(over.id(), 9).await, E::NotLive));
    assert_eq!(events(&bench.vault).await, before, "nothing was stored");
    for id in [live.id(), next.id(), others.id()] {
        assert_eq!(status(&bench.requests, id).await, Status::Open);
    }
}

#[tokio::test]
async fn a_replacement_fits_where_the_wallet_has_as_many_open_requests_as_it_may() {
    let bench = bench(allow(false)).await;
    let limits = SignRequestLimits { open_per_wallet: 1, ..SignRequestLimits::default() };
    let requests = bench.requests.with_limits(limits);
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let first = made(requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    let more = requests.create(&alice(), &row, direct(&row, "1", 8)).await;
    assert!(matches!(more, Err(SignRequestError::TooMany)));
    let second =
        made(requests.create(&alice(), &row, replacing(direct(&row, "2", 7), &first)).await.unwrap());
    sign(&requests, &second).await;
    let third = made(requests.create(&alice(), &row, direct(&row, "1", 8)).await.unwrap());
    assert_eq!(third.status(), Status::Open);
    // In the place of a signed one it is one more.
    let fourth = requests.create(&alice(), &row, replacing(direct(&row, "3", 7), &second)).await;
    assert!(matches!(fourth, Err(SignRequestError::TooMany)));
}

/// What a policy was told.
struct Heard {
    gives_way: Option<RequestId>,
    /// The memo of what is signed in its place already.
    signed: Option<String>,
    reserved: Vec<String>,
}

/// Allows everything, and remembers what it was told.
#[derive(Clone, Default)]
struct Listening(Arc<Mutex<Vec<Heard>>>);

#[async_trait]
impl PolicyHook for Listening {
    async fn decide(&self, intent: &SignIntent<'_>) -> Verdict {
        let replaces = intent.replaces;
        self.0.lock().unwrap().push(Heard {
            gives_way: replaces.map(|replaced| replaced.request),
            signed: replaces.and_then(|replaced| replaced.signed.map(|tx| tx.memo.clone())),
            reserved: intent.reserved.iter().map(Coin::to_string).collect(),
        });
        Verdict::Allow
    }
}

#[tokio::test]
async fn the_policy_hears_what_gives_way_and_only_the_excess_is_set_aside() {
    let heard = Listening::default();
    let bench = bench(heard.clone()).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let hrp = Hrp::parse("cosmos").unwrap();
    let [own, to] = [1, 2].map(|seed| Address::from_public_key(&TestKey::new(seed).public(), &hrp).unwrap());
    let create = async |amount: &str, memo: &str, replaces: Option<&SignRequest>| {
        let amounts = vec![Coin::parse(amount, "uatom").unwrap()];
        let messages = vec![MsgSend::new(own.clone(), to.clone(), amounts).unwrap()];
        let draft = TxDraft { messages, memo: memo.to_owned(), ..sending(&row, "1", 7) };
        let new = asking(&draft, SignMode::Direct);
        let new = NewSignRequest { replaces: replaces.map(SignRequest::id), ..new };
        made(bench.requests.create(&alice(), &row, new).await.unwrap())
    };
    let said = |coins: &[Coin]| coins.iter().map(Coin::to_string).collect::<Vec<_>>();

    // The fee of 1 goes with each.
    let one = create("10", "one", None).await;
    assert_eq!(said(one.reserved()), ["11 uatom"]);
    // In the place of an open one nothing is spent yet.
    let two = create("20", "two", Some(&one)).await;
    assert_eq!(said(two.reserved()), ["21 uatom"]);
    sign(&bench.requests, &two).await;
    let three = create("50", "three", Some(&two)).await;
    assert_eq!(said(three.reserved()), ["30 uatom"]);
    // Again in the place of an open one: what counts is the signed one behind it.
    let four = create("25", "four", Some(&three)).await;
    assert_eq!(said(four.reserved()), ["5 uatom"]);
    sign(&bench.requests, &four).await;
    let five = create("3", "five", Some(&four)).await;
    assert_eq!(said(five.reserved()), [""; 0]);

    let read = async |id| bench.requests.get(&alice(), id).await.unwrap().unwrap();
    assert_eq!(said(read(two.id()).await.reserved()), ["21 uatom"], "spent");
    assert_eq!(said(read(one.id()).await.reserved()), [""; 0], "released");
    assert_eq!(said(read(three.id()).await.reserved()), [""; 0], "released");
    let heard = heard.0.lock().unwrap();
    let memos: Vec<_> = heard.iter().map(|heard| heard.signed.as_deref()).collect();
    assert_eq!(memos, [None, None, Some("two"), Some("two"), Some("four")]);
    let gave_way: Vec<_> = heard.iter().map(|heard| heard.gives_way).collect();
    let ids = [&one, &two, &three, &four].map(SignRequest::id);
    assert_eq!(gave_way, [vec![None], ids.map(Some).to_vec()].concat());
    assert!(heard.iter().map(|heard| heard.reserved.len()).eq([1, 1, 1, 1, 0]));
}

/// Signs the live request in the moment in which the policy is asked about its replacement.
struct Meanwhile {
    vault: Vault,
    signs: Mutex<Option<SignRequest>>,
    heard: Arc<Mutex<Vec<usize>>>,
}

#[async_trait]
impl PolicyHook for Meanwhile {
    async fn decide(&self, intent: &SignIntent<'_>) -> Verdict {
        self.heard.lock().unwrap().push(intent.reserved.len());
        let request = self.signs.lock().unwrap().take();
        if let Some(request) = request {
            let others = SignRequests::new(self.vault.clone(), Arc::new(RefuseAll));
            sign(&others, &request).await;
        }
        Verdict::Allow
    }
}

#[tokio::test]
async fn what_is_signed_while_the_policy_thinks_is_told_to_it_before_anything_is_stored() {
    let vault = vault().await;
    let row = wallet(&vault, &alice(), 1, None).await;
    let heard = Arc::default();
    let quiet = bench_over(vault.clone(), allow(false));
    let first = made(quiet.requests.create(&alice(), &row, direct(&row, "1", 7)).await.unwrap());
    let signs = Mutex::new(Some(first.clone()));
    let policy = Meanwhile { vault: vault.clone(), signs, heard: Arc::clone(&heard) };
    let bench = bench_over(vault, policy);
    let second = replacing(direct(&row, "2", 7), &first);
    let second = made(bench.requests.create(&alice(), &row, second).await.unwrap());
    assert_eq!(status(&bench.requests, first.id()).await, Status::Signed);
    // The fee, which was the whole reservation, is spent by the first already.
    assert_eq!((heard.lock().unwrap().as_slice(), second.reserved()), (&[1, 0][..], &[][..]));
}

#[tokio::test]
async fn requests_of_one_sequence_replace_each_other_so_often_and_no_more() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let amounts = ["1", "2"].into_iter().cycle();
    let mut live = made(bench.requests.create(&alice(), &row, direct(&row, "3", 7)).await.unwrap());
    let signed = live.clone();
    sign(&bench.requests, &live).await;
    for amount in amounts.take(REPLACEMENTS) {
        live = made(
            bench.requests.create(&alice(), &row, replacing(direct(&row, amount, 7), &live)).await.unwrap(),
        );
    }
    let more = bench.requests.create(&alice(), &row, replacing(direct(&row, "4", 7), &live)).await;
    assert!(matches!(more, Err(SignRequestError::ReplacedTooOften)), "{more:?}");
    // What was signed at the other end of the chain is still found.
    let Created::Existing(again) = bench.requests.create(&alice(), &row, direct(&row, "3", 7)).await.unwrap()
    else {
        panic!("a second request for what is signed");
    };
    assert_eq!(again.id(), signed.id());
    assert_eq!(status(&bench.requests, live.id()).await, Status::Open);
}
