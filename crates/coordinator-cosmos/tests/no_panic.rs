//! No bytes make the crate panic, and whatever it accepts it accepts in one spelling only.

#![cfg(test)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maany_coordinator_cosmos::{Address, Amount, Denom, Hrp, SignDoc, SignMode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

/// The sign docs that CosmJS made.
fn honest() -> Vec<(SignMode, Vec<u8>)> {
    let files = [
        (SignMode::Direct, include_str!("vectors/direct.json")),
        (SignMode::AminoJson, include_str!("vectors/amino.json")),
    ];
    let load = |(mode, file)| {
        let file: Value = serde_json::from_str(file).unwrap();
        let docs = file["vectors"].as_array().unwrap().clone();
        docs.into_iter().map(move |v| (mode, STANDARD.decode(v["signDoc"].as_str().unwrap()).unwrap()))
    };
    files.into_iter().flat_map(load).collect()
}

/// Parses, and uses all that an accepted doc offers.
fn exercise(mode: SignMode, bytes: &[u8]) {
    let Ok(doc) = SignDoc::parse(mode, bytes) else { return };
    assert_eq!(doc.sign_bytes(), bytes);
    let tx = doc.decoded();
    let hidden = |c: char| {
        c != '\n' && (c.is_control() || matches!(c, '\u{200e}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    };
    assert!(!tx.to_string().contains(hidden));
    serde_json::to_string(tx).unwrap();
    tx.signer(&[2; 33]);
    let _ = tx.outflow(&Address::from_bytes(&[1; 20], &Hrp::parse("cosmos").unwrap()).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes(bytes in vec(any::<u8>(), 0..512)) {
        exercise(SignMode::Direct, &bytes);
        exercise(SignMode::AminoJson, &bytes);
    }

    #[test]
    fn random_json(text in "[\\[\\]{}:,\"a-z0-9\\\\ .eE+-]{0,200}") {
        exercise(SignMode::AminoJson, text.as_bytes());
    }

    #[test]
    fn changed_docs((mode, doc) in select(honest()), at in any::<Index>(), edit in vec(any::<u8>(), 0..4), drop in 0usize..4) {
        let at = at.index(doc.len());
        let mut changed = doc[..at].to_vec();
        changed.extend_from_slice(&edit);
        changed.extend_from_slice(&doc[(at + drop).min(doc.len())..]);
        exercise(mode, &changed);
    }

    #[test]
    fn texts_of_every_kind(text in ".{0,100}") {
        if let Ok(address) = Address::parse(&text) { prop_assert_eq!(address.as_str(), &text); }
        if let Ok(hrp) = Hrp::parse(&text) { prop_assert_eq!(hrp.as_str(), &text); }
        if let Ok(amount) = Amount::parse(&text) { prop_assert_eq!(amount.as_str(), &text); }
        if let Ok(denom) = Denom::parse(&text) { prop_assert_eq!(denom.as_str(), &text); }
    }

    #[test]
    fn addresses_are_read_back(prefix in "[a-z]{1,20}", bytes in vec(any::<u8>(), 1..=255)) {
        let address = Address::from_bytes(&bytes, &Hrp::parse(&prefix).unwrap()).unwrap();
        let again = Address::parse(address.as_str()).unwrap();
        prop_assert_eq!(again.as_bytes(), &bytes[..]);
        prop_assert_eq!(again.hrp(), prefix);
    }
}

/// One flipped bit of a signed doc is refused, or it is another doc that is shown with the flipped bit in it.
#[test]
fn every_flipped_bit_is_seen() {
    for (mode, doc) in honest() {
        let before = SignDoc::parse(mode, &doc).unwrap();
        for bit in 0..doc.len() * 8 {
            let mut flipped = doc.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(after) = SignDoc::parse(mode, &flipped) {
                assert_ne!(after.digest(), before.digest());
                assert_ne!(after.decoded(), before.decoded(), "bit {bit} of {mode}");
            }
        }
    }
}
