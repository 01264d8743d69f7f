//! The same over real WebSockets on loopback.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use axum::{Router, extract::State, response::Response, routing::any};
use maany_coordinator_transport::{Limits, Transport, TransportError, websocket::Upgrade};
use tokio::{net::TcpListener, sync::mpsc::UnboundedReceiver, task::JoinHandle};

use super::{
    super::{Accepted, Connected, Dial, WebSocketDialer, connect},
    cutting::{Cut, Cutting},
    house::{House, converse, hello, route},
};

/// The largest message of a DKG, and others around the edges of a piece.
const SIZES: [usize; 6] = [300 * 1024, 0, 65_517, 65_518, 65_519, 300 * 1024];

async fn upgrade(State(house): State<House>, upgrade: Upgrade) -> Response {
    let (response, upgrading) = upgrade.accept(Limits::server());
    tokio::spawn(async move {
        if let Ok(socket) = upgrading.socket().await {
            house.answer(Box::new(socket)).await;
        }
    });
    response
}

/// A house that listens; it stops when the task is dropped.
pub(super) async fn listening() -> (House, UnboundedReceiver<Accepted>, SocketAddr, JoinHandle<()>) {
    let (house, sessions) = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", any(upgrade)).with_state(house.clone());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (house, sessions, address, serving)
}

/// Real connections, the first of which is cut.
struct Wire {
    dialer: WebSocketDialer,
    first: std::sync::Mutex<Cut>,
}

#[async_trait]
impl Dial for Wire {
    async fn dial(&self) -> Result<Box<dyn Transport>, TransportError> {
        let socket = self.dialer.dial().await?;
        let cut = std::mem::replace(&mut *self.first.lock().unwrap(), Cut::Never);
        Ok(Box::new(Cutting::new(socket, cut)))
    }
}

pub(super) async fn session(
    house: &House,
    sessions: &mut UnboundedReceiver<Accepted>,
    address: SocketAddr,
    cut: Cut,
) -> (Connected, Accepted) {
    let dialer = WebSocketDialer::new(format!("ws://{address}"));
    let wire = Wire { dialer, first: std::sync::Mutex::new(cut) };
    let connected = connect(route(Arc::new(wire), house.key()), hello()).await.unwrap();
    (connected, sessions.recv().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_every_size_go_both_ways_at_once() {
    let (house, mut sessions, address, serving) = listening().await;
    let (connected, accepted) = session(&house, &mut sessions, address, Cut::Never).await;
    converse(connected, accepted, &SIZES).await;
    serving.abort();
}

/// Five pieces make the largest message: the cut goes through the middle of messages too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_cut_at_any_piece_is_replaced_and_nothing_is_lost() {
    let (house, mut sessions, address, serving) = listening().await;
    for at in (2..42).step_by(3) {
        let (connected, accepted) = session(&house, &mut sessions, address, Cut::After(at)).await;
        converse(connected, accepted, &SIZES).await;
    }
    serving.abort();
}
