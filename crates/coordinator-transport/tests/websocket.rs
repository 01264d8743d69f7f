//! A real server socket and a real client socket over loopback keep the promises of a transport.
#![cfg(all(feature = "conformance", feature = "websocket-server", feature = "websocket-client"))]

#[path = "support/server.rs"]
mod support;

use maany_coordinator_transport::Limits;
use maany_coordinator_transport::conformance::Pair;
use maany_coordinator_transport::websocket::connect;

async fn pair(server: Limits, device: Limits) -> Pair {
    let mut listening = support::Server::start(server).await;
    let device =
        connect(&format!("ws://{}", listening.address), device).await.expect("the server is listening");
    (Box::new(listening.socket().await), Box::new(device))
}

maany_coordinator_transport::transport_conformance!(pair);
