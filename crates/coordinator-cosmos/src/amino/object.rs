//! Reading a JSON object key by key, so that a key nobody asked for is found and named.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{CosmosError, visible};

/// An object of which every key is to be read.
pub(crate) struct Object<'a> {
    part: &'static str,
    rest: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Object<'a> {
    pub(crate) fn new(part: &'static str, value: &'a Value) -> Result<Self, CosmosError> {
        let map = value.as_object().ok_or(CosmosError::Malformed { part, source: None })?;
        Ok(Self { part, rest: map.iter().map(|(key, value)| (key.as_str(), value)).collect() })
    }

    pub(crate) fn value(&mut self, field: &'static str) -> Result<&'a Value, CosmosError> {
        self.rest.remove(field).ok_or(CosmosError::Missing { part: self.part, field })
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<&'a str, CosmosError> {
        let part = self.part;
        self.value(field)?.as_str().ok_or(CosmosError::BadField { part, field })
    }

    pub(crate) fn list(&mut self, field: &'static str) -> Result<&'a [Value], CosmosError> {
        let part = self.part;
        self.value(field)?.as_array().map(Vec::as_slice).ok_or(CosmosError::BadField { part, field })
    }

    /// A 64-bit number, written as a decimal string.
    pub(crate) fn number(&mut self, field: &'static str) -> Result<u64, CosmosError> {
        let text = self.text(field)?;
        // Through a number and back: the only spelling is the shortest.
        match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => Ok(number),
            _ => Err(CosmosError::BadField { part: self.part, field }),
        }
    }

    /// A text that Go omits when it is empty.
    pub(crate) fn optional_text(&mut self, field: &'static str) -> Result<Option<&'a str>, CosmosError> {
        if !self.rest.contains_key(field) {
            return Ok(None);
        }
        let text = self.text(field)?;
        if text.is_empty() {
            return Err(CosmosError::BadField { part: self.part, field });
        }
        Ok(Some(text))
    }

    /// A number that Go omits when it is zero.
    pub(crate) fn optional_number(&mut self, field: &'static str) -> Result<Option<u64>, CosmosError> {
        if !self.rest.contains_key(field) {
            return Ok(None);
        }
        match self.number(field)? {
            0 => Err(CosmosError::BadField { part: self.part, field }),
            number => Ok(Some(number)),
        }
    }

    /// A flag that Go omits when it is not set.
    pub(crate) fn optional_flag(&mut self, field: &'static str) -> Result<bool, CosmosError> {
        match self.rest.remove(field) {
            None => Ok(false),
            Some(Value::Bool(true)) => Ok(true),
            Some(_) => Err(CosmosError::BadField { part: self.part, field }),
        }
    }

    /// Every key was read.
    pub(crate) fn end(self) -> Result<(), CosmosError> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(key) => Err(CosmosError::UnknownKey { part: self.part, key: visible::excerpt(key) }),
        }
    }
}
