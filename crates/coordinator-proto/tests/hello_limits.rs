//! Every way in which a hello can be wrong has its own error, its close code, and no byte of the peer in its text.

use maany_coordinator_proto::hello::Field;
use maany_coordinator_proto::limits::HELLO_BYTES;
use maany_coordinator_proto::{CloseCode, Hello, HelloError, IdError, Intent, Protocol};
use proptest::prelude::*;
use serde_json::{Value, json};

const CANARY: &str = "canary7f";

fn hello() -> Value {
    json!({ "type": "hello", "sessionId": CANARY, "role": "device", "token": "a.b", "intent": "dkg" })
}

fn with(field: &str, value: Value) -> String {
    let mut hello = hello();
    hello[field] = value;
    hello.to_string()
}

fn without(field: &str) -> String {
    let mut hello = hello();
    hello.as_object_mut().expect("an object").remove(field);
    hello.to_string()
}

fn sign(fields: Value) -> String {
    let mut hello = hello();
    hello["intent"] = json!("sign");
    hello["keyId"] = json!("k");
    for (name, value) in fields.as_object().expect("an object") {
        hello[name] = value.clone();
    }
    hello.to_string()
}

#[track_caller]
fn refused(text: &str) -> HelloError {
    let error = Hello::parse(text.as_bytes()).expect_err("refused");
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        shown.push_str(&inner.to_string());
        source = inner.source();
    }
    assert!(!shown.contains(CANARY), "{shown}");
    error
}

#[test]
fn what_is_no_json_object_is_refused() {
    for text in ["", "hello", "{", "{}}", "{} {}", "{\"type\":}", "\u{0}\u{1}"] {
        assert_eq!(refused(text), HelloError::NotJson, "{text:?}");
    }
    for text in ["null", "[]", "[{}]", "7", "\"hello\"", "true"] {
        assert_eq!(refused(text), HelloError::NotAnObject, "{text:?}");
    }
    assert_eq!(Hello::parse(b"{\"type\":\"\xff\"}").expect_err("refused"), HelloError::NotUtf8);
}

#[test]
fn needed_fields_are_missed_by_name() {
    assert_eq!(refused("{}"), HelloError::Missing(Field::Type));
    assert_eq!(refused(&without("type")), HelloError::Missing(Field::Type));
    assert_eq!(refused(&without("sessionId")), HelloError::Missing(Field::SessionId));
    assert_eq!(refused(&with("sessionId", Value::Null)), HelloError::Missing(Field::SessionId));
    assert_eq!(refused(&without("role")), HelloError::Missing(Field::Role));
    for intent in ["sign", "refresh", "restore"] {
        assert_eq!(refused(&with("intent", json!(intent))), HelloError::Missing(Field::KeyId), "{intent}");
    }
    let restore = sign(json!({ "intent": "restore" }));
    assert_eq!(refused(&restore), HelloError::Missing(Field::StepUp));
}

#[test]
fn optional_fields_may_be_missing_or_null_and_an_empty_token_is_none() {
    for field in
        ["token", "intent", "keyId", "sessionIdHint", "stepUp", "message", "messageEncoding", "protocol"]
    {
        assert!(Hello::parse(with(field, Value::Null).as_bytes()).is_ok(), "{field}");
    }
    let hello = Hello::parse(with("token", json!("")).as_bytes()).expect("a hello");
    assert!(hello.token().is_none());
    assert_eq!(Hello::parse(without("intent").as_bytes()).expect("a hello").intent(), Intent::Dkg);
}

#[test]
fn a_value_of_another_type_is_refused_by_name() {
    let fields = [
        Field::Type,
        Field::SessionId,
        Field::Role,
        Field::Token,
        Field::Intent,
        Field::KeyId,
        Field::SessionIdHint,
        Field::StepUp,
    ];
    for field in fields {
        for value in [json!(7), json!(true), json!([CANARY]), json!({ "a": CANARY })] {
            assert_eq!(refused(&with(field.as_str(), value)), HelloError::WrongType(field), "{field}");
        }
    }
    for field in [Field::Message, Field::MessageEncoding] {
        assert_eq!(refused(&sign(json!({ field.as_str(): 7 }))), HelloError::WrongType(field), "{field}");
    }
}

#[test]
fn another_type_role_intent_or_protocol_is_refused() {
    assert_eq!(refused(&with("type", json!(CANARY))), HelloError::NotAHello);
    for role in ["server", "Device", "", CANARY] {
        assert_eq!(refused(&with("role", json!(role))), HelloError::WrongRole);
    }
    for intent in ["DKG", "drain", "", CANARY] {
        assert_eq!(refused(&with("intent", json!(intent))), HelloError::UnknownIntent);
    }
    for protocol in [0, 3, 20] {
        assert_eq!(refused(&with("protocol", json!(protocol))), HelloError::UnsupportedProtocol);
    }
    assert_eq!(refused(&with("protocol", json!("2"))), HelloError::WrongType(Field::Protocol));
    assert!(Hello::parse(with("protocol", json!(1)).as_bytes()).is_ok());
}

#[test]
fn ids_keep_to_their_alphabet_and_length() {
    let long = CANARY.repeat(17);
    for field in [Field::SessionId, Field::KeyId, Field::SessionIdHint] {
        let cases = [
            ("", IdError::Empty),
            (&long[..129], IdError::TooLong { limit: 128 }),
            ("canary7f/../x", IdError::Alphabet),
            ("canary7f\n", IdError::Alphabet),
            ("canary7f x", IdError::Alphabet),
            ("canary7f\u{430}", IdError::Alphabet),
            ("canary7f+/=", IdError::Alphabet),
        ];
        for (text, source) in cases {
            assert_eq!(
                refused(&with(field.as_str(), json!(text))),
                HelloError::Id { field, source },
                "{text:?}"
            );
        }
        for text in [&long[..128], "AZaz09._:-", "a"] {
            assert!(Hello::parse(with(field.as_str(), json!(text)).as_bytes()).is_ok(), "{field} {text}");
        }
    }
}

#[test]
fn secrets_are_visible_ascii() {
    for field in [Field::Token, Field::StepUp] {
        for text in ["canary7f \n", "canary7f\u{e9}", "canary7f x"] {
            let error = refused(&with(field.as_str(), json!(text)));
            assert!(matches!(error, HelloError::Secret { field: found, .. } if found == field), "{error:?}");
        }
    }
}

#[test]
fn the_message_is_thirty_two_bytes_in_the_encoding_it_names() {
    let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let digest = |fields| Hello::parse(sign(fields).as_bytes()).expect("a hello").message().copied();
    let expected = digest(json!({ "message": base64 }));
    assert!(expected.is_some());
    assert_eq!(digest(json!({ "message": base64, "messageEncoding": "base64" })), expected);
    assert_eq!(digest(json!({ "message": hex, "messageEncoding": "hex" })), expected);
    assert_eq!(digest(json!({})), None);

    let wrong = |fields| refused(&sign(fields));
    assert_eq!(wrong(json!({ "message": base64.trim_end_matches('=') })), HelloError::MessageEncoding);
    assert_eq!(wrong(json!({ "message": base64, "messageEncoding": "hex" })), HelloError::MessageEncoding);
    assert_eq!(wrong(json!({ "message": hex, "messageEncoding": "base64" })), HelloError::MessageLength);
    assert_eq!(wrong(json!({ "message": "" })), HelloError::MessageLength);
    assert_eq!(wrong(json!({ "message": CANARY, "messageEncoding": "hex" })), HelloError::MessageEncoding);
    assert_eq!(wrong(json!({ "message": base64, "messageEncoding": CANARY })), HelloError::UnknownEncoding);
}

#[test]
fn the_message_counts_in_a_sign_hello_alone() {
    for value in [json!("not base64!"), json!(7)] {
        let hello = Hello::parse(with("message", value).as_bytes()).expect("a hello");
        assert!(hello.message().is_none());
    }
}

#[test]
fn a_known_field_twice_is_refused_and_an_unknown_one_is_not() {
    for (name, field) in [("sessionId", Field::SessionId), ("intent", Field::Intent), ("token", Field::Token)]
    {
        let text = hello().to_string().replacen('{', &format!("{{\"{name}\":\"{CANARY}\","), 1);
        assert_eq!(refused(&text), HelloError::Duplicate(field));
    }
    let text = hello().to_string().replacen('{', r#"{"x":1,"x":2,"nested":{"intent":"a","intent":"b"},"#, 1);
    assert!(Hello::parse(text.as_bytes()).is_ok());
}

#[test]
fn eight_kib_is_the_most() {
    let bare = with("pad", json!(""));
    let fitting = with("pad", json!("x".repeat(HELLO_BYTES - bare.len())));
    assert_eq!(fitting.len(), HELLO_BYTES);
    assert!(Hello::parse(fitting.as_bytes()).is_ok());
    assert_eq!(refused(&format!("{fitting} ")), HelloError::TooLong { limit: HELLO_BYTES });
}

#[test]
fn every_refusal_is_a_malformed_handshake_but_bad_utf8_has_its_own_code() {
    assert_eq!(HelloError::NotUtf8.close_code(), CloseCode::NotUtf8);
    for text in ["", "null", "{}", &with("role", json!("x")), &with("protocol", json!(2))] {
        assert_eq!(refused(text).close_code(), CloseCode::Malformed);
    }
}

const NOISE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ID: &str = "00112233445566778899aabbccddeeff";

fn second(fields: Value) -> String {
    let mut hello = hello();
    hello["protocol"] = json!(2);
    hello["noise"] = json!(NOISE);
    for (name, value) in fields.as_object().expect("an object") {
        hello[name] = value.clone();
    }
    hello.to_string()
}

#[test]
fn noise_is_in_a_hello_of_protocol_two_and_in_no_other() {
    let hello = Hello::parse(second(json!({})).as_bytes()).expect("a hello");
    assert_eq!(hello.protocol(), Protocol::Two);
    assert_eq!(hello.noise().map(|noise| noise[31]), Some(31));
    assert_eq!(refused(&second(json!({ "noise": null }))), HelloError::Missing(Field::Noise));
    for protocol in [json!(1), Value::Null] {
        let text = second(json!({ "protocol": protocol }));
        assert_eq!(refused(&text), HelloError::Misplaced(Field::Noise), "{text}");
    }
    for noise in
        ["", NOISE.trim_end_matches('='), "AAEC", CANARY, &NOISE.replace('A', "-"), &format!("AAAA{NOISE}")]
    {
        assert_eq!(refused(&second(json!({ "noise": noise }))), HelloError::Noise, "{noise}");
    }
    for noise in [json!(7), json!([1]), json!({ "noise": NOISE })] {
        assert_eq!(refused(&second(json!({ "noise": noise }))), HelloError::WrongType(Field::Noise));
    }
}

#[test]
fn protocol_two_spells_its_intent_out() {
    assert_eq!(refused(&second(json!({ "intent": null }))), HelloError::Missing(Field::Intent));
}

#[test]
fn a_request_is_named_in_a_sign_hello_of_protocol_two_alone() {
    let sign = |request: Value| second(json!({ "intent": "sign", "keyId": "k", "requestId": request }));
    let named = |text: &str| Hello::parse(text.as_bytes()).expect("a hello").request_id();
    assert_eq!(named(&sign(json!(ID))).map(|id| id.to_string()).as_deref(), Some(ID));
    assert_eq!(named(&sign(Value::Null)), None);
    for text in ["", "canary7f", &ID.to_uppercase(), &ID[1..], &format!("{ID}0")] {
        let error = refused(&sign(json!(text)));
        let field = Field::RequestId;
        assert_eq!(error, HelloError::Id { field, source: IdError::NotHex { digits: 32 } }, "{text}");
    }
    assert_eq!(refused(&second(json!({ "requestId": ID }))), HelloError::Misplaced(Field::RequestId));
    // In the older profile it is a field like any other that is not known, whatever is in it.
    for value in [json!(ID), json!(7), json!([CANARY])] {
        assert!(named(&with("requestId", value)).is_none());
    }
    // The hint names none in protocol 2.
    assert_eq!(named(&second(json!({ "intent": "sign", "keyId": "k", "sessionIdHint": ID }))), None);
}

#[test]
fn a_message_is_not_read_in_protocol_two() {
    for message in [json!(NOISE), json!(7)] {
        let text = second(json!({ "intent": "sign", "keyId": "k", "message": message }));
        assert!(Hello::parse(text.as_bytes()).expect("a hello").message().is_none());
    }
}

#[test]
fn a_resumed_session_is_named_by_its_id() {
    let hello = Hello::parse(second(json!({ "resume": ID })).as_bytes()).expect("a hello");
    assert_eq!(hello.resume().map(hex::encode).as_deref(), Some(ID));
    for text in ["", "canary7f", &ID.to_uppercase()] {
        let error = refused(&second(json!({ "resume": text })));
        assert!(matches!(error, HelloError::Id { field: Field::Resume, .. }), "{error:?}");
    }
    assert!(Hello::parse(with("resume", json!(7)).as_bytes()).expect("a hello").resume().is_none());
}

#[test]
fn fields_of_protocol_two_count_once_in_it_and_not_at_all_before() {
    for name in ["noise", "requestId", "resume", "stepUp"] {
        let text = second(json!({})).replacen('{', &format!("{{\"{name}\":null,\"{name}\":null,"), 1);
        assert!(matches!(refused(&text), HelloError::Duplicate(_)), "{name}");
    }
    let text = hello().to_string().replacen('{', r#"{"requestId":1,"requestId":2,"resume":1,"resume":2,"#, 1);
    assert!(Hello::parse(text.as_bytes()).is_ok());
}

#[test]
fn debug_of_a_hello_shows_no_secret() {
    let mut hello = hello();
    hello["token"] = json!("tok-canary");
    hello["stepUp"] = json!("code-canary");
    let shown = format!("{:?}", Hello::parse(hello.to_string().as_bytes()).expect("a hello"));
    assert!(!shown.contains("-canary"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_panic_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Hello::parse(&bytes);
    }

    #[test]
    fn no_mutation_of_a_hello_panics_and_what_is_read_is_written_alike(
        at in 0usize..300, byte in any::<u8>(), cut in 0usize..300, two in any::<bool>(),
    ) {
        let text = if two {
            second(json!({ "intent": "sign", "keyId": "k", "requestId": ID, "resume": ID }))
        } else {
            sign(json!({ "message": NOISE }))
        };
        let mut bytes = text.into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        for bytes in [&bytes[..], &bytes[..cut.min(bytes.len())]] {
            if let Ok(hello) = Hello::parse(bytes) {
                let again = Hello::parse(hello.to_json().as_bytes()).expect("what is written is read");
                prop_assert_eq!(hello.to_json(), again.to_json());
            }
        }
    }
}
