//! The listener: accepts connections, bounds them, serves HTTP and the upgrade, and drains on shutdown.
//!
//! `axum::serve` sets no timer and so no header timeout; this serves each connection through hyper with one. It knows nothing of sessions.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Service, ServiceExt};
use tracing::{debug, warn};

use super::{BindError, Plaintext};
use crate::network::{BoxedStream, Listen};

/// A connection, as an extension of its requests.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// The address of the other end.
    pub(crate) peer: SocketAddr,
    /// The connection's place among those allowed; a session that takes the socket over keeps it as well.
    pub(crate) place: Arc<OwnedSemaphorePermit>,
    /// Nobody can read along: the listener's host says so, or it comes from the address that is listened on, which is this machine's.
    pub(crate) is_private: bool,
}

impl Connection {
    /// Whether nothing between this process and the peer could listen: it is on this machine, or the host's own listener
    /// says so.
    pub(crate) fn is_trusted(&self) -> bool {
        self.is_private || self.peer.ip().to_canonical().is_loopback()
    }
}

/// Bounds of the listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListenerLimits {
    /// Connections at one time; the next one waits in the backlog of the operating system.
    pub(crate) connections: usize,
    /// How long a peer may take for a request's header.
    pub(crate) header: Duration,
    /// How long open connections may finish after shutdown began.
    pub(crate) drain: Duration,
}

/// Listens on loopback, or where `plaintext` says so on any address.
pub(crate) async fn bind(address: SocketAddr, plaintext: Plaintext) -> Result<TcpListener, BindError> {
    if !address.ip().is_loopback() && plaintext == Plaintext::LoopbackOnly {
        return Err(BindError::NotLoopback { address });
    }
    TcpListener::bind(address).await.map_err(|source| BindError::Listen { address, source })
}

/// Bytes that hyper reads ahead on one connection; its smallest allowed value.
const READ_BUFFER: usize = 8 * 1024;

/// Serves until `shutdown`, then drains.
pub(crate) async fn serve(
    mut listener: Box<dyn Listen>,
    router: Router,
    limits: ListenerLimits,
    shutdown: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let is_private = listener.is_private();
    let own = listener.local_addr().ok().map(|own| own.ip().to_canonical());
    let tasks = TaskTracker::new();
    loop {
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Nobody else can hold a connection from it: the answers would come here.
                let is_own = own.is_some_and(|own| !own.is_unspecified() && own == peer.ip().to_canonical());
                let connection =
                    Connection { peer, place: Arc::new(place), is_private: is_private || is_own };
                tasks.spawn(serve_one(stream, connection, router.clone(), limits, shutdown.clone()));
            }
            Err(error) => {
                // Out of file descriptors or a connection that died in the backlog: give the system a moment.
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    tasks.close();
    if tokio::time::timeout(limits.drain, tasks.wait()).await.is_err() {
        warn!(open = tasks.len(), "connections were still open when the drain time ended");
    }
}

async fn serve_one(
    stream: BoxedStream,
    connection: Connection,
    router: Router,
    limits: ListenerLimits,
    shutdown: CancellationToken,
) {
    let service = tower::service_fn(move |mut request: axum::http::Request<Incoming>| {
        let mut router = router.clone();
        let connection = connection.clone();
        async move {
            request.extensions_mut().insert(connection);
            let answer: Result<_, Infallible> = ServiceExt::<axum::http::Request<Body>>::ready(&mut router)
                .await?
                .call(request.map(Body::new))
                .await;
            answer
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header)
            .max_buf_size(READ_BUFFER)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .with_upgrades()
    );
    let served = tokio::select! {
        biased;
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        debug!(%error, "a connection ended early");
    }
}
