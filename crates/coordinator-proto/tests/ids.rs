//! Ids are well-formed or do not exist, have one text each, and their errors repeat nothing.

use core::time::Duration;

use maany_coordinator_proto::{
    ChainId, Digest, Epoch, IdError, Intent, KeyId, Limits, Millis, RequestId, SessionId, ShareId, WalletId,
};
use proptest::prelude::*;

#[test]
fn text_ids_keep_to_their_alphabet_and_length() {
    for text in ["a", "AZaz09._:-", &"k".repeat(128)] {
        assert_eq!(SessionId::new(text).expect("an id").as_str(), text);
        assert_eq!(text.parse::<KeyId>().expect("an id").to_string(), text);
    }
    let refused =
        |text: &str| (SessionId::new(text).expect_err("refused"), KeyId::new(text).expect_err("refused"));
    assert_eq!(refused(""), (IdError::Empty, IdError::Empty));
    let too_long = IdError::TooLong { limit: 128 };
    assert_eq!(refused(&"k".repeat(129)), (too_long, too_long));
    for text in ["a/b", "a b", "a\n", "a+", "a=", "é", "\0", "a%2f", "..\\x"] {
        assert_eq!(refused(text), (IdError::Alphabet, IdError::Alphabet), "{text:?}");
    }
}

#[test]
fn chain_ids_have_at_most_fifty_characters() {
    for text in ["cosmoshub-4", "evmos_9001-2", "test", &"c".repeat(50)] {
        assert_eq!(ChainId::new(text).expect("an id").as_str(), text);
    }
    assert_eq!(ChainId::new(&"c".repeat(51)), Err(IdError::TooLong { limit: 50 }));
    for text in ["a:b", "a b", "a/b"] {
        assert_eq!(ChainId::new(text), Err(IdError::Alphabet));
    }
}

#[test]
fn fixed_ids_have_exactly_one_text() {
    let text = "00112233445566778899aabbccddeeff";
    let id = WalletId::from_hex(text).expect("an id");
    assert_eq!((id.to_string().as_str(), id.as_bytes()[15]), (text, 0xff));
    assert_eq!(format!("{id:?}"), format!("WalletId({text})"));
    let wrong = [
        &text[1..],
        "",
        &text.to_uppercase(),
        "00112233445566778899aabbccddeefg",
        " 0112233445566778899aabbccddeeff",
    ];
    for text in wrong {
        assert_eq!(WalletId::from_hex(text), Err(IdError::NotHex { digits: 32 }), "{text:?}");
        assert_eq!(text.parse::<RequestId>(), Err(IdError::NotHex { digits: 32 }), "{text:?}");
    }
    assert_eq!(Digest::from_hex("00"), Err(IdError::NotHex { digits: 64 }));
}

#[test]
fn epochs_start_at_one_and_do_not_wrap() {
    assert_eq!(Epoch::new(0), Err(IdError::EpochZero));
    assert_eq!(Epoch::FIRST.next().map(Epoch::get), Ok(2));
    assert_eq!(Epoch::new(u64::MAX).expect("an epoch").next(), Err(IdError::EpochExhausted));
}

#[test]
fn share_ids_are_twenty_four_bytes_epoch_first() {
    let id = ShareId::new(Epoch::new(0x0102).expect("an epoch"), [7; 16]);
    let bytes = id.to_bytes();
    assert_eq!(bytes[..8], [0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(bytes[8..], [7; 16]);
    assert_eq!(ShareId::from_bytes(bytes), Ok(id));
    assert_eq!(ShareId::from_bytes([0; 24]), Err(IdError::EpochZero));
    assert_eq!(id.to_string(), "258.07070707070707070707070707070707");
}

#[test]
fn time_neither_wraps_nor_runs_backwards() {
    let end = Millis::new(u64::MAX);
    assert_eq!(end.after(Duration::from_secs(1)), end);
    assert_eq!(Millis::new(5).after(Duration::MAX), end);
    assert_eq!(Millis::new(5).since(Millis::new(9)), Duration::ZERO);
    assert_eq!(Millis::new(9).since(Millis::new(5)), Duration::from_millis(4));
}

#[test]
fn intents_have_their_words_and_their_limits() {
    let limits = Limits::default();
    for intent in [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore] {
        assert_eq!(Intent::from_word(intent.as_str()), Some(intent));
        let bytes = if intent == Intent::Sign { 168 * 1024 } else { 300 * 1024 };
        assert_eq!(limits.message_bytes(intent), bytes);
    }
    assert_eq!(Intent::from_word("DKG"), None);
}

proptest! {
    #[test]
    fn errors_repeat_nothing(tail in "[a-z]{0,8}") {
        let text = format!("canary{tail}/");
        for error in [SessionId::new(&text).err(), ChainId::new(&text).err(), WalletId::from_hex(&text).err()] {
            let error = error.expect("refused");
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains("canary"));
        }
    }

    #[test]
    fn share_ids_are_read_back(epoch in 1u64.., tag in any::<[u8; 16]>()) {
        let id = ShareId::new(Epoch::new(epoch).expect("an epoch"), tag);
        prop_assert_eq!(ShareId::from_bytes(id.to_bytes()), Ok(id));
    }
}
