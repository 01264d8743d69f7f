//! Each message exactly once and in order, whatever becomes of the sockets, or a typed failure.

use std::collections::VecDeque;

use maany_coordinator_proto::link::{Frame, FrameKind, KEPT_BYTES, KEPT_FRAMES, Link, LinkError, Received};
use maany_coordinator_proto::{CloseCode, ResumeToken};
use proptest::prelude::*;
use zeroize::Zeroizing;

fn token() -> ResumeToken {
    ResumeToken::from_bytes(Zeroizing::new([0xca; 32]))
}

fn message(seq: u64, ack: u64, payload: &[u8]) -> Vec<u8> {
    Frame { kind: FrameKind::Message, seq, ack, payload }.to_bytes()
}

fn ack_of(frame: &[u8]) -> u64 {
    Frame::parse(frame).expect("a frame").ack
}

#[test]
fn messages_are_counted_from_one_and_carry_the_ack() {
    let (mut here, mut there) = (Link::new(), Link::new());
    for n in 1..4_u8 {
        let frame = here.send(vec![n]).expect("room");
        assert_eq!(
            Frame::parse(&frame),
            Ok(Frame { kind: FrameKind::Message, seq: u64::from(n), ack: 0, payload: &[n] })
        );
        assert_eq!(there.receive(frame), Ok(Received::Message(vec![n])));
    }
    let answer = there.send(vec![9]).expect("room");
    assert_eq!(ack_of(&answer), 3);
    assert!(!here.is_settled());
    assert_eq!(here.receive(answer), Ok(Received::Message(vec![9])));
    assert!(here.is_settled());
    assert!(!there.is_settled());
    assert_eq!(there.receive(here.ack()), Ok(Received::Nothing));
    assert!(there.is_settled());
}

#[test]
fn a_duplicate_is_dropped_and_its_ack_counts() {
    let mut link = Link::new();
    let _ = link.send(vec![1]).expect("room");
    assert_eq!(link.receive(message(1, 0, b"a")), Ok(Received::Message(b"a".to_vec())));
    assert_eq!(link.receive(message(1, 1, b"a")), Ok(Received::Nothing));
    assert!(link.is_settled());
}

#[test]
fn a_gap_is_an_error() {
    let mut link = Link::new();
    assert_eq!(link.receive(message(2, 0, b"b")), Err(LinkError::Gap { expected: 1, seq: 2 }));
    assert_eq!(link.receive(message(u64::MAX, 0, b"b")), Err(LinkError::Gap { expected: 1, seq: u64::MAX }));
}

#[test]
fn what_was_never_sent_cannot_be_acknowledged() {
    let mut link = Link::new();
    let _ = link.send(vec![1]).expect("room");
    assert_eq!(link.receive(message(1, 2, b"")), Err(LinkError::Ack { sent: 1, ack: 2 }));
    assert_eq!(link.resend(2), Err(LinkError::Ack { sent: 1, ack: 2 }));
}

#[test]
fn what_was_acknowledged_cannot_be_asked_for_again() {
    let (mut here, mut there) = (Link::new(), Link::new());
    let frame = here.send(vec![1]).expect("room");
    let _ = there.receive(frame).expect("the next");
    let _ = here.receive(there.ack()).expect("an ack");
    assert_eq!(here.resend(0), Err(LinkError::Forgotten { ack: 0 }));
    assert_eq!(LinkError::Forgotten { ack: 0 }.close_code(), CloseCode::Busy);
    // An older ack in a frame that was on its way is no harm.
    assert_eq!(here.receive(message(1, 0, b"x")), Ok(Received::Message(b"x".to_vec())));
    assert_eq!(here.resend(1), Ok(vec![]));
}

#[test]
fn frames_that_are_none_are_refused() {
    let frame = |kind, seq, payload: &[u8]| Frame { kind, seq, ack: 0, payload }.to_bytes();
    let mut link = Link::new();
    let good = message(1, 0, b"abc");
    let cases = [
        (vec![], LinkError::Malformed),
        (vec![1], LinkError::Version),
        ([&[3], &good[1..]].concat(), LinkError::Version),
        ([&good[..1], &[3], &good[2..]].concat(), LinkError::Kind),
        ([&good[..], &[0]].concat(), LinkError::Malformed),
        (good[..good.len() - 1].to_vec(), LinkError::Malformed),
        (good[..3].to_vec(), LinkError::Malformed),
        // The number 1 with a byte more than it needs.
        ([&good[..2], &[0x81, 0x00], &good[3..]].concat(), LinkError::Malformed),
        (frame(FrameKind::Message, 0, b"abc"), LinkError::Malformed),
        (frame(FrameKind::Ack, 1, b""), LinkError::Malformed),
        (frame(FrameKind::Ack, 0, b"abc"), LinkError::Malformed),
        (frame(FrameKind::Resume, 0, &[0xca; 32]), LinkError::Resume),
    ];
    for (bytes, error) in cases {
        assert_eq!(link.receive(bytes.clone()), Err(error), "{bytes:02x?}");
    }
    assert_eq!(link.receive(good), Ok(Received::Message(b"abc".to_vec())));
}

#[test]
fn what_is_kept_is_bounded_in_messages_and_in_bytes() {
    let mut link = Link::new();
    for _ in 0..KEPT_FRAMES {
        assert!(link.send(vec![]).is_ok());
    }
    assert!(!link.has_room(0));
    assert_eq!(link.send(vec![]), Err(LinkError::Full));
    // A refused message has no number.
    assert_eq!(link.resend(31).map(|frames| frames.len()), Ok(1));
    assert_eq!(Frame::parse(&link.send(vec![]).expect("room")).map(|frame| frame.seq), Ok(33));

    let mut link = Link::new();
    assert!(link.has_room(KEPT_BYTES) && !link.has_room(KEPT_BYTES + 1));
    assert!(link.send(vec![0; KEPT_BYTES]).is_ok());
    assert_eq!(link.send(vec![0]), Err(LinkError::Full));
    assert_eq!(link.resend(1), Ok(vec![]));
    assert!(link.send(vec![0]).is_ok());
}

#[test]
fn an_ack_is_due_after_eight_frames_or_half_a_mebibyte_without_an_answer() {
    let mut link = Link::new();
    for seq in 1..8 {
        let _ = link.receive(message(seq, 0, b"")).expect("the next");
        assert!(!link.owes_ack(), "{seq}");
    }
    let _ = link.receive(message(8, 0, b"")).expect("the next");
    assert!(link.owes_ack());
    let _ = link.ack();
    assert!(!link.owes_ack());
    let _ = link.receive(message(9, 0, &vec![0; 512 * 1024])).expect("the next");
    assert!(link.owes_ack());
    let _ = link.send(vec![]).expect("room");
    assert!(!link.owes_ack());
}

/// Payloads are sent again as they were, with the ack of now.
#[test]
fn what_is_sent_again_has_the_same_payload_and_number() {
    let mut link = Link::new();
    let first = [link.send(b"one".to_vec()).expect("room"), link.send(b"two".to_vec()).expect("room")];
    assert_eq!(link.resend(0), Ok(first.to_vec()));
    let _ = link.receive(message(1, 1, b"")).expect("the next");
    assert_eq!(link.resend(1), Ok(vec![message(2, 1, b"two")]));
    let shown = link.resume(&token());
    assert_eq!(
        Frame::parse(&shown),
        Ok(Frame { kind: FrameKind::Resume, seq: 0, ack: 1, payload: &[0xca; 32] })
    );
    assert!(!format!("{link:?} {:?}", Frame::parse(&shown)).contains("202"));
}

/// Two ends and the frames that are on their way between them.
#[derive(Default)]
struct World {
    ends: [Link; 2],
    /// Frames to the end of this number.
    ways: [VecDeque<Vec<u8>>; 2],
    sent: [Vec<Vec<u8>>; 2],
    arrived: [Vec<Vec<u8>>; 2],
    connected: bool,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Send { end: usize, size: usize },
    Deliver { end: usize },
    Ack { end: usize },
    Cut,
    Reconnect { resumed: usize },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0usize..2, 0usize..5).prop_map(|(end, size)| Act::Send { end, size }),
        6 => (0usize..2).prop_map(|end| Act::Deliver { end }),
        1 => (0usize..2).prop_map(|end| Act::Ack { end }),
        1 => Just(Act::Cut),
        2 => (0usize..4).prop_map(|resumed| Act::Reconnect { resumed }),
    ]
}

impl World {
    fn new() -> Self {
        Self { connected: true, ..Self::default() }
    }

    fn put(&mut self, to: usize, frame: Vec<u8>) {
        if self.connected {
            self.ways[to].push_back(frame);
        }
    }

    fn send(&mut self, end: usize, size: usize) {
        let payload = vec![u8::try_from(self.sent[end].len() % 256).expect("small"); size];
        match self.ends[end].send(payload.clone()) {
            Ok(frame) => {
                self.sent[end].push(payload);
                self.put(1 - end, frame);
            }
            Err(error) => assert_eq!(error, LinkError::Full),
        }
    }

    fn deliver(&mut self, end: usize) {
        let Some(frame) = self.ways[end].pop_front() else { return };
        if let Received::Message(payload) = self.ends[end].receive(frame).expect("an honest frame") {
            self.arrived[end].push(payload);
        }
        if self.ends[end].owes_ack() {
            self.ack(end);
        }
    }

    fn ack(&mut self, end: usize) {
        let frame = self.ends[end].ack();
        self.put(1 - end, frame);
    }

    fn cut(&mut self) {
        self.connected = false;
        self.ways = Default::default();
    }

    /// As on the wire: the device (0) shows its token and its ack, the server answers with its own, each sends again. The new
    /// socket may break after each of these steps.
    fn reconnect(&mut self, resumed: usize) {
        self.cut();
        let shown = self.ends[0].resume(&token());
        if resumed == 0 {
            return;
        }
        let answer = self.ends[1].ack();
        let again = self.ends[1].resend(ack_of(&shown)).expect("it is kept");
        if resumed == 1 {
            return;
        }
        self.connected = true;
        self.ways[0].extend(again);
        if resumed == 2 {
            return self.cut();
        }
        let again = self.ends[0].resend(ack_of(&answer)).expect("it is kept");
        self.ways[1].extend(again);
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Send { end, size } => self.send(end, size),
            Act::Deliver { end } => self.deliver(end),
            Act::Ack { end } => self.ack(end),
            Act::Cut => self.cut(),
            Act::Reconnect { resumed } => self.reconnect(resumed),
        }
    }

    fn finish(&mut self) {
        self.reconnect(3);
        while self.ways.iter().any(|way| !way.is_empty()) {
            self.deliver(0);
            self.deliver(1);
        }
    }
}

proptest! {
    #[test]
    fn every_interleaving_of_messages_losses_and_reconnects_delivers_each_once_in_order(
        acts in proptest::collection::vec(act(), 0..120),
    ) {
        let mut world = World::new();
        for act in acts {
            world.act(act);
            for end in 0..2 {
                let arrived = &world.arrived[1 - end];
                prop_assert_eq!(arrived.as_slice(), &world.sent[end][..arrived.len()]);
            }
        }
        world.finish();
        prop_assert_eq!(&world.arrived[1], &world.sent[0]);
        prop_assert_eq!(&world.arrived[0], &world.sent[1]);
    }

    /// A socket whose far end loses, doubles or swaps frames is not honest: what arrives is a beginning of what was sent,
    /// and the rest a typed failure.
    #[test]
    fn a_dishonest_socket_gives_a_beginning_or_an_error(
        order in proptest::collection::vec(0usize..12, 0..40),
    ) {
        let mut sender = Link::new();
        let frames: Vec<_> = (0..12_u8).map(|n| sender.send(vec![n]).expect("room")).collect();
        let mut link = Link::new();
        let mut arrived = Vec::new();
        for at in order {
            match link.receive(frames[at].clone()) {
                Ok(Received::Message(payload)) => arrived.extend(payload),
                Ok(Received::Nothing) => prop_assert!(at < arrived.len()),
                Err(error) => {
                    let (expected, seq) = (arrived.len() as u64 + 1, at as u64 + 1);
                    prop_assert_eq!(error, LinkError::Gap { expected, seq });
                    prop_assert!(seq > expected);
                }
            }
        }
        prop_assert_eq!(&arrived, &(0..u8::try_from(arrived.len()).expect("small")).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_panic_and_what_is_read_is_written_alike(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(frame) = Frame::parse(&bytes) {
            prop_assert_eq!(frame.to_bytes(), &bytes[..]);
        }
        let _ = Link::new().receive(bytes);
    }
}
