//! Whatever is lost on the way, and in whichever order: both ends of a session come to the bytes that they come to when nothing is
//! lost, or one of them says why not.
//!
//! The session here is a ceremony in small: each message is a hash of everything that its sender has said and heard, so that a
//! message that is lost, doubled, changed or run twice shows in every later one and in the result.

use std::{sync::Arc, time::Duration};

use maany_coordinator_proto::CloseCode;
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{
    super::{Connected, SecureTransport, connect},
    cutting::Cut,
    house::{House, Road, hello, route},
};

/// What one side has said and heard.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Transcript([u8; 32]);

impl Transcript {
    fn take(&mut self, who: Participant, bytes: &[u8]) {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update([u8::from(who == Participant::Device)]);
        hash.update(bytes);
        self.0 = hash.finalize().into();
    }

    /// The next message of this side, of this size.
    fn next(&self, size: usize) -> Vec<u8> {
        self.0.iter().copied().cycle().take(size).collect()
    }
}

/// Speaks and hears in turn, the device first; then the server says the result and closes.
async fn ceremony(
    transport: &mut SecureTransport,
    me: Participant,
    sizes: &[usize],
) -> Result<Transcript, TransportError> {
    let mut transcript = Transcript([0; 32]);
    let mut turn = Participant::Device;
    for size in sizes {
        if turn == me {
            let bytes = transcript.next(*size);
            transport.send(me.peer(), Message::from(bytes.clone())).await?;
            transcript.take(me, &bytes);
        } else {
            match transport.recv(me.peer()).await? {
                Message::Binary(bytes) => transcript.take(me.peer(), &bytes),
                _ => return Err(TransportError::Closed),
            }
        }
        turn = turn.peer();
    }
    Ok(transcript)
}

async fn run(sizes: Vec<usize>, plan: Vec<Cut>) -> [Result<Transcript, TransportError>; 2] {
    let (house, mut sessions) = House::new();
    let road = Road::new(&house, plan);
    // A session that has not begun is repeated by its caller.
    let connected = loop {
        match connect(route(Arc::clone(&road) as _, house.key()), hello()).await {
            Ok(connected) => break connected,
            Err(_) => while sessions.try_recv().is_ok() {},
        }
    };
    let Connected { transport: mut device, session, .. } = connected;
    let mut server = loop {
        let accepted = sessions.recv().await.unwrap();
        if accepted.session == session {
            break accepted.transport;
        }
    };
    let for_server = sizes.clone();
    let server = tokio::spawn(async move {
        let result = ceremony(&mut server, Participant::Server, &for_server).await;
        if result.is_ok() {
            // The last message may have to be sent again: the device closes when it has it.
            while !matches!(server.recv(Participant::Device).await, Ok(Message::Closed { .. }) | Err(_)) {}
        }
        result
    });
    let heard = ceremony(&mut device, Participant::Device, &sizes).await;
    let _ = device.close(CloseCode::Finished, "").await;
    // Who lost the other waits for the deadline of a machine, which is not here.
    let said = timeout(Duration::from_secs(60), server).await;
    [heard, said.map_or(Err(TransportError::Closed), Result::unwrap)]
}

fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let cut = prop_oneof![
        4 => (0..24_usize).prop_map(Cut::After),
        3 => (0..24_usize).prop_map(Cut::SilentlyAfter),
        1 => (0..24_usize).prop_map(Cut::Flip),
        1 => Just(Cut::Unreachable),
        1 => Just(Cut::Never),
    ];
    proptest::collection::vec(cut, 0..12)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    let size = prop_oneof![8 => 1..400_usize, 1 => 60_000..140_000_usize];
    proptest::collection::vec(size, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_of_drops_gives_the_same_bytes_or_an_error(sizes in sizes(), plan in cuts()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let [expected, same] = runtime.block_on(run(sizes.clone(), Vec::new()));
        let expected = expected.unwrap();
        prop_assert_eq!(&same.unwrap(), &expected);
        let flips = plan.iter().any(|cut| matches!(cut, Cut::Flip(_)));
        let [heard, said] = runtime.block_on(run(sizes, plan));
        for result in [&heard, &said].into_iter().flatten() {
            prop_assert_eq!(result, &expected);
        }
        // Drops alone end no session: the device comes back as often as it takes.
        if !flips {
            prop_assert!(heard.is_ok(), "{:?}", heard);
        }
    }
}
