//! The encoded message that some Amino JSON says, by its table. Whoever calls encodes it again and compares: see [`super::message_of`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost::encoding::encode_varint;
use serde_json::{Map, Value};

use super::encode::exact;
use super::object::Object;
use super::{canonical, scalar, wire};
use crate::proto::Any;
use crate::schema::{Count, FieldEncoding, FieldSchema, Kind, MessageEncoding, MessageSchema, Scalar};
use crate::{CosmosError, visible};

/// The message in `{"type", "value"}`; none where no table has this type.
pub(super) fn any(value: &Value, depth: usize) -> Result<Option<Any>, CosmosError> {
    let mut object = Object::new("message", value)?;
    let name = object.text("type")?;
    let content = object.value("value")?;
    object.end()?;
    if name.starts_with('/') {
        // A chain writes the type url for a message without an amino name, never for one that has it.
        let schema = MessageSchema::by_type_url(name).filter(|schema| schema.amino_name.is_none());
        return schema.map(|schema| of(schema, content, depth)).transpose();
    }
    let mut named = MessageSchema::by_amino_name(name);
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(schema), None) => of(schema, content, depth).map(Some),
        // Nobody could tell which is meant.
        (Some(_), Some(_)) => Err(CosmosError::MessageType { excerpt: visible::excerpt(name) }),
    }
}

fn of(schema: &'static MessageSchema, content: &Value, depth: usize) -> Result<Any, CosmosError> {
    Ok(Any { type_url: format!("/{}", schema.name), value: message(schema, content, depth)? })
}

fn message(schema: &'static MessageSchema, value: &Value, depth: usize) -> Result<Vec<u8>, CosmosError> {
    let depth = depth.checked_sub(1).ok_or(CosmosError::Malformed { part: schema.name, source: None })?;
    let bad = |field| bad(schema, field);
    let mut out = Vec::new();
    match schema.name {
        "google.protobuf.Any" => {
            let any = any(value, depth)?.ok_or_else(|| CosmosError::MessageType {
                excerpt: visible::excerpt(value["type"].as_str().unwrap_or_default()),
            })?;
            return Ok(any.encode_to_vec());
        }
        "google.protobuf.Timestamp" => {
            let time = value.as_str().and_then(scalar::time_from_json).ok_or_else(|| bad("time"))?;
            return Ok(time.encode_to_vec());
        }
        "google.protobuf.Duration" => {
            let parts = value.as_str().and_then(scalar::duration_from_json);
            let (seconds, nanos) = parts.ok_or_else(|| bad("duration"))?;
            put_if(1, seconds.cast_unsigned(), &mut out);
            put_if(2, i64::from(nanos).cast_unsigned(), &mut out);
            return Ok(out);
        }
        _ => {}
    }
    match schema.amino_encoding {
        None => {}
        Some(MessageEncoding::KeyField) => {
            let field = schema.field_named("key").ok_or_else(|| bad("key"))?;
            put(schema, field, value, depth, &mut out)?;
            return Ok(out);
        }
        Some(MessageEncoding::ThresholdString) => {
            let mut object = Object::new(schema.name, value)?;
            put_if(1, object.number("threshold")?, &mut out);
            for key in object.list("pubkeys")? {
                put(schema, &schema.fields[1], key, depth, &mut out)?;
            }
            object.end()?;
            return Ok(out);
        }
        Some(MessageEncoding::ModuleAccount) => return Err(bad("amino encoding")),
    }
    let object = value.as_object().ok_or(CosmosError::Malformed { part: schema.name, source: None })?;
    let mut read = 0;
    let mut last_oneof = None;
    for field in schema.fields {
        if let Count::OneOf(name) = field.count {
            // The members of a oneof share one key.
            let key = scalar::camel(name);
            let found = object.get(&key);
            if last_oneof != Some(name) {
                last_oneof = Some(name);
                read += usize::from(found.is_some());
            }
            if let Some(value) = found.filter(|value| !value.is_null()) {
                member(schema, field, value, depth, &mut out)?;
            }
            continue;
        }
        let Some(value) = object.get(field.amino_key.unwrap_or(field.name)) else { continue };
        read += 1;
        match field.count {
            Count::One => put(schema, field, value, depth, &mut out)?,
            Count::Repeated => list(schema, field, value, depth, &mut out)?,
            Count::Optional | Count::Map | Count::OneOf(_) => return Err(bad(field.name)),
        }
    }
    if read < object.len() {
        return Err(CosmosError::UnknownKey { part: schema.name, key: unknown(schema, object) });
    }
    Ok(out)
}

fn unknown(schema: &'static MessageSchema, object: &Map<String, Value>) -> String {
    let known = |key: &str| {
        schema.fields.iter().any(|field| match field.count {
            Count::OneOf(name) => scalar::camel(name) == key,
            _ => field.amino_key.unwrap_or(field.name) == key,
        })
    };
    object.keys().find(|key| !known(key)).map(|key| visible::excerpt(key)).unwrap_or_default()
}

/// A member of a oneof, `{"type", "value": {name: ...}}`; nothing where another member is meant.
fn member(
    schema: &'static MessageSchema,
    field: &'static FieldSchema,
    value: &Value,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), CosmosError> {
    let mut object = Object::new(schema.name, value)?;
    let name = object.text("type")?;
    let content = object.value("value")?;
    object.end()?;
    if field.amino_oneof != Some(name) {
        return Ok(());
    }
    let content =
        content.get(field.amino_key.unwrap_or(field.name)).ok_or_else(|| bad(schema, field.name))?;
    put(schema, field, content, depth, out)
}

fn list(
    schema: &'static MessageSchema,
    field: &'static FieldSchema,
    value: &Value,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), CosmosError> {
    let values = match value {
        Value::Null => return Ok(()),
        Value::Array(values) => values,
        _ => return Err(bad(schema, field.name)),
    };
    if matches!(field.kind, Kind::String | Kind::Bytes | Kind::Message(_)) {
        for value in values {
            let bytes = octets(schema, field, value, depth)?;
            wire::put_bytes(field.number, &bytes, out);
        }
        return Ok(());
    }
    let mut packed = Vec::new();
    for value in values {
        encode_varint(number(field.kind, value).ok_or_else(|| bad(schema, field.name))?, &mut packed);
    }
    if !packed.is_empty() {
        wire::put_bytes(field.number, &packed, out);
    }
    Ok(())
}

fn put(
    schema: &'static MessageSchema,
    field: &'static FieldSchema,
    value: &Value,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), CosmosError> {
    match field.kind {
        Kind::Message(_) => {
            let bytes = octets(schema, field, value, depth)?;
            wire::put_bytes(field.number, &bytes, out);
        }
        Kind::String | Kind::Bytes => {
            let bytes = octets(schema, field, value, depth)?;
            // An empty text is no field, unless it is chosen among others.
            if !bytes.is_empty() || matches!(field.count, Count::OneOf(_)) {
                wire::put_bytes(field.number, &bytes, out);
            }
        }
        _ => {
            let number = number(field.kind, value).ok_or_else(|| bad(schema, field.name))?;
            if number != 0 || matches!(field.count, Count::OneOf(_)) {
                wire::put_number(field.number, number, out);
            }
        }
    }
    Ok(())
}

fn octets(
    schema: &'static MessageSchema,
    field: &'static FieldSchema,
    value: &Value,
    depth: usize,
) -> Result<Vec<u8>, CosmosError> {
    let bad = || bad(schema, field.name);
    if let Kind::Message(inner) = field.kind {
        return message(inner, value, depth);
    }
    if field.amino_encoding == Some(FieldEncoding::InlineJson) {
        return if exact(value) { canonical(value) } else { Err(bad()) };
    }
    let text = match value {
        Value::String(text) => text,
        Value::Null if matches!(field.kind, Kind::Bytes) => return Ok(Vec::new()),
        _ => return Err(bad()),
    };
    match (field.kind, field.scalar) {
        (_, Some(Scalar::Dec)) => scalar::dec_from_json(text).map(String::into_bytes).ok_or_else(bad),
        (Kind::Bytes, _) => STANDARD.decode(text).map_err(|_| bad()),
        _ => Ok(text.clone().into_bytes()),
    }
}

/// The varint of a number, in the one form that Amino JSON has for its kind.
fn number(kind: Kind, value: &Value) -> Option<u64> {
    match kind {
        Kind::Bool => value.as_bool().map(u64::from),
        Kind::Enum(_) | Kind::Int32 => {
            let number = i32::try_from(value.as_i64()?).ok()?;
            Some(i64::from(number).cast_unsigned())
        }
        Kind::Uint32 => u32::try_from(value.as_u64()?).ok().map(u64::from),
        Kind::Int64 => value.as_str()?.parse::<i64>().ok().map(i64::cast_unsigned),
        Kind::Uint64 => value.as_str()?.parse().ok(),
        _ => None,
    }
}

fn put_if(number: u32, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        wire::put_number(number, value, out);
    }
}

fn bad(schema: &'static MessageSchema, field: &'static str) -> CosmosError {
    CosmosError::BadField { part: schema.name, field }
}
