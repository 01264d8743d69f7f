//! Messages arrive whole, in order, once, and as what they were sent.

use super::{Pair, from_device, from_server, to_device, to_server};
use crate::{Message, Participant, TransportError};
use bytes::Bytes;

/// A hundred messages each way, interleaved.
///
/// # Panics
/// When the promise is broken.
pub async fn delivers_both_ways_in_order((mut server, mut device): Pair) {
    for round in 0..100_u32 {
        to_server(&mut device, round.to_be_bytes().to_vec()).await;
        assert_eq!(from_device(&mut server).await, Message::from(round.to_be_bytes().to_vec()));
        to_device(&mut server, format!("answer {round}")).await;
        assert_eq!(from_server(&mut device).await, Message::from(format!("answer {round}")));
    }
}

/// Also where they are empty, and where text is more than ASCII.
///
/// # Panics
/// When the promise is broken.
pub async fn keeps_text_and_binary_apart((mut server, mut device): Pair) {
    let messages = [
        Message::Text(String::new()),
        Message::Binary(Bytes::new()),
        Message::Text("Schlüssel 🔑".to_owned()),
        Message::Binary(Bytes::from_static(&[0xff, 0x00, 0xff, 0x00])),
        Message::Binary(Bytes::from_static(b"text by accident")),
    ];
    for message in messages {
        device.send(Participant::Server, message.clone()).await.expect("the device can send");
        assert_eq!(from_device(&mut server).await, message);
        server.send(Participant::Device, message.clone()).await.expect("the server can send");
        assert_eq!(from_server(&mut device).await, message);
    }
}

/// As large as a DKG message may be, in both directions.
///
/// # Panics
/// When the promise is broken.
pub async fn delivers_the_largest_message_whole((mut server, mut device): Pair) {
    let largest = super::device_limits().max_message;
    server.set_limit(largest);
    let payload: Vec<u8> = (0..largest).map(|i| (i % 251) as u8).collect();
    let (sent, received) = tokio::join!(to_server(&mut device, payload.clone()), from_device(&mut server));
    assert_eq!((sent, received), ((), Message::from(payload.clone())));
    let (sent, received) = tokio::join!(to_device(&mut server, payload.clone()), from_server(&mut device));
    assert_eq!((sent, received), ((), Message::from(payload)));
}

/// Neither end sends to itself.
///
/// # Panics
/// When the promise is broken.
pub async fn refuses_a_participant_who_is_not_there((mut server, mut device): Pair) {
    let sent = server.send(Participant::Server, Message::from(vec![1])).await;
    assert!(matches!(sent, Err(TransportError::NoSuchParticipant(Participant::Server))), "{sent:?}");
    let received = device.recv(Participant::Device).await;
    assert!(matches!(received, Err(TransportError::NoSuchParticipant(Participant::Device))), "{received:?}");
    to_server(&mut device, vec![2]).await;
    assert_eq!(from_device(&mut server).await, Message::from(vec![2]));
}

/// Closing has a method of its own.
///
/// # Panics
/// When the promise is broken.
pub async fn sends_no_closing_as_a_message((mut server, mut device): Pair) {
    let closed = Message::Closed { code: Some(1000), reason: String::new() };
    let sent = server.send(Participant::Device, closed).await;
    assert!(matches!(sent, Err(TransportError::NotSendable)), "{sent:?}");
    to_device(&mut server, vec![3]).await;
    assert_eq!(from_server(&mut device).await, Message::from(vec![3]));
}
