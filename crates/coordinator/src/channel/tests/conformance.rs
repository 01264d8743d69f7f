//! The transport's promises, over real WebSockets: all of the suite but what sends text, which this transport does not carry, and
//! what a bare end means, which is here no end.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};

use maany_coordinator_transport::{
    Message, Participant,
    conformance::{Pair, closing, delivery, flow, limits, within},
};

use super::{
    cutting::Cut,
    sockets::{listening, session},
};

async fn pair() -> Pair {
    let (house, mut sessions, address, _serving) = listening().await;
    let (connected, accepted) = session(&house, &mut sessions, address, Cut::Never).await;
    (Box::new(accepted.transport), Box::new(connected.transport))
}

macro_rules! promises {
    ($($part:ident: $name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            within(async { $part::$name(pair().await).await }).await;
        }
    )*};
}

promises! {
    delivery: delivers_the_largest_message_whole,
    delivery: refuses_a_participant_who_is_not_there,
    delivery: sends_no_closing_as_a_message,
    limits: takes_a_message_of_exactly_the_limit,
    closing: close_code_and_reason_arrive_after_all_messages,
    closing: a_long_reason_is_cut_between_characters,
    closing: a_closed_end_stays_closed,
    closing: closing_twice_is_closing_once,
    closing: closing_ends_in_time_when_the_peer_says_nothing,
    closing: a_close_overtakes_no_unread_message,
    flow: a_dropped_recv_loses_nothing,
    flow: a_sender_waits_for_a_reader_and_nothing_is_lost,
    flow: two_ends_that_send_at_once_do_not_wait_for_each_other,
}

/// A send that is given up half-way leaves its message whole: it was numbered, so it goes out with the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_send_cuts_no_message_in_two() {
    within(async {
        let (mut server, mut device) = pair().await;
        let large = Message::from(vec![6; 300_000]);
        let looked = pin!(server.send(Participant::Device, large.clone()))
            .poll(&mut Context::from_waker(Waker::noop()))
            .map(|sent| sent.unwrap());
        let next = Message::from(b"next".to_vec());
        let reading = async {
            (device.recv(Participant::Server).await.unwrap(), device.recv(Participant::Server).await.unwrap())
        };
        let (sent, read) = tokio::join!(server.send(Participant::Device, next.clone()), reading);
        sent.unwrap();
        assert!(read == (large, next), "after a send that was {looked:?}");
    })
    .await;
}
