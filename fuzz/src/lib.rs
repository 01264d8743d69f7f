//! The properties of the decoders: no bytes panic, and what is accepted encodes to the bytes that came in, with what is unknown reported.
//!
//! `fuzz_targets/` hands them to libFuzzer, `src/bin/seeded.rs` to a mutator that needs no nightly compiler.

mod corpus;

use maany_coordinator_cosmos::schema::MessageSchema;
use maany_coordinator_cosmos::tree::Message;
use maany_coordinator_cosmos::{Address, DecodedMsg, DecodedTx, SignDoc, SignMode, SignedTx};

pub use corpus::corpus;

/// Every target: its name and its property.
pub const TARGETS: [(&str, fn(&[u8])); 4] =
    [("direct", direct), ("amino", amino), ("tx_raw", tx_raw), ("message", message)];

/// A sign doc of `SIGN_MODE_DIRECT`.
pub fn direct(bytes: &[u8]) {
    if let Ok(doc) = SignDoc::parse(SignMode::Direct, bytes) {
        signed(&doc, bytes);
    }
}

/// A sign doc of `SIGN_MODE_LEGACY_AMINO_JSON`.
pub fn amino(bytes: &[u8]) {
    if let Ok(doc) = SignDoc::parse(SignMode::AminoJson, bytes) {
        signed(&doc, bytes);
    }
}

/// A transaction as it is broadcast.
pub fn tx_raw(bytes: &[u8]) {
    if let Ok(tx) = SignedTx::parse(bytes) {
        assert_eq!(tx.encode(), bytes);
        shown(&tx.to_string());
        serde_json::to_string(&tx).expect("a transaction has a JSON view");
        tx.messages().iter().for_each(one);
    }
}

/// A message by itself: two bytes that choose its type, then the message.
pub fn message(bytes: &[u8]) {
    let Some((head, bytes)) = bytes.split_first_chunk::<2>() else { return };
    let index = usize::from(u16::from_le_bytes(*head)) % MessageSchema::all().count();
    let Some(schema) = MessageSchema::all().nth(index) else { return };
    if let Ok(message) = Message::decode(schema, bytes) {
        assert_eq!(message.encode(), bytes);
        assert_eq!(message.has_unknown_fields(), !message.unknown_fields().is_empty());
        if let Ok(decoded) = DecodedMsg::from_message(message) {
            one(&decoded);
        }
    }
}

fn signed(doc: &SignDoc, bytes: &[u8]) {
    assert_eq!(doc.sign_bytes(), bytes);
    let tx: &DecodedTx = doc.decoded();
    shown(&tx.to_string());
    serde_json::to_string(tx).expect("a transaction has a JSON view");
    tx.messages.iter().for_each(one);
    for signer in tx.messages.iter().filter_map(|message| message.signers().ok()).flatten() {
        let _ = tx.outflow(&signer);
    }
    let stranger = Address::parse("cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5").expect("an address");
    let _ = tx.outflow(&stranger);
}

fn one(message: &DecodedMsg) {
    shown(&message.to_string());
    serde_json::to_string(message).expect("a message has a JSON view");
    if let DecodedMsg::Decoded(tree) = message {
        let again = Message::decode(tree.schema(), &tree.encode()).expect("what was decoded decodes");
        assert_eq!(&again, tree);
        assert!(message.is_fully_decoded() <= !tree.has_unknown_fields());
    }
}

/// No text moves a cursor or turns its neighbours around.
fn shown(text: &str) {
    let hidden = |c: char| {
        c != '\n'
            && (c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    };
    assert!(!text.contains(hidden), "a hidden character is shown: {text:?}");
}
