//! A hello that was recorded and is sent again, in the older profile, where nothing else in it is fresh.

use maany_coordinator::{
    Device,
    device::Protocol,
    proto::{Hello, KeyId, SessionId, Token},
    transport::{Limits, Message, Participant, Transport, websocket},
};

use crate::world::{World, world, world_over};

async fn send(world: &World, hello: &str) -> Message {
    let mut socket = websocket::connect(&world.url, Limits::device()).await.unwrap();
    socket.send(Participant::Server, Message::Text(hello.to_owned())).await.unwrap();
    socket.recv(Participant::Server).await.unwrap()
}

async fn wallet(device: &Device) -> KeyId {
    KeyId::new(&device.create_wallet(None).await.unwrap().value.wallet.to_string()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_hello_is_refused_also_after_a_restart() {
    let world = world().await;
    let key_id = wallet(&world.device(Protocol::Plain).await).await;
    let hello = Hello::refresh(SessionId::new("recorded").unwrap(), key_id)
        .with_token(Token::new(&world.token).unwrap())
        .to_json();

    assert!(matches!(send(&world, &hello).await, Message::Binary(_)), "the server compares shares first");
    let again = send(&world, &hello).await;
    assert!(matches!(again, Message::Closed { code: Some(4409), .. }), "{again:?}");

    world.shutdown.cancel();
    let restarted = world_over(world.vault).await;
    let again = send(&restarted, &hello).await;
    assert!(matches!(again, Message::Closed { code: Some(4409), .. }), "{again:?}");
}
