//! What a server does with a peer that breaks the rules, played over bare TCP.
#![cfg(feature = "websocket-server")]

#[path = "support/raw.rs"]
mod raw;
#[path = "support/server.rs"]
mod support;

use maany_coordinator_proto::CloseCode;
use maany_coordinator_transport::websocket::ServerSocket;
use maany_coordinator_transport::{Limits, Message, Participant, Transport, TransportError};
use raw::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RawPeer, TEXT, frame, header};
use std::time::Duration;

const HELLO: usize = 8 * 1024;

async fn connected() -> (ServerSocket, RawPeer) {
    let mut server = support::Server::start(Limits::server()).await;
    let (peer, _) = RawPeer::upgraded(server.address).await;
    (server.socket().await, peer)
}

/// The server reads, fails, and closes; the peer hears this code.
async fn refused(mut server: ServerSocket, mut peer: RawPeer) -> (TransportError, u16) {
    let reading = tokio::time::timeout(Duration::from_secs(5), server.recv(Participant::Device)).await;
    let error = reading.expect("a broken rule is noticed").expect_err("a rule was broken");
    let closing = tokio::spawn(async move { server.close(CloseCode::Internal, "other").await });
    let code = peer.close_code().await;
    drop(peer);
    closing.await.expect("closing ends").expect("the peer could be told");
    (error, code)
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_1007() {
    let (server, mut peer) = connected().await;
    peer.write(&frame(FIN | TEXT, b"caf\xe9")).await;
    let (error, code) = refused(server, peer).await;
    assert!(matches!(error, TransportError::NotUtf8), "{error:?}");
    assert_eq!(code, 1007);
}

#[tokio::test]
async fn a_fragment_that_ends_inside_a_character_is_judged_with_the_next() {
    let (mut server, mut peer) = connected().await;
    peer.write(&frame(TEXT, b"caf\xc3")).await;
    peer.write(&frame(FIN | CONTINUATION, b"\xa9")).await;
    assert_eq!(
        server.recv(Participant::Device).await.expect("it is utf-8"),
        Message::Text("café".to_owned())
    );
    peer.write(&frame(TEXT, b"caf\xc3")).await;
    peer.write(&frame(FIN | CONTINUATION, b"e")).await;
    assert_eq!(refused(server, peer).await.1, 1007);
}

#[tokio::test]
async fn a_hello_over_the_limit_closes_1002_at_its_header() {
    let (server, mut peer) = connected().await;
    peer.write(&header(FIN | TEXT, HELLO as u64 + 1)).await;
    let (error, code) = refused(server, peer).await;
    assert!(matches!(error, TransportError::TooLarge { limit: HELLO, .. }), "{error:?}");
    assert_eq!(code, 1002);
}

#[tokio::test]
async fn a_length_beyond_all_memory_closes_1002() {
    for length in [u64::MAX, 1 << 63, 1 << 40] {
        let (server, mut peer) = connected().await;
        peer.write(&header(FIN | BINARY, length)).await;
        assert_eq!(refused(server, peer).await.1, 1002);
    }
}

#[tokio::test]
async fn fragments_over_the_limit_close_1002_also_before_the_last() {
    let (server, mut peer) = connected().await;
    peer.write(&frame(TEXT, &[b'a'; 2000])).await;
    peer.write(&frame(CONTINUATION, &[b'a'; 2000]).repeat(3)).await;
    peer.write(&header(CONTINUATION, 193)).await;
    assert_eq!(refused(server, peer).await.1, 1002);
}

#[tokio::test]
async fn a_hello_in_large_pieces_closes_1002() {
    let (server, mut peer) = connected().await;
    peer.write(&header(TEXT, HELLO as u64 / 4 + 1)).await;
    assert_eq!(refused(server, peer).await.1, 1002);
}

#[tokio::test]
async fn fragments_without_end_close_1002() {
    let (server, mut peer) = connected().await;
    peer.write(&frame(TEXT, b"")).await;
    peer.write(&frame(CONTINUATION, b"").repeat(4000)).await;
    assert_eq!(refused(server, peer).await.1, 1002);
}

#[tokio::test]
async fn a_later_message_over_its_limit_closes_1009() {
    let (mut server, mut peer) = connected().await;
    peer.write(&frame(FIN | TEXT, b"hello")).await;
    // Already on its way when the hello is read.
    peer.write(&frame(FIN | BINARY, &[1; 20_000])).await;
    server.recv(Participant::Device).await.expect("a hello");
    server.set_limit(20_000);
    assert_eq!(server.recv(Participant::Device).await.expect("a message").len(), 20_000);
    peer.write(&header(FIN | BINARY, 20_001)).await;
    assert_eq!(refused(server, peer).await.1, 1009);
}

#[tokio::test]
async fn the_close_code_arrives_although_much_is_unread() {
    let (server, mut peer) = connected().await;
    peer.write(&header(FIN | TEXT, 600_000)).await;
    // Into a connection whose reader has given up: as much as the operating system takes.
    let _ = tokio::time::timeout(Duration::from_millis(200), peer.write(&[0x20; 600_000])).await;
    assert_eq!(refused(server, peer).await.1, 1002);
}

#[tokio::test]
async fn fragments_with_pings_between_make_one_message_and_get_their_pong() {
    let (mut server, mut peer) = connected().await;
    let hello = [b'h'; HELLO];
    peer.write(&frame(TEXT, &hello[..100])).await;
    for piece in hello[100..HELLO - 92].chunks(1000) {
        peer.write(&frame(FIN | PING, b"still there?")).await;
        peer.write(&frame(CONTINUATION, piece)).await;
    }
    peer.write(&frame(FIN | CONTINUATION, &hello[..92])).await;
    assert_eq!(server.recv(Participant::Device).await.expect("a hello").len(), HELLO);
    assert_eq!(peer.frame().await, Some((PONG, b"still there?".to_vec())));
}

#[tokio::test]
async fn bytes_that_come_one_at_a_time_make_a_message() {
    let (mut server, mut peer) = connected().await;
    let sending = tokio::spawn(async move {
        for byte in frame(FIN | TEXT, b"slow and steady") {
            peer.write(&[byte]).await;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        peer
    });
    let heard = server.recv(Participant::Device).await.expect("a message");
    assert_eq!(heard, Message::Text("slow and steady".to_owned()));
    drop(sending.await.expect("sending ends"));
}

#[tokio::test]
async fn frames_against_the_protocol_close_1002() {
    let unmasked = vec![FIN | TEXT, 5, b'h', b'e', b'l', b'l', b'o'];
    let cases: [(&str, Vec<u8>); 8] = [
        ("unmasked", unmasked),
        ("compressed", frame(FIN | 0x40 | TEXT, b"hello")),
        ("unknown opcode", frame(FIN | 0x3, b"hello")),
        ("unknown control opcode", frame(FIN | 0xb, b"hello")),
        ("fragmented ping", frame(PING, b"hello")),
        ("long ping", frame(FIN | PING, &[0; 126])),
        ("continuation of nothing", frame(FIN | CONTINUATION, b"hello")),
        ("message inside a message", [frame(TEXT, b"hel"), frame(FIN | TEXT, b"lo")].concat()),
    ];
    for (name, bytes) in cases {
        let (server, mut peer) = connected().await;
        peer.write(&bytes).await;
        let (error, code) = refused(server, peer).await;
        assert!(matches!(error, TransportError::Protocol(_)), "{name}: {error:?}");
        assert_eq!(code, 1002, "{name}");
    }
}

#[tokio::test]
async fn a_peer_that_hangs_up_inside_a_frame_is_closed() {
    let (mut server, mut peer) = connected().await;
    peer.write(&frame(FIN | TEXT, b"never finished")[..9]).await;
    drop(peer);
    let heard = server.recv(Participant::Device).await.expect("a vanished peer is no error");
    assert_eq!(heard, Message::Closed { code: None, reason: String::new() });
}

#[tokio::test]
async fn a_close_frame_is_answered_and_its_reason_kept() {
    let (mut server, mut peer) = connected().await;
    peer.write(&frame(FIN | CLOSE, &[&4401_u16.to_be_bytes()[..], b"bye"].concat())).await;
    let heard = server.recv(Participant::Device).await.expect("a close");
    assert_eq!(heard, Message::Closed { code: Some(4401), reason: "bye".to_owned() });
    server.close(CloseCode::Finished, "finished").await.expect("closing ends");
    assert_eq!(peer.close_code().await, 4401);
}

#[tokio::test]
async fn a_peer_that_sends_on_after_our_close_does_not_hold_us_up() {
    let (mut server, mut peer) = connected().await;
    let closing = tokio::spawn(async move { server.close(CloseCode::Deadline, "deadline").await });
    let begun = std::time::Instant::now();
    while !closing.is_finished() {
        let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &frame(FIN | BINARY, &[0; 5000])).await;
        tokio::task::yield_now().await;
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn no_extension_is_taken_up() {
    let server = support::Server::start(Limits::server()).await;
    let (_, head) = RawPeer::upgraded(server.address).await;
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    assert!(!head.contains("extensions"), "{head}");
}

#[tokio::test]
async fn what_is_no_upgrade_gets_an_http_answer_and_the_server_serves_on() {
    let mut server = support::Server::start(Limits::server()).await;
    let without = |line: &str| raw::UPGRADE.replace(line, "");
    let cases = [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "426", "upgrade: websocket"),
        (without("Upgrade: websocket\r\n"), "426", "upgrade: websocket"),
        (without("Connection: keep-alive, Upgrade\r\n"), "426", "upgrade: websocket"),
        (raw::UPGRADE.replace("Version: 13", "Version: 8"), "426", "sec-websocket-version: 13"),
        (without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "400", "connection: close"),
        (raw::UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400", "connection: close"),
        (raw::UPGRADE.replacen("GET", "POST", 1), "405", "allow: get"),
        (raw::UPGRADE.replacen("HTTP/1.1", "HTTP/1.0", 1), "426", "upgrade: websocket"),
        ("\0\u{1}garbage instead of an upgrade\r\n\r\n".to_owned(), "400", ""),
    ];
    for (request, status, line) in cases {
        let mut peer = RawPeer::connect(server.address).await;
        peer.write(request.as_bytes()).await;
        let head = peer.head().await;
        let answered = head.split(' ').nth(1);
        assert_eq!(answered, Some(status), "{request:?} got {head}");
        assert!(head.contains(line), "{request:?} got {head}");
    }
    let (mut peer, _) = RawPeer::upgraded(server.address).await;
    peer.write(&frame(FIN | TEXT, b"hello")).await;
    let mut socket = server.socket().await;
    assert_eq!(socket.recv(Participant::Device).await.expect("a hello"), Message::Text("hello".to_owned()));
}
