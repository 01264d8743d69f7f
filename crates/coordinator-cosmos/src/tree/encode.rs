//! Tree to bytes: of a tree that was decoded, the bytes that it was decoded from.

use super::wire::put_varint;
use super::{Any, Content, Message, UnknownField, Value};
use crate::schema::{FieldSchema, Kind};

impl Message {
    /// The encoded message.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut unknown = self.unknown.iter().peekable();
        for field in &self.fields {
            while let Some(earlier) = unknown.next_if(|other| other.number < field.schema.number) {
                put_unknown(&mut out, earlier);
            }
            put_field(&mut out, field.schema, &field.value);
        }
        unknown.for_each(|field| put_unknown(&mut out, field));
        out
    }
}

impl Any {
    /// The encoded `google.protobuf.Any`.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let value = match &self.content {
            Content::Known(message) => &message.encode(),
            Content::Unknown(bytes) => bytes,
        };
        for (number, bytes) in [(1, self.type_url.as_bytes()), (2, value)] {
            if !bytes.is_empty() {
                put_delimited(&mut out, number, bytes);
            }
        }
        self.unknown.iter().for_each(|field| put_unknown(&mut out, field));
        out
    }
}

fn put_field(out: &mut Vec<u8>, schema: &FieldSchema, value: &Value) {
    match value {
        Value::List(items) if matches!(schema.kind, Kind::String | Kind::Bytes | Kind::Message(_)) => {
            items.iter().for_each(|item| put_field(out, schema, item));
        }
        Value::List(items) => {
            let mut run = Vec::new();
            items.iter().for_each(|item| put_number(&mut run, schema.kind, item));
            put_delimited(out, schema.number, &run);
        }
        Value::Text(text) => put_delimited(out, schema.number, text.as_bytes()),
        Value::Bytes(bytes) => put_delimited(out, schema.number, bytes),
        Value::Message(message) => put_delimited(out, schema.number, &message.encode()),
        Value::Any(any) => put_delimited(out, schema.number, &any.encode()),
        number => {
            let wire_type = match schema.kind {
                Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 1,
                Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 5,
                _ => 0,
            };
            put_tag(out, schema.number, wire_type);
            put_number(out, schema.kind, number);
        }
    }
}

fn put_number(out: &mut Vec<u8>, kind: Kind, value: &Value) {
    let zigzag = |value: i64| ((value << 1) ^ (value >> 63)).cast_unsigned();
    match (kind, value) {
        (Kind::Sint32 | Kind::Sint64, Value::Int(value)) => put_varint(out, zigzag(*value)),
        (Kind::Sfixed64, Value::Int(value)) => out.extend_from_slice(&value.to_le_bytes()),
        // What was read from four bytes is in the first four.
        (Kind::Sfixed32, Value::Int(value)) => out.extend_from_slice(&value.to_le_bytes()[..4]),
        (Kind::Fixed64, Value::Uint(value)) => out.extend_from_slice(&value.to_le_bytes()),
        (Kind::Fixed32, Value::Uint(value)) => out.extend_from_slice(&value.to_le_bytes()[..4]),
        (_, Value::Double(bits)) => out.extend_from_slice(&bits.to_le_bytes()),
        (_, Value::Float(bits)) => out.extend_from_slice(&bits.to_le_bytes()),
        (_, Value::Bool(value)) => out.push(u8::from(*value)),
        (_, Value::Uint(value)) => put_varint(out, *value),
        (_, Value::Int(value)) => put_varint(out, value.cast_unsigned()),
        (_, Value::Enum(value)) => put_varint(out, i64::from(*value).cast_unsigned()),
        // The rest is length-delimited.
        _ => {}
    }
}

fn put_unknown(out: &mut Vec<u8>, field: &UnknownField) {
    if field.wire_type == 2 {
        return put_delimited(out, field.number, &field.bytes);
    }
    put_tag(out, field.number, field.wire_type);
    out.extend_from_slice(&field.bytes);
}

fn put_delimited(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_tag(out, number, 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u8) {
    put_varint(out, u64::from(number) << 3 | u64::from(wire_type));
}
