//! Amino JSON of messages: what is read, and what is refused because no chain would write it.

#![cfg(test)]

use maany_coordinator_cosmos::{CosmosError, SignDoc, SignMode, message_of_amino};
use serde_json::{Value, json};

/// A sign doc around messages, in the spelling of a chain.
fn doc(messages: &str) -> String {
    format!(
        r#"{{"account_number":"1","chain_id":"test-1","fee":{{"amount":[],"gas":"1"}},"memo":"","msgs":[{messages}],"sequence":"2"}}"#
    )
}

fn delegate() -> Value {
    json!({ "type": "cosmos-sdk/MsgDelegate", "value": {
        "amount": { "amount": "5", "denom": "uatom" },
        "delegator_address": "cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5",
        "validator_address": "cosmosvaloper1mlcvmegfxzjpzfqqdt94dgjpm5e77qumc4zzgv",
    }})
}

#[test]
fn a_sign_doc_names_messages_by_their_type_urls() {
    let read = SignDoc::parse(SignMode::AminoJson, doc(&delegate().to_string()).as_bytes()).unwrap();
    assert_eq!(read.decoded().messages[0].type_url(), "/cosmos.staking.v1beta1.MsgDelegate");
    let unknown = doc(r#"{"type":"strange/MsgDrain","value":{"x":[1,true,null]}}"#);
    let read = SignDoc::parse(SignMode::AminoJson, unknown.as_bytes()).unwrap();
    assert_eq!(read.decoded().messages[0].type_url(), "strange/MsgDrain");
}

#[test]
fn whatever_a_chain_would_not_write_is_refused() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("an unknown key", |m| m["value"]["surprise"] = true.into()),
        ("an unknown key below", |m| m["value"]["amount"]["surprise"] = "".into()),
        ("a key beside the value", |m| m["surprise"] = 1.into()),
        ("an empty text that is omitted", |m| m["value"]["validator_address"] = "".into()),
        ("a number for a text", |m| m["value"]["delegator_address"] = 1.into()),
        ("a list for a message", |m| m["value"]["amount"] = json!([])),
        ("no message where one is kept", |m| {
            m["value"].as_object_mut().unwrap().remove("amount");
        }),
        ("the type url of a message with an amino name", |m| {
            m["type"] = "/cosmos.staking.v1beta1.MsgDelegate".into();
        }),
        ("no content", |m| m["value"] = Value::Null),
    ];
    for (name, change) in changes {
        let mut message = delegate();
        change(&mut message);
        let found = SignDoc::parse(SignMode::AminoJson, doc(&message.to_string()).as_bytes());
        assert!(found.is_err(), "{name}: {message}");
    }
    assert!(message_of_amino(&delegate()).unwrap().is_some());
}

#[test]
fn messages_nest_so_deep_and_no_deeper() {
    let mut message = delegate();
    for level in 0..64 {
        message = json!({ "type": "cosmos-sdk/MsgExec", "value": {
            "grantee": "cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5", "msgs": [message],
        }});
        match level {
            9 => assert!(message_of_amino(&message).unwrap().is_some()),
            63 => assert!(matches!(message_of_amino(&message), Err(CosmosError::Malformed { .. }))),
            _ => {}
        }
    }
}

#[test]
fn an_unordered_doc_says_so_and_until_when() {
    let with = |rest: &str| doc("").replace("\"sequence\":\"2\"", rest);
    let good = with(r#""sequence":"0","timeout_timestamp":"2026-12-31T23:59:59.25Z","unordered":true"#);
    let read = SignDoc::parse(SignMode::AminoJson, good.as_bytes()).unwrap();
    assert!(read.decoded().unordered);
    assert_eq!(read.decoded().timeout_timestamp.as_deref(), Some("2026-12-31T23:59:59.25Z"));
    for bad in [
        r#""sequence":"2","timeout_timestamp":"2026-12-31T23:59:59.25Z","unordered":true"#,
        r#""sequence":"0","unordered":true"#,
        r#""sequence":"0","timeout_timestamp":"2026-12-31T23:59:59.250Z""#,
        r#""sequence":"0","timeout_timestamp":"2026-12-31","unordered":true"#,
        r#""sequence":"0","unordered":false"#,
    ] {
        assert!(SignDoc::parse(SignMode::AminoJson, with(bad).as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn json_that_go_would_change_is_refused() {
    let execute = |msg: &str| {
        let text = format!(
            r#"{{"type":"wasm/MsgExecuteContract","value":{{"contract":"c","funds":[],"msg":{msg},"sender":"s"}}}}"#
        );
        message_of_amino(&serde_json::from_str(&text).unwrap())
    };
    assert!(execute(r#"{"a":9007199254740992}"#).unwrap().is_some());
    for bad in [r#"{"a":9007199254740993}"#, r#"{"a":1.5}"#, r#"[1e3]"#] {
        assert!(matches!(execute(bad), Err(CosmosError::BadField { .. })), "{bad}");
    }
}
