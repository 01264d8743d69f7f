//! What it costs to read a sign doc: decode, render and digest, beside cosmrs, which decodes and digests alone.
//!
//! `cargo xtask bench --cosmos` runs it and compares the figures with those that are to be reached.

#![allow(missing_docs, reason = "the macros of criterion write undocumented functions")]

use std::hint::black_box;

use cosmrs::Any;
use cosmrs::proto::cosmos::authz::v1beta1::MsgExec;
use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmos::base::v1beta1::Coin;
use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, Fee, ModeInfo, SignDoc as ProtoSignDoc, SignerInfo, TxBody, mode_info,
};
use criterion::{Criterion, criterion_group, criterion_main};
use maany_coordinator_cosmos::{SignDoc, SignMode};
use prost::Message;
use sha2::{Digest, Sha256};

const ALICE: &str = "cosmos150aydpjffdyy4zk83l2v0qvuvzvdf7h2l04t9u";
const BOB: &str = "cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5";
const GENERATOR: [u8; 33] = [
    0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07,
    0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
];

fn any(type_url: &str, message: &impl Message) -> Any {
    Any { type_url: type_url.to_owned(), value: message.encode_to_vec() }
}

fn coin(amount: &str) -> Coin {
    Coin { denom: "uatom".to_owned(), amount: amount.to_owned() }
}

fn send() -> Any {
    let send = MsgSend { from_address: ALICE.into(), to_address: BOB.into(), amount: vec![coin("1234567")] };
    any("/cosmos.bank.v1beta1.MsgSend", &send)
}

fn exec() -> Any {
    let exec = MsgExec { grantee: ALICE.into(), msgs: vec![send(); 100] };
    any("/cosmos.authz.v1beta1.MsgExec", &exec)
}

fn sign_doc(message: Any) -> Vec<u8> {
    let single = mode_info::Single { mode: 1 };
    let signer = SignerInfo {
        public_key: Some(any("/cosmos.crypto.secp256k1.PubKey", &PubKey { key: GENERATOR.to_vec() })),
        mode_info: Some(ModeInfo { sum: Some(mode_info::Sum::Single(single)) }),
        sequence: 7,
    };
    let fee = Fee { amount: vec![coin("5000")], gas_limit: 200_000, ..Fee::default() };
    let auth = AuthInfo { signer_infos: vec![signer], fee: Some(fee), ..AuthInfo::default() };
    let body = TxBody { messages: vec![message], memo: "thanks".to_owned(), ..TxBody::default() };
    let doc = ProtoSignDoc {
        body_bytes: body.encode_to_vec(),
        auth_info_bytes: auth.encode_to_vec(),
        chain_id: "cosmoshub-4".to_owned(),
        account_number: 42,
    };
    doc.encode_to_vec()
}

/// Everything that stands between the bytes and a person's decision.
fn ours(bytes: &[u8]) -> (String, [u8; 32]) {
    let doc = SignDoc::parse(SignMode::Direct, bytes).expect("the doc is canonical");
    (doc.decoded().to_string(), doc.digest())
}

/// What cosmrs offers for it: each part and each message decoded into its type, unknown fields dropped.
fn cosmrs(bytes: &[u8]) -> (usize, [u8; 32]) {
    let doc = ProtoSignDoc::decode(bytes).expect("it decodes");
    let body = TxBody::decode(&*doc.body_bytes).expect("it decodes");
    let auth = AuthInfo::decode(&*doc.auth_info_bytes).expect("it decodes");
    let sends = body.messages.iter().map(sends).sum::<usize>();
    (sends + auth.signer_infos.len(), Sha256::digest(bytes).into())
}

fn sends(any: &Any) -> usize {
    match any.type_url.as_str() {
        "/cosmos.authz.v1beta1.MsgExec" => {
            MsgExec::decode(&*any.value).expect("it decodes").msgs.iter().map(sends).sum()
        }
        _ => MsgSend::decode(&*any.value).expect("it decodes").amount.len(),
    }
}

fn benches(criterion: &mut Criterion) {
    for (name, doc) in [("msg-send", sign_doc(send())), ("exec-of-100", sign_doc(exec()))] {
        let mut group = criterion.benchmark_group(name);
        group.bench_function("ours", |bencher| bencher.iter(|| ours(black_box(&doc))));
        group.bench_function("cosmrs", |bencher| bencher.iter(|| cosmrs(black_box(&doc))));
        group.finish();
    }
}

criterion_group!(decode, benches);
criterion_main!(decode);
