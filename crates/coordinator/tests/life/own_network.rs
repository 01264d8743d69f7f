//! A host that brings its own network: pipes in memory, for WebSocket and HTTP alike.

use std::{io, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use maany_coordinator::{
    ApiKeyAuthenticator, ApiKeys, Device, RefuseAll, Scopes, Server,
    device::{BackupPlan, Holder},
    engine::Dkls23,
    engine_pool::EnginePool,
    network::{BoxedStream, Connect, Listen},
    proto::{KeyId, Token},
    storage::Role,
};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use crate::world;

/// Both ends of a network without addresses.
struct Pipes {
    to_server: mpsc::UnboundedSender<BoxedStream>,
    is_private: bool,
}

struct Mouth {
    streams: Mutex<mpsc::UnboundedReceiver<BoxedStream>>,
    is_private: bool,
}

fn network(is_private: bool) -> (Arc<Pipes>, Mouth) {
    let (to_server, streams) = mpsc::unbounded_channel();
    (Arc::new(Pipes { to_server, is_private }), Mouth { streams: Mutex::new(streams), is_private })
}

#[async_trait]
impl Connect for Pipes {
    async fn connect(&self) -> io::Result<BoxedStream> {
        let (here, there) = tokio::io::duplex(64 * 1024);
        let gone = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        self.to_server.send(Box::new(there)).map_err(gone)?;
        Ok(Box::new(here))
    }

    fn is_private(&self) -> bool {
        self.is_private
    }
}

#[async_trait]
impl Listen for Mouth {
    async fn accept(&mut self) -> io::Result<(BoxedStream, SocketAddr)> {
        match self.streams.get_mut().recv().await {
            Some(stream) => Ok((stream, SocketAddr::from(([192, 0, 2, 7], 1)))),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::from(([192, 0, 2, 1], 80)))
    }

    fn is_private(&self) -> bool {
        self.is_private
    }
}

async fn device_over(server_private: bool, device_private: bool) -> Device {
    let (_, mut mouth) = network(server_private);
    let (pipes, own) = network(device_private);
    mouth.streams = own.streams;
    let vault = world::vault(Role::Server).await;
    let keys = Arc::new(ApiKeys::load(vault.clone()).await.unwrap());
    let key = keys.create("acme", "alice", Scopes::DEVICE).await.unwrap();
    let server = Server::builder()
        .vault(vault)
        .authenticator(Arc::new(ApiKeyAuthenticator::new(keys)))
        .policy(Arc::new(RefuseAll))
        .engine(Arc::new(Dkls23))
        .shared_pool(Arc::new(EnginePool::new(Default::default()).unwrap()))
        .build()
        .unwrap();
    let listening = server.listen_on(mouth).await.unwrap();
    tokio::spawn(listening.serve(CancellationToken::new()));
    Device::builder()
        .server("ws://coordinator.example")
        .network(pipes)
        .plaintext_signing()
        .token(Token::new(key.token.dangerous_expose()).unwrap())
        .vault(world::vault(Role::Device).await)
        .engine(Arc::new(Dkls23))
        .build()
        .unwrap()
}

fn plan() -> BackupPlan {
    BackupPlan::new(2, vec![Holder::Coordinator, Holder::ByHand, Holder::ByHand]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_http_run_over_the_streams_of_a_host() {
    let device = device_over(true, true).await;
    let made = device.create_wallet(Some(KeyId::new("main").unwrap())).await.unwrap().value;
    assert_eq!(device.server_status(&made.wallet).await.unwrap().unwrap().epoch, 1);
    let status = device.back_up(&made.wallet, plan()).await.unwrap();
    assert_eq!(status.acknowledged, 1, "the coordinator has its fragment: {status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fragment_goes_over_no_streams_that_either_side_does_not_call_private() {
    for (server, own) in [(true, false), (false, true), (false, false)] {
        let device = device_over(server, own).await;
        let made = device.create_wallet(Some(KeyId::new("main").unwrap())).await.unwrap().value;
        let status = device.back_up(&made.wallet, plan()).await.unwrap();
        assert_eq!(status.acknowledged, 0, "server {server}, device {own}: {status:?}");
    }
}
