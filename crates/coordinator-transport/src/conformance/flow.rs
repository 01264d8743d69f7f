//! Waiting: dropped waits lose nothing, full queues make a sender wait, and nobody waits for ever.

use super::{Pair, from_device, from_server, to_device, to_server};
use crate::{Message, Participant};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Messages of a size that arrives in many pieces, to a reader that gives up after each look.
///
/// # Panics
/// When the promise is broken.
pub async fn a_dropped_recv_loses_nothing((mut server, mut device): Pair) {
    const COUNT: u8 = 20;
    const SIZE: usize = 100_000;
    server.set_limit(SIZE);
    let sending = tokio::spawn(async move {
        for round in 0..COUNT {
            to_server(&mut device, vec![round; SIZE]).await;
        }
        device
    });
    for round in 0..COUNT {
        let mut looks = 0;
        let message = loop {
            looks += 1;
            let look = pin!(server.recv(Participant::Device)).poll(&mut Context::from_waker(Waker::noop()));
            match look {
                Poll::Ready(message) => break message.expect("the server can receive"),
                // A noop waker hears nothing: look again when others had their turn.
                Poll::Pending => tokio::task::yield_now().await,
            }
        };
        assert_eq!(message, Message::from(vec![round; SIZE]), "after {looks} looks");
    }
    drop(sending.await.expect("the sender came to its end"));
}

/// A send that is given up half-way leaves its message whole, or out.
///
/// # Panics
/// When the promise is broken.
pub async fn a_dropped_send_cuts_no_message_in_two((mut server, mut device): Pair) {
    let large = Message::from(vec![6; 100_000]);
    let sending = pin!(server.send(Participant::Device, large.clone()))
        .poll(&mut Context::from_waker(Waker::noop()))
        .map(|sent| sent.expect("the server can send"));
    let reading = async {
        let first = from_server(&mut device).await;
        let second = if first == large { from_server(&mut device).await } else { first.clone() };
        (first, second)
    };
    let ((), (first, second)) = tokio::join!(to_device(&mut server, "next".to_owned()), reading);
    let next = Message::from("next".to_owned());
    assert_eq!(second, next);
    assert!(first == large || (first == next && sending.is_pending()), "a message was lost");
}

/// The queue is bounded: without a reader a sender stops, and goes on when the reader comes.
///
/// # Panics
/// When the promise is broken.
pub async fn a_sender_waits_for_a_reader_and_nothing_is_lost((mut server, mut device): Pair) {
    const SIZE: usize = 200_000;
    // More than any operating system queues by itself for one connection.
    const MANY: usize = 500;
    let (count, mut sent) = tokio::sync::watch::channel(0);
    let sending = tokio::spawn(async move {
        for round in 0..MANY {
            to_device(&mut server, vec![round as u8; SIZE]).await;
            count.send_replace(round + 1);
        }
        server
    });
    let pause = Duration::from_millis(300);
    while tokio::time::timeout(pause, sent.changed()).await.is_ok_and(|changed| changed.is_ok()) {}
    assert!(*sent.borrow() < MANY, "{} messages went to nobody", *sent.borrow());
    for round in 0..MANY {
        assert_eq!(from_server(&mut device).await, Message::from(vec![round as u8; SIZE]));
    }
    drop(sending.await.expect("the sender came to its end"));
}

/// As in DKG, where both parties send before either reads.
///
/// # Panics
/// When the promise is broken.
pub async fn two_ends_that_send_at_once_do_not_wait_for_each_other((mut server, mut device): Pair) {
    let payload = vec![5; super::device_limits().max_message];
    server.set_limit(payload.len());
    let by_server = async {
        to_device(&mut server, payload.clone()).await;
        from_device(&mut server).await
    };
    let by_device = async {
        to_server(&mut device, payload.clone()).await;
        from_server(&mut device).await
    };
    let heard = tokio::join!(by_server, by_device);
    assert_eq!(heard, (Message::from(payload.clone()), Message::from(payload)));
}
