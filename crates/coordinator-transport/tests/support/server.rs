//! A server on a loopback port that upgrades one connection at a time, and hands the sockets to the test.

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use maany_coordinator_transport::Limits;
use maany_coordinator_transport::websocket::{ServerSocket, Upgrade};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A listening server; upgraded sockets come out of the channel.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) sockets: mpsc::Receiver<ServerSocket>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        let (found, sockets) = mpsc::channel(8);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let router = Router::new().route(
            "/",
            any(move |upgrade: Upgrade| async move {
                let (response, upgrading) = upgrade.accept(limits);
                tokio::spawn(async move {
                    if let Ok(socket) = upgrading.socket().await {
                        let _ = found.send(socket).await;
                    }
                });
                response as Response
            }),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(router.clone());
                tokio::spawn(async move {
                    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    let _ = connection.with_upgrades().await;
                });
            }
        });
        Self { address, sockets }
    }

    pub(crate) async fn socket(&mut self) -> ServerSocket {
        self.sockets.recv().await.expect("the server is running")
    }
}
