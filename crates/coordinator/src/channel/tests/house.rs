//! A server that only answers hellos, and a device's way to it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use maany_coordinator_proto::{CloseCode, Hello, KeyId, Limits, SessionId, Token, channel::PublicKey};
use maany_coordinator_transport::{
    Limits as RawLimits, Message, Participant, Transport, TransportError, memory::pair,
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::Instant,
};

use super::{
    super::{
        Accepted, Answer, ChannelKey, Connected, Dial, Door, Pin, Route, SecureTransport, accept, connect,
    },
    cutting::{Cut, Cutting},
};
use crate::{
    auth::{Principal, Scopes},
    retry::{Backoff, Jitter},
};

/// A server whose tokens are names.
#[derive(Clone)]
pub(super) struct House {
    pub(super) door: Door,
    pub(super) limits: Limits,
    begun: UnboundedSender<Accepted>,
}

impl House {
    /// A house, and where its new sessions come out.
    pub(super) fn new() -> (Self, UnboundedReceiver<Accepted>) {
        let (begun, sessions) = unbounded_channel();
        let door = Door::new(ChannelKey::generate().unwrap());
        (Self { door, limits: Limits::default(), begun }, sessions)
    }

    pub(super) fn key(&self) -> PublicKey {
        self.door.key.public()
    }

    /// What a server does with a socket: reads the hello, knows whose token it is, answers.
    pub(super) async fn answer(&self, mut raw: Box<dyn Transport>) {
        let Ok(Message::Text(text)) = raw.recv(Participant::Device).await else { return };
        let Ok(hello) = Hello::parse(text.as_bytes()) else {
            let _ = raw.close(CloseCode::Malformed, "").await;
            return;
        };
        let Some(token) = hello.token() else { return };
        let principal = Principal::new("acme", token.dangerous_expose(), Scopes::DEVICE);
        if let Ok(Answer::Begun(accepted)) = accept(&self.door, raw, &hello, &principal, &self.limits).await {
            self.begun.send(*accepted).unwrap();
        }
    }

    /// A raw connection to the house, as a device has it.
    pub(super) fn raw(&self) -> Box<dyn Transport> {
        let (server, device) = pair(2);
        let house = self.clone();
        tokio::spawn(async move { house.answer(Box::new(server)).await });
        Box::new(device)
    }
}

/// Dials a house over memory, cutting each socket where its plan says.
pub(super) struct Road {
    house: House,
    plan: Mutex<Vec<Cut>>,
    pub(super) dialled: AtomicUsize,
}

impl Road {
    /// A road whose first socket is cut as the first of `plan` says, and so on; later ones hold.
    pub(super) fn new(house: &House, plan: impl IntoIterator<Item = Cut>) -> Arc<Self> {
        let mut plan: Vec<Cut> = plan.into_iter().collect();
        plan.reverse();
        Arc::new(Self { house: house.clone(), plan: Mutex::new(plan), dialled: AtomicUsize::new(0) })
    }

    pub(super) fn sockets(&self) -> usize {
        self.dialled.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Dial for Road {
    async fn dial(&self) -> Result<Box<dyn Transport>, TransportError> {
        self.dialled.fetch_add(1, Ordering::SeqCst);
        let cut = self.plan.lock().unwrap().pop().unwrap_or(Cut::Never);
        match cut {
            Cut::Unreachable => Err(TransportError::Refused(503)),
            cut => Ok(Box::new(Cutting::new(self.house.raw(), cut))),
        }
    }
}

/// Many quick attempts.
pub(super) const EAGER: Backoff =
    Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(1), retries: 64 };

pub(super) fn route(dial: Arc<dyn Dial>, key: PublicKey) -> Route {
    let deadline = Instant::now() + Duration::from_secs(60);
    Route { dial, pin: Pin::Known(key), backoff: EAGER, jitter: Jitter::default(), deadline }
}

pub(super) fn hello_of(owner: &str) -> Hello {
    let session = SessionId::new("session-1").unwrap();
    Hello::refresh(session, KeyId::new("main").unwrap()).with_token(Token::new(owner).unwrap())
}

pub(super) fn hello() -> Hello {
    hello_of("alice")
}

/// A session over this plan, both ends.
pub(super) async fn session(plan: impl IntoIterator<Item = Cut>) -> (House, Arc<Road>, Connected, Accepted) {
    let (house, mut sessions) = House::new();
    let road = Road::new(&house, plan);
    let connected = connect(route(Arc::clone(&road) as Arc<dyn Dial>, house.key()), hello()).await.unwrap();
    let accepted = sessions.recv().await.unwrap();
    accepted.admittance.admitted();
    (house, road, connected, accepted)
}

/// Messages of these sizes, each of its own bytes.
pub(super) fn messages(seed: u8, sizes: &[usize]) -> Vec<Vec<u8>> {
    let message = |(n, size): (usize, &usize)| {
        (0..*size).map(|at| u8::try_from((at + 31 * n) % 251).unwrap() ^ seed).collect()
    };
    sizes.iter().enumerate().map(message).collect()
}

/// Says each of `mine` and hears one of `theirs` after each. In the end the device says that it has heard everything, and the server
/// closes.
pub(super) async fn talk(
    mut transport: SecureTransport,
    me: Participant,
    mine: Vec<Vec<u8>>,
    theirs: Vec<Vec<u8>>,
) -> SecureTransport {
    for (say, hear) in mine.into_iter().zip(theirs) {
        transport.send(me.peer(), Message::from(say)).await.unwrap();
        let heard = transport.recv(me.peer()).await.unwrap();
        assert!(heard == Message::from(hear), "{me:?} heard {} other bytes", heard.len());
    }
    if me == Participant::Server {
        assert_eq!(transport.recv(me.peer()).await.unwrap(), Message::from(b"bye".to_vec()));
        transport.close(CloseCode::Finished, "finished").await.unwrap();
        return transport;
    }
    transport.send(me.peer(), Message::from(b"bye".to_vec())).await.unwrap();
    // Where the socket is lost with the close on it, the session is over when the device is back.
    match transport.recv(me.peer()).await.unwrap() {
        Message::Closed { code: Some(1000 | 4409), .. } => transport,
        other => panic!("{other:?}"),
    }
}

/// Runs both ends to the end, with messages of these sizes from each.
pub(super) async fn converse(connected: Connected, accepted: Accepted, sizes: &[usize]) {
    let (ours, theirs) = (messages(1, sizes), messages(2, sizes));
    let server = talk(accepted.transport, Participant::Server, theirs.clone(), ours.clone());
    let server = tokio::spawn(server);
    talk(connected.transport, Participant::Device, ours, theirs).await;
    server.await.unwrap();
}

/// What a stranger to the session hears on a raw connection until it is closed.
pub(super) async fn close_code(raw: &mut Box<dyn Transport>) -> Option<u16> {
    raw.set_limit(RawLimits::device().max_message);
    loop {
        if let Message::Closed { code, .. } = raw.recv(Participant::Server).await.unwrap() {
            return code;
        }
    }
}
