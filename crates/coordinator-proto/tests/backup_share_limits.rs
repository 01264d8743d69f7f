//! Every way in which a backup share can be wrong has its own error, and no byte of the peer in its text.

use maany_coordinator_proto::backup_share::BackupShareError as Error;
use maany_coordinator_proto::{BackupShare, BackupShareAck, Recovery};
use proptest::prelude::*;
use serde_json::{Value, json};

const CANARY: &str = "canary7f";

fn frame() -> Value {
    json!({
        "type": "backup-share", "sessionId": "s", "keyId": CANARY, "fragment": "0102", "shareIndex": 0,
        "ciphertext": {
            "kind": "k", "curve": "c", "scheme": "s", "keyId": CANARY, "threshold": 2, "shareCount": 3,
            "label": "", "blob": "00",
        },
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut frame = frame();
    *frame.pointer_mut(path).expect("a field") = value;
    frame
}

fn without(object: &str, field: &str) -> Value {
    let mut frame = frame();
    let object = frame.pointer_mut(object).expect("an object");
    object.as_object_mut().expect("an object").remove(field).expect("a field");
    frame
}

#[track_caller]
fn refused(frame: &Value) -> Error {
    let error = BackupShare::parse(frame.to_string().as_bytes()).expect_err("refused");
    assert!(!format!("{error} {error:?}").contains(CANARY));
    error
}

#[test]
fn needed_fields_are_missed_by_name() {
    for field in ["sessionId", "keyId", "ciphertext", "fragment", "shareIndex"] {
        assert_eq!(refused(&without("", field)), Error::Missing(field));
    }
    for field in ["kind", "curve", "scheme", "keyId", "threshold", "shareCount", "label", "blob"] {
        assert_eq!(refused(&without("/ciphertext", field)), Error::Missing(field));
    }
    assert_eq!(refused(&without("", "type")), Error::OtherType);
    assert_eq!(refused(&with("/type", json!("hello"))), Error::OtherType);
    assert_eq!(refused(&with("/type", json!(7))), Error::OtherType);
}

#[test]
fn values_out_of_range_are_refused() {
    let cases = [
        ("/keyId", json!("a/b")),
        ("/ciphertext/keyId", json!("another")),
        ("/ciphertext/threshold", json!(1)),
        ("/ciphertext/threshold", json!(4)),
        ("/ciphertext/threshold", json!(-2)),
        ("/ciphertext/threshold", json!(70_000)),
        ("/ciphertext/shareCount", json!(256)),
        ("/shareIndex", json!(4)),
        ("/shareIndex", json!("1")),
        ("/ciphertext/kind", json!("a b")),
        ("/ciphertext/kind", json!(4_294_967_296_u64)),
        ("/ciphertext/kind", json!(1.5)),
        ("/ciphertext/blob", json!("")),
        ("/ciphertext/blob", json!("0!")),
        ("/ciphertext/label", json!(7)),
        ("/fragment", json!("")),
        ("/fragment", json!("canary7f!")),
        ("/ciphertext", json!([])),
    ];
    let errors: Vec<String> =
        cases.iter().map(|(path, value)| format!("{path} {}", refused(&with(path, value.clone())))).collect();
    insta::assert_snapshot!(errors.join("\n"), @r"
    /keyId the frame has a malformed id in the field keyId
    /ciphertext/keyId the frame and its ciphertext name different keys
    /ciphertext/threshold the threshold must be at least two and at most the number of fragments, which is at most 255
    /ciphertext/threshold the threshold must be at least two and at most the number of fragments, which is at most 255
    /ciphertext/threshold the frame has a value of a wrong type in the field threshold
    /ciphertext/threshold the frame has a value of a wrong type in the field threshold
    /ciphertext/shareCount the threshold must be at least two and at most the number of fragments, which is at most 255
    /shareIndex the share index is beyond the number of fragments
    /shareIndex the frame has a value of a wrong type in the field shareIndex
    /ciphertext/kind the frame has a malformed label
    /ciphertext/kind the frame has a value of a wrong type in the field kind
    /ciphertext/kind the frame has a value of a wrong type in the field kind
    /ciphertext/blob the frame has no bytes in the field blob
    /ciphertext/blob the frame has a field blob that does not decode
    /ciphertext/label the frame has a value of a wrong type in the field label
    /fragment the frame has no bytes in the field fragment
    /fragment the frame has a field fragment that does not decode
    /ciphertext the frame has a value of a wrong type in the field ciphertext
    ");
}

#[test]
fn an_encoding_is_hex_or_base64() {
    for (object, value, field) in [
        ("", "fragment", "fragmentEncoding"),
        ("/ciphertext", "blob", "blobEncoding"),
        ("/ciphertext", "label", "labelEncoding"),
    ] {
        let mut frame = frame();
        frame.pointer_mut(object).expect("an object")[field] = json!(CANARY);
        assert_eq!(refused(&frame), Error::UnknownEncoding(value));
        frame.pointer_mut(object).expect("an object")[field] = json!(7);
        assert_eq!(refused(&frame), Error::WrongType(field));
    }
}

#[test]
fn both_names_of_the_fragment_at_once_are_refused() {
    let mut frame = frame();
    frame["share"] = json!("0102");
    assert_eq!(refused(&frame), Error::Duplicate("fragment"));
}

#[test]
fn debug_shows_no_fragment() {
    let backup = BackupShare::parse(frame().to_string().as_bytes()).expect("a backup share");
    assert!(format!("{backup:?}").contains("fragment: Fragment { .. }"));
    assert!(format!("{:?}", backup.into_recovery()).contains("fragment: Fragment { .. }"));
}

#[test]
fn an_ack_needs_its_status_and_an_unknown_word_is_not_repeated() {
    let parse = |text: &str| BackupShareAck::parse(text.as_bytes());
    let ack = r#"{"type":"backup-share:ack","keyId":"k","status":"error","error":"canary7f"}"#;
    assert!(!format!("{:?}", parse(ack).expect("an ack")).contains(CANARY));
    assert_eq!(parse(r#"{"type":"backup-share:ack","keyId":"k"}"#), Err(Error::Missing("status")));
    assert_eq!(
        parse(r#"{"type":"backup-share:ack","keyId":"k","status":"?"}"#),
        Err(Error::WrongType("status"))
    );
    assert_eq!(parse(r#"{"type":"backup-share"}"#), Err(Error::OtherType));
}

proptest! {
    #[test]
    fn no_bytes_panic_the_parsers(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = (BackupShare::parse(&bytes), BackupShareAck::parse(&bytes), Recovery::parse(&bytes));
    }

    #[test]
    fn no_mutation_panics_and_what_is_read_is_written_alike(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = frame().to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Recovery::parse(&bytes);
        if let Ok(backup) = BackupShare::parse(&bytes) {
            let again = BackupShare::parse(backup.to_json().as_bytes()).expect("what is written is read");
            prop_assert_eq!(backup.to_json(), again.to_json());
            let recovery = backup.into_recovery();
            let again = Recovery::parse(recovery.to_json().as_bytes()).expect("what is written is read");
            prop_assert_eq!(recovery.to_json(), again.to_json());
        }
    }
}
