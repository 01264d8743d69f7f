use maany_coordinator_cosmos::{AccountKey, DirectSignDoc, Hrp, KeyType, MsgSend, MultisigKey, SignDoc};
use maany_coordinator_proto::Digest;
use maany_coordinator_storage::{record::Standing, vault::Listing};

mod guard;
mod never_twice;
mod replacement;

use super::*;
use crate::{
    policy::{AllowList, AllowListConfig, Reason, RefuseAll, SignIntent, Verdict},
    test_support::{
        CHAIN, Hands, Slow, TestKey, alice, bob, child, doc, draft, events, vault, vault_over, wallet,
    },
};

struct Bench {
    vault: Vault,
    requests: SignRequests,
    hands: Hands,
}

async fn bench(policy: impl PolicyHook) -> Bench {
    bench_over(vault().await, policy)
}

fn bench_over(vault: Vault, policy: impl PolicyHook) -> Bench {
    let hands = Hands::at(1_000_000);
    let requests = SignRequests::new(vault.clone(), Arc::new(policy)).with_clock(hands.clock());
    Bench { vault, requests, hands }
}

fn allow(allow_raw: bool) -> AllowList {
    let maximum = || [("uatom".to_owned(), "100".to_owned())].into();
    let config = AllowListConfig {
        chains: vec![CHAIN.to_owned()],
        messages: vec!["/cosmos.bank.v1beta1.MsgSend".to_owned()],
        max_per_tx: maximum(),
        max_fee: maximum(),
        allow_raw,
        ..AllowListConfig::default()
    };
    AllowList::try_from(config).unwrap()
}

fn new(sign_doc: &SignDoc, mode: SignMode, path: &str) -> NewSignRequest {
    NewSignRequest {
        chain_id: ChainId::new(CHAIN).unwrap(),
        path: path.parse().unwrap(),
        mode,
        sign_doc: sign_doc.sign_bytes().to_vec(),
        replaces: None,
        member_of: None,
    }
}

fn plain(wallet: &WalletRecord) -> NewSignRequest {
    new(&doc(wallet.public_key, SignMode::Direct), SignMode::Direct, "m")
}

fn numbered(wallet: &WalletRecord, sequence: u64) -> NewSignRequest {
    let draft = maany_coordinator_cosmos::TxDraft { sequence, ..draft(wallet.public_key) };
    new(&draft.sign_doc(SignMode::Direct).unwrap(), SignMode::Direct, "m")
}

fn made(created: Created) -> SignRequest {
    match created {
        Created::New(request) => request,
        Created::Existing(request) => panic!("{request:?} existed"),
    }
}

#[tokio::test]
async fn a_request_holds_the_servers_own_digest_verdict_and_doc() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    for (mode, sequence) in [(SignMode::Direct, 4), (SignMode::AminoJson, 5)] {
        for path in ["m", "m/44/118/0/0/5"] {
            let draft = maany_coordinator_cosmos::TxDraft { sequence, ..draft(child(&row, path)) };
            let doc = draft.sign_doc(mode).unwrap();
            let request = made(bench.requests.create(&alice(), &row, new(&doc, mode, path)).await.unwrap());
            assert_eq!(request.digest().as_bytes(), &doc.digest());
            assert_eq!(request.sign_doc(), doc.sign_bytes());
            assert_eq!(request.decoded().unwrap().as_ref(), Some(doc.decoded()));
            assert_eq!((request.status(), request.decision(), request.reason()), (Status::Open, "allow", ""));
            assert_eq!((request.path().to_string().as_str(), request.mode()), (path, Mode::SignDoc(mode)));
            assert_eq!(request.expires_ms() - request.created_ms(), 600_000);
            let read = bench.requests.get(&alice(), request.id()).await.unwrap().unwrap();
            assert_eq!(read.digest(), request.digest());
        }
    }
    assert_eq!(events(&bench.vault).await[2..], ["sign-request-made"; 4]);
}

#[tokio::test]
async fn a_doc_for_another_chain_key_mode_or_sender_makes_no_request() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let own = row.public_key;
    let other = TestKey::new(2).public();
    let create = async |new: NewSignRequest| bench.requests.create(&alice(), &row, new).await.unwrap_err();
    use SignRequestError as E;

    let chain = NewSignRequest { chain_id: ChainId::new("osmosis-1").unwrap(), ..plain(&row) };
    assert!(matches!(create(chain).await, E::OtherChain));
    let signer = new(&doc(other, SignMode::Direct), SignMode::Direct, "m");
    assert!(matches!(create(signer).await, E::OtherSigner));
    let path = new(&doc(own, SignMode::Direct), SignMode::Direct, "m/0");
    assert!(matches!(create(path).await, E::OtherSigner));
    let amino = new(&doc(other, SignMode::AminoJson), SignMode::AminoJson, "m");
    assert!(matches!(create(amino).await, E::OtherSender));
    let mixed = maany_coordinator_cosmos::TxDraft { messages: draft(other).messages, ..draft(own) };
    let sender = new(&mixed.sign_doc(SignMode::Direct).unwrap(), SignMode::Direct, "m");
    assert!(matches!(create(sender).await, E::OtherSender));
    let wrong_form = NewSignRequest { mode: SignMode::AminoJson, ..plain(&row) };
    assert!(matches!(create(wrong_form).await, E::SignDoc(_)));
    let mut longer = plain(&row);
    longer.sign_doc.push(0);
    assert!(matches!(create(longer).await, E::SignDoc(_)));
    assert_eq!(events(&bench.vault).await.len(), 2, "nothing was stored");
}

/// A 2-of-2 multisig account of this key and another one, and a doc in which the account sends to itself.
fn shared(public_key: [u8; 33], mode: SignMode) -> (MultisigKey, SignDoc) {
    let key = |bytes| AccountKey::new(KeyType::Secp256k1, bytes).unwrap();
    let account = MultisigKey::new(2, vec![key(TestKey::new(2).public()), key(public_key)]).unwrap();
    let address = account.address(&Hrp::parse("cosmos").unwrap()).unwrap();
    let draft = draft(public_key);
    let message = MsgSend::new(address.clone(), address, draft.messages[0].amounts.clone()).unwrap();
    let draft = maany_coordinator_cosmos::TxDraft { messages: vec![message], ..draft };
    (account, draft.sign_doc(mode).unwrap())
}

/// Lets everything pass, and notes whether the key signs as a member.
struct Members(Arc<std::sync::Mutex<Vec<bool>>>);

#[async_trait::async_trait]
impl PolicyHook for Members {
    async fn decide(&self, intent: &SignIntent<'_>) -> Verdict {
        self.0.lock().unwrap().push(intent.member_of.is_some());
        Verdict::Allow
    }
}

#[tokio::test]
async fn a_member_signs_what_its_multisig_account_sends_and_the_policy_is_told() {
    let seen = Arc::default();
    let bench = bench(Members(Arc::clone(&seen))).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let (account, doc) = shared(row.public_key, SignMode::AminoJson);
    let as_owner = new(&doc, SignMode::AminoJson, "m");
    let refused = bench.requests.create(&alice(), &row, as_owner.clone()).await.unwrap_err();
    assert!(matches!(refused, SignRequestError::OtherSender));
    let as_member = NewSignRequest { member_of: Some(account), ..as_owner };
    let request = made(bench.requests.create(&alice(), &row, as_member).await.unwrap());
    assert_eq!((request.status(), request.digest().as_bytes()), (Status::Open, &doc.digest()));
    assert_eq!(*seen.lock().unwrap(), [true]);
}

#[tokio::test]
async fn nobody_signs_for_an_account_that_the_key_is_no_member_of_or_that_does_not_send() {
    let bench = bench(Members(Arc::default())).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let create = async |new: NewSignRequest| bench.requests.create(&alice(), &row, new).await.unwrap_err();
    let (own, doc) = shared(row.public_key, SignMode::AminoJson);
    let (foreign, _) = shared(TestKey::new(3).public(), SignMode::AminoJson);
    let asked = |doc: &SignDoc, mode, account: &MultisigKey| NewSignRequest {
        member_of: Some(account.clone()),
        ..new(doc, mode, "m")
    };
    assert!(matches!(
        create(asked(&doc, SignMode::AminoJson, &foreign)).await,
        SignRequestError::OtherSigner
    ));
    let alone = self::doc(row.public_key, SignMode::AminoJson);
    assert!(matches!(create(asked(&alone, SignMode::AminoJson, &own)).await, SignRequestError::OtherSender));
    let (_, direct) = shared(row.public_key, SignMode::Direct);
    assert!(matches!(create(asked(&direct, SignMode::Direct, &own)).await, SignRequestError::OtherMode));
    // The allow list speaks of what leaves the wallet alone.
    let strict = self::bench(allow(true)).await;
    let row = wallet(&strict.vault, &alice(), 1, None).await;
    let refused =
        strict.requests.create(&alice(), &row, asked(&doc, SignMode::AminoJson, &own)).await.unwrap();
    assert_eq!(made(refused).reason(), "several_signers");
}

/// The direct sign doc of the draft for this key, with other auth info.
fn doc_with_auth_info(public_key: [u8; 33], auth_info: &[u8]) -> SignDoc {
    let draft = draft(public_key);
    let doc =
        DirectSignDoc::new(&draft.body_bytes(), auth_info, &draft.chain_id, draft.account_number).unwrap();
    SignDoc::Direct(doc)
}

#[tokio::test]
async fn a_direct_doc_must_name_the_key_and_its_own_mode() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let create = async |doc: SignDoc| {
        let created = bench.requests.create(&alice(), &row, new(&doc, SignMode::Direct, "m")).await;
        created.unwrap_err()
    };
    let amino = draft(row.public_key).auth_info_bytes(SignMode::AminoJson).unwrap();
    let mode = create(doc_with_auth_info(row.public_key, &amino)).await;
    assert!(matches!(mode, SignRequestError::OtherMode), "{mode:?}");
    // AuthInfo { signer_infos: [{ mode_info: { single: DIRECT }, sequence: 4 }], fee }, the fee as the draft has it.
    let full = draft(row.public_key).auth_info_bytes(SignMode::Direct).unwrap();
    let (signer_info, fee) = full[2..].split_at(usize::from(full[1]));
    assert_eq!((full[0], signer_info[0]), (0x0a, 0x0a));
    let nameless = [&[0x0a, 8, 0x12, 4, 0x0a, 2, 0x08, 1, 0x18, 4][..], fee].concat();
    let signer = create(doc_with_auth_info(row.public_key, &nameless)).await;
    assert!(matches!(signer, SignRequestError::OtherSigner), "{signer:?}");
}

#[tokio::test]
async fn what_the_policy_denies_is_stored_as_refused_and_cannot_be_signed() {
    let bench = bench(RefuseAll).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let request = made(bench.requests.create(&alice(), &row, plain(&row)).await.unwrap());
    assert_eq!((request.status(), request.decision()), (Status::Refused, "deny"));
    assert_eq!(request.reason(), Reason::REFUSE_ALL.code());
    let session = bench.requests.for_session(&alice(), &row, Some(request.id()), None).await;
    assert!(matches!(session, ForSession::NotAllowed));
    let signature = TestKey::new(1).sign(&request.digest());
    let stored = bench.requests.store_signature(&alice(), &request.into_row(), &signature).await;
    assert!(matches!(stored, Err(SignRequestError::Over)));
    assert_eq!(events(&bench.vault).await[2..], ["sign-request-refused"]);
}

#[tokio::test]
async fn another_owners_wallet_and_request_are_as_unknown_ones() {
    let bench = bench(allow(true)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let request = made(bench.requests.create(&alice(), &row, plain(&row)).await.unwrap());
    assert!(bench.requests.get(&bob(), request.id()).await.unwrap().is_none());
    let create = bench.requests.create(&bob(), &row, plain(&row)).await;
    assert!(matches!(create, Err(SignRequestError::UnknownWallet)));
    for digest in [Some(request.digest()), None] {
        let session = bench.requests.for_session(&bob(), &row, Some(request.id()), digest.as_ref()).await;
        assert!(matches!(session, ForSession::NotAllowed));
    }
}

#[tokio::test]
async fn a_request_of_another_wallet_of_the_same_owner_is_not_signed() {
    let bench = bench(allow(false)).await;
    let one = wallet(&bench.vault, &alice(), 1, None).await;
    let two = wallet(&bench.vault, &alice(), 2, None).await;
    let request = made(bench.requests.create(&alice(), &one, plain(&one)).await.unwrap());
    let session = bench.requests.for_session(&alice(), &two, Some(request.id()), None).await;
    assert!(matches!(session, ForSession::NotAllowed));
}

#[tokio::test]
async fn the_same_doc_asked_for_by_many_at_once_is_one_request() {
    let bench = bench_over(vault_over(Arc::new(Slow::default())).await, allow(false));
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let alice = alice();
    let creates = (0..8).map(|_| bench.requests.create(&alice, &row, plain(&row)));
    let created: Vec<_> = futures::future::join_all(creates).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(created.iter().filter(|created| matches!(created, Created::New(_))).count(), 1);
    let mut ids: Vec<_> = created.into_iter().map(|created| created.into_request().id()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn a_signature_is_stored_once_and_never_changed() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let request = made(bench.requests.create(&alice(), &row, plain(&row)).await.unwrap());
    let ForSession::Open(open) = bench.requests.for_session(&alice(), &row, Some(request.id()), None).await
    else {
        panic!("it is open");
    };
    let (first, second) = (TestKey::new(1).sign(&request.digest()), TestKey::new(2).sign(&request.digest()));
    let stored = bench.requests.store_signature(&alice(), &open, &first).await.unwrap();
    // The same stale row, and the new one: both find the signature that is there.
    for row in [&open, &stored] {
        let again = bench.requests.store_signature(&alice(), row, &second).await.unwrap();
        assert_eq!(again.signature, stored.signature);
    }
    let read = bench.requests.get(&alice(), request.id()).await.unwrap().unwrap();
    assert_eq!(read.status(), Status::Signed);
    assert_eq!(read.signature().unwrap()[..64], first.to_bytes());
    let session = bench.requests.for_session(&alice(), &row, Some(request.id()), None).await;
    assert!(
        matches!(session, ForSession::AlreadySigned(found) if found.signature() == stored.signature.as_ref())
    );
    let failed = bench.requests.mark_failed(&alice(), &stored, "quarantined").await;
    assert!(matches!(failed, Err(SignRequestError::Over)));
}

#[tokio::test]
async fn a_digest_alone_names_exactly_one_open_request() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let request = made(bench.requests.create(&alice(), &row, plain(&row)).await.unwrap());
    let digest = request.digest();
    let session = bench.requests.for_session(&alice(), &row, None, Some(&digest)).await;
    assert!(
        matches!(session, ForSession::Open(found) if found.request.to_bytes() == *request.id().as_bytes())
    );
    let agree = bench.requests.for_session(&alice(), &row, Some(request.id()), Some(&digest)).await;
    assert!(matches!(agree, ForSession::Open(_)));
    let other = Digest::from_bytes([3; 32]);
    let differ = bench.requests.for_session(&alice(), &row, Some(request.id()), Some(&other)).await;
    assert!(matches!(differ, ForSession::NotAllowed));
    // A second open request with the same digest can only come from before guards: two requests, no answer.
    let twin = SignRequestRecord {
        request: [0xaa; 16].into(),
        guard: None,
        ..(*request.clone().into_row()).clone()
    };
    let audit = audit(&alice(), &twin, "test", 1);
    bench.vault.insert_request(twin, Listing::Open, audit).await.unwrap();
    let both = bench.requests.open_by_digest(&alice(), &row, &digest).await;
    assert!(matches!(both, Err(SignRequestError::Ambiguous)));
    let session = bench.requests.for_session(&alice(), &row, None, Some(&digest)).await;
    assert!(matches!(session, ForSession::NotAllowed));
}

#[tokio::test]
async fn a_bare_digest_is_signed_only_where_the_policy_allows_raw() {
    let digest = Digest::from_bytes([5; 32]);
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let session = bench.requests.for_session(&alice(), &row, None, Some(&digest)).await;
    assert!(matches!(session, ForSession::NotAllowed));
    let bench = self::bench(allow(true)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let session = bench.requests.for_session(&alice(), &row, None, Some(&digest)).await;
    let ForSession::Open(open) = session else { panic!("{session:?}") };
    let request = SignRequest::from_row(*open, 1_000_000).unwrap();
    assert_eq!((request.mode(), request.digest()), (Mode::Raw, digest));
    assert_eq!(request.decoded().unwrap(), None);
    let nothing = bench.requests.for_session(&alice(), &row, None, None).await;
    assert!(matches!(nothing, ForSession::NotAllowed));
}

#[tokio::test]
async fn a_request_expires_unsigned_but_a_session_that_began_in_time_stores_its_signature() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let request = made(bench.requests.create(&alice(), &row, plain(&row)).await.unwrap());
    bench.hands.advance(599_999);
    let session = bench.requests.for_session(&alice(), &row, Some(request.id()), None).await;
    let ForSession::Open(open) = session else { panic!("{session:?}") };
    bench.hands.advance(30_000);
    let read = bench.requests.get(&alice(), request.id()).await.unwrap().unwrap();
    assert_eq!(read.status(), Status::Expired);
    let late = bench.requests.for_session(&alice(), &row, Some(request.id()), None).await;
    assert!(matches!(late, ForSession::NotAllowed));
    // Another request meanwhile does not close it under the running session.
    made(bench.requests.create(&alice(), &row, numbered(&row, 9)).await.unwrap());
    let signature = TestKey::new(1).sign(&request.digest());
    bench.requests.store_signature(&alice(), &open, &signature).await.unwrap();
    let read = bench.requests.get(&alice(), request.id()).await.unwrap().unwrap();
    assert_eq!(read.status(), Status::Signed);
}

#[tokio::test]
async fn open_requests_of_a_wallet_are_bounded_and_expired_ones_make_room() {
    let bench = bench(allow(false)).await;
    let limits = SignRequestLimits { open_per_wallet: 2, ..SignRequestLimits::default() };
    let requests = bench.requests.with_limits(limits);
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let other = wallet(&bench.vault, &alice(), 2, None).await;
    let first = made(requests.create(&alice(), &row, numbered(&row, 1)).await.unwrap());
    made(requests.create(&alice(), &row, numbered(&row, 2)).await.unwrap());
    let third = requests.create(&alice(), &row, numbered(&row, 3)).await;
    assert!(matches!(third, Err(SignRequestError::TooMany)));
    made(requests.create(&alice(), &other, numbered(&other, 1)).await.unwrap());
    bench.hands.advance(660_000);
    made(requests.create(&alice(), &row, numbered(&row, 3)).await.unwrap());
    let closed = requests.get(&alice(), first.id()).await.unwrap().unwrap();
    assert_eq!((closed.status(), closed.reason()), (Status::Expired, "expired"));
    let signature = TestKey::new(1).sign(&first.digest());
    let late = requests.store_signature(&alice(), &closed.into_row(), &signature).await;
    assert!(matches!(late, Err(SignRequestError::Over)));
}

#[tokio::test]
async fn refused_requests_do_not_pile_up() {
    let bench = bench(RefuseAll).await;
    let limits = SignRequestLimits { refused_per_wallet: 3, ..SignRequestLimits::default() };
    let requests = bench.requests.with_limits(limits);
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let mut made_so_far = Vec::new();
    for sequence in 0..10 {
        bench.hands.advance(1);
        made_so_far.push(made(requests.create(&alice(), &row, numbered(&row, sequence)).await.unwrap()));
    }
    for (index, request) in made_so_far.iter().enumerate() {
        let kept = requests.get(&alice(), request.id()).await.unwrap();
        assert_eq!(kept.map(|request| request.status()), (index >= 7).then_some(Status::Refused), "{index}");
    }
}

#[tokio::test]
async fn housekeeping_closes_what_has_expired_and_no_session_can_be_signing() {
    let bench = bench(allow(false)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let request = made(bench.requests.create(&alice(), &row, plain(&row)).await.unwrap());
    bench.hands.advance(600_001);
    assert_eq!(bench.requests.close_expired().await.unwrap(), 0, "a session may have begun in time");
    bench.hands.advance(60_000);
    assert_eq!(bench.requests.close_expired().await.unwrap(), 1);
    assert_eq!(bench.requests.close_expired().await.unwrap(), 0);
    let closed = bench.requests.get(&alice(), request.id()).await.unwrap().unwrap();
    assert_eq!(closed.status(), Status::Expired);
    assert!(events(&bench.vault).await.contains(&"sign-request-expired".to_owned()));
    let listed = bench.vault.open_requests(&alice().rows(), row.wallet, None, 0).await.unwrap();
    assert!(listed.rows.is_empty());
}

#[tokio::test]
async fn a_wallet_that_is_not_active_gets_no_request() {
    let bench = bench(allow(true)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let request = made(bench.requests.create(&alice(), &row, plain(&row)).await.unwrap());
    let standing = Standing { state: WalletState::Quarantined, aborts: Vec::new() };
    let audit = audit(&alice(), &request.clone().into_row(), "test", 1);
    let row = bench.vault.set_standing(&row, standing, audit).await.unwrap();
    let create = bench.requests.create(&alice(), &row, plain(&row)).await;
    assert!(matches!(create, Err(SignRequestError::WalletNotActive)));
    let digest = Digest::from_bytes([5; 32]);
    let raw = bench.requests.create_raw(&alice(), &row, &digest).await;
    assert!(matches!(raw, Err(SignRequestError::WalletNotActive)));
    bench.requests.mark_failed(&alice(), &request.clone().into_row(), "quarantined").await.unwrap();
    let read = bench.requests.get(&alice(), request.id()).await.unwrap().unwrap();
    assert_eq!((read.status(), read.reason()), (Status::Failed, "quarantined"));
}

fn data_doc(wallet: &WalletRecord, path: &str) -> NewArbitrary {
    let hrp = Hrp::parse("cosmos").unwrap();
    let own = maany_coordinator_cosmos::Address::from_public_key(&child(wallet, path), &hrp).unwrap();
    let doc = maany_coordinator_cosmos::ArbitraryDoc::new(&own, b"I am the owner").unwrap();
    NewArbitrary { path: path.parse().unwrap(), sign_doc: doc.sign_bytes().to_vec() }
}

#[tokio::test]
async fn arbitrary_data_is_signed_only_where_the_policy_says_so() {
    let denied = bench(allow(true)).await;
    let row = wallet(&denied.vault, &alice(), 1, None).await;
    let made = denied.requests.create_arbitrary(&alice(), &row, data_doc(&row, "m")).await.unwrap();
    assert_eq!(made.into_request().reason(), Reason::ARBITRARY.code());

    let config = AllowListConfig { allow_arbitrary: true, ..AllowListConfig::default() };
    let allowed = bench(AllowList::try_from(config).unwrap()).await;
    let row = wallet(&allowed.vault, &alice(), 1, None).await;
    let new = data_doc(&row, "m/0/5");
    let made = allowed.requests.create_arbitrary(&alice(), &row, new.clone()).await.unwrap().into_request();
    assert_eq!((made.status(), made.mode(), made.chain_id()), (Status::Open, Mode::Arbitrary, ""));
    assert_eq!(made.arbitrary().unwrap().unwrap().data(), b"I am the owner");
    assert!(made.decoded().unwrap().is_none() && made.reserved().is_empty());
    assert_eq!(made.digest(), Digest::from_bytes(maany_coordinator_cosmos::digest(&new.sign_doc)));
    let again = allowed.requests.create_arbitrary(&alice(), &row, new).await.unwrap();
    assert!(matches!(again, Created::Existing(same) if same.id() == made.id()));
    // A transaction is not allowed by that, and a bare digest neither.
    let tx = allowed.requests.create(&alice(), &row, plain(&row)).await.unwrap().into_request();
    assert_eq!(tx.status(), Status::Refused);
}

#[tokio::test]
async fn arbitrary_data_for_another_account_is_refused_and_a_transaction_is_none() {
    let bench = bench(allow(true)).await;
    let row = wallet(&bench.vault, &alice(), 1, None).await;
    let other = NewArbitrary { path: "m".parse().unwrap(), ..data_doc(&row, "m/1") };
    let made = bench.requests.create_arbitrary(&alice(), &row, other).await;
    assert!(matches!(made, Err(SignRequestError::OtherSigner)));

    let amino = doc(row.public_key, SignMode::AminoJson);
    let tx = NewArbitrary { path: "m".parse().unwrap(), sign_doc: amino.sign_bytes().to_vec() };
    let made = bench.requests.create_arbitrary(&alice(), &row, tx).await;
    assert!(matches!(made, Err(SignRequestError::SignDoc(_))));

    let data = data_doc(&row, "m").sign_doc;
    let as_tx = NewSignRequest { sign_doc: data, mode: SignMode::AminoJson, ..plain(&row) };
    let made = bench.requests.create(&alice(), &row, as_tx).await;
    assert!(matches!(made, Err(SignRequestError::SignDoc(_))));
}
