//! Bytes to tree. What an encoder of protobuf would not write is refused, so that a tree has one encoding: fields out of order, defaults on the
//! wire, a scalar twice, overlong varints, lists of numbers that are not packed (ADR-027 of the Cosmos SDK).

use super::wire::{self, Fault, Payload};
use super::{Any, Content, Field, Message, UnknownField, Value};
use crate::schema::{Count, FieldSchema, Kind, MessageSchema};
use crate::sign_doc::bounded;
use crate::{CosmosError, visible};

/// Messages nest no deeper than this, whatever their types.
pub const MAX_DEPTH: usize = 48;

/// An `Any` in an `Any`, no deeper than this (`MaxUnpackAnyRecursionDepth` of the Cosmos SDK).
pub const MAX_ANY_DEPTH: usize = 10;

impl Message {
    /// Decodes a message by its table.
    ///
    /// # Errors
    /// [`CosmosError::TooLarge`] over [`crate::MAX_SIGN_DOC`], [`CosmosError::Malformed`], [`CosmosError::NotCanonical`],
    /// [`CosmosError::TooDeep`], and [`CosmosError::MessageType`] for a type url that is not `/` and a name.
    pub fn decode(schema: &'static MessageSchema, bytes: &[u8]) -> Result<Self, CosmosError> {
        bounded(bytes)?;
        message(schema, bytes, Depth { messages: MAX_DEPTH, anys: MAX_ANY_DEPTH })
    }
}

impl Any {
    /// An `Any` of a type and the encoded message of that type.
    ///
    /// # Errors
    /// As [`Message::decode`].
    pub fn decode(type_url: &str, value: &[u8]) -> Result<Self, CosmosError> {
        bounded(value)?;
        let depth = Depth { messages: MAX_DEPTH, anys: MAX_ANY_DEPTH };
        filled(type_url.to_owned(), value.to_vec(), Vec::new(), depth)
    }
}

/// How much deeper it may go.
#[derive(Clone, Copy)]
struct Depth {
    messages: usize,
    anys: usize,
}

impl Depth {
    fn message(self) -> Result<Self, CosmosError> {
        let messages = self.messages.checked_sub(1).ok_or(CosmosError::TooDeep { limit: MAX_DEPTH })?;
        Ok(Self { messages, ..self })
    }

    fn any(self) -> Result<Self, CosmosError> {
        let anys = self.anys.checked_sub(1).ok_or(CosmosError::TooDeep { limit: MAX_ANY_DEPTH })?;
        Ok(Self { anys, ..self })
    }
}

fn fault(schema: &MessageSchema) -> impl Fn(Fault) -> CosmosError {
    let part = schema.short_name();
    move |fault| match fault {
        Fault::Malformed => CosmosError::Malformed { part, source: None },
        Fault::NotCanonical => CosmosError::NotCanonical { part },
    }
}

fn message(schema: &'static MessageSchema, mut bytes: &[u8], depth: Depth) -> Result<Message, CosmosError> {
    let depth = depth.message()?;
    let err = fault(schema);
    let mut read = Message { schema, fields: Vec::new(), unknown: Vec::new() };
    let mut last = 0;
    while !bytes.is_empty() {
        let (number, wire_type, payload) = wire::field(&mut bytes).map_err(&err)?;
        if number < last {
            return Err(err(Fault::NotCanonical));
        }
        match schema.field(number) {
            None => read.unknown.push(unknown(number, wire_type, payload)),
            Some(field) if matches!(field.count, Count::Repeated | Count::Map) => {
                repeated(&mut read, field, payload, number == last, depth)?;
            }
            Some(_) if number == last => return Err(err(Fault::NotCanonical)),
            Some(field) => {
                let value = single(schema, field, payload, depth)?;
                if field.count == Count::One && is_default(&value) {
                    return Err(err(Fault::NotCanonical));
                }
                if matches!(field.count, Count::OneOf(_))
                    && read.fields.iter().any(|other| other.schema.count == field.count)
                {
                    return Err(err(Fault::NotCanonical));
                }
                read.fields.push(Field { schema: field, value });
            }
        }
        last = number;
    }
    Ok(read)
}

fn repeated(
    read: &mut Message,
    field: &'static FieldSchema,
    payload: Payload<'_>,
    again: bool,
    depth: Depth,
) -> Result<(), CosmosError> {
    let err = fault(read.schema);
    if !matches!(field.kind, Kind::String | Kind::Bytes | Kind::Message(_)) {
        // One packed run: a second one, an empty one and a single number are other spellings of it.
        let Payload::Delimited(run) = payload else { return Err(err(Fault::NotCanonical)) };
        if again || run.is_empty() {
            return Err(err(Fault::NotCanonical));
        }
        let items = packed(field, run).map_err(err)?;
        read.fields.push(Field { schema: field, value: Value::List(items) });
        return Ok(());
    }
    let item = single(read.schema, field, payload, depth)?;
    match read.fields.last_mut() {
        Some(Field { value: Value::List(items), .. }) if again => items.push(item),
        _ => read.fields.push(Field { schema: field, value: Value::List(vec![item]) }),
    }
    Ok(())
}

fn packed(field: &FieldSchema, mut run: &[u8]) -> Result<Vec<Value>, Fault> {
    let mut items = Vec::new();
    while !run.is_empty() {
        let payload = match field.kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Payload::Eight(wire::array(&mut run)?),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Payload::Four(wire::array(&mut run)?),
            _ => Payload::Varint(wire::varint(&mut run)?),
        };
        items.push(number(field.kind, payload)?);
    }
    Ok(items)
}

fn single(
    schema: &MessageSchema,
    field: &FieldSchema,
    payload: Payload<'_>,
    depth: Depth,
) -> Result<Value, CosmosError> {
    let err = fault(schema);
    match (field.kind, payload) {
        (Kind::String, Payload::Delimited(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(_) => Err(err(Fault::Malformed)),
        },
        (Kind::Bytes, Payload::Delimited(bytes)) => Ok(Value::Bytes(bytes.to_vec())),
        (Kind::Message(inner), Payload::Delimited(bytes)) if inner.is_any() => {
            any(inner, bytes, depth).map(|any| Value::Any(Box::new(any)))
        }
        (Kind::Message(inner), Payload::Delimited(bytes)) => message(inner, bytes, depth).map(Value::Message),
        (Kind::String | Kind::Bytes | Kind::Message(_), _) => Err(err(Fault::Malformed)),
        (kind, payload) => number(kind, payload).map_err(err),
    }
}

fn any(schema: &'static MessageSchema, bytes: &[u8], depth: Depth) -> Result<Any, CosmosError> {
    let outer = message(schema, bytes, depth)?;
    let depth = depth.any()?.message()?;
    let (mut type_url, mut value) = (String::new(), Vec::new());
    for field in outer.fields {
        match field.value {
            Value::Text(text) => type_url = text,
            Value::Bytes(bytes) => value = bytes,
            _ => {}
        }
    }
    filled(type_url, value, outer.unknown, depth)
}

fn filled(
    type_url: String,
    value: Vec<u8>,
    unknown: Vec<UnknownField>,
    depth: Depth,
) -> Result<Any, CosmosError> {
    check_type_url(&type_url)?;
    let content = match MessageSchema::by_type_url(&type_url) {
        Some(schema) => Content::Known(message(schema, &value, depth)?),
        None => Content::Unknown(value),
    };
    Ok(Any { type_url, content, unknown })
}

/// A type url as chains write it: `/` and the full name. Other prefixes resolve to the same message on some chains, so they are refused.
fn check_type_url(text: &str) -> Result<(), CosmosError> {
    let name = text.strip_prefix('/').unwrap_or_default();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_') {
        return Err(CosmosError::MessageType { excerpt: visible::excerpt(text) });
    }
    Ok(())
}

fn number(kind: Kind, payload: Payload<'_>) -> Result<Value, Fault> {
    // A number that does not fit its type is cut by decoders, each in its way.
    let narrow = |fits: bool, value: Value| if fits { Ok(value) } else { Err(Fault::NotCanonical) };
    match (kind, payload) {
        (Kind::Bool, Payload::Varint(value)) => narrow(value <= 1, Value::Bool(value == 1)),
        (Kind::Uint64, Payload::Varint(value)) => Ok(Value::Uint(value)),
        (Kind::Uint32, Payload::Varint(value)) => narrow(u32::try_from(value).is_ok(), Value::Uint(value)),
        (Kind::Int64, Payload::Varint(value)) => Ok(Value::Int(value.cast_signed())),
        (Kind::Int32, Payload::Varint(value)) => {
            let value = value.cast_signed();
            narrow(i32::try_from(value).is_ok(), Value::Int(value))
        }
        (Kind::Enum(_), Payload::Varint(value)) => {
            i32::try_from(value.cast_signed()).map(Value::Enum).map_err(|_| Fault::NotCanonical)
        }
        (Kind::Sint64, Payload::Varint(value)) => Ok(Value::Int(unzigzag(value))),
        (Kind::Sint32, Payload::Varint(value)) => {
            narrow(u32::try_from(value).is_ok(), Value::Int(unzigzag(value)))
        }
        (Kind::Fixed64, Payload::Eight(bytes)) => Ok(Value::Uint(u64::from_le_bytes(bytes))),
        (Kind::Sfixed64, Payload::Eight(bytes)) => Ok(Value::Int(i64::from_le_bytes(bytes))),
        (Kind::Double, Payload::Eight(bytes)) => Ok(Value::Double(u64::from_le_bytes(bytes))),
        (Kind::Fixed32, Payload::Four(bytes)) => Ok(Value::Uint(u32::from_le_bytes(bytes).into())),
        (Kind::Sfixed32, Payload::Four(bytes)) => Ok(Value::Int(i32::from_le_bytes(bytes).into())),
        (Kind::Float, Payload::Four(bytes)) => Ok(Value::Float(u32::from_le_bytes(bytes))),
        _ => Err(Fault::Malformed),
    }
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Uint(value) | Value::Double(value) => *value == 0,
        Value::Float(value) => *value == 0,
        Value::Enum(value) => *value == 0,
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Message(_) | Value::Any(_) | Value::List(_) => false,
    }
}

fn unknown(number: u32, wire_type: u8, payload: Payload<'_>) -> UnknownField {
    let bytes = match payload {
        Payload::Varint(value) => {
            let mut bytes = Vec::new();
            wire::put_varint(&mut bytes, value);
            bytes
        }
        Payload::Eight(bytes) => bytes.to_vec(),
        Payload::Delimited(bytes) => bytes.to_vec(),
        Payload::Four(bytes) => bytes.to_vec(),
    };
    UnknownField { number, wire_type, bytes }
}
