//! Whatever happens to the sockets, both ends hear what the other said, once and in order.

use std::time::Duration;

use futures::FutureExt;
use maany_coordinator_proto::{CloseCode, link::KEPT_FRAMES};
use maany_coordinator_transport::{Message, Participant, Transport};
use proptest::prelude::*;
use tokio::time::{Instant, timeout};

use super::{
    super::connect,
    cutting::Cut,
    house::{House, Road, converse, hello, messages, route, session},
};

/// A ceremony of three rounds.
const ROUNDS: [usize; 3] = [40, 1, 300];
/// The hello and the welcome.
const HANDSHAKE: usize = 2;

#[tokio::test(start_paused = true)]
async fn both_ends_have_the_same_hash_session_and_nonce() {
    let (house, road, connected, accepted) = session([]).await;
    assert_eq!(connected.handshake_hash, accepted.handshake_hash);
    assert_eq!((connected.session, connected.nonce), (accepted.session, accepted.nonce));
    assert_ne!((connected.session, connected.nonce), ([0; 16], [0; 32]));
    assert_eq!(connected.server_key, house.key());
    assert_eq!(house.door.registry.len(), 1);
    converse(connected, accepted, &ROUNDS).await;
    assert_eq!(road.sockets(), 1);
    assert!(house.door.registry.is_empty());
}

/// At every message of the session, the close included.
#[tokio::test(start_paused = true)]
async fn a_socket_cut_at_any_message_is_replaced_and_nothing_is_lost() {
    let mut cuts = 0;
    for at in HANDSHAKE.. {
        let (_, road, connected, accepted) = session([Cut::After(at)]).await;
        converse(connected, accepted, &ROUNDS).await;
        if road.sockets() == 1 {
            break;
        }
        cuts += 1;
    }
    // Three messages each way, the last word and the close.
    assert_eq!(cuts, 2 * ROUNDS.len() + 2);
}

/// The new socket is cut as well: in its handshake, before its ack, in what is sent again.
#[tokio::test(start_paused = true)]
async fn a_second_socket_cut_at_any_message_is_replaced_too() {
    for first in HANDSHAKE..HANDSHAKE + 2 * ROUNDS.len() {
        for second in 0.. {
            let (_, road, connected, accepted) = session([Cut::After(first), Cut::After(second)]).await;
            converse(connected, accepted, &ROUNDS).await;
            if road.sockets() == 2 {
                assert!(second >= 4, "hello, welcome, token, ack");
                break;
            }
        }
    }
}

/// A cut that the server does not see: the new socket takes the old one's place.
#[tokio::test(start_paused = true)]
async fn a_new_socket_takes_the_place_of_one_that_seems_alive() {
    for at in HANDSHAKE..HANDSHAKE + 2 * ROUNDS.len() {
        let (_, road, connected, accepted) =
            session([Cut::SilentlyAfter(at), Cut::SilentlyAfter(at), Cut::Unreachable]).await;
        converse(connected, accepted, &ROUNDS).await;
        assert!(road.sockets() > 1);
    }
}

/// A driver waits for the socket and the engine at once, and drops the one that is later.
#[tokio::test(start_paused = true)]
async fn a_recv_that_is_dropped_at_any_time_loses_nothing() {
    for at in [2, 3, 5, 1000] {
        let (_, _, connected, accepted) = session([Cut::After(at), Cut::After(3)]).await;
        let (ours, theirs) = (messages(1, &[10; 6]), messages(2, &[100_000; 6]));
        let (say, hear) = (ours.clone(), theirs.clone());
        let server = tokio::spawn(async move {
            let mut transport = accepted.transport;
            for (say, hear) in hear.into_iter().zip(say) {
                transport.send(Participant::Device, Message::from(say)).await.unwrap();
                assert_eq!(transport.recv(Participant::Device).await.unwrap(), Message::from(hear));
            }
            transport
        });
        let mut transport = connected.transport;
        for (say, hear) in ours.into_iter().zip(theirs) {
            transport.send(Participant::Server, Message::from(say)).await.unwrap();
            let heard = loop {
                if let Some(heard) = transport.recv(Participant::Server).now_or_never() {
                    break heard.unwrap();
                }
                // Lets the other end and the clock go on.
                tokio::time::sleep(Duration::from_micros(100)).await;
            };
            assert_eq!(heard, Message::from(hear));
        }
        // The last message may still be on a socket that was cut.
        let over = async {
            let _ = transport.recv(Participant::Server).await;
        };
        tokio::select! {
            server = server => drop(server.unwrap()),
            () = over => panic!("the session did not end"),
        }
    }
}

/// What is sent while there is no socket goes out over the next one.
#[tokio::test(start_paused = true)]
async fn a_send_without_a_socket_is_kept() {
    let (_, road, connected, accepted) = session([Cut::After(HANDSHAKE)]).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    for message in messages(1, &[10; 5]) {
        device.send(Participant::Server, Message::from(message)).await.unwrap();
    }
    assert_eq!(road.sockets(), 1);
    let hearing = async {
        for message in messages(1, &[10; 5]) {
            assert_eq!(server.recv(Participant::Device).await.unwrap(), Message::from(message));
        }
    };
    tokio::select! {
        () = hearing => {}
        heard = device.recv(Participant::Server) => panic!("{heard:?}"),
    }
    assert_eq!(road.sockets(), 2);
}

/// The bound of what is kept makes a sender wait; acks that nobody reads for make room.
#[tokio::test(start_paused = true)]
async fn many_messages_one_way_are_acknowledged_on_the_way() {
    let (_, _, connected, accepted) = session([Cut::After(60)]).await;
    let all = messages(1, &[10; 3 * KEPT_FRAMES]);
    let expected = all.clone();
    let (mut device, mut server) = (connected.transport, accepted.transport);
    let hearing = async {
        for message in expected {
            assert_eq!(server.recv(Participant::Device).await.unwrap(), Message::from(message));
        }
    };
    let saying = async {
        for message in all {
            device.send(Participant::Server, Message::from(message)).await.unwrap();
        }
        device.recv(Participant::Server).await
    };
    tokio::select! {
        () = hearing => {}
        heard = saying => panic!("{heard:?}"),
    }
}

/// The result and the close behind it go down with their socket, and the next sockets as well.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_over_says_its_result_again_to_a_device_that_has_lost_it() {
    for (first, second) in
        (HANDSHAKE..HANDSHAKE + 2).flat_map(|first| (0..8).map(move |second| (first, second)))
    {
        let (house, road, connected, accepted) =
            session([Cut::After(first), Cut::After(second), Cut::SilentlyAfter(second)]).await;
        let (mut device, mut server) = (connected.transport, accepted.transport);
        server.send(Participant::Device, Message::from(b"result".to_vec())).await.unwrap();
        server.close(CloseCode::Finished, "finished").await.unwrap();
        drop(server);
        assert!(house.door.registry.is_empty());
        let heard = device.recv(Participant::Server).await.unwrap();
        assert_eq!(heard, Message::from(b"result".to_vec()), "{first} {second}");
        let closed = device.recv(Participant::Server).await.unwrap();
        assert!(matches!(closed, Message::Closed { code: Some(1000), .. }), "{first} {second}: {closed:?}");
        assert!(road.sockets() > 1);
    }
}

/// Whoever has a token and nothing more fills the room of the last words with nothing.
#[tokio::test(start_paused = true)]
async fn a_session_that_was_not_admitted_has_no_last_words() {
    let (house, mut sessions) = House::new();
    let road = Road::new(&house, [Cut::After(HANDSHAKE)]);
    let connected = connect(route(road, house.key()), hello()).await.unwrap();
    let (mut device, mut server) = (connected.transport, sessions.recv().await.unwrap().transport);
    server.send(Participant::Device, Message::from(b"refused".to_vec())).await.unwrap();
    server.close(CloseCode::NotAllowed, "refused").await.unwrap();
    let heard = device.recv(Participant::Server).await.unwrap();
    assert!(matches!(heard, Message::Closed { code: Some(4409), .. }), "{heard:?}");
}

/// A socket that was handed in and not yet taken gets the result as well, not the close alone.
#[tokio::test(start_paused = true)]
async fn a_socket_that_waits_when_its_session_ends_hears_the_result() {
    let (_, road, connected, accepted) = session([Cut::SilentlyAfter(HANDSHAKE)]).await;
    let (mut device, mut server) = (connected.transport, accepted.transport);
    server.send(Participant::Device, Message::from(b"result".to_vec())).await.unwrap();
    let hearing = async {
        let heard = device.recv(Participant::Server).await.unwrap();
        (heard, device.recv(Participant::Server).await.unwrap())
    };
    let closing = async {
        // The server's end looks at nothing until it closes.
        while road.sockets() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.close(CloseCode::Finished, "finished").await.unwrap();
    };
    let ((heard, closed), ()) = tokio::join!(hearing, closing);
    assert_eq!(heard, Message::from(b"result".to_vec()));
    assert!(matches!(closed, Message::Closed { code: Some(1000), .. }), "{closed:?}");
}

/// The machine's deadline decides; until then the server's end just waits.
#[tokio::test(start_paused = true)]
async fn a_server_waits_for_a_device_that_does_not_come_back() {
    let (house, _, connected, accepted) = session([]).await;
    drop(connected);
    let mut server = accepted.transport;
    let waiting = timeout(Duration::from_secs(3600), server.recv(Participant::Device));
    assert!(waiting.await.is_err());
    assert_eq!(house.door.registry.len(), 1);
    drop(server);
    assert!(house.door.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_device_gives_up_when_its_backoff_is_used_up() {
    let plan = [Cut::After(HANDSHAKE)].into_iter().chain([Cut::Unreachable; 100]);
    let (_, road, connected, _accepted) = session(plan).await;
    let mut device = connected.transport;
    device.send(Participant::Server, Message::from(vec![1])).await.unwrap();
    let began = Instant::now();
    let heard = device.recv(Participant::Server).await.unwrap();
    assert_eq!(heard, Message::Closed { code: None, reason: String::new() });
    assert_eq!(road.sockets(), 65);
    assert!(began.elapsed() < Duration::from_secs(3), "a second of last words and 64 delays");
    assert_eq!(device.recv(Participant::Server).await.unwrap(), heard);
    assert!(device.send(Participant::Server, Message::from(vec![1])).await.is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_cuts_give_the_same_messages(
        first in HANDSHAKE..30_usize,
        cuts in proptest::collection::vec(0usize..14, 0..8),
        sizes in proptest::collection::vec(0usize..2000, 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let plan = [first].into_iter().chain(cuts).map(Cut::After);
            let (_, _, connected, accepted) = session(plan).await;
            converse(connected, accepted, &sizes).await;
        });
    }
}
