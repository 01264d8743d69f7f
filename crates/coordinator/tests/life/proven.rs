//! Protocol 2 between a real device and a real server: who may speak for a wallet, and what the device is told.

use std::sync::Arc;

use maany_coordinator::{
    ChannelKey, Device, DeviceError,
    device::Protocol,
    engine::Dkls23,
    proto::{CloseCode, Hello, KeyId, SessionId, Token, session::SessionError},
    storage::Role,
    transport::{Limits, Message, Participant, Transport, websocket},
};

use crate::world::{World, order, vault, world, world_over};

async fn first_answer(world: &World, hello: &Hello) -> Message {
    let mut socket = websocket::connect(&world.url, Limits::device()).await.unwrap();
    socket.send(Participant::Server, Message::Text(hello.to_json().to_string())).await.unwrap();
    socket.recv(Participant::Server).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_with_an_identity_is_refused_in_the_older_profile() {
    let world = world().await;
    let wallet = world.device(Protocol::Two).await.create_wallet(None).await.unwrap().value;
    let key_id = KeyId::new(&wallet.wallet.to_string()).unwrap();
    let session = || SessionId::new("downgrade").unwrap();
    for hello in [Hello::sign(session(), key_id.clone()), Hello::refresh(session(), key_id)] {
        let hello = hello.with_token(Token::new(&world.token).unwrap());
        let answer = first_answer(&world, &hello).await;
        assert!(matches!(answer, Message::Closed { code: Some(4403), .. }), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_goes_on_after_the_servers_restart_and_with_no_other_server() {
    let first = world().await;
    let own = vault(Role::Device).await;
    let device = |world: &World| {
        Device::builder()
            .server(&world.url)
            .token(Token::new(&world.token).unwrap())
            .vault(own.clone())
            .engine(Arc::new(Dkls23))
    };
    let wallet = device(&first).build().unwrap().create_wallet(None).await.unwrap().value;
    first.shutdown.cancel();
    let restarted = world_over(first.vault.clone()).await;
    device(&restarted).build().unwrap().sign(&wallet.wallet, &order(&wallet, 0)).await.unwrap();

    let other = world().await;
    let refused = device(&other).build().unwrap().refresh(&wallet.wallet).await.unwrap_err();
    assert!(matches!(refused, DeviceError::Channel(_)), "{refused:?}");
    let wrong = ChannelKey::generate().unwrap().public();
    let refused =
        device(&restarted).server_key(wrong).build().unwrap().refresh(&wallet.wallet).await.unwrap_err();
    assert!(matches!(refused, DeviceError::Channel(_)), "{refused:?}");
    assert_eq!(restarted.vault.all_wallets(None, 10).await.unwrap().rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_told_why_its_session_ended() {
    let world = world().await;
    let device = world.device(Protocol::Two).await;
    let wallet = device.create_wallet(None).await.unwrap().value;
    let stranger = world.device(Protocol::Two).await;
    let documents =
        device.backup(&wallet.wallet, maany_coordinator::engine::backup::Threshold::default()).await.unwrap();
    let refused = stranger.restore(documents, "no-such-code").await.unwrap_err();
    let DeviceError::Session(SessionError::Told { code, retryable, message }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!((*code, *retryable, message.as_str()), (4403, false, "not allowed"));
    assert_eq!(refused.close_code(), Some(CloseCode::NotAllowed));
    device.sign(&wallet.wallet, &order(&wallet, 0)).await.unwrap();
}
