//! The in-memory pair keeps the promises of a transport.
#![cfg(feature = "conformance")]

use maany_coordinator_transport::conformance::Pair;
use maany_coordinator_transport::{Limits, memory};

async fn pair(server: Limits, device: Limits) -> Pair {
    let (server, device) = memory::pair_with(4, server, device);
    (Box::new(server), Box::new(device))
}

maany_coordinator_transport::transport_conformance!(pair);
