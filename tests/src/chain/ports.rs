//! Free ports of loopback: taken together, so that they differ, and let go together.

use std::net::TcpListener;

use crate::Failure;

/// The ports of a node.
pub(super) struct Ports {
    pub(super) rpc: u16,
    pub(super) p2p: u16,
    pub(super) grpc: u16,
    pub(super) rest: u16,
}

impl Ports {
    pub(super) fn free() -> Result<Self, Failure> {
        let taken = [(); 4].map(|()| TcpListener::bind(("127.0.0.1", 0)));
        let mut ports = Vec::new();
        for listener in &taken {
            let listener = listener.as_ref().map_err(|error| format!("no free port: {error}"))?;
            ports.push(listener.local_addr()?.port());
        }
        let [rpc, p2p, grpc, rest] = ports[..] else { return Err("four ports were asked for".into()) };
        Ok(Self { rpc, p2p, grpc, rest })
    }
}
