//! How much a peer that has said no hello can make a server hold, measured as this process's resident memory.
//!
//! A test binary of its own with one test in it: nothing else may allocate meanwhile.
#![cfg(all(target_os = "linux", feature = "websocket-server"))]

#[path = "support/raw.rs"]
#[expect(dead_code, reason = "this file breaks fewer rules than the helper can")]
mod raw;
#[path = "support/server.rs"]
mod support;

use maany_coordinator_transport::websocket::ServerSocket;
use maany_coordinator_transport::{Limits, Participant, Transport};
use raw::{CONTINUATION, FIN, PING, RawPeer, TEXT, frame, header};
use std::time::Duration;

const PEERS: usize = 200;
const HELLO: usize = 8 * 1024;

/// The bound of docs/wire-format.md for a peer whose hello is not accepted.
const BEFORE_HELLO: usize = 16 * 1024;

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("linux tells");
    let pages: usize =
        statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4096
}

/// Everyone ever connected: what they hold must not be handed to the next to measure.
type Crowd = Vec<(RawPeer, ServerSocket)>;

/// Bytes that one of many peers costs who all send this, while the server waits for the rest.
async fn cost(crowd: &mut Crowd, name: &str, bytes: &[u8]) -> usize {
    let mut server = support::Server::start(Limits::server()).await;
    crowd.reserve(PEERS);
    let before = resident();
    for _ in 0..PEERS {
        let (mut peer, _) = RawPeer::upgraded(server.address).await;
        let mut socket = server.socket().await;
        peer.write(bytes).await;
        // Until everything was read that the peer has sent.
        let waited = tokio::time::timeout(Duration::from_millis(5), socket.recv(Participant::Device)).await;
        assert!(waited.is_err(), "{name}: {waited:?}");
        crowd.push((peer, socket));
    }
    resident().saturating_sub(before) / PEERS
}

#[tokio::test]
async fn a_peer_without_a_hello_holds_at_most_16_kib() {
    // The first round pays for the runtime, the router and the allocator's own pages.
    let crowd = &mut Crowd::new();
    cost(crowd, "warm-up", b"").await;
    let idle = cost(crowd, "silent", b"").await;
    let whole = [header(FIN | TEXT, HELLO as u64), vec![0x20; HELLO - 1]].concat();
    let whole = cost(crowd, "all of a hello but its last byte", &whole).await;
    // A string grows by doubling: one byte more than four fragments hold.
    let pieces = [frame(TEXT, &[0x20; 2001]), frame(CONTINUATION, &[0x20; 2000]).repeat(2)].concat();
    let pieces = [pieces, frame(CONTINUATION, &[0x20; 2000]), header(CONTINUATION, 100)].concat();
    let pieces = cost(crowd, "all of a hello in pieces", &pieces).await;
    let pings =
        cost(crowd, "pings whose pongs nobody reads", &frame(FIN | PING, &[1; 125]).repeat(2000)).await;
    let costs = [("silent", idle), ("whole", whole), ("pieces", pieces), ("pings", pings)];
    assert!(costs.iter().all(|(_, each)| *each <= BEFORE_HELLO), "bytes for each peer: {costs:?}");
}
