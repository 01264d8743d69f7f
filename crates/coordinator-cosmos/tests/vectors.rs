//! The crate against CosmJS: addresses, sign docs of both modes and envelopes that `tests/node/vectors.mjs` made, byte for byte.

#![cfg(test)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use maany_coordinator_cosmos::{
    Address, Coin, DecodedMsg, DecodedTx, Fee, Hrp, MsgSend, Opaque, SignDoc, SignMode, SignerKey,
    SignerMode, TxDraft, TxRaw, digest,
};
use serde_json::Value;

const ADDRESSES: &str = include_str!("vectors/addresses.json");
const DIRECT: &str = include_str!("vectors/direct.json");
const AMINO: &str = include_str!("vectors/amino.json");

#[test]
fn addresses_are_those_of_cosmjs() {
    let vectors = load(ADDRESSES);
    assert_eq!(vectors.len(), 50);
    for vector in vectors {
        let hrp = Hrp::parse(text(&vector["hrp"])).unwrap();
        let address = Address::from_public_key(&key(&vector), &hrp).unwrap();
        assert_eq!(address.as_str(), text(&vector["address"]));
        assert_eq!(hex::encode(address.as_bytes()), text(&vector["bytes"]));
        assert_eq!(Address::parse_with(text(&vector["address"]), &hrp).unwrap(), address);
    }
}

#[test]
fn sign_docs_are_parsed_and_say_what_cosmjs_put_in() {
    for (mode, vector) in both() {
        let name = text(&vector["name"]);
        let doc = SignDoc::parse(mode, &bytes(&vector["signDoc"])).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(doc.sign_bytes(), bytes(&vector["signDoc"]), "{name}");
        assert_eq!(hex::encode(doc.digest()), text(&vector["digest"]), "{name}");
        says(&vector, mode, doc.decoded());
    }
}

#[test]
fn drafts_give_the_sign_docs_of_cosmjs() {
    let mut made = 0;
    for (mode, vector) in both() {
        let Some(draft) = draft(&vector) else { continue };
        let name = text(&vector["name"]);
        let doc = draft.sign_doc(mode).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(doc.sign_bytes(), bytes(&vector["signDoc"]), "{name}");
        assert_eq!(draft.body_bytes(), bytes(&vector["body"]), "{name}");
        assert_eq!(draft.auth_info_bytes(mode).unwrap(), bytes(&vector["authInfo"]), "{name}");
        let signature = signature(&vector);
        assert_eq!(draft.tx_raw(mode, &signature).unwrap().as_bytes(), bytes(&vector["txRaw"]), "{name}");
        made += 1;
    }
    assert_eq!(made, 31, "only what this crate does not decode is left out");
}

#[test]
fn envelopes_and_hashes_are_those_of_cosmjs() {
    for (mode, vector) in both() {
        let (body, auth_info) = (bytes(&vector["body"]), bytes(&vector["authInfo"]));
        let raw = TxRaw::assemble(&body, &auth_info, &[signature(&vector)]);
        assert_eq!(raw.as_bytes(), bytes(&vector["txRaw"]));
        assert_eq!(hex::encode_upper(raw.hash()), text(&vector["txHash"]));
        if let SignDoc::Direct(doc) = SignDoc::parse(mode, &bytes(&vector["signDoc"])).unwrap() {
            assert_eq!((doc.body_bytes(), doc.auth_info_bytes()), (&body[..], &auth_info[..]));
            assert_eq!(doc.tx_raw(&[signature(&vector)]), raw);
        }
    }
}

#[test]
fn the_digest_is_what_the_signature_of_cosmjs_signs() {
    for (_, vector) in both() {
        let signed = digest(&bytes(&vector["signDoc"]));
        let signature = Signature::from_slice(&signature(&vector)).unwrap();
        VerifyingKey::from_sec1_bytes(&key(&vector)).unwrap().verify_prehash(&signed, &signature).unwrap();
    }
}

/// Compares a decoded transaction with the meaning that the generator was given.
fn says(vector: &Value, mode: SignMode, tx: &DecodedTx) {
    let (name, want) = (text(&vector["name"]), &vector["tx"]);
    assert_eq!(tx.mode, mode, "{name}");
    assert_eq!(tx.chain_id, text(&want["chainId"]), "{name}");
    assert_eq!(tx.account_number, number(&want["accountNumber"]), "{name}");
    assert_eq!(tx.memo, text(&want["memo"]), "{name}");
    assert_eq!(tx.timeout_height, want.get("timeoutHeight").map(number), "{name}");
    assert_eq!(tx.unordered, want.get("unordered").is_some(), "{name}");
    let time = want.get("timeoutTimestamp").map(|_| "2026-12-31T23:59:59.25Z");
    assert_eq!(tx.timeout_timestamp.as_deref(), time, "{name}");
    assert_eq!(tx.extension_options, options(&want["extensionOptions"]), "{name}");
    assert_eq!(tx.non_critical_extension_options, options(&want["nonCriticalExtensionOptions"]), "{name}");
    assert_eq!(tx.fee, fee(want), "{name}");

    let signer = tx.signer(&key(vector)).unwrap_or_else(|| panic!("{name}: no signer"));
    assert_eq!(signer.sequence, number(&want["sequence"]), "{name}");
    match mode {
        SignMode::Direct => {
            assert_eq!((&signer.key, signer.mode), (&SignerKey::Secp256k1(key(vector)), SignerMode::Direct));
        }
        SignMode::AminoJson => {
            assert_eq!((&signer.key, signer.mode), (&SignerKey::Absent, SignerMode::AminoJson));
        }
    }

    let messages = want["messages"].as_array().unwrap();
    assert_eq!(tx.messages.len(), messages.len(), "{name}");
    for (read, want) in tx.messages.iter().zip(messages) {
        let Some(type_url) = want.get("typeUrl") else {
            assert_eq!(read, &DecodedMsg::Send(send(want)), "{name}");
            continue;
        };
        match (mode, read) {
            (SignMode::Direct, DecodedMsg::Decoded(tree)) => {
                assert_eq!(tree.type_url(), text(type_url), "{name}");
                assert_eq!(hex::encode(tree.encode()), text(&want["value"]), "{name}");
            }
            (SignMode::AminoJson, DecodedMsg::Unknown { type_url: found, value }) => {
                assert_eq!(found, text(&want["aminoType"]), "{name}");
                assert_eq!(serde_json::from_slice::<Value>(value).unwrap(), want["aminoValue"], "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// The draft that means the same, where the crate can make one.
fn draft(vector: &Value) -> Option<TxDraft> {
    let want = &vector["tx"];
    let messages = want["messages"].as_array().unwrap();
    let foreign = messages.iter().any(|m| m.get("typeUrl").is_some());
    if foreign || want.get("unordered").is_some() || want.get("extensionOptions").is_some() {
        return None;
    }
    Some(TxDraft {
        chain_id: text(&want["chainId"]).to_owned(),
        account_number: number(&want["accountNumber"]),
        sequence: number(&want["sequence"]),
        public_key: key(vector),
        messages: messages.iter().map(send).collect(),
        fee: fee(want),
        memo: text(&want["memo"]).to_owned(),
        timeout_height: want.get("timeoutHeight").map(number),
    })
}

fn send(value: &Value) -> MsgSend {
    let address = |field: &str| Address::parse(text(&value[field])).unwrap();
    MsgSend::new(address("from"), address("to"), coins(&value["amounts"])).unwrap()
}

fn fee(tx: &Value) -> Fee {
    let fee = &tx["fee"];
    let address = |field: &str| fee.get(field).map(|a| Address::parse(text(a)).unwrap());
    Fee {
        amounts: coins(&fee["amounts"]),
        gas: number(&fee["gas"]),
        payer: address("payer"),
        granter: address("granter"),
    }
}

fn coins(value: &Value) -> Vec<Coin> {
    let coin = |c: &Value| Coin::parse(text(&c["amount"]), text(&c["denom"])).unwrap();
    value.as_array().unwrap().iter().map(coin).collect()
}

fn options(value: &Value) -> Vec<Opaque> {
    let option = |o: &Value| Opaque {
        type_url: text(&o["typeUrl"]).to_owned(),
        value: hex::decode(text(&o["value"])).unwrap(),
    };
    value.as_array().map_or_else(Vec::new, |all| all.iter().map(option).collect())
}

fn both() -> impl Iterator<Item = (SignMode, Value)> {
    let direct = load(DIRECT).into_iter().map(|v| (SignMode::Direct, v));
    direct.chain(load(AMINO).into_iter().map(|v| (SignMode::AminoJson, v)))
}

fn load(file: &str) -> Vec<Value> {
    let mut file: Value = serde_json::from_str(file).unwrap();
    assert_eq!(file["provenance"]["generator"], "tests/node/vectors.mjs");
    serde_json::from_value(file["vectors"].take()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> u64 {
    text(value).parse().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(text(value)).unwrap()
}

fn key(vector: &Value) -> [u8; 33] {
    hex::decode(text(&vector["publicKey"])).unwrap().try_into().unwrap()
}

fn signature(vector: &Value) -> [u8; 64] {
    hex::decode(text(&vector["signature"])).unwrap().try_into().unwrap()
}
