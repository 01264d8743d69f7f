//! A small reader for JSON objects of a peer: it keeps the fields it is asked for and nothing else, notices a field that
//! is there twice, wipes the texts it held, and has no error that could repeat a byte of the input.

mod write;

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

pub(crate) use write::ObjectWriter;

/// Why the bytes are not a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonError {
    NotUtf8,
    NotJson,
    NotAnObject,
}

/// One value; what no field of ours can be (numbers below zero or with a fraction, booleans, arrays) is `Other`.
pub(crate) enum Value {
    Null,
    Text(Zeroizing<String>),
    Number(u64),
    Object(Object),
    Other,
}

/// The known fields of one object, each at most once.
#[derive(Default)]
pub(crate) struct Object {
    fields: Vec<(&'static str, Value)>,
    duplicate: Option<&'static str>,
}

impl Object {
    /// The first known field that was there more than once.
    pub(crate) fn duplicate(&self) -> Option<&'static str> {
        self.duplicate
    }

    /// Looks at a field without taking it out.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Takes a field out; `null` counts as absent, as many encoders write it so.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.fields.iter().position(|(known, _)| *known == name)?;
        match self.fields.swap_remove(at).1 {
            Value::Null => None,
            value => Some(value),
        }
    }
}

/// Reads one object, keeping the fields in `names` at every depth.
pub(crate) fn parse(bytes: &[u8], names: &'static [&'static str]) -> Result<Object, JsonError> {
    let text = core::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = ValueSeed(names).deserialize(&mut reader).map_err(|_| JsonError::NotJson)?;
    reader.end().map_err(|_| JsonError::NotJson)?;
    match value {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Text(_) | Value::Number(_) | Value::Other => Err(JsonError::NotAnObject),
    }
}

#[derive(Clone, Copy)]
struct ValueSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("json")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        while let Some(name) = map.next_key_seed(NameSeed(self.0))? {
            match name {
                Some(name) if object.fields.iter().any(|(known, _)| *known == name) => {
                    object.duplicate.get_or_insert(name);
                    map.next_value::<IgnoredAny>()?;
                }
                Some(name) => {
                    let value = map.next_value_seed(self)?;
                    object.fields.push((name, value));
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(object))
    }
}

struct NameSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|known| **known == name).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["a", "b"];

    fn error(bytes: &[u8]) -> JsonError {
        parse(bytes, NAMES).err().expect("refused")
    }

    #[test]
    fn only_objects_are_read() {
        for bytes in [&b"null"[..], b"[]", b"1", b"-1.5", b"true", b"\"a\"", b"[{\"a\":1}]"] {
            assert_eq!(error(bytes), JsonError::NotAnObject);
        }
        for bytes in [&b""[..], b"{", b"{}x", b"{\"a\"}", b"hello", b"{\"a\":1,}", b"\x00\x01"] {
            assert_eq!(error(bytes), JsonError::NotJson);
        }
        assert_eq!(error(b"{\"a\":\"\xff\"}"), JsonError::NotUtf8);
    }

    #[test]
    fn unknown_fields_are_dropped_and_null_is_absent() {
        let mut object = parse(br#"{"x":{"a":[1,{}]},"a":null,"b":7,"x":1}"#, NAMES).expect("an object");
        assert!(object.duplicate().is_none());
        assert!(object.take("a").is_none());
        assert!(matches!(object.take("b"), Some(Value::Number(7))));
        assert!(object.take("x").is_none());
    }

    #[test]
    fn a_known_field_twice_is_noticed() {
        let object = parse(br#"{"a":1,"b":2,"a":null}"#, NAMES).expect("an object");
        assert_eq!(object.duplicate(), Some("a"));
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        let deep = format!("{}1{}", "{\"a\":".repeat(4000), "}".repeat(4000));
        assert_eq!(error(deep.as_bytes()), JsonError::NotJson);
    }
}
