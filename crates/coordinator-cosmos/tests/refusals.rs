//! What would be signed without being shown, or could be read in two ways, is refused, and the error names it.

#![cfg(test)]

use cosmrs::Any;
use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmos::base::v1beta1::Coin;
use cosmrs::proto::cosmos::tx::v1beta1::{AuthInfo, Fee, SignDoc as ProtoSignDoc, SignerInfo, TxBody};
use maany_coordinator_cosmos::{Address, CosmosError, DecodedMsg, MAX_SIGN_DOC, SignDoc, SignMode, decode};
use prost::Message;

const ALICE: &str = "cosmos150aydpjffdyy4zk83l2v0qvuvzvdf7h2l04t9u";
const BOB: &str = "cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5";
const SEND: &str = "/cosmos.bank.v1beta1.MsgSend";

fn send() -> MsgSend {
    MsgSend {
        from_address: ALICE.into(),
        to_address: BOB.into(),
        amount: vec![Coin { denom: "uatom".into(), amount: "1".into() }],
    }
}

fn any(type_url: &str, value: Vec<u8>) -> Any {
    Any { type_url: type_url.into(), value }
}

fn body(value: Vec<u8>) -> Vec<u8> {
    TxBody { messages: vec![any(SEND, value)], ..Default::default() }.encode_to_vec()
}

fn auth_info() -> Vec<u8> {
    AuthInfo { fee: Some(Fee { gas_limit: 1, ..Default::default() }), ..Default::default() }.encode_to_vec()
}

fn direct(body: Vec<u8>, auth_info: Vec<u8>) -> Result<SignDoc, CosmosError> {
    let doc = ProtoSignDoc {
        body_bytes: body,
        auth_info_bytes: auth_info,
        chain_id: "test-1".into(),
        account_number: 0,
    };
    SignDoc::parse(SignMode::Direct, &doc.encode_to_vec())
}

fn with(mut bytes: Vec<u8>, tail: &[u8]) -> Vec<u8> {
    bytes.extend_from_slice(tail);
    bytes
}

fn amino(doc: &str) -> Result<SignDoc, CosmosError> {
    SignDoc::parse(SignMode::AminoJson, doc.as_bytes())
}

const AMINO: &str = r#"{"account_number":"0","chain_id":"test-1","fee":{"amount":[],"gas":"1"},"memo":"","msgs":[],"sequence":"0"}"#;

#[test]
fn the_untouched_docs_pass() {
    direct(body(send().encode_to_vec()), auth_info()).unwrap();
    amino(AMINO).unwrap();
}

#[test]
fn unknown_fields_are_named_in_every_part_of_a_direct_doc() {
    let honest = || body(send().encode_to_vec());
    let field_9 = [0x48, 1];
    let doc = ProtoSignDoc { body_bytes: honest(), auth_info_bytes: auth_info(), ..Default::default() };
    let cases = [
        (SignDoc::parse(SignMode::Direct, &with(doc.encode_to_vec(), &field_9)), "SignDoc", 9),
        (direct(with(honest(), &field_9), auth_info()), "TxBody", 9),
        (direct(with(honest(), &[0xc2, 0x3e, 0]), auth_info()), "TxBody", 1000),
        (direct(honest(), with(auth_info(), &field_9)), "AuthInfo", 9),
        // The tip of Cosmos SDK 0.46 (field 3) and a fee with a field 5.
        (direct(honest(), with(auth_info(), &[0x1a, 0])), "AuthInfo", 3),
        (direct(honest(), vec![0x12, 4, 0x10, 1, 0x28, 1]), "Fee", 5),
    ];
    for (found, want_part, want_number) in cases {
        match found {
            Err(CosmosError::UnknownField { part, number }) => {
                assert_eq!((part, number), (want_part, want_number))
            }
            other => panic!("{want_part} {want_number}: {other:?}"),
        }
    }
}

#[test]
fn an_unknown_field_of_a_message_is_reported_and_the_message_is_no_transfer() {
    let doc = direct(body(with(send().encode_to_vec(), &[0x48, 1])), auth_info()).unwrap();
    let [message] = doc.decoded().messages.as_slice() else { panic!("one message") };
    assert!(!message.is_fully_decoded());
    let DecodedMsg::Decoded(tree) = message else { panic!("{message:?}") };
    let unknown = tree.unknown_fields();
    assert_eq!((unknown.len(), unknown[0].field.number, &unknown[0].field.bytes[..]), (1, 9, &[1][..]));
    let wallet = Address::parse(ALICE).unwrap();
    assert_eq!(doc.decoded().outflow(&wallet).unwrap().undecoded, [SEND]);
    assert!(doc.decoded().to_string().contains("UNKNOWN FIELD 9 (1 bytes) 01"), "{}", doc.decoded());
}

#[test]
fn a_direct_doc_has_one_spelling() {
    let honest = || body(send().encode_to_vec());
    // Account number 0 written out, a memo given twice, an empty memo written out.
    let doc = ProtoSignDoc { body_bytes: honest(), auth_info_bytes: auth_info(), ..Default::default() };
    let cases = [
        (SignDoc::parse(SignMode::Direct, &with(doc.encode_to_vec(), &[0x20, 0])), "SignDoc"),
        (direct(with(honest(), &[0x12, 1, b'a', 0x12, 1, b'b']), auth_info()), "TxBody"),
        (direct(with(honest(), &[0x12, 0]), auth_info()), "TxBody"),
        (direct(body(with(send().encode_to_vec(), &[0x0a, 1, b'a'])), auth_info()), "MsgSend"),
        (direct(honest(), with(auth_info(), &[0x12, 2, 0x10, 2])), "AuthInfo"),
    ];
    for (found, want) in cases {
        match found {
            Err(CosmosError::NotCanonical { part }) => assert_eq!(part, want),
            other => panic!("{want}: {other:?}"),
        }
    }
}

#[test]
fn a_type_url_has_one_spelling() {
    // Chains that resolve a type url by what follows its last slash would read these as a transfer.
    for url in [
        "cosmos.bank.v1beta1.MsgSend",
        "type.googleapis.com/cosmos.bank.v1beta1.MsgSend",
        "//x",
        "/",
        "/a b",
        "",
    ] {
        let body = TxBody { messages: vec![any(url, send().encode_to_vec())], ..Default::default() };
        let found = direct(body.encode_to_vec(), auth_info());
        assert!(matches!(found, Err(CosmosError::MessageType { .. })), "{url}: {found:?}");
    }
    let named =
        AMINO.replace("[],\"sequence", &format!("[{{\"type\":\"{SEND}\",\"value\":{{}}}}],\"sequence"));
    assert!(matches!(amino(&named), Err(CosmosError::MessageType { .. })));
}

#[test]
fn a_signer_is_a_point_of_the_curve_and_has_a_mode() {
    let signer = |key: Vec<u8>, mode: bool| {
        let info = SignerInfo {
            public_key: Some(any("/cosmos.crypto.secp256k1.PubKey", with(vec![0x0a, key.len() as u8], &key))),
            mode_info: mode.then(Default::default),
            sequence: 1,
        };
        let auth = AuthInfo { signer_infos: vec![info], ..AuthInfo::decode(&auth_info()[..]).unwrap() };
        direct(body(send().encode_to_vec()), auth.encode_to_vec())
    };
    let generator =
        hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").unwrap();
    assert!(matches!(signer(vec![2; 32], true), Err(CosmosError::PublicKey)));
    assert!(matches!(signer(with(vec![2], &[0xff; 32]), true), Err(CosmosError::PublicKey)));
    let missing =
        |found| matches!(found, Err(CosmosError::Missing { part: "SignerInfo", field: "mode_info" }));
    assert!(missing(signer(generator.clone(), true)), "a mode_info that says nothing");
    assert!(missing(signer(generator, false)), "no mode_info");
}

#[test]
fn coins_and_addresses_of_a_transfer_are_checked() {
    let changed = |change: fn(&mut MsgSend)| {
        let mut message = send();
        change(&mut message);
        direct(body(message.encode_to_vec()), auth_info())
    };
    assert!(matches!(changed(|m| m.amount[0].amount = "-1".into()), Err(CosmosError::Amount)));
    assert!(matches!(changed(|m| m.amount[0].amount = "01".into()), Err(CosmosError::Amount)));
    assert!(matches!(changed(|m| m.amount[0].amount.clear()), Err(CosmosError::Amount)));
    assert!(matches!(changed(|m| m.amount[0].denom = "u\u{202e}atom".into()), Err(CosmosError::Denom)));
    assert!(matches!(changed(|m| m.to_address.clear()), Err(CosmosError::Address { .. })));
    assert!(matches!(changed(|m| m.to_address = BOB.to_uppercase()), Err(CosmosError::Address { .. })));
}

#[test]
fn an_amino_doc_has_one_spelling() {
    for other in [
        AMINO.replace(",\"memo", ", \"memo"),
        AMINO.replace("test-1", "test\\u002d1"),
        format!("{AMINO}\n"),
        AMINO.replace("\"memo\":\"\"", "\"memo\":\"\u{2028}\""),
        AMINO.replace("\"memo\":\"\"", "\"memo\":\"<\""),
        AMINO.replace("\"memo\":\"\"", "\"memo\":\"a\",\"memo\":\"b\""),
        AMINO
            .replace("{\"account_number\":\"0\",", "{")
            .replace("\"sequence\"", "\"account_number\":\"0\",\"sequence\""),
    ] {
        assert!(matches!(amino(&other), Err(CosmosError::NotCanonical { part: "sign doc" })), "{other}");
    }
}

/// The body of a transfer, then `unordered` (field 4) and `timeout_timestamp` (field 5) of Cosmos SDK 0.53, as bytes.
fn unordered(time: &[u8]) -> Vec<u8> {
    with(with(body(send().encode_to_vec()), &[0x20, 1]), time)
}

/// Auth info of a signer with this sequence, in the direct mode.
fn signed_as(sequence: u8) -> Vec<u8> {
    // SignerInfo { mode_info: { single: { mode: 1 } }, sequence }
    let mut info = vec![0x12, 4, 0x0a, 2, 0x08, 1];
    if sequence > 0 {
        info.extend_from_slice(&[0x18, sequence]);
    }
    let head = [0x0a, u8::try_from(info.len()).unwrap()];
    [&head[..], &info, &[0x12, 2, 0x10, 1]].concat()
}

#[test]
fn an_unordered_transaction_has_a_time_and_no_sequence() {
    // Timestamp { seconds: 5 }
    let soon = [0x2a, 2, 0x08, 5];
    let tx = direct(unordered(&soon), signed_as(0)).unwrap();
    assert!(tx.decoded().unordered);
    assert_eq!(tx.decoded().timeout_timestamp.as_deref(), Some("1970-01-01T00:00:05Z"));
    // No time, the epoch, and nothing but nanoseconds: none bounds a replay.
    for time in [&[][..], &[0x2a, 0], &[0x2a, 2, 0x10, 7]] {
        match direct(unordered(time), signed_as(0)) {
            Err(CosmosError::Missing { part: "TxBody", field: "timeout_timestamp" }) => {}
            other => panic!("{time:?}: {other:?}"),
        }
    }
    match direct(unordered(&soon), signed_as(4)) {
        Err(CosmosError::BadField { part: "SignerInfo", field: "sequence" }) => {}
        other => panic!("{other:?}"),
    }
    // An ordered one may have a time, and has a sequence.
    direct(with(body(send().encode_to_vec()), &soon), signed_as(4)).unwrap();
}

#[test]
fn unknown_and_missing_keys_of_an_amino_doc_are_named() {
    let surprising = AMINO.replace("\"0\"}", "\"0\",\"surprise\":true}");
    match amino(&surprising) {
        Err(CosmosError::UnknownKey { part: "sign doc", key }) => assert_eq!(key, "surprise"),
        other => panic!("{other:?}"),
    }
    let tipped = AMINO.replace("\"gas\":\"1\"", "\"gas\":\"1\",\"t\u{202e}\":1");
    match amino(&tipped) {
        Err(CosmosError::UnknownKey { part: "fee", key }) => assert_eq!(key, "t\\u{202e}"),
        other => panic!("{other:?}"),
    }
    let lacking = AMINO.replace("\"memo\":\"\",", "");
    assert!(matches!(amino(&lacking), Err(CosmosError::Missing { part: "sign doc", field: "memo" })));
}

#[test]
fn numbers_of_an_amino_doc_are_shortest_decimal_strings() {
    for bad in ["\"00\"", "\"+1\"", "\"-1\"", "\"\"", "\"1.0\"", "\"18446744073709551616\"", "1", "null"] {
        let doc = AMINO.replace("\"sequence\":\"0\"", &format!("\"sequence\":{bad}"));
        let found = amino(&doc);
        assert!(matches!(found, Err(CosmosError::BadField { field: "sequence", .. })), "{bad}: {found:?}");
    }
    let height = AMINO.replace("\"0\"}", "\"0\",\"timeout_height\":\"0\"}");
    assert!(matches!(amino(&height), Err(CosmosError::BadField { field: "timeout_height", .. })));
}

#[test]
fn a_mode_that_is_not_supported_is_named_and_taken_for_no_other() {
    for name in ["textual", "direct-aux"] {
        assert!(
            matches!(name.parse::<SignMode>(), Err(CosmosError::UnsupportedMode(found)) if found == name)
        );
    }
    assert!(matches!("adr-036".parse::<SignMode>(), Err(CosmosError::BadField { .. })));
}

#[test]
fn a_doc_over_the_limit_is_not_even_decoded() {
    let long = vec![b' '; MAX_SIGN_DOC + 1];
    for mode in [SignMode::Direct, SignMode::AminoJson] {
        assert!(matches!(decode(mode, &long), Err(CosmosError::TooLarge { len: 65_537, limit: 65_536 })));
        assert!(!matches!(decode(mode, &long[1..]), Err(CosmosError::TooLarge { .. })));
    }
    let nested = "[".repeat(MAX_SIGN_DOC);
    assert!(matches!(amino(&nested), Err(CosmosError::Malformed { .. })));
}

#[test]
fn an_error_shows_no_hidden_character_of_the_doc() {
    let url = format!("/\u{202e}{}", "x".repeat(200));
    let body = TxBody { messages: vec![any(&url, Vec::new())], ..Default::default() };
    let text = direct(body.encode_to_vec(), auth_info()).unwrap_err().to_string();
    assert!(text.len() < 200 && text.contains("\\u{202e}") && !text.contains('\u{202e}'), "{text}");
}
