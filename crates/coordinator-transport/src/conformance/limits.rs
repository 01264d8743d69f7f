//! The limit that holds is the one in force when a message is read.

use super::{Pair, from_device, from_server, server_limits, to_server};
use crate::{Message, Participant, Transport, TransportError};
use maany_coordinator_proto::CloseCode;
use tokio::task::JoinHandle;

/// The limit itself is not over the limit.
///
/// # Panics
/// When the promise is broken.
pub async fn takes_a_message_of_exactly_the_limit((mut server, mut device): Pair) {
    let exact = vec![7; server_limits().max_message];
    to_server(&mut device, exact.clone()).await;
    assert_eq!(from_device(&mut server).await, Message::from(exact));
}

/// Before anything was accepted, what is too large is a malformed hello.
///
/// # Panics
/// When the promise is broken.
pub async fn refuses_a_first_message_over_the_first_limit_with_its_code((server, device): Pair) {
    let limit = server_limits().max_message;
    let device = sending(device, "x".repeat(limit + 1));
    refused(server, device, limit, CloseCode::Malformed).await;
}

/// A raised limit holds for the next message already.
///
/// # Panics
/// When the promise is broken.
pub async fn set_limit_raises_and_then_refuses_with_1009((mut server, mut device): Pair) {
    to_server(&mut device, "hello".to_owned()).await;
    from_device(&mut server).await;
    server.set_limit(5000);
    let (heard, ()) = tokio::join!(from_device(&mut server), to_server(&mut device, vec![1; 5000]));
    assert_eq!(heard.len(), 5000);
    let device = sending(device, vec![1; 5001]);
    refused(server, device, 5000, CloseCode::TooBig).await;
}

/// A driver may set the limit after each step.
///
/// # Panics
/// When the promise is broken.
pub async fn setting_the_first_limit_again_keeps_its_code((mut server, device): Pair) {
    let limit = server_limits().max_message;
    server.set_limit(limit);
    let device = sending(device, vec![1; limit + 1]);
    refused(server, device, limit, CloseCode::Malformed).await;
}

/// Sends in the background, for the message may never get through; gives the device's end back afterwards.
fn sending(mut device: Box<dyn Transport>, message: impl Into<Message>) -> JoinHandle<Box<dyn Transport>> {
    let message = message.into();
    tokio::spawn(async move {
        let _ = device.send(Participant::Server, message).await;
        device
    })
}

async fn refused(
    mut server: Box<dyn Transport>,
    device: JoinHandle<Box<dyn Transport>>,
    limit: usize,
    code: CloseCode,
) {
    let error = server.recv(Participant::Device).await.expect_err("it is over the limit");
    assert!(
        matches!(error, TransportError::TooLarge { limit: held, close } if held == limit && close == code),
        "{error:?}"
    );
    assert_eq!(error.close_code(), Some(code));
    let again = server.recv(Participant::Device).await;
    assert!(matches!(again, Err(TransportError::Closed)), "{again:?}");
    let sent = server.send(Participant::Device, Message::from(vec![1])).await;
    assert!(matches!(sent, Err(TransportError::Closed)), "{sent:?}");
    // Whatever the session makes of it, the peer hears of the rule that it broke.
    let hearing = async { from_server(&mut device.await.expect("sending ends")).await };
    let (closed, heard) = tokio::join!(server.close(CloseCode::Internal, "other"), hearing);
    assert!(closed.is_ok(), "{closed:?}");
    assert_eq!(heard, Message::Closed { code: Some(code.as_u16()), reason: code.reason().to_owned() });
}
