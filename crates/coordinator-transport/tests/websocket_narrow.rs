//! The same promises over a stream that holds only a kilobyte at a time, where every wait is really waited.
#![cfg(all(feature = "conformance", feature = "websocket-client"))]

use maany_coordinator_transport::conformance::Pair;
use maany_coordinator_transport::websocket::WebSocket;
use maany_coordinator_transport::{Limits, Participant};

async fn pair(server: Limits, device: Limits) -> Pair {
    let (near, far) = tokio::io::duplex(1024);
    (
        Box::new(WebSocket::after_handshake(near, Participant::Server, server)),
        Box::new(WebSocket::after_handshake(far, Participant::Device, device)),
    )
}

maany_coordinator_transport::transport_conformance!(pair);
