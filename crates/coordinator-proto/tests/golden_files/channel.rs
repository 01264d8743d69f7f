//! One handshake and the first frames after it. The files were made by an implementation of Noise revision 34 that
//! shares no code with this one (`X25519`, `ChaCha20-Poly1305` and `SHA-256` of OpenSSL).
//!
//! Keys: device's ephemeral `00..1f`, server's ephemeral `20..3f`, server's static `40..5f`.

use maany_coordinator_proto::channel::{Channel, EphemeralKey, Initiator, StaticKey, prologue, respond};
use maany_coordinator_proto::link::{Frame, FrameKind, Link};
use maany_coordinator_proto::welcome::{self, Welcome, WelcomeLimits};
use maany_coordinator_proto::{Hello, ResumeToken, limits::Limits};
use zeroize::Zeroizing;

use crate::{all, golden};

fn bytes(name: &str) -> Vec<u8> {
    hex::decode(golden(&format!("channel/{name}.hex"))).expect("hex")
}

fn from(first: u8) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(core::array::from_fn(|at| first + u8::try_from(at).expect("small")))
}

fn hello() -> Hello {
    Hello::parse(golden("hello/sign_protocol_2.json").as_bytes()).expect("a hello")
}

fn welcome() -> Welcome {
    Welcome {
        session: [0xa1; 16],
        nonce: [0xb2; 32],
        resume_token: ResumeToken::from_bytes(Zeroizing::new([0xc3; 32])),
        limits: WelcomeLimits::from(&Limits::default()),
    }
}

fn handshake() -> (Channel, Channel) {
    let prologue = prologue(&hello());
    let initiator = Initiator::new(EphemeralKey::from_bytes(from(0)), &prologue).expect("a handshake");
    let key = StaticKey::from_bytes(from(0x40));
    let first = hello().noise().copied().expect("protocol 2");
    let ephemeral = EphemeralKey::from_bytes(from(0x20));
    let payload = welcome().to_payload();
    let answered = respond(&key, ephemeral, &prologue, &first, &payload).expect("a good first message");
    assert_eq!(answered.message, bytes("message_2"));
    let finished = initiator.finish(&answered.message).expect("a good second message");
    assert_eq!(finished.server, key.public());
    assert_eq!(finished.server.as_bytes().as_slice(), bytes("public_key"));
    assert_eq!(*finished.payload, *payload);
    (finished.channel, answered.channel)
}

#[test]
fn the_prologue_is_pinned() {
    assert_eq!(*prologue(&hello()), bytes("prologue"));
}

#[test]
fn the_handshake_is_that_of_another_implementation() {
    let (device, server) = handshake();
    assert_eq!(device.handshake_hash().as_slice(), bytes("handshake_hash"));
    assert_eq!(server.handshake_hash(), device.handshake_hash());
}

#[test]
fn the_welcome_is_pinned() {
    assert_eq!(*welcome().to_payload(), bytes("welcome_payload"));
    let read = Welcome::from_payload(&bytes("welcome_payload")).expect("a welcome");
    assert_eq!(
        (read.session, read.nonce, read.limits),
        (welcome().session, welcome().nonce, welcome().limits)
    );
    assert!(read.resume_token.is(&[0xc3; 32]));
    assert_eq!(welcome::to_json(&bytes("message_2")), golden("channel/welcome.json"));
    assert_eq!(welcome::parse(golden("channel/welcome.json").as_bytes()), Ok(bytes("message_2")));
}

#[test]
fn frames_are_pinned() {
    let frames = [
        ("frame_message", Frame { kind: FrameKind::Message, seq: 1, ack: 0, payload: b"hello, engine" }),
        ("frame_ack", Frame { kind: FrameKind::Ack, seq: 0, ack: 1, payload: b"" }),
        ("frame_resume", Frame { kind: FrameKind::Resume, seq: 0, ack: 300, payload: &[0xc3; 32] }),
    ];
    for (name, frame) in frames {
        assert_eq!(frame.to_bytes(), bytes(name), "{name}");
        assert_eq!(Frame::parse(&bytes(name)), Ok(frame), "{name}");
    }
}

#[test]
fn the_first_frames_of_each_side_are_pinned() {
    let (mut device, mut server) = handshake();
    let (mut ours, mut theirs) = (Link::new(), Link::new());
    let sent = ours.send(b"hello, engine".to_vec()).expect("room");
    let pieces = device.seal(&sent).expect("sealed");
    assert_eq!(pieces, [bytes("piece_from_device")]);
    let opened = server.open(&pieces[0], 1024).expect("authentic").expect("the last piece");
    theirs.receive(opened).expect("the next frame");
    assert_eq!(server.seal(&theirs.ack()).expect("sealed"), [bytes("piece_from_server")]);
}

#[test]
fn every_file_is_looked_at() {
    assert_eq!(all("channel").len(), 12);
}
