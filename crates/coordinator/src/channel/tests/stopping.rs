//! Closing, limits, and what is not carried.

use maany_coordinator_proto::{CloseCode, channel::ChannelError, link::KEPT_BYTES};
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};

use super::{cutting::Cut, house::session};

#[tokio::test(start_paused = true)]
async fn the_close_code_arrives_after_all_messages_and_stays() {
    let (house, _, connected, accepted) = session([]).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    server.send(Participant::Device, Message::from(vec![1])).await.unwrap();
    server.close(CloseCode::NotAllowed, "not allowed").await.unwrap();
    server.close(CloseCode::Finished, "twice is once").await.unwrap();
    assert_eq!(device.recv(Participant::Server).await.unwrap(), Message::from(vec![1]));
    for _ in 0..2 {
        let closed = Message::Closed { code: Some(4403), reason: "not allowed".to_owned() };
        assert_eq!(device.recv(Participant::Server).await.unwrap(), closed);
    }
    assert!(matches!(server.recv(Participant::Device).await, Err(TransportError::Closed)));
    let sent = server.send(Participant::Device, Message::from(vec![1])).await;
    assert!(matches!(sent, Err(TransportError::Closed)), "{sent:?}");
    let sent = device.send(Participant::Server, Message::from(vec![1])).await;
    assert!(matches!(sent, Err(TransportError::Closed)), "{sent:?}");
    assert!(house.door.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_closes_ends_the_session_and_one_that_vanishes_does_not() {
    let (_, _, connected, accepted) = session([]).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    device.close(CloseCode::Finished, "finished").await.unwrap();
    let heard = server.recv(Participant::Device).await.unwrap();
    assert!(matches!(heard, Message::Closed { code: Some(1000), .. }), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_without_a_socket_closes_at_once() {
    let plan = [Cut::After(2)].into_iter().chain([Cut::Unreachable; 100]);
    let (house, _, connected, accepted) = session(plan).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    device.send(Participant::Server, Message::from(vec![1])).await.unwrap();
    let lost = async { server.recv(Participant::Device).await };
    assert!(tokio::time::timeout(std::time::Duration::from_secs(5), lost).await.is_err());
    server.close(CloseCode::Deadline, "deadline").await.unwrap();
    device.close(CloseCode::Finished, "finished").await.unwrap();
    assert!(house.door.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_binary_messages_are_carried_and_only_to_the_peer() {
    let (_, _, connected, mut accepted) = session([]).await;
    let mut device = connected.transport;
    let text = device.send(Participant::Server, Message::Text("no".to_owned())).await;
    assert!(matches!(text, Err(TransportError::NotBinary)), "{text:?}");
    let closed = Message::Closed { code: None, reason: String::new() };
    let closed = device.send(Participant::Server, closed).await;
    assert!(matches!(closed, Err(TransportError::NotSendable)), "{closed:?}");
    let own = device.send(Participant::Device, Message::from(vec![1])).await;
    assert!(matches!(own, Err(TransportError::NoSuchParticipant(Participant::Device))), "{own:?}");
    let own = accepted.transport.recv(Participant::Server).await;
    assert!(matches!(own, Err(TransportError::NoSuchParticipant(Participant::Server))), "{own:?}");
}

/// 64 bytes are allowed for what a frame has beside its message.
#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_refused_with_1009() {
    let (_, _, connected, accepted) = session([]).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    server.set_limit(1000);
    device.send(Participant::Server, Message::from(vec![1; 1000])).await.unwrap();
    assert_eq!(server.recv(Participant::Device).await.unwrap().len(), 1000);
    device.send(Participant::Server, Message::from(vec![1; 1064])).await.unwrap();
    let error = server.recv(Participant::Device).await.unwrap_err();
    assert!(matches!(error, TransportError::Channel(ChannelError::TooLong { limit: 1064 })), "{error:?}");
    assert_eq!(error.close_code(), Some(CloseCode::TooBig));
    assert!(matches!(server.recv(Participant::Device).await, Err(TransportError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn what_could_never_be_kept_is_not_sent() {
    let (_, _, connected, _accepted) = session([]).await;
    let mut device = connected.transport;
    let sent = device.send(Participant::Server, Message::from(vec![1; KEPT_BYTES + 1])).await;
    assert!(matches!(sent, Err(TransportError::Link(_))), "{sent:?}");
}
