//! Every module's messages against CosmJS: what `tests/node/vectors.mjs` encoded is decoded to what it says, and encodes to its bytes.

#![cfg(test)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maany_coordinator_cosmos::tree::{Any, Content, Message, Value as Tree};
use maany_coordinator_cosmos::{Address, Coin, DecodedMsg, Permission, SignDoc, SignMode, SignedTx};
use serde_json::{Map, Value};

const MESSAGES: &str = include_str!("vectors/messages.json");

struct Vector {
    name: String,
    type_url: String,
    value: Vec<u8>,
    view: Value,
    sign_doc: Vec<u8>,
    tx_raw: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let mut file: Value = serde_json::from_str(MESSAGES).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let vectors: Vec<Value> = serde_json::from_value(file["vectors"].take()).unwrap();
    vectors
        .iter()
        .map(|vector| Vector {
            name: text(&vector["name"]),
            type_url: text(&vector["typeUrl"]),
            value: bytes(&vector["value"]),
            view: vector["view"].clone(),
            sign_doc: bytes(&vector["signDoc"]),
            tx_raw: bytes(&vector["txRaw"]),
        })
        .collect()
}

fn named(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).unwrap_or_else(|| panic!("no vector {name}"))
}

fn doc(name: &str) -> SignDoc {
    SignDoc::parse(SignMode::Direct, &named(name).sign_doc).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The view of a tree, by other code than the crate's own JSON: enumerations stay numbers.
fn view(message: &Message) -> Map<String, Value> {
    message.fields().iter().map(|field| (field.schema().name.to_owned(), value(field.value()))).collect()
}

fn value(tree: &Tree) -> Value {
    match tree {
        Tree::Bool(value) => Value::from(*value),
        // The generator knows no 32-bit integers: their numbers and its strings read the same.
        Tree::Int(value) => Value::from(value.to_string()),
        Tree::Uint(value) => Value::from(value.to_string()),
        Tree::Enum(value) => Value::from(*value),
        Tree::Text(text) => Value::from(text.as_str()),
        Tree::Bytes(bytes) => Value::from(hex::encode(bytes)),
        Tree::Message(message) => Value::Object(view(message)),
        Tree::Any(any) => any_view(any),
        Tree::List(items) => items.iter().map(value).collect(),
        Tree::Float(_) | Tree::Double(_) => panic!("no message of a chain has a float"),
    }
}

fn any_view(any: &Any) -> Value {
    let Content::Known(message) = any.content() else { panic!("{} is not decoded", any.type_url()) };
    let mut view = view(message);
    view.insert("@type".to_owned(), any.type_url().into());
    Value::Object(view)
}

/// `nanos` is the one 32-bit integer of the vectors, which CosmJS has as a number.
fn as_text(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| match value {
                Value::Number(number) if key == "nanos" => (key, Value::from(number.to_string())),
                other => (key, as_text(other)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(as_text).collect(),
        other => other,
    }
}

#[test]
fn every_message_says_what_cosmjs_put_in_and_encodes_to_its_bytes() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 34);
    for Vector { name, type_url, value, view, .. } in vectors {
        let any = Any::decode(&type_url, &value).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(any_view(&any), as_text(view), "{name}");
        assert_eq!(any.value(), value, "{name}");
        assert!(any.message().is_some_and(Message::is_known), "{name}");
    }
}

#[test]
fn every_message_is_decoded_in_a_sign_doc_and_in_a_broadcast_transaction() {
    for Vector { name, type_url, value, sign_doc, tx_raw, .. } in vectors() {
        let doc = SignDoc::parse(SignMode::Direct, &sign_doc).unwrap_or_else(|e| panic!("{name}: {e}"));
        let [message] = doc.decoded().messages.as_slice() else { panic!("{name}: one message") };
        assert!(message.is_fully_decoded(), "{name}");
        assert_eq!(message.type_url(), type_url, "{name}");
        assert!(!message.signers().unwrap().is_empty(), "{name} has a signer");
        let tx = SignedTx::parse(&tx_raw).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(tx.messages(), std::slice::from_ref(message), "{name}");
        assert_eq!(tx.encode(), tx_raw, "{name}");
        assert_eq!(tx.signatures().map(<[u8]>::len).collect::<Vec<_>>(), [64], "{name}");
        assert!(tx.unknown_fields().is_empty(), "{name}");
        let body = serde_json::to_value(&tx).unwrap()["body"]["messages"][0]["@type"].clone();
        assert_eq!(body, type_url, "{name}");
        let unwrapped = DecodedMsg::from_encoded(&type_url, &value).unwrap();
        assert_eq!(&unwrapped, message, "{name}");
    }
}

fn wallet() -> Address {
    let doc = doc("bank send of nothing");
    doc.decoded().messages[0].signers().unwrap().remove(0)
}

/// Recipients and amounts of the transfers, as text.
fn transfers(name: &str, wallet: &Address) -> Vec<(String, String)> {
    let out = doc(name).decoded().outflow(wallet).unwrap();
    assert!(out.undecoded.is_empty(), "{name}: {:?}", out.undecoded);
    let show = |coins: &[Coin]| coins.iter().map(Coin::to_string).collect::<Vec<_>>().join(", ");
    out.transfers.iter().map(|transfer| (transfer.to.to_string(), show(&transfer.amounts))).collect()
}

#[test]
fn what_leaves_the_wallet_is_told_for_every_message_that_moves_coins() {
    let wallet = wallet();
    let other = |name: &str, field: &str| match &doc(name).decoded().messages[0] {
        DecodedMsg::Decoded(message) => message.text(field).to_owned(),
        message => panic!("{message:?}"),
    };
    let atom = "1234567 uatom".to_owned();
    let one = |to: String| vec![(to, atom.clone())];
    assert_eq!(transfers("bank multi-send", &wallet).len(), 2);
    assert_eq!(transfers("delegate", &wallet), one(other("delegate", "validator_address")));
    assert_eq!(transfers("create a validator", &wallet), one(other("delegate", "validator_address")));
    assert_eq!(transfers("fund the community pool", &wallet), one("the community pool".into()));
    for proposal in ["propose a text", "propose messages in gov v1", "deposit in gov v1beta1"] {
        assert_eq!(transfers(proposal, &wallet), one("the deposit of a proposal".into()), "{proposal}");
    }
    let abroad = "osmo1 not checked \\u{202e} here over channel-141";
    assert_eq!(transfers("ibc transfer", &wallet), one(abroad.into()));
    assert_eq!(
        transfers("create a vesting account", &wallet),
        one(other("create a vesting account", "to_address"))
    );
    let periods = transfers("vesting by periods", &wallet);
    assert_eq!(periods, [(other("vesting by periods", "to_address"), format!("{atom}, {atom}"))]);
    assert_eq!(transfers("execute a contract", &wallet), one(other("execute a contract", "contract")));
    for still in [
        "undelegate",
        "redelegate",
        "cancel an unbonding",
        "vote in gov v1beta1",
        "withdraw a reward",
        "unjail",
    ] {
        assert_eq!(transfers(still, &wallet), [], "{still}");
    }
}

#[test]
fn what_an_exec_does_in_the_wallets_name_leaves_the_wallet() {
    let granter = wallet();
    let signed = doc("authz exec");
    let DecodedMsg::Decoded(exec) = &signed.decoded().messages[0] else { panic!("an exec") };
    let grantee = Address::parse(exec.text("grantee")).unwrap();
    for name in ["authz exec", "authz exec in authz exec"] {
        assert_eq!(transfers(name, &granter), [(grantee.to_string(), "1234567 uatom".to_owned())], "{name}");
        assert_eq!(transfers(name, &grantee), [], "{name}: the grantee's own coins stay");
    }
}

#[test]
fn what_others_may_take_later_is_told_with_its_limit() {
    let given = |name: &str| {
        let mut out = doc(name).decoded().outflow(&wallet()).unwrap();
        assert!(out.transfers.is_empty() && out.undecoded.is_empty(), "{name}");
        assert_eq!(out.permissions.len(), 1, "{name}");
        out.permissions.remove(0)
    };
    let limited = |name: &str, what: &str| {
        let Permission { what: found, limit, .. } = given(name);
        assert_eq!(
            (found.as_str(), limit),
            (what, Some(vec![Coin::parse("1234567", "uatom").unwrap()])),
            "{name}"
        );
    };
    limited("grant to send", "/cosmos.bank.v1beta1.SendAuthorization");
    limited("grant to stake", "/cosmos.staking.v1beta1.StakeAuthorization");
    limited("fee allowance", "/cosmos.feegrant.v1beta1.AllowedMsgAllowance");
    assert_eq!(given("grant anything of a type").limit, None);
    assert_eq!(given("unlimited fee allowance").limit, None);
    assert_eq!(given("set the withdraw address").what, "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress");
}

#[test]
fn a_message_is_shown_field_by_field_with_what_an_absent_one_means() {
    let shown = |name: &str| doc(name).decoded().messages[0].to_string();
    let allowance = shown("unlimited fee allowance");
    assert!(
        allowance.contains("\n             spend_limit: none\n             expiration: not set"),
        "{allowance}"
    );
    let validator = shown("create a validator");
    assert!(
        validator.contains("max_rate: 0.2\n") && validator.contains("max_change_rate: 0.000000000000000001")
    );
    assert!(validator.contains("moniker: \"m\\u{2066}\""), "{validator}");
    let contract = shown("execute a contract");
    assert!(contract.contains(r#"msg: {"transfer":{"recipient":"x","note":"\u{202e}\n"}}"#), "{contract}");
    assert!(shown("migrate a contract").contains("msg: NOT JSON \"not json\""));
    let grant = shown("grant to send");
    assert!(grant.contains("expiration: 2026-12-31T23:59:59.25Z"), "{grant}");
    assert!(grant.contains("spend_limit: 1234567 uatom"), "{grant}");
    assert!(shown("fee allowance").contains("period: 3600s"));
    assert!(shown("vote in gov v1beta1").contains("option: VOTE_OPTION_NO_WITH_VETO"));
}
