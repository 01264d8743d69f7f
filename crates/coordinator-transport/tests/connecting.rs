//! What a device hears when connecting does not work.
#![cfg(all(feature = "websocket-server", feature = "websocket-client"))]

#[path = "support/server.rs"]
#[expect(dead_code, reason = "no connection gets as far as a socket")]
mod support;

use maany_coordinator_transport::websocket::connect;
use maany_coordinator_transport::{Limits, TransportError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_closed_port_is_an_error_of_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
    let address = listener.local_addr().expect("a bound listener has an address");
    drop(listener);
    let error = connect(&format!("ws://{address}"), Limits::device()).await.expect_err("nobody listens");
    assert!(matches!(error, TransportError::Io(_)), "{error:?}");
}

#[tokio::test]
async fn a_path_that_is_not_served_is_refused_with_its_status() {
    let server = support::Server::start(Limits::server()).await;
    let url = format!("ws://{}/elsewhere", server.address);
    let error = connect(&url, Limits::device()).await.expect_err("nothing is there");
    assert!(matches!(error, TransportError::Refused(404)), "{error:?}");
}

#[tokio::test]
async fn only_ws_addresses_are_connected_to() {
    for url in ["wss://localhost", "http://localhost", "localhost:8080", "", "ws://", "ws:// /"] {
        let error = connect(url, Limits::device()).await.expect_err(url);
        assert!(matches!(error, TransportError::Address(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_no_longer_than_agreed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
    let address = listener.local_addr().expect("a bound listener has an address");
    let agreed = Duration::from_millis(100);
    let limits = Limits { connect_timeout: agreed, ..Limits::device() };
    let error = connect(&format!("ws://{address}"), limits).await.expect_err("nobody answers");
    assert!(matches!(error, TransportError::Timeout(waited) if waited == agreed), "{error:?}");
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
    let address = listener.local_addr().expect("a bound listener has an address");
    let answers: [&[u8]; 3] = [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: AAAA\r\n\r\n",
        b"",
    ];
    for answer in answers {
        let serving = async {
            let (mut stream, _) = listener.accept().await.expect("a device connects");
            stream.write_all(answer).await.expect("the device takes bytes");
        };
        let url = format!("ws://{address}");
        let (connected, ()) = tokio::join!(connect(&url, Limits::device()), serving);
        let error = connected.expect_err("that is no websocket");
        assert!(matches!(error, TransportError::Protocol(_) | TransportError::Io(_)), "{error:?}");
    }
}
