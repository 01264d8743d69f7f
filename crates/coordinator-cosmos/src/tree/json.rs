//! The JSON view of a tree, for clients that show a transaction themselves: fields by their names in the .proto file, 64-bit numbers as strings,
//! bytes as lower-case hexadecimal, what is unknown under `@unknown`. It is not what is signed.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::show::{duration, time};
use super::{Any, Content, Field, Message, UnknownField, Value};
use crate::decoded::Hex;
use crate::schema::{FieldEncoding, FieldSchema, Kind};

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = time(self).or_else(|| duration(self)) {
            return serializer.serialize_str(&text);
        }
        let mut map = serializer.serialize_map(None)?;
        entries(self, &mut map)?;
        map.end()
    }
}

fn entries<M: SerializeMap>(message: &Message, map: &mut M) -> Result<(), M::Error> {
    for Field { schema, value } in &message.fields {
        map.serialize_entry(schema.name, &InField { schema, value })?;
    }
    unknown(&message.unknown, map)
}

fn unknown<M: SerializeMap>(fields: &[UnknownField], map: &mut M) -> Result<(), M::Error> {
    if fields.is_empty() { Ok(()) } else { map.serialize_entry("@unknown", fields) }
}

struct InField<'a> {
    schema: &'a FieldSchema,
    value: &'a Value,
}

impl Serialize for InField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.collect_str(value),
            Value::Uint(value) => serializer.collect_str(value),
            Value::Float(bits) => serializer.collect_str(&f32::from_bits(*bits)),
            Value::Double(bits) => serializer.collect_str(&f64::from_bits(*bits)),
            Value::Enum(number) => match self.schema.kind {
                Kind::Enum(kind) if kind.name_of(*number).is_some() => {
                    serializer.serialize_str(kind.name_of(*number).unwrap_or_default())
                }
                _ => serializer.serialize_i32(*number),
            },
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if self.schema.amino_encoding == Some(FieldEncoding::InlineJson) => {
                    serializer.serialize_str(text)
                }
                _ => serializer.collect_str(&Hex(bytes)),
            },
            Value::Message(message) => message.serialize(serializer),
            Value::Any(any) => any.serialize(serializer),
            Value::List(items) => {
                serializer.collect_seq(items.iter().map(|value| InField { schema: self.schema, value }))
            }
        }
    }
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("@type", &self.type_url)?;
        match &self.content {
            Content::Known(message) => entries(message, &mut map)?,
            Content::Unknown(bytes) => map.serialize_entry("value", &Hex(bytes).to_string())?,
        }
        unknown(&self.unknown, &mut map)?;
        map.end()
    }
}

impl Serialize for UnknownField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("number", &self.number)?;
        map.serialize_entry("wireType", &self.wire_type)?;
        map.serialize_entry("bytes", &Hex(&self.bytes).to_string())?;
        map.end()
    }
}
