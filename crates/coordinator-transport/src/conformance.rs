//! The promises of a [`Transport`], as checks that any implementation can run.
//!
//! Each check takes a fresh, connected pair: the server's end, made with the server's limits, and the device's.
//! [`transport_conformance!`](crate::transport_conformance) makes one test of each. The checks need a tokio runtime
//! with its clock running, and sockets need its I/O.

pub mod closing;
pub mod delivery;
pub mod flow;
pub mod limits;

use crate::{Limits, Message, Participant, Transport};
use std::future::Future;
use std::time::Duration;

/// A server's end and a device's end of one connection.
pub type Pair = (Box<dyn Transport>, Box<dyn Transport>);

/// Longer than anything here takes; reached only when a promise is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The limits that every pair is made with: small for the server until it raises them.
#[must_use]
pub fn server_limits() -> Limits {
    Limits { max_message: 1000, ..Limits::server() }
}

/// The limits of the device's end.
#[must_use]
pub fn device_limits() -> Limits {
    Limits::device()
}

/// Runs a check, failing where it takes longer than [`PATIENCE`].
///
/// # Panics
/// When the check breaks a promise or takes too long.
pub async fn within<F: Future>(check: F) -> F::Output {
    tokio::time::timeout(PATIENCE, check).await.expect("the transport never came to an end")
}

/// One test for each promise, named after it.
///
/// The argument is a path to `async fn(server: Limits, device: Limits) -> Pair`. The crate that uses it needs tokio
/// with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! transport_conformance {
    ($make:path) => {
        $crate::transport_conformance!(@tests $make,
            delivery: delivers_both_ways_in_order,
            delivery: keeps_text_and_binary_apart,
            delivery: delivers_the_largest_message_whole,
            delivery: refuses_a_participant_who_is_not_there,
            delivery: sends_no_closing_as_a_message,
            limits: takes_a_message_of_exactly_the_limit,
            limits: refuses_a_first_message_over_the_first_limit_with_its_code,
            limits: set_limit_raises_and_then_refuses_with_1009,
            limits: setting_the_first_limit_again_keeps_its_code,
            closing: close_code_and_reason_arrive_after_all_messages,
            closing: a_long_reason_is_cut_between_characters,
            closing: a_dropped_end_is_seen_as_closed_after_its_messages,
            closing: a_closed_end_stays_closed,
            closing: closing_twice_is_closing_once,
            closing: closing_ends_in_time_when_the_peer_says_nothing,
            closing: a_close_overtakes_no_unread_message,
            flow: a_dropped_recv_loses_nothing,
            flow: a_dropped_send_cuts_no_message_in_two,
            flow: a_sender_waits_for_a_reader_and_nothing_is_lost,
            flow: two_ends_that_send_at_once_do_not_wait_for_each_other,
        );
    };
    (@tests $make:path, $($part:ident: $name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let limits = ($crate::conformance::server_limits(), $crate::conformance::device_limits());
            $crate::conformance::within(async {
                $crate::conformance::$part::$name($make(limits.0, limits.1).await).await;
            })
            .await;
        }
    )*};
}

async fn to_device(server: &mut Box<dyn Transport>, message: impl Into<Message>) {
    server.send(Participant::Device, message.into()).await.expect("the server can send");
}

async fn to_server(device: &mut Box<dyn Transport>, message: impl Into<Message>) {
    device.send(Participant::Server, message.into()).await.expect("the device can send");
}

async fn from_device(server: &mut Box<dyn Transport>) -> Message {
    server.recv(Participant::Device).await.expect("the server can receive")
}

async fn from_server(device: &mut Box<dyn Transport>) -> Message {
    device.recv(Participant::Server).await.expect("the device can receive")
}
