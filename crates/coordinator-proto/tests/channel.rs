//! What the channel refuses: everything but the next piece that the other side sealed in this very handshake.

use maany_coordinator_proto::channel::{
    Channel, ChannelError, EphemeralKey, Initiator, NOISE_BYTES, PIECE_BYTES, StaticKey, prologue, respond,
};
use maany_coordinator_proto::{Hello, KeyId, RequestId, SessionId, StepUp, Token};
use proptest::prelude::*;
use zeroize::Zeroizing;

const LIMIT: usize = 300 * 1024;

fn key(seed: u8) -> StaticKey {
    StaticKey::from_bytes(Zeroizing::new([seed; 32]))
}

fn ephemeral(seed: u8) -> EphemeralKey {
    EphemeralKey::from_bytes(Zeroizing::new([seed; 32]))
}

fn pair_of(seed: u8) -> (Channel, Channel) {
    let initiator = Initiator::new(ephemeral(seed), b"prologue").expect("a handshake");
    let first = *ephemeral(seed).public().as_bytes();
    let answered = respond(&key(9), ephemeral(seed + 1), b"prologue", &first, b"payload").expect("answered");
    let finished = initiator.finish(&answered.message).expect("finished");
    (finished.channel, answered.channel)
}

fn pair() -> (Channel, Channel) {
    pair_of(1)
}

fn one(channel: &mut Channel, message: &[u8]) -> Vec<u8> {
    let mut pieces = channel.seal(message).expect("sealed");
    assert_eq!(pieces.len(), 1);
    pieces.remove(0)
}

#[test]
fn messages_of_every_size_arrive_whole_in_both_directions() {
    let (mut device, mut server) = pair();
    for size in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, LIMIT] {
        let message: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).expect("small")).collect();
        for forth in [true, false] {
            let (from, to) = if forth { (&mut device, &mut server) } else { (&mut server, &mut device) };
            let pieces = from.seal(&message).expect("sealed");
            assert_eq!(pieces.len(), size.max(1).div_ceil(PIECE_BYTES));
            let (last, before) = pieces.split_last().expect("a piece");
            for piece in before {
                assert_eq!(piece.len(), NOISE_BYTES);
                assert_eq!(to.open(piece, LIMIT), Ok(None));
            }
            assert_eq!(to.open(last, LIMIT), Ok(Some(message.clone())), "{size}");
        }
    }
}

#[test]
fn a_changed_cut_or_longer_piece_ends_the_channel() {
    for at in 0..40 {
        let (mut device, mut server) = pair();
        let mut piece = one(&mut device, b"twenty-three bytes long");
        piece[at] ^= 1;
        assert_eq!(server.open(&piece, LIMIT), Err(ChannelError::Decrypt), "{at}");
        piece[at] ^= 1;
        assert_eq!(server.open(&piece, LIMIT), Err(ChannelError::Broken), "{at}");
        assert_eq!(server.seal(b"no more"), Err(ChannelError::Broken));
    }
    for size in 0..40 {
        let (mut device, mut server) = pair();
        let piece = one(&mut device, b"twenty-three bytes long");
        let error = if size < 17 { ChannelError::Length } else { ChannelError::Decrypt };
        assert_eq!(server.open(&piece[..size], LIMIT), Err(error), "{size}");
    }
    let (mut device, mut server) = pair();
    let longer = [one(&mut device, b"a"), vec![0]].concat();
    assert_eq!(server.open(&longer, LIMIT), Err(ChannelError::Decrypt));
    let (_, mut server) = pair();
    assert_eq!(server.open(&vec![0; NOISE_BYTES + 1], usize::MAX), Err(ChannelError::Length));
}

#[test]
fn a_piece_sent_twice_left_out_out_of_order_or_sent_back_is_refused() {
    let (mut device, mut server) = pair();
    let first = one(&mut device, b"first");
    assert!(server.open(&first, LIMIT).is_ok());
    assert_eq!(server.open(&first, LIMIT), Err(ChannelError::Decrypt));

    let (mut device, mut server) = pair();
    let _lost = one(&mut device, b"first");
    let second = one(&mut device, b"second");
    assert_eq!(server.open(&second, LIMIT), Err(ChannelError::Decrypt));

    let (mut device, _) = pair();
    let own = one(&mut device, b"first");
    assert_eq!(device.open(&own, LIMIT), Err(ChannelError::Decrypt));
}

#[test]
fn a_piece_of_another_handshake_is_refused() {
    let (mut other, _) = pair_of(20);
    let (_, mut server) = pair();
    assert_eq!(server.open(&one(&mut other, b"first"), LIMIT), Err(ChannelError::Decrypt));
}

#[test]
fn a_message_over_the_limit_is_refused_before_its_last_piece() {
    let (mut device, mut server) = pair();
    let pieces = device.seal(&vec![7; 3 * PIECE_BYTES]).expect("sealed");
    let limit = 2 * PIECE_BYTES - 1;
    assert_eq!(server.open(&pieces[0], limit), Ok(None));
    assert_eq!(server.open(&pieces[1], limit), Err(ChannelError::TooLong { limit }));

    let (mut device, mut server) = pair();
    assert_eq!(server.open(&one(&mut device, &[7; 100]), 100), Ok(Some(vec![7; 100])));
    assert_eq!(server.open(&one(&mut device, &[7; 101]), 100), Err(ChannelError::TooLong { limit: 100 }));
}

fn hello() -> Hello {
    Hello::sign(SessionId::new("s").expect("an id"), KeyId::new("k").expect("an id"))
        .with_token(Token::new("t.s").expect("a token"))
        .with_request_id(RequestId::from_bytes([1; 16]))
}

/// Every field of the hello is bound: what is changed on the way makes the handshake fail.
#[test]
fn a_changed_hello_gives_another_prologue() {
    let id = |text| SessionId::new(text).expect("an id");
    let key = |text| KeyId::new(text).expect("an id");
    let token = |text| Token::new(text).expect("a token");
    let request = |seed| RequestId::from_bytes([seed; 16]);
    let hellos = [
        hello(),
        Hello::sign(id("s2"), key("k")).with_token(token("t.s")).with_request_id(request(1)),
        Hello::sign(id("s"), key("k2")).with_token(token("t.s")).with_request_id(request(1)),
        Hello::sign(id("s"), key("k")).with_request_id(request(1)),
        Hello::sign(id("s"), key("k")).with_token(token("t.s2")).with_request_id(request(1)),
        Hello::sign(id("s"), key("k")).with_token(token("t.s")).with_request_id(request(2)),
        Hello::sign(id("s"), key("k")).with_token(token("t.s")),
        Hello::refresh(id("s"), key("k")).with_token(token("t.s")),
        Hello::dkg(id("s"), Some(key("k"))).with_token(token("t.s")),
        Hello::dkg(id("s"), None).with_token(token("t.s")),
        hello().with_session_id_hint(id("h")),
        hello().with_step_up(StepUp::new("code").expect("a code")),
        hello().resuming([0; 32], [2; 16]),
        hello().resuming([0; 32], [3; 16]),
    ];
    for (at, one) in hellos.iter().enumerate() {
        for (other_at, other) in hellos.iter().enumerate() {
            let same = prologue(one) == prologue(other);
            assert_eq!(same, at == other_at, "{at} {other_at}");
            let initiator = Initiator::new(ephemeral(1), &prologue(one)).expect("a handshake");
            let first = *ephemeral(1).public().as_bytes();
            let answered =
                respond(&self::key(9), ephemeral(2), &prologue(other), &first, b"").expect("answered");
            let finished = initiator.finish(&answered.message).map(|_| ());
            assert_eq!(finished, if same { Ok(()) } else { Err(ChannelError::Handshake) });
        }
    }
}

/// Neighbouring fields cannot lend each other bytes.
#[test]
fn the_prologue_keeps_fields_apart() {
    let named = |session: &str, key: &str| {
        let session = SessionId::new(session).expect("an id");
        prologue(&Hello::dkg(session, KeyId::new(key).ok())).to_vec()
    };
    assert_ne!(named("ab", "c"), named("a", "bc"));
    assert_ne!(named("a", "a"), named("a", ""));
}

#[test]
fn a_changed_second_message_is_refused() {
    let first = *ephemeral(1).public().as_bytes();
    let message = respond(&key(9), ephemeral(2), b"p", &first, b"payload").expect("answered").message;
    let finish =
        |message: &[u8]| Initiator::new(ephemeral(1), b"p").expect("a handshake").finish(message).map(|_| ());
    assert_eq!(finish(&message), Ok(()));
    for at in 0..message.len() {
        let mut changed = message.clone();
        changed[at] ^= 0x40;
        assert_eq!(finish(&changed), Err(ChannelError::Handshake), "{at}");
        assert_eq!(finish(&message[..at]), Err(ChannelError::Handshake), "{at}");
    }
    assert_eq!(finish(&[&message[..], &[0]].concat()), Err(ChannelError::Handshake));
    assert_eq!(finish(&vec![0; 4096]), Err(ChannelError::Handshake));
}

#[test]
fn a_server_with_another_key_is_not_the_pinned_one() {
    let first = *ephemeral(1).public().as_bytes();
    let message = respond(&key(9), ephemeral(2), b"p", &first, b"payload").expect("answered").message;
    let finish =
        || Initiator::new(ephemeral(1), b"p").expect("a handshake").finish(&message).expect("finished");
    assert!(finish().pinned(&key(9).public()).is_ok());
    assert_eq!(finish().pinned(&key(8).public()).map(|_| ()), Err(ChannelError::WrongKey));
}

#[test]
fn the_payload_is_short_and_read_by_the_initiator_alone() {
    let first = *ephemeral(1).public().as_bytes();
    let long = respond(&key(9), ephemeral(2), b"p", &first, &[0; 513]).map(|_| ());
    assert_eq!(long, Err(ChannelError::Payload));
    let answered = respond(&key(9), ephemeral(2), b"p", &first, &[0xca; 512]).expect("answered");
    assert!(!answered.message.windows(4).any(|four| four == [0xca; 4]));
    let other = Initiator::new(ephemeral(3), b"p").expect("a handshake");
    assert_eq!(other.finish(&answered.message).map(|_| ()), Err(ChannelError::Handshake));
}

#[test]
fn no_channel_shows_its_content() {
    let (mut device, mut server) = pair();
    let pieces = device.seal(&vec![0xca; PIECE_BYTES + 1]).expect("sealed");
    assert_eq!(server.open(&pieces[0], LIMIT), Ok(None));
    assert_eq!(format!("{server:?}"), "Channel { .. }");
}

proptest! {
    #[test]
    fn no_bytes_panic_either_side(
        first in any::<[u8; 32]>(), bytes in proptest::collection::vec(any::<u8>(), 0..700), limit in 0usize..800,
    ) {
        if let Ok(answered) = respond(&key(9), ephemeral(2), b"p", &first, b"payload") {
            let mut channel = answered.channel;
            let _ = channel.open(&bytes, limit);
        }
        let _ = Initiator::new(ephemeral(1), b"p").expect("a handshake").finish(&bytes);
    }

    #[test]
    fn what_is_sealed_is_opened(messages in proptest::collection::vec(
        proptest::collection::vec(any::<u8>(), 0..300), 1..8,
    )) {
        let (mut device, mut server) = pair();
        for message in messages {
            let piece = one(&mut device, &message);
            prop_assert_eq!(server.open(&piece, 300), Ok(Some(message)));
        }
    }
}
