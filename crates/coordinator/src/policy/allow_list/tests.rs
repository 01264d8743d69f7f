use maany_coordinator_cosmos::{Fee, Opaque, SignerKey};
use maany_coordinator_proto::Digest;

use super::*;
use crate::policy::conformance::{self, Raw, ask, transfer};

const CHAIN: &str = "cosmoshub-4";

fn config() -> AllowListConfig {
    let one = |amount: &str| [("uatom".to_owned(), amount.to_owned())].into();
    AllowListConfig {
        chains: vec![CHAIN.to_owned()],
        messages: vec![MsgSend::TYPE_URL.to_owned()],
        max_per_tx: one("1000"),
        max_fee: one("10"),
        ..AllowListConfig::default()
    }
}

fn list(config: AllowListConfig) -> AllowList {
    AllowList::try_from(config).unwrap()
}

fn known() -> DecodedTx {
    transfer(CHAIN)
}

fn send(tx: &DecodedTx) -> MsgSend {
    match &tx.messages[0] {
        DecodedMsg::Send(send) => send.clone(),
        other => panic!("a transfer, not {other:?}"),
    }
}

fn with_coins(coins: &[(&str, &str)]) -> DecodedTx {
    let tx = known();
    let amounts = coins.iter().map(|(amount, denom)| Coin::parse(amount, denom).unwrap()).collect();
    let message = DecodedMsg::Send(MsgSend { amounts, ..send(&tx) });
    DecodedTx { messages: vec![message], ..tx }
}

async fn denied(list: &AllowList, tx: &DecodedTx) -> Reason {
    match ask(list, tx).await {
        Verdict::Deny(reason) => reason,
        other => panic!("{other:?} for {tx}"),
    }
}

#[tokio::test]
async fn what_is_listed_is_allowed() {
    assert_eq!(ask(&list(config()), &known()).await, Verdict::Allow);
    assert_eq!(ask(&list(config()), &with_coins(&[("1000", "uatom")])).await, Verdict::Allow);
}

#[tokio::test]
async fn an_empty_list_allows_nothing() {
    let empty = list(AllowListConfig::default());
    assert_eq!(denied(&empty, &known()).await, Reason::CHAIN);
    conformance::run(&empty, &known(), Raw::Denied).await;
}

#[tokio::test]
async fn every_policy_of_this_crate_passes_the_conformance_suite() {
    conformance::run(&crate::policy::RefuseAll, &known(), Raw::Denied).await;
    conformance::run(&list(config()), &known(), Raw::Denied).await;
    let raw = list(AllowListConfig { allow_raw: true, ..config() });
    conformance::run(&raw, &known(), Raw::Allowed).await;
}

#[tokio::test]
async fn chain_message_and_recipient_must_be_listed() {
    let other_chain = DecodedTx { chain_id: "osmosis-1".to_owned(), ..known() };
    assert_eq!(denied(&list(config()), &other_chain).await, Reason::CHAIN);
    let no_message = list(AllowListConfig { messages: vec![], ..config() });
    assert_eq!(denied(&no_message, &known()).await, Reason::MESSAGE);
    let to = send(&known()).to.to_string();
    let open = list(AllowListConfig { recipients: Some(vec![to]), ..config() });
    assert_eq!(ask(&open, &known()).await, Verdict::Allow);
    let closed = list(AllowListConfig { recipients: Some(vec![]), ..config() });
    assert_eq!(denied(&closed, &known()).await, Reason::RECIPIENT);
}

#[tokio::test]
async fn maxima_hold_for_the_sum_of_all_messages() {
    let list = list(config());
    assert_eq!(denied(&list, &with_coins(&[("1001", "uatom")])).await, Reason::AMOUNT);
    let half = with_coins(&[("501", "uatom")]);
    let twice = DecodedTx { messages: [half.messages.clone(), half.messages].concat(), ..known() };
    assert_eq!(denied(&list, &twice).await, Reason::AMOUNT);
    assert_eq!(denied(&list, &with_coins(&[("1", "uatom"), ("1", "uosmo")])).await, Reason::DENOM);
    let none = DecodedTx { messages: vec![], ..known() };
    assert_eq!(denied(&list, &none).await, Reason::NO_MESSAGE);
}

#[tokio::test]
async fn amounts_beyond_64_and_128_bits_neither_wrap_nor_pass() {
    let list = list(config());
    let (u64s, u128s) = ("18446744073709551617", "340282366920938463463374607431768211457");
    for amount in [u64s, u128s, &format!("1{}", "0".repeat(76))] {
        assert_eq!(denied(&list, &with_coins(&[(amount, "uatom")])).await, Reason::AMOUNT, "{amount}");
    }
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    let full = with_coins(&[(most, "uatom")]);
    let wrapping = DecodedTx { messages: [full.messages.clone(), full.messages].concat(), ..known() };
    assert_eq!(denied(&list, &wrapping).await, Reason::AMOUNT);
    let generous = [("uatom".to_owned(), u128s.to_owned())].into();
    let generous = AllowList::try_from(AllowListConfig { max_per_tx: generous, ..config() }).unwrap();
    assert_eq!(ask(&generous, &with_coins(&[(u128s, "uatom")])).await, Verdict::Allow);
}

#[tokio::test]
async fn the_fee_has_its_own_maximum_and_only_the_signer_pays_it() {
    let list = list(config());
    let fee = |amount: &str, denom: &str| {
        let amounts = vec![Coin::parse(amount, denom).unwrap()];
        DecodedTx { fee: Fee { amounts, ..known().fee }, ..known() }
    };
    assert_eq!(ask(&list, &fee("10", "uatom")).await, Verdict::Allow);
    assert_eq!(denied(&list, &fee("11", "uatom")).await, Reason::FEE);
    assert_eq!(denied(&list, &fee("1", "uosmo")).await, Reason::FEE_DENOM);
    let other = Some(send(&known()).to);
    let payer = DecodedTx { fee: Fee { payer: other.clone(), ..known().fee }, ..known() };
    assert_eq!(denied(&list, &payer).await, Reason::FEE_PAYER);
    let granter = DecodedTx { fee: Fee { granter: other, ..known().fee }, ..known() };
    assert_eq!(denied(&list, &granter).await, Reason::FEE_PAYER);
}

#[tokio::test]
async fn what_a_list_cannot_speak_about_is_denied() {
    let list = list(config());
    let memo = DecodedTx { memo: "x".repeat(257), ..known() };
    assert_eq!(denied(&list, &memo).await, Reason::MEMO);
    let mut two = known();
    two.signers.push(two.signers[0].clone());
    two.signers[1].key = SignerKey::Absent;
    assert_eq!(denied(&list, &two).await, Reason::SIGNERS);
    let unordered = DecodedTx { unordered: true, ..known() };
    assert_eq!(denied(&list, &unordered).await, Reason::UNORDERED);
    let option = Opaque { type_url: "/strange.v1.Option".to_owned(), value: Vec::new() };
    let ignored = DecodedTx { non_critical_extension_options: vec![option], ..known() };
    assert_eq!(denied(&list, &ignored).await, Reason::EXTENSIONS);
}

#[test]
fn a_bare_digest_needs_allow_raw() {
    let digest = Digest::from_bytes([1; 32]);
    assert_eq!(list(config()).check(Subject::Raw(&digest)), Err(Reason::RAW));
    let raw = list(AllowListConfig { allow_raw: true, ..config() });
    assert_eq!(raw.check(Subject::Raw(&digest)), Ok(()));
}

#[test]
fn a_field_that_is_no_rule_is_refused() {
    let good = r#"{"chains": ["cosmoshub-4"], "messages": [], "max_fee": {"uatom": "5"}}"#;
    assert!(serde_json::from_str::<AllowList>(good).is_ok());
    for bad in [
        r#"{"chains": [], "messages": [], "max_per_transaction": {"uatom": "5"}}"#,
        r#"{"chains": [], "messages": [], "allow_raw": "yes"}"#,
        r#"{"chains": [], "messages": [], "max_fee": {"uatom": 5}}"#,
        r#"{"messages": []}"#,
    ] {
        assert!(serde_json::from_str::<AllowList>(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_rule_that_could_not_be_checked_is_refused_when_it_is_written_down() {
    let try_with = |change: fn(&mut AllowListConfig)| {
        let mut config = config();
        change(&mut config);
        AllowList::try_from(config).map(drop)
    };
    let chain = try_with(|c| c.chains.push("cosmos hub".to_owned()));
    assert!(matches!(chain, Err(PolicyConfigError::Chain { .. })));
    let message = try_with(|c| c.messages.push("/strange.v1.MsgDrain".to_owned()));
    assert!(matches!(message, Err(PolicyConfigError::Message { .. })));
    let recipient = try_with(|c| c.recipients = Some(vec!["cosmos1nobody".to_owned()]));
    assert!(matches!(recipient, Err(PolicyConfigError::Recipient { .. })));
    for amount in ["-1", "1.5", "1e9", "", "0x10", "uatom"] {
        let config =
            AllowListConfig { max_fee: [("uatom".to_owned(), amount.to_owned())].into(), ..config() };
        let refused = AllowList::try_from(config);
        assert!(matches!(refused, Err(PolicyConfigError::Maximum { rule: "max_fee", .. })), "{amount}");
    }
}

#[test]
fn a_list_reads_back_what_it_writes() {
    let written = serde_json::to_string(&config()).unwrap();
    assert_eq!(serde_json::from_str::<AllowListConfig>(&written).unwrap(), config());
}

/// A length-delimited protobuf field, short enough for a length of one byte or two.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let low = u8::try_from(length & 0x7f).unwrap();
    let length = if length < 128 { vec![low] } else { vec![low | 0x80, u8::try_from(length >> 7).unwrap()] };
    [&[number << 3 | 2], &length[..], content].concat()
}

fn coin(amount: &str) -> Vec<u8> {
    [field(1, b"uatom"), field(2, amount.as_bytes())].concat()
}

const DELEGATE: &str = "/cosmos.staking.v1beta1.MsgDelegate";
const EXEC: &str = "/cosmos.authz.v1beta1.MsgExec";
const VALIDATOR: &str = "cosmosvaloper1sjllsnramtg3ewxqwwrwjxfgc4n4ef9u2lcnj0";

fn delegate(amount: &str) -> Vec<u8> {
    let own = send(&known()).from.to_string();
    [field(1, own.as_bytes()), field(2, VALIDATOR.as_bytes()), field(3, &coin(amount))].concat()
}

fn exec(type_url: &str, inner: &[u8]) -> Vec<u8> {
    let any = [field(1, type_url.as_bytes()), field(2, inner)].concat();
    let own = send(&known()).from.to_string();
    [field(1, own.as_bytes()), field(2, &any)].concat()
}

fn with_message(type_url: &str, value: &[u8]) -> DecodedTx {
    DecodedTx { messages: vec![DecodedMsg::from_encoded(type_url, value).unwrap()], ..known() }
}

#[tokio::test]
async fn a_delegation_is_bounded_like_a_transfer() {
    assert_eq!(denied(&list(config()), &with_message(DELEGATE, &delegate("5"))).await, Reason::MESSAGE);
    let open = AllowListConfig { messages: vec![DELEGATE.to_owned()], ..config() };
    let allowed = list(open.clone());
    assert_eq!(ask(&allowed, &with_message(DELEGATE, &delegate("1000"))).await, Verdict::Allow);
    assert_eq!(denied(&allowed, &with_message(DELEGATE, &delegate("1001"))).await, Reason::AMOUNT);
    let known_validator =
        list(AllowListConfig { recipients: Some(vec![VALIDATOR.to_owned()]), ..open.clone() });
    assert_eq!(ask(&known_validator, &with_message(DELEGATE, &delegate("5"))).await, Verdict::Allow);
    let no_validator = list(AllowListConfig { recipients: Some(vec![]), ..open });
    assert_eq!(denied(&no_validator, &with_message(DELEGATE, &delegate("5"))).await, Reason::RECIPIENT);
}

#[tokio::test]
async fn a_message_inside_a_message_must_be_listed_and_counts() {
    let of = |types: &[&str]| {
        let messages = types.iter().map(|text| (*text).to_owned()).collect();
        list(AllowListConfig { messages, ..config() })
    };
    let wrapped = |amount: &str| with_message(EXEC, &exec(DELEGATE, &delegate(amount)));
    assert_eq!(denied(&of(&[EXEC]), &wrapped("5")).await, Reason::MESSAGE);
    assert_eq!(denied(&of(&[DELEGATE]), &wrapped("5")).await, Reason::MESSAGE);
    assert_eq!(ask(&of(&[DELEGATE, EXEC]), &wrapped("1000")).await, Verdict::Allow);
    assert_eq!(denied(&of(&[DELEGATE, EXEC]), &wrapped("1001")).await, Reason::AMOUNT);
    let strange = with_message(EXEC, &exec("/strange.v1.MsgDrain", b"?"));
    assert_eq!(denied(&of(&[EXEC]), &strange).await, Reason::UNKNOWN_MESSAGE);
}

#[tokio::test]
async fn a_message_with_an_unknown_field_is_denied_even_where_its_type_is_listed() {
    let unknown = |value: Vec<u8>| [value, field(9, b"?")].concat();
    let open = list(AllowListConfig {
        messages: vec![DELEGATE.to_owned(), EXEC.to_owned(), MsgSend::TYPE_URL.to_owned()],
        ..config()
    });
    let direct = with_message(DELEGATE, &unknown(delegate("5")));
    assert_eq!(denied(&open, &direct).await, Reason::UNKNOWN_MESSAGE);
    let inside = with_message(EXEC, &exec(DELEGATE, &unknown(delegate("5"))));
    assert_eq!(denied(&open, &inside).await, Reason::UNKNOWN_MESSAGE);
    let own = send(&known()).from.to_string();
    let transfer = [field(1, own.as_bytes()), field(2, own.as_bytes()), field(3, &coin("1"))].concat();
    assert_eq!(ask(&open, &with_message(MsgSend::TYPE_URL, &transfer)).await, Verdict::Allow);
    let transfer = with_message(MsgSend::TYPE_URL, &unknown(transfer));
    assert_eq!(denied(&open, &transfer).await, Reason::UNKNOWN_MESSAGE);
}
