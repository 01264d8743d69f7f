//! The network between the two machines of a case: it numbers every message of each direction, over all connections, and
//! does what it is told to before a chosen one passes.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use maany_tests::{Failure, running_server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::splitter::{Kind, Splitter};

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    ToServer,
    ToDevice,
}

/// Right before a message passes: the `number`th one, counted from 1, in its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) direction: Direction,
    pub(crate) number: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = match self.direction {
            Direction::ToServer => "to-server",
            Direction::ToDevice => "to-device",
        };
        write!(f, "before-message-{}-{to}", self.number)
    }
}

/// What happens to the machines at a place, besides that every connection breaks.
type Strike = Box<dyn FnOnce() + Send>;
/// Who is told of every message.
type Observer = Box<dyn FnMut(Place, Kind) + Send>;

/// Whether connections are taken after a strike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// As before.
    Open,
    /// None, until [`Wire::lead_to`].
    Shut,
}

struct State {
    upstream: Option<SocketAddr>,
    connections: CancellationToken,
    counts: [usize; 2],
    strikes: Vec<(Place, Afterwards, Strike)>,
    observer: Option<Observer>,
}

impl State {
    /// Breaks every connection.
    fn sever(&mut self) {
        std::mem::take(&mut self.connections).cancel();
    }
}

/// A proxy in front of whatever server there is at the time.
pub(crate) struct Wire {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

impl Wire {
    /// A wire that leads nowhere yet.
    pub(crate) async fn open() -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            upstream: None,
            connections: CancellationToken::new(),
            counts: [0; 2],
            strikes: Vec::new(),
            observer: None,
        }));
        let accepting = {
            let state = Arc::clone(&state);
            tokio::spawn(async move {
                while let Ok((device, _)) = listener.accept().await {
                    tokio::spawn(carry(device, Arc::clone(&state)));
                }
            })
        };
        Ok(Self { address, state, accepting })
    }

    /// The device's end.
    pub(crate) fn url(&self) -> String {
        running_server::url(self.address)
    }

    /// Takes connections from now on, and leads them there.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        lock(&self.state).upstream = Some(server);
    }

    /// Breaks every connection and takes none.
    pub(crate) fn shut(&self) {
        let mut state = lock(&self.state);
        state.upstream = None;
        state.sever();
    }

    /// Counts from here on.
    pub(crate) fn count_from_here(&self) {
        lock(&self.state).counts = [0; 2];
    }

    /// At that place every connection breaks; what was to pass there does not.
    pub(crate) fn strike(
        &self,
        place: Place,
        afterwards: Afterwards,
        strike: impl FnOnce() + Send + 'static,
    ) {
        lock(&self.state).strikes.push((place, afterwards, Box::new(strike)));
    }

    /// Nothing goes wrong any more. Says whether everything that was to go wrong has.
    pub(crate) fn disarm(&self) -> bool {
        std::mem::take(&mut lock(&self.state).strikes).is_empty()
    }

    /// Tells of every message before it passes.
    pub(crate) fn observe(&self, observer: impl FnMut(Place, Kind) + Send + 'static) {
        lock(&self.state).observer = Some(Box::new(observer));
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
        self.shut();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What both directions of a connection know of it.
#[derive(Default)]
struct Conversation {
    kind: Option<Kind>,
    speaker: Option<Direction>,
}

async fn carry(device: TcpStream, state: Arc<Mutex<State>>) {
    let (upstream, over) = {
        let state = lock(&state);
        (state.upstream, state.connections.clone())
    };
    let Some(upstream) = upstream else { return };
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let (_, _) = (device.set_nodelay(true), server.set_nodelay(true));
    let (from_device, to_device) = device.into_split();
    let (from_server, to_server) = server.into_split();
    let conversation = Arc::new(Mutex::new(Conversation::default()));
    let there = pass(Direction::ToServer, from_device, to_server, &conversation, &state);
    let back = pass(Direction::ToDevice, from_server, to_device, &conversation, &state);
    tokio::select! {
        () = async { tokio::join!(there, back); } => {}
        () = over.cancelled() => {}
    }
}

async fn pass(
    direction: Direction,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    conversation: &Mutex<Conversation>,
    state: &Mutex<State>,
) {
    let mut splitter = Splitter::default();
    let mut buffer = vec![0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let (kind, begins, length) = {
                let mut conversation = conversation.lock().unwrap_or_else(PoisonError::into_inner);
                let kind = *conversation.kind.get_or_insert_with(|| Kind::of(rest));
                let is_turn = conversation.speaker.replace(direction) != Some(direction);
                match kind {
                    Kind::Http => (kind, is_turn, rest.len()),
                    Kind::Session => {
                        let (begins, length) = splitter.next(rest);
                        (kind, begins, length)
                    }
                }
            };
            if begins && !passes(state, direction, kind) {
                return;
            }
            if to.write_all(&rest[..length]).await.is_err() {
                return;
            }
            rest = &rest[length..];
        }
    }
    // A direction that has ended ends at the other side as well.
    let _ = to.shutdown().await;
}

/// Counts a message that is about to pass, and says whether it does.
fn passes(state: &Mutex<State>, direction: Direction, kind: Kind) -> bool {
    let mut state = lock(state);
    let count = &mut state.counts[direction as usize];
    *count += 1;
    let place = Place { direction, number: *count };
    if let Some(observer) = &mut state.observer {
        observer(place, kind);
    }
    let Some(at) = state.strikes.iter().position(|(struck, _, _)| *struck == place) else { return true };
    let (_, afterwards, strike) = state.strikes.swap_remove(at);
    if afterwards == Afterwards::Shut {
        state.upstream = None;
    }
    strike();
    state.sever();
    false
}
