//! Who does not get onto a live session, and what a device does not talk to.

use std::{sync::Arc, time::Duration};

use maany_coordinator_proto::{
    Hello, KeyId, ResumeToken, SessionId, Token,
    channel::{ChannelError, EphemeralKey, PublicKey},
    link::{Frame, FrameKind},
};
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{
    super::{
        Accepted, ChannelKey, ConnectError, Connected, Dial, Pin, Route, connect,
        connect::{Opened, open},
        line::{Event, Line},
        registry::Whose,
    },
    cutting::Cut,
    house::{EAGER, House, Road, close_code, converse, hello, hello_of, route, session},
};
use crate::auth::{Principal, Scopes};

fn ephemeral() -> EphemeralKey {
    EphemeralKey::from_bytes(Zeroizing::new([7; 32]))
}

fn shown(token: &[u8]) -> Vec<u8> {
    Frame { kind: FrameKind::Resume, seq: 0, ack: 0, payload: token }.to_bytes()
}

/// A socket whose handshake for the session is done, and nothing shown on it yet.
async fn line(house: &House, hello: &Hello, session: [u8; 16]) -> Result<Line, ConnectError> {
    let road = Road::new(house, []);
    let hello = hello.resuming(*ephemeral().public().as_bytes(), session);
    let Opened { line, .. } = open(&*road, Some(house.key()), &hello, ephemeral()).await?;
    Ok(line)
}

async fn ending(mut line: Line) -> Option<u16> {
    match line.recv(1024).await {
        Event::Ended(Message::Closed { code, .. }) => code,
        _ => panic!("the line goes on"),
    }
}

/// Both ends still talk, over the socket they had.
async fn goes_on(house: &House, connected: Connected, accepted: Accepted) {
    assert_eq!(house.door.registry.len(), 1);
    converse(connected, accepted, &[1, 2]).await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_is_refused_and_the_session_goes_on() {
    for token in [&[0; 32][..], &[7; 32], &[], &[0; 31], &[0; 33]] {
        let (house, road, connected, accepted) = session([]).await;
        let line = line(&house, &hello(), connected.session).await.unwrap().send(shown(token)).await;
        let code = ending(line).await;
        assert!(matches!(code, Some(4409 | 1009)), "{code:?} {token:?}");
        goes_on(&house, connected, accepted).await;
        assert_eq!(road.sockets(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_shows_no_token_does_not_attach() {
    let message = Frame { kind: FrameKind::Message, seq: 1, ack: 0, payload: b"not hers" }.to_bytes();
    let ack = Frame { kind: FrameKind::Ack, seq: 0, ack: 0, payload: b"" }.to_bytes();
    for frame in [message, ack, vec![2], vec![]] {
        let (house, _, connected, accepted) = session([]).await;
        let line = line(&house, &hello(), connected.session).await.unwrap().send(frame).await;
        assert_eq!(ending(line).await, Some(1002));
        goes_on(&house, connected, accepted).await;
    }
    // One that says nothing at all.
    let (house, _, connected, accepted) = session([]).await;
    let began = Instant::now();
    let code = ending(line(&house, &hello(), connected.session).await.unwrap()).await;
    assert_eq!((code, began.elapsed()), (Some(4408), Duration::from_secs(5)));
    goes_on(&house, connected, accepted).await;
}

/// Not even with the right token; and before anything is computed for it.
#[tokio::test(start_paused = true)]
async fn a_hello_of_another_principal_intent_or_key_finds_no_session() {
    let (house, _, connected, accepted) = session([]).await;
    let id = || SessionId::new("session-1").unwrap();
    let token = || Token::new("alice").unwrap();
    let key = |text| KeyId::new(text).unwrap();
    let others = [
        hello_of("bob"),
        Hello::refresh(id(), key("other")).with_token(token()),
        Hello::sign(id(), key("main")).with_token(token()),
        Hello::dkg(id(), Some(key("main"))).with_token(token()),
    ];
    for other in others {
        let refused = line(&house, &other, connected.session).await.map(|_| ());
        assert!(matches!(refused, Err(ConnectError::Closed { code: Some(4409) })), "{refused:?}");
    }
    goes_on(&house, connected, accepted).await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_or_finished_session_is_refused() {
    let (house, _, connected, mut accepted) = session([]).await;
    let name = connected.session;
    for unknown in [[0; 16], [0xff; 16]] {
        let refused = line(&house, &hello(), unknown).await.map(|_| ());
        assert!(matches!(refused, Err(ConnectError::Closed { code: Some(4409) })), "{refused:?}");
    }
    let half_way = line(&house, &hello(), name).await.unwrap();
    accepted.transport.close(maany_coordinator_proto::CloseCode::Finished, "").await.unwrap();
    let refused = line(&house, &hello(), name).await.map(|_| ());
    assert!(matches!(refused, Err(ConnectError::Closed { code: Some(4409) })), "{refused:?}");
    // One that came before the end, and showed its token after it.
    let late = half_way.send(shown(&[0; 32])).await;
    assert_eq!(ending(late).await, Some(4409));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_over_takes_no_socket_even_with_its_token() {
    let (house, _, connected, _accepted) = session([]).await;
    let whose = Whose::of(&hello(), &Principal::new("acme", "alice", Scopes::DEVICE));
    let token = ResumeToken::from_bytes(Zeroizing::new([9; 32]));
    let live = house.door.registry.enter([3; 16], whose, token);
    let line = line(&house, &hello(), [3; 16]).await.unwrap();
    assert!(live.end(None).is_none());
    assert_eq!(ending(line.send(shown(&[9; 32])).await).await, Some(4409));
    drop(connected);
}

/// A socket that was handed in and not taken yet hears how the session ended.
#[tokio::test(start_paused = true)]
async fn a_socket_that_waits_hears_the_end() {
    let (house, _, connected, mut accepted) = session([Cut::After(2)]).await;
    let mut device = connected.transport;
    device.send(Participant::Server, Message::from(vec![1])).await.unwrap();
    let device = tokio::spawn(async move { device.recv(Participant::Server).await.unwrap() });
    // The server's end is at work elsewhere, and so long that the device is back meanwhile.
    tokio::time::sleep(Duration::from_secs(2)).await;
    accepted.transport.close(maany_coordinator_proto::CloseCode::NotAllowed, "not allowed").await.unwrap();
    assert!(matches!(device.await.unwrap(), Message::Closed { code: Some(4403), .. }));
    assert!(house.door.registry.is_empty());
}

async fn connect_with(house: &House, pin: Pin) -> Result<Connected, ConnectError> {
    let route = Route { pin, ..route(Road::new(house, []) as Arc<dyn Dial>, house.key()) };
    connect(route, hello()).await
}

#[tokio::test(start_paused = true)]
async fn a_server_with_another_key_is_not_talked_to() {
    let (house, mut sessions) = House::new();
    let other: PublicKey = ChannelKey::generate().unwrap().public();
    let refused = connect_with(&house, Pin::Known(other)).await.map(|_| ());
    assert!(matches!(refused, Err(ConnectError::Channel(ChannelError::WrongKey))), "{refused:?}");
    let mut server = sessions.recv().await.unwrap().transport;
    let heard = server.recv(Participant::Device).await.unwrap();
    assert!(matches!(heard, Message::Closed { code: Some(1002), .. }), "{heard:?}");

    let learnt = connect_with(&house, Pin::Learn).await.unwrap();
    assert_eq!(learnt.server_key, house.key());
}

/// Also in the middle of a session: who answers on the new socket must be who answered on the first.
#[tokio::test(start_paused = true)]
async fn a_session_does_not_go_on_with_another_server() {
    let (house, mut sessions) = House::new();
    let mut impostor = house.clone();
    impostor.door.key = ChannelKey::generate().unwrap();
    let roads = Roads { first: Road::new(&house, [Cut::After(2)]), then: Road::new(&impostor, []) };
    let route = Route { pin: Pin::Learn, backoff: EAGER, ..route(Arc::new(roads), house.key()) };
    let mut device = connect(route, hello()).await.unwrap().transport;
    let _server = sessions.recv().await.unwrap();
    device.send(Participant::Server, Message::from(vec![1])).await.unwrap();
    let failed = device.recv(Participant::Server).await;
    assert!(matches!(failed, Err(TransportError::Channel(ChannelError::WrongKey))), "{failed:?}");
    assert!(matches!(device.recv(Participant::Server).await, Err(TransportError::Closed)));
}

struct Roads {
    first: Arc<Road>,
    then: Arc<Road>,
}

#[async_trait::async_trait]
impl Dial for Roads {
    async fn dial(&self) -> Result<Box<dyn Transport>, TransportError> {
        if self.first.sockets() == 0 { self.first.dial().await } else { self.then.dial().await }
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_bit_ends_the_session_with_1002() {
    // To the server.
    let (_, _, connected, accepted) = session([Cut::Flip(2)]).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    device.send(Participant::Server, Message::from(vec![1; 100])).await.unwrap();
    let error = server.recv(Participant::Device).await.unwrap_err();
    assert!(matches!(error, TransportError::Channel(ChannelError::Decrypt)), "{error:?}");
    let code = error.close_code().unwrap();
    server.close(code, code.reason()).await.unwrap();
    let heard = device.recv(Participant::Server).await.unwrap();
    assert!(matches!(heard, Message::Closed { code: Some(1002), .. }), "{heard:?}");

    // To the device.
    let (_, _, connected, accepted) = session([Cut::Flip(2)]).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    server.send(Participant::Device, Message::from(vec![1; 100])).await.unwrap();
    let error = device.recv(Participant::Server).await.unwrap_err();
    assert!(matches!(error, TransportError::Channel(ChannelError::Decrypt)), "{error:?}");
    // No message of either is told apart from the text of an error.
    assert!(!format!("{error:?} {device:?} {server:?}").contains("[1, 1"));
}

/// A proxy that changes the hello on its way is noticed by the device.
#[tokio::test(start_paused = true)]
async fn a_hello_that_was_changed_gives_no_channel() {
    let (house, _sessions) = House::new();
    let mut raw = house.raw();
    let sent = hello().with_noise(*ephemeral().public().as_bytes());
    let changed = sent.to_json().replace("\"main\"", "\"mine\"");
    raw.send(Participant::Server, Message::Text(changed)).await.unwrap();
    let Message::Text(welcome) = raw.recv(Participant::Server).await.unwrap() else { panic!("no welcome") };
    let second = maany_coordinator_proto::welcome::parse(welcome.as_bytes()).unwrap();
    let prologue = maany_coordinator_proto::channel::prologue(&sent);
    let initiator = maany_coordinator_proto::channel::Initiator::new(ephemeral(), &prologue).unwrap();
    assert!(matches!(initiator.finish(&second), Err(ChannelError::Handshake)));
}

#[tokio::test(start_paused = true)]
async fn a_hello_of_the_older_profile_gets_no_channel() {
    let (house, _sessions) = House::new();
    let mut raw = house.raw();
    raw.send(Participant::Server, Message::Text(hello().to_json().to_string())).await.unwrap();
    assert_eq!(close_code(&mut raw).await, Some(1002));
}
