//! The walker over the tables: every message that can be written is read and encodes to its bytes, and hostile bytes cost no more than their size.

#![cfg(test)]

use std::time::{Duration, Instant};

use cosmrs::Any as ProtoAny;
use cosmrs::proto::cosmos::tx::v1beta1::{AuthInfo, Fee, SignDoc as ProtoSignDoc, TxBody};
use maany_coordinator_cosmos::schema::{Count, FieldSchema, Kind, MessageSchema};
use maany_coordinator_cosmos::tree::{MAX_ANY_DEPTH, MAX_DEPTH, Message};
use maany_coordinator_cosmos::{Address, CosmosError, DecodedMsg, SignDoc, SignMode};
use proptest::prelude::*;
use prost::Message as _;

const EXEC: &str = "/cosmos.authz.v1beta1.MsgExec";
const WALLET: &str = "cosmos150aydpjffdyy4zk83l2v0qvuvzvdf7h2l04t9u";

fn schema(name: &str) -> &'static MessageSchema {
    MessageSchema::by_name(name).unwrap_or_else(|| panic!("no table of {name}"))
}

/// Writes canonical protobuf of any message, by other code than the crate's encoder. xorshift64*.
struct Writer {
    state: u64,
    unknown: usize,
}

impl Writer {
    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }

    fn message(&mut self, schema: &MessageSchema, depth: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let mut oneofs = Vec::new();
        let mut last = 0;
        for field in schema.fields {
            // A gap in the numbers is a place for a field that nobody knows.
            if field.number > last + 1 && self.below(8) == 0 {
                self.strange(&mut out, last + 1);
            }
            last = field.number;
            if self.below(2) == 0 {
                continue;
            }
            match field.count {
                Count::OneOf(name) if oneofs.contains(&name) => {}
                Count::OneOf(name) => {
                    oneofs.push(name);
                    self.field(&mut out, field, depth);
                }
                Count::Repeated if !is_delimited(field.kind) => {
                    let run: Vec<u8> = (0..=self.below(3)).flat_map(|_| self.number(field.kind)).collect();
                    delimited(&mut out, field.number, &run);
                }
                Count::Repeated | Count::Map => {
                    (0..=self.below(3)).for_each(|_| self.field(&mut out, field, depth));
                }
                Count::One | Count::Optional => self.field(&mut out, field, depth),
            }
        }
        if self.below(8) == 0 {
            self.strange(&mut out, last + 1);
        }
        out
    }

    fn strange(&mut self, out: &mut Vec<u8>, number: u32) {
        self.unknown += 1;
        match self.below(3) {
            0 => out.extend([varint(u64::from(number) << 3), vec![5]].concat()),
            1 => out.extend([varint(u64::from(number) << 3 | 1), vec![0; 8]].concat()),
            _ => delimited(out, number, b"strange"),
        }
    }

    fn field(&mut self, out: &mut Vec<u8>, field: &FieldSchema, depth: u64) {
        match field.kind {
            Kind::String => delimited(out, field.number, "t\u{202e}\u{0}\u{f6}".as_bytes()),
            Kind::Bytes => delimited(out, field.number, &[0xff, 0, 7]),
            Kind::Message(inner) if inner.is_any() => {
                let any = self.any(depth);
                delimited(out, field.number, &any);
            }
            // `Any` has its own depth; other messages end by themselves.
            Kind::Message(inner) if depth > 0 => {
                let inner = self.message(inner, depth - 1);
                delimited(out, field.number, &inner);
            }
            Kind::Message(_) => delimited(out, field.number, &[]),
            kind => {
                let wire_type = match kind {
                    Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 1,
                    Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 5,
                    _ => 0,
                };
                out.extend(varint(u64::from(field.number) << 3 | wire_type));
                out.extend(self.number(kind));
            }
        }
    }

    fn any(&mut self, depth: u64) -> Vec<u8> {
        let count = MessageSchema::all().count() as u64;
        let at = usize::try_from(self.below(count)).unwrap();
        let (type_url, value) = match MessageSchema::all().nth(at).unwrap() {
            inner if depth > 0 && !inner.is_any() => {
                (format!("/{}", inner.name), self.message(inner, depth - 1))
            }
            _ => ("/strange.v1.MsgDrain".to_owned(), vec![1, 2, 3]),
        };
        let mut out = Vec::new();
        delimited(&mut out, 1, type_url.as_bytes());
        if !value.is_empty() {
            delimited(&mut out, 2, &value);
        }
        out
    }

    fn number(&mut self, kind: Kind) -> Vec<u8> {
        match kind {
            Kind::Bool => vec![1],
            Kind::Enum(_) => varint(1 + self.below(9)),
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
                (1 + self.below(u64::MAX)).to_le_bytes().to_vec()
            }
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => vec![1, 2, 3, 4],
            Kind::Int32 if self.below(2) == 0 => varint((-7i64).cast_unsigned()),
            Kind::Int32 | Kind::Uint32 | Kind::Sint32 => varint(1 + self.below(i32::MAX as u64 - 1)),
            _ => varint(1 + self.below(u64::MAX)),
        }
    }
}

fn is_delimited(kind: Kind) -> bool {
    matches!(kind, Kind::String | Kind::Bytes | Kind::Message(_))
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn delimited(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    out.extend(varint(u64::from(number) << 3 | 2));
    out.extend(varint(bytes.len() as u64));
    out.extend(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_message_is_read_and_encodes_to_its_bytes(seed in 1..u64::MAX, at in any::<prop::sample::Index>()) {
        let all: Vec<_> = MessageSchema::all().filter(|schema| !schema.is_any()).collect();
        let mut writer = Writer { state: seed, unknown: 0 };
        let schema = all[at.index(all.len())];
        let bytes = writer.message(schema, 3);
        let read = Message::decode(schema, &bytes).unwrap();
        prop_assert_eq!(read.encode(), bytes);
        prop_assert_eq!(read.unknown_fields().len(), writer.unknown);
        prop_assert_eq!(read.has_unknown_fields(), writer.unknown > 0);
        serde_json::to_string(&read).unwrap();
        let shown = DecodedMsg::from_message(read);
        if let Ok(shown) = shown {
            let text = shown.to_string();
            prop_assert!(!text.contains(|c: char| c != '\n' && c.is_control() || c == '\u{202e}'), "{}", text);
            prop_assert_eq!(text.matches("UNKNOWN FIELD").count(), writer.unknown);
        }
    }

    /// What is accepted has one spelling, whatever the bytes.
    #[test]
    fn whatever_is_accepted_encodes_to_its_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        at in any::<prop::sample::Index>(),
    ) {
        let all: Vec<_> = MessageSchema::all().collect();
        if let Ok(read) = Message::decode(all[at.index(all.len())], &bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}

#[test]
fn every_second_spelling_of_a_message_is_refused() {
    let cases: [(&str, &str, &[u8]); 10] = [
        ("default value on the wire", "cosmos.tx.v1beta1.TxBody", &[0x12, 0]),
        ("fields out of order", "cosmos.tx.v1beta1.TxBody", &[0x18, 1, 0x12, 1, b'a']),
        ("scalar given twice", "cosmos.tx.v1beta1.TxBody", &[0x18, 1, 0x18, 2]),
        ("overlong varint", "cosmos.tx.v1beta1.TxBody", &[0x18, 0x81, 0]),
        ("overlong length", "cosmos.tx.v1beta1.TxBody", &[0x12, 0x81, 0, b'a']),
        ("overlong tag", "cosmos.tx.v1beta1.TxBody", &[0x98, 0, 1]),
        ("a bool of 2", "cosmos.tx.v1beta1.TxBody", &[0x20, 2]),
        ("an enum over 32 bits", "cosmos.gov.v1.MsgVote", &[0x18, 0x80, 0x80, 0x80, 0x80, 0x10]),
        ("numbers one by one", "cosmwasm.wasm.v1.MsgPinCodes", &[0x10, 1]),
        ("two members of a oneof", "cosmos.tx.v1beta1.ModeInfo", &[0x0a, 0, 0x12, 0]),
    ];
    for (name, message, bytes) in cases {
        let found = Message::decode(schema(message), bytes);
        assert!(matches!(found, Err(CosmosError::NotCanonical { .. })), "{name}: {found:?}");
    }
    let no_protobuf: [(&str, &[u8]); 6] = [
        ("field 0", &[0x02, 0]),
        ("a group", &[0x0b, 0x0c]),
        ("a length beyond the end", &[0x12, 5, b'a']),
        ("a text that is none", &[0x12, 1, 0xff]),
        ("a number where a text stands", &[0x10, 1]),
        ("a varint of 11 bytes", &[0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
    ];
    for (name, bytes) in no_protobuf {
        let found = Message::decode(schema("cosmos.tx.v1beta1.TxBody"), bytes);
        assert!(matches!(found, Err(CosmosError::Malformed { .. })), "{name}: {found:?}");
    }
}

/// `MsgExec` in `MsgExec`, as many as `depth`, around nothing.
fn execs(depth: usize) -> Vec<u8> {
    (1..depth).fold(Vec::new(), |inner, _| {
        let any = ProtoAny { type_url: EXEC.to_owned(), value: inner };
        let mut out = Vec::new();
        delimited(&mut out, 2, &any.encode_to_vec());
        out
    })
}

#[test]
fn depth_is_bounded() {
    let exec = schema("cosmos.authz.v1beta1.MsgExec");
    Message::decode(exec, &execs(MAX_ANY_DEPTH + 1)).unwrap();
    let found = Message::decode(exec, &execs(MAX_ANY_DEPTH + 2));
    assert!(matches!(found, Err(CosmosError::TooDeep { limit: MAX_ANY_DEPTH })), "{found:?}");
    let mode = |depth: usize| {
        (1..depth).fold(Vec::new(), |inner, _| {
            let mut out = Vec::new();
            delimited(&mut out, 2, &inner);
            out
        })
    };
    let info = schema("cosmos.tx.v1beta1.ModeInfo");
    Message::decode(info, &mode(MAX_DEPTH)).unwrap();
    let found = Message::decode(info, &mode(MAX_DEPTH + 1));
    assert!(matches!(found, Err(CosmosError::TooDeep { limit: MAX_DEPTH })), "{found:?}");
}

fn sign_doc(messages: Vec<ProtoAny>) -> Vec<u8> {
    let auth = AuthInfo { fee: Some(Fee::default()), ..AuthInfo::default() };
    let doc = ProtoSignDoc {
        body_bytes: TxBody { messages, ..TxBody::default() }.encode_to_vec(),
        auth_info_bytes: auth.encode_to_vec(),
        chain_id: "test-1".to_owned(),
        account_number: 1,
    };
    doc.encode_to_vec()
}

fn message(type_url: &str, value: Vec<u8>) -> ProtoAny {
    ProtoAny { type_url: type_url.to_owned(), value }
}

/// What 64 KiB can be made of to cost the most: many small parts, at the top and below ten levels.
fn worst_cases() -> Vec<(&'static str, Vec<u8>)> {
    let room = 60 * 1024;
    let many = |part: &[u8]| part.repeat(room / part.len());
    let deep = |leaf: Vec<u8>| {
        (0..8).fold(message("/cosmos.bank.v1beta1.MsgMultiSend", leaf), |inner, _| {
            let mut out = Vec::new();
            delimited(&mut out, 2, &inner.encode_to_vec());
            message(EXEC, out)
        })
    };
    let mut packed = Vec::new();
    delimited(&mut packed, 2, &many(&[1]));
    let tiny = message("/a", Vec::new());
    let empty = message("/cosmos.gov.v1.MsgVote", Vec::new());
    let fit = |one: &ProtoAny| vec![one.clone(); room / (one.encoded_len() + 2)];
    vec![
        ("empty coins", sign_doc(vec![message("/cosmos.bank.v1beta1.MsgSend", many(&[0x1a, 0]))])),
        ("unknown fields", sign_doc(vec![message("/cosmos.gov.v1.MsgVote", many(&[0x48, 1]))])),
        ("inputs that hold nothing but a coin", sign_doc(vec![deep(many(&[0x0a, 2, 0x12, 0]))])),
        ("unknown fields far down", sign_doc(vec![deep(many(&[0x0a, 2, 0x48, 1]))])),
        ("a list of numbers", sign_doc(vec![message("/cosmwasm.wasm.v1.MsgPinCodes", packed)])),
        ("messages of an unknown type", sign_doc(fit(&tiny))),
        ("messages without content", sign_doc(fit(&empty))),
        (
            "one long text",
            sign_doc(vec![message("/cosmos.gov.v1.MsgVote", {
                let mut out = Vec::new();
                delimited(&mut out, 4, &many("\u{202e}".as_bytes()));
                out
            })]),
        ),
    ]
}

#[test]
fn the_worst_64_kib_cost_no_more_than_their_size() {
    let wallet = Address::parse(WALLET).unwrap();
    for (name, bytes) in worst_cases() {
        assert!((55 * 1024..64 * 1024).contains(&bytes.len()), "{name}: {} bytes", bytes.len());
        let begin = Instant::now();
        let Ok(doc) = SignDoc::parse(SignMode::Direct, &bytes) else {
            // A transfer of coins that are none is refused, after all of it was read.
            assert_eq!(name, "empty coins");
            continue;
        };
        let text = doc.decoded().to_string();
        let json = serde_json::to_string(doc.decoded()).unwrap();
        let _ = doc.decoded().outflow(&wallet);
        doc.decoded().messages.iter().for_each(|message| {
            if let DecodedMsg::Decoded(tree) = message {
                tree.encode();
                tree.unknown_fields();
            }
        });
        assert!(text.len() < 64 * bytes.len(), "{name}: {} bytes of text", text.len());
        assert!(json.len() < 64 * bytes.len(), "{name}: {} bytes of JSON", json.len());
        // An unoptimised build takes a fraction of a second; thirty thousand squared takes minutes.
        assert!(begin.elapsed() < Duration::from_secs(20), "{name}: {:?}", begin.elapsed());
    }
}
