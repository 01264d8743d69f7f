//! Hellos as devices in the field send them, and as the device side of this crate writes them.

use maany_coordinator_proto::{Digest, Hello, Intent, KeyId, Protocol, RequestId, SessionId, StepUp, Token};

use crate::{all, golden};

fn digest() -> Digest {
    Digest::from_bytes(core::array::from_fn(|at| u8::try_from(at).expect("small")))
}

fn session(text: &str) -> SessionId {
    SessionId::new(text).expect("a session id")
}

fn key(text: &str) -> KeyId {
    KeyId::new(text).expect("a key id")
}

fn token() -> Token {
    Token::new("key-1.c2VjcmV0").expect("a token")
}

fn read(name: &str) -> Hello {
    Hello::parse(golden(&format!("hello/{name}")).as_bytes())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn what_devices_send_is_read() {
    let hello = read("dkg.json");
    assert_eq!(hello.intent(), Intent::Dkg);
    assert_eq!(hello.session_id().as_str(), "dkg-7f3a");
    assert_eq!(hello.token().map(Token::dangerous_expose), Some("key-1.c2VjcmV0"));
    assert_eq!(hello.key_id(), Some(&key("main-wallet")));
    assert_eq!(hello.session_id_hint(), Some(hello.session_id()));
    assert_eq!((hello.request_id(), hello.wallet_id(), hello.message()), (None, None, None));

    assert!(read("dkg_without_key_id.json").key_id().is_none());

    let bare = read("dkg_bare.json");
    assert_eq!(bare.intent(), Intent::Dkg);
    assert!(bare.token().is_none() && bare.key_id().is_none() && bare.session_id_hint().is_none());

    for name in ["sign.json", "sign_base64.json", "sign_hex.json"] {
        let sign = read(name);
        assert_eq!(sign.intent(), Intent::Sign);
        assert_eq!(sign.message(), Some(&digest()));
        assert!(sign.session_id_hint().is_none());
    }

    let request = read("sign_request.json").request_id().expect("a request id");
    assert_eq!(request.to_string(), "00112233445566778899aabbccddeeff");

    assert_eq!(read("refresh.json").intent(), Intent::Refresh);

    let restore = read("restore.json");
    assert_eq!(restore.intent(), Intent::Restore);
    assert_eq!(restore.step_up().map(StepUp::dangerous_expose), Some("Zm9yIG9uZSB1c2U"));
    assert_eq!(restore.wallet_id().expect("a wallet id").to_string(), "0123456789abcdef0123456789abcdef");

    let two = read("sign_protocol_2.json");
    assert_eq!((two.protocol(), two.intent()), (Protocol::Two, Intent::Sign));
    assert_eq!(two.request_id(), Some(request));
    assert_eq!(two.noise().map(hex::encode), Some(golden("channel/message_1.hex")));
    assert_eq!((two.resume(), two.message()), (None, None));

    let resumed = read("restore_protocol_2_resumed.json");
    assert_eq!((resumed.protocol(), resumed.resume()), (Protocol::Two, Some([0xa1; 16])));
    assert_eq!(resumed.request_id(), None);

    let odd = read("other_order_and_unknown_fields.json");
    assert_eq!((odd.session_id().as_str(), odd.intent()), ("dkg-7f3a", Intent::Dkg));
    assert!(odd.key_id().is_none());
}

#[test]
fn what_the_device_side_writes_is_pinned() {
    let wallet = "0123456789abcdef0123456789abcdef";
    let request = RequestId::from_hex("00112233445566778899aabbccddeeff").expect("a request id");
    let code = || StepUp::new("Zm9yIG9uZSB1c2U").expect("a code");
    let noise = || {
        let mut noise = [0; 32];
        hex::decode_to_slice(golden("channel/message_1.hex"), &mut noise).expect("hex");
        noise
    };
    let written = [
        (
            "dkg.json",
            Hello::dkg(session("dkg-7f3a"), Some(key("main-wallet")))
                .with_token(token())
                .with_session_id_hint(session("dkg-7f3a")),
        ),
        (
            "dkg_without_key_id.json",
            Hello::dkg(session("dkg-7f3a"), None)
                .with_token(token())
                .with_session_id_hint(session("dkg-7f3a")),
        ),
        (
            "sign.json",
            Hello::sign(session("sign-91"), key("main-wallet")).with_token(token()).with_message(digest()),
        ),
        (
            "sign_request.json",
            Hello::sign(session("sign-92"), key("main-wallet")).with_token(token()).with_request(request),
        ),
        ("refresh.json", Hello::refresh(session("refresh-3"), key("main-wallet")).with_token(token())),
        ("restore.json", Hello::restore(session("restore-1"), key(wallet), code()).with_token(token())),
        (
            "sign_protocol_2.json",
            Hello::sign(session("sign-93"), key("main-wallet"))
                .with_token(token())
                .with_request_id(request)
                .with_noise(noise()),
        ),
        (
            "restore_protocol_2_resumed.json",
            Hello::restore(session("restore-1"), key(wallet), code())
                .with_token(token())
                .resuming(noise(), [0xa1; 16]),
        ),
    ];
    for (name, hello) in written {
        assert_eq!(hello.to_json().as_str(), golden(&format!("hello/{name}")), "{name}");
    }
}

#[test]
fn what_is_written_is_read_as_it_was() {
    for name in all("hello") {
        let hello = read(&name);
        let again = Hello::parse(hello.to_json().as_bytes()).expect("a hello");
        assert_eq!(hello.to_json(), again.to_json(), "{name}");
    }
}
