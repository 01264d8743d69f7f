//! Amino JSON of an encoded message, by its table: what `x/tx/signing/aminojson` of the Cosmos SDK writes.
//!
//! Empty fields are left out unless the table keeps them; 64-bit numbers are strings, enumerations numbers, bytes base64; a message in an `Any` stands in
//! `{"type", "value"}` under its Amino name. What that encoder refuses is refused here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::scalar;
use super::wire::{self, Item};
use crate::schema::{Count, FieldEncoding, FieldSchema, Kind, MessageEncoding, MessageSchema, Scalar};
use crate::{CosmosError, timestamp, visible};

/// Messages nest no deeper than this.
pub(super) const MAX_DEPTH: usize = 32;
/// The largest whole number that Go, which reads JSON numbers as floats, writes as it was.
const MAX_EXACT: u64 = 1 << 53;

/// `{"type", "value"}` of a message that stands in an `Any`.
pub(super) fn any(type_url: &str, bytes: &[u8], depth: usize) -> Result<Value, CosmosError> {
    let schema = MessageSchema::by_type_url(type_url)
        .ok_or_else(|| CosmosError::MessageType { excerpt: visible::excerpt(type_url) })?;
    let name = schema.amino_name.unwrap_or(type_url);
    Ok(json!({ "type": name, "value": message(schema, bytes, depth)? }))
}

fn message(schema: &'static MessageSchema, bytes: &[u8], depth: usize) -> Result<Value, CosmosError> {
    let depth = depth.checked_sub(1).ok_or(CosmosError::Malformed { part: schema.name, source: None })?;
    let fields = wire::fields(schema, bytes)?;
    let items = |number: u32| fields.get(&number).map_or(&[][..], Vec::as_slice);
    match schema.name {
        "google.protobuf.Any" => {
            let url = text(schema, items(1))?;
            return any(url, octets(schema, items(2))?, depth);
        }
        "google.protobuf.Timestamp" => {
            let (seconds, nanos) = (signed(schema, items(1))?, small(schema, items(2))?);
            let text = timestamp::rfc3339(seconds, nanos).ok_or_else(|| bad(schema, "time"))?;
            return Ok(Value::String(text));
        }
        "google.protobuf.Duration" => {
            let (seconds, nanos) = (signed(schema, items(1))?, small(schema, items(2))?);
            let text = scalar::duration_to_json(seconds, nanos).ok_or_else(|| bad(schema, "duration"))?;
            return Ok(Value::String(text));
        }
        _ => {}
    }
    match schema.amino_encoding {
        None => {}
        Some(MessageEncoding::KeyField) => {
            let field = schema.field_named("key").ok_or_else(|| bad(schema, "key"))?;
            return Ok(base64_or_null(octets(schema, items(field.number))?));
        }
        Some(MessageEncoding::ThresholdString) => {
            let threshold = number(schema, items(1))?;
            let keys = items(2).iter().map(|item| self::item(schema, &schema.fields[1], *item, depth));
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            return Ok(json!({ "pubkeys": keys, "threshold": threshold.to_string() }));
        }
        Some(MessageEncoding::ModuleAccount) => return Err(bad(schema, "amino encoding")),
    }
    let mut out = Map::new();
    for field in schema.fields {
        put(schema, field, items(field.number), depth, &mut out)?;
    }
    Ok(Value::Object(out))
}

fn put(
    schema: &'static MessageSchema,
    field: &'static FieldSchema,
    items: &[Item<'_>],
    depth: usize,
    out: &mut Map<String, Value>,
) -> Result<(), CosmosError> {
    let key = field.amino_key.unwrap_or(field.name);
    match field.count {
        Count::One => {
            let value = match items {
                [] => None,
                [item] => Some(self::item(schema, field, *item, depth)?),
                _ => return Err(CosmosError::NotCanonical { part: schema.name }),
            };
            match value {
                Some(value) => {
                    out.insert(key.to_owned(), value);
                }
                None if field.keep_empty => {
                    out.insert(key.to_owned(), empty(schema, field)?);
                }
                None => {}
            }
        }
        Count::OneOf(name) => {
            let type_name = field.amino_oneof.ok_or_else(|| bad(schema, field.name))?;
            match items {
                [] => {
                    out.entry(scalar::camel(name)).or_insert(Value::Null);
                }
                [item] => {
                    let inner = json!({ key: self::item(schema, field, *item, depth)? });
                    let wrapped = json!({ "type": type_name, "value": inner });
                    let earlier = out.insert(scalar::camel(name), wrapped);
                    if earlier.is_some_and(|value| !value.is_null()) {
                        return Err(CosmosError::NotCanonical { part: schema.name });
                    }
                }
                _ => return Err(CosmosError::NotCanonical { part: schema.name }),
            }
        }
        Count::Repeated => {
            let list = list(schema, field, items, depth)?;
            if !list.is_empty()
                || field.amino_encoding == Some(FieldEncoding::LegacyCoins) && field.keep_empty
            {
                out.insert(key.to_owned(), Value::Array(list));
            } else if field.keep_empty {
                out.insert(key.to_owned(), Value::Null);
            }
        }
        // Go's encoder refuses both.
        Count::Optional | Count::Map => return Err(bad(schema, field.name)),
    }
    Ok(())
}

fn list(
    schema: &'static MessageSchema,
    field: &'static FieldSchema,
    items: &[Item<'_>],
    depth: usize,
) -> Result<Vec<Value>, CosmosError> {
    if field.amino_encoding == Some(FieldEncoding::InlineJson) {
        return Err(bad(schema, field.name));
    }
    let mut out = Vec::new();
    for item in items {
        match (field.kind, item) {
            (Kind::String | Kind::Bytes | Kind::Message(_), _) => {
                out.push(self::item(schema, field, *item, depth)?);
            }
            (_, Item::Bytes(bytes)) => {
                let numbers = wire::packed(bytes).ok_or_else(|| bad(schema, field.name))?;
                for number in numbers {
                    out.push(self::item(schema, field, Item::Number(number), depth)?);
                }
            }
            (_, Item::Number(_)) => return Err(CosmosError::NotCanonical { part: schema.name }),
        }
    }
    Ok(out)
}

fn item(
    schema: &'static MessageSchema,
    field: &'static FieldSchema,
    item: Item<'_>,
    depth: usize,
) -> Result<Value, CosmosError> {
    let bad = || bad(schema, field.name);
    match (field.kind, item) {
        (Kind::String, Item::Bytes(bytes)) => {
            let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
            match field.scalar {
                Some(Scalar::Dec) => scalar::dec_to_json(text).map(Value::String).ok_or_else(bad),
                _ => Ok(Value::from(text)),
            }
        }
        (Kind::Bytes, Item::Bytes(bytes)) => match (field.amino_encoding, field.scalar) {
            (Some(FieldEncoding::InlineJson), _) => inline(bytes).ok_or_else(bad),
            (_, Some(Scalar::Dec)) => {
                let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
                scalar::dec_to_json(text).map(Value::String).ok_or_else(bad)
            }
            _ => Ok(Value::String(STANDARD.encode(bytes))),
        },
        (Kind::Message(inner), Item::Bytes(bytes)) => message(inner, bytes, depth),
        (Kind::Bool, Item::Number(value @ 0..=1)) => Ok(Value::Bool(value == 1)),
        // A negative number is the varint of its 64-bit complement.
        (Kind::Enum(_) | Kind::Int32, Item::Number(value)) => {
            i32::try_from(value.cast_signed()).map(Value::from).map_err(|_| bad())
        }
        (Kind::Uint32, Item::Number(value)) => u32::try_from(value).map(Value::from).map_err(|_| bad()),
        (Kind::Int64, Item::Number(value)) => Ok(Value::String(value.cast_signed().to_string())),
        (Kind::Uint64, Item::Number(value)) => Ok(Value::String(value.to_string())),
        _ => Err(bad()),
    }
}

/// What is written for a field that is not there and is kept.
fn empty(schema: &'static MessageSchema, field: &'static FieldSchema) -> Result<Value, CosmosError> {
    match field.kind {
        Kind::String if matches!(field.scalar, Some(Scalar::Int | Scalar::Dec)) => Ok(Value::from("0")),
        Kind::Bytes if matches!(field.scalar, Some(Scalar::Int | Scalar::Dec)) => Ok(Value::from("0")),
        Kind::String => Ok(Value::from("")),
        Kind::Bytes if field.amino_encoding.is_none() => Ok(Value::Null),
        Kind::Bool => Ok(Value::Bool(false)),
        Kind::Enum(_) | Kind::Int32 | Kind::Uint32 => Ok(Value::from(0)),
        Kind::Int64 | Kind::Uint64 => Ok(Value::from("0")),
        // A chain refuses a message that must be there and is not.
        _ => Err(CosmosError::Missing { part: schema.name, field: field.name }),
    }
}

/// The JSON in bytes. Go reads numbers as 64-bit floats: one that this would change, or write in another form, is refused.
fn inline(bytes: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    exact(&value).then_some(value)
}

pub(super) fn exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            size.is_some_and(|size| size <= MAX_EXACT)
        }
        Value::Array(values) => values.iter().all(exact),
        Value::Object(map) => map.values().all(exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn base64_or_null(bytes: &[u8]) -> Value {
    if bytes.is_empty() { Value::Null } else { Value::String(STANDARD.encode(bytes)) }
}

fn octets<'a>(schema: &'static MessageSchema, items: &[Item<'a>]) -> Result<&'a [u8], CosmosError> {
    match items {
        [] => Ok(&[]),
        [Item::Bytes(bytes)] => Ok(bytes),
        _ => Err(CosmosError::NotCanonical { part: schema.name }),
    }
}

fn text<'a>(schema: &'static MessageSchema, items: &[Item<'a>]) -> Result<&'a str, CosmosError> {
    std::str::from_utf8(octets(schema, items)?)
        .map_err(|e| CosmosError::Malformed { part: schema.name, source: Some(Box::new(e)) })
}

fn number(schema: &'static MessageSchema, items: &[Item<'_>]) -> Result<u64, CosmosError> {
    match items {
        [] => Ok(0),
        [Item::Number(number)] => Ok(*number),
        _ => Err(CosmosError::NotCanonical { part: schema.name }),
    }
}

fn signed(schema: &'static MessageSchema, items: &[Item<'_>]) -> Result<i64, CosmosError> {
    number(schema, items).map(u64::cast_signed)
}

fn small(schema: &'static MessageSchema, items: &[Item<'_>]) -> Result<i32, CosmosError> {
    i32::try_from(signed(schema, items)?).map_err(|_| bad(schema, "nanos"))
}

fn bad(schema: &'static MessageSchema, field: &'static str) -> CosmosError {
    CosmosError::BadField { part: schema.name, field }
}
