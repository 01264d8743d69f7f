//! Closing is heard, final, and over in time.

use super::{Pair, device_limits, from_device, from_server, to_device, to_server};
use crate::{Message, Participant, TransportError};
use maany_coordinator_proto::CloseCode;
use std::time::{Duration, Instant};

/// What was sent before is read first.
///
/// # Panics
/// When the promise is broken.
pub async fn close_code_and_reason_arrive_after_all_messages((mut server, mut device): Pair) {
    to_device(&mut server, vec![1]).await;
    let (closed, heard) = tokio::join!(server.close(CloseCode::NotAllowed, "not allowed"), async {
        (from_server(&mut device).await, from_server(&mut device).await)
    });
    assert!(closed.is_ok(), "{closed:?}");
    assert_eq!(heard.0, Message::from(vec![1]));
    assert_eq!(heard.1, Message::Closed { code: Some(4403), reason: "not allowed".to_owned() });
}

/// A close frame carries 123 bytes (RFC 6455, 5.5.1).
///
/// # Panics
/// When the promise is broken.
pub async fn a_long_reason_is_cut_between_characters((mut server, mut device): Pair) {
    let reason = "ß".repeat(100);
    let (closed, heard) = tokio::join!(server.close(CloseCode::Busy, &reason), from_server(&mut device));
    assert!(closed.is_ok(), "{closed:?}");
    assert_eq!(heard, Message::Closed { code: Some(4409), reason: "ß".repeat(61) });
}

/// A process that dies says nothing.
///
/// # Panics
/// When the promise is broken.
pub async fn a_dropped_end_is_seen_as_closed_after_its_messages((mut server, mut device): Pair) {
    to_server(&mut device, vec![9]).await;
    drop(device);
    assert_eq!(from_device(&mut server).await, Message::from(vec![9]));
    let gone = Message::Closed { code: None, reason: String::new() };
    assert_eq!(from_device(&mut server).await, gone);
    assert_eq!(from_device(&mut server).await, gone);
}

/// On the side that closed and on the side that heard of it.
///
/// # Panics
/// When the promise is broken.
pub async fn a_closed_end_stays_closed((mut server, mut device): Pair) {
    let heard = Message::Closed { code: Some(1000), reason: "finished".to_owned() };
    let (closed, first) =
        tokio::join!(device.close(CloseCode::Finished, "finished"), from_device(&mut server));
    assert!(closed.is_ok(), "{closed:?}");
    assert_eq!((first, from_device(&mut server).await), (heard.clone(), heard));
    let sent = server.send(Participant::Device, Message::from(vec![1])).await;
    assert!(matches!(sent, Err(TransportError::Closed)), "{sent:?}");
    let sent = device.send(Participant::Server, Message::from(vec![1])).await;
    assert!(matches!(sent, Err(TransportError::Closed)), "{sent:?}");
    let received = device.recv(Participant::Server).await;
    assert!(matches!(received, Err(TransportError::Closed)), "{received:?}");
}

/// Also when the peer closed first.
///
/// # Panics
/// When the promise is broken.
pub async fn closing_twice_is_closing_once((mut server, mut device): Pair) {
    let (closed, heard) =
        tokio::join!(server.close(CloseCode::Deadline, "deadline"), from_server(&mut device));
    assert!(closed.is_ok(), "{closed:?}");
    assert_eq!(heard, Message::Closed { code: Some(4408), reason: "deadline".to_owned() });
    assert!(server.close(CloseCode::Internal, "again").await.is_ok());
    assert!(device.close(CloseCode::Finished, "finished").await.is_ok());
    assert!(device.close(CloseCode::Finished, "finished").await.is_ok());
}

/// A device that never notices a close holds nothing up.
///
/// # Panics
/// When the promise is broken.
pub async fn closing_ends_in_time_when_the_peer_says_nothing((mut server, device): Pair) {
    let begun = Instant::now();
    assert!(server.close(CloseCode::Finished, "finished").await.is_ok());
    assert!(
        begun.elapsed() < device_limits().close_timeout + Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    drop(device);
}

/// The reader is late, and still hears everything.
///
/// # Panics
/// When the promise is broken.
pub async fn a_close_overtakes_no_unread_message((mut server, mut device): Pair) {
    for round in 0..3_u8 {
        to_device(&mut server, vec![round; 100]).await;
    }
    server.close(CloseCode::GoingAway, "going away").await.expect("closing works");
    for round in 0..3_u8 {
        assert_eq!(from_server(&mut device).await, Message::from(vec![round; 100]));
    }
    let closed = Message::Closed { code: Some(1001), reason: "going away".to_owned() };
    assert_eq!(from_server(&mut device).await, closed);
}
