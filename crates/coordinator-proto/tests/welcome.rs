//! What a welcome may look like.

use maany_coordinator_proto::limits::Limits;
use maany_coordinator_proto::welcome::{WELCOME_BYTES, Welcome, WelcomeError, WelcomeLimits, parse, to_json};
use maany_coordinator_proto::{CloseCode, Intent, ResumeToken};
use proptest::prelude::*;
use zeroize::Zeroizing;

fn welcome() -> Welcome {
    Welcome {
        session: [1; 16],
        nonce: [2; 32],
        resume_token: ResumeToken::from_bytes(Zeroizing::new([0xca; 32])),
        limits: WelcomeLimits::from(&Limits::default()),
    }
}

#[test]
fn only_a_welcome_is_read() {
    assert_eq!(parse(br#"{"x":[1],"noise":"AQI=","type":"welcome"}"#), Ok(vec![1, 2]));
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"type":"welcome"}"#,
        r#"{"noise":"AQI="}"#,
        r#"{"type":"hello","noise":"AQI="}"#,
        r#"{"type":"welcome","noise":7}"#,
        r#"{"type":7,"noise":"AQI="}"#,
        r#"{"type":"welcome","noise":"AQI=","noise":"AQI="}"#,
        r#"{"type":"welcome","noise":null}"#,
        r#"{"type":"welcome","noise":"AQI="} x"#,
    ] {
        assert_eq!(parse(text.as_bytes()), Err(WelcomeError::Malformed), "{text}");
    }
    for noise in ["AQI", "0102", "AQI=\n", "*"] {
        let text = to_json(b"").replace("\"noise\":\"\"", &format!("\"noise\":{}", serde_json::json!(noise)));
        let expected = if noise == "0102" { Ok(vec![0xd3, 0x5d, 0x36]) } else { Err(WelcomeError::Noise) };
        assert_eq!(parse(text.as_bytes()), expected, "{noise}");
    }
    assert_eq!(parse(b"{\"type\":\"\xff\"}"), Err(WelcomeError::NotUtf8));
    assert_eq!(WelcomeError::NotUtf8.close_code(), CloseCode::NotUtf8);
    let padded = format!("{}{}", to_json(b"a"), " ".repeat(WELCOME_BYTES));
    assert_eq!(parse(padded.as_bytes()), Err(WelcomeError::TooLong));
}

#[test]
fn a_payload_has_one_encoding() {
    let payload = welcome().to_payload();
    assert!(Welcome::from_payload(&payload).is_ok());
    for size in 0..payload.len() {
        assert!(matches!(Welcome::from_payload(&payload[..size]), Err(WelcomeError::Payload)), "{size}");
    }
    assert!(Welcome::from_payload(&[&payload[..], &[0]].concat()).is_err());
    // 15 s in milliseconds with a byte more than it needs.
    let longer = hex::encode(&*payload).replacen("9875", "98f500", 1);
    assert_ne!(longer, hex::encode(&*payload));
    assert!(Welcome::from_payload(&hex::decode(longer).expect("hex")).is_err());
}

#[test]
fn limits_are_told_by_intent() {
    let limits = welcome().limits;
    assert_eq!(limits.message_bytes(Intent::Sign), 168 * 1024);
    assert_eq!(limits.message_bytes(Intent::Restore), 300 * 1024);
}

#[test]
fn debug_of_a_welcome_shows_no_token() {
    let shown = format!("{:?}", welcome());
    assert!(!shown.contains("202") && !shown.contains("ca"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
        if let Ok(read) = Welcome::from_payload(&bytes) {
            prop_assert_eq!(&*read.to_payload(), &bytes);
        }
    }
}
