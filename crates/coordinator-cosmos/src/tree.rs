//! Any message as a value: the one form into which protobuf is decoded, and from which it is shown, judged and encoded.
//!
//! Nothing is dropped. A field that the message's table does not know stays in the tree as an [`UnknownField`], an `Any` of an unknown type as its
//! bytes, and [`Message::encode`] gives the bytes that were decoded.

mod decode;
mod encode;
mod json;
mod show;
mod wire;

use crate::schema::{FieldSchema, MessageSchema};

pub use decode::{MAX_ANY_DEPTH, MAX_DEPTH};
pub(crate) use show::Shown;

/// A decoded message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    schema: &'static MessageSchema,
    fields: Vec<Field>,
    unknown: Vec<UnknownField>,
}

/// A field that is there. A scalar that is not has its default value.
#[derive(Clone, Debug)]
pub struct Field {
    schema: &'static FieldSchema,
    value: Value,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.schema.number == other.schema.number && self.value == other.value
    }
}

impl Eq for Field {}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `bool`.
    Bool(bool),
    /// Every signed integer.
    Int(i64),
    /// Every unsigned integer.
    Uint(u64),
    /// `float`, as its bits: two trees are equal where their bytes are.
    Float(u32),
    /// `double`, as its bits.
    Double(u64),
    /// The number of an enumeration, known or not.
    Enum(i32),
    /// `string`.
    Text(String),
    /// `bytes`.
    Bytes(Vec<u8>),
    /// A message inside, other than an `Any`.
    Message(Message),
    /// `google.protobuf.Any`.
    Any(Box<Any>),
    /// A repeated field, at least one item. The items of a map are messages of a key and a value.
    List(Vec<Value>),
}

/// A message with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Any {
    type_url: String,
    content: Content,
    unknown: Vec<UnknownField>,
}

/// What an `Any` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message of a type that has a table.
    Known(Message),
    /// The bytes of any other.
    Unknown(Vec<u8>),
}

/// A field that no table knows, as it stood on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// The number of the field.
    pub number: u32,
    /// The wire type: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.
    pub wire_type: u8,
    /// What follows the tag, without the length of a length-delimited field.
    pub bytes: Vec<u8>,
}

/// Where in a message an unknown field stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown<'a> {
    /// Names of fields from the outermost message on, `msgs[2].amount`; empty for the message itself.
    pub path: String,
    /// The message that has the field.
    pub message: &'static str,
    /// The field.
    pub field: &'a UnknownField,
}

impl Message {
    /// The table of the message.
    pub fn schema(&self) -> &'static MessageSchema {
        self.schema
    }

    /// The full name, `cosmos.bank.v1beta1.MsgSend`.
    pub fn name(&self) -> &'static str {
        self.schema.name
    }

    /// `/` and the full name.
    pub fn type_url(&self) -> String {
        format!("/{}", self.schema.name)
    }

    /// The fields that are there, ascending by number.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields of this message, not of those inside it, that its table does not know.
    pub fn own_unknown_fields(&self) -> &[UnknownField] {
        &self.unknown
    }

    /// Every unknown field of this message and of all inside it.
    pub fn unknown_fields(&self) -> Vec<Unknown<'_>> {
        let mut found = Vec::new();
        collect(self, "", &mut found);
        found
    }

    /// The messages inside this one, one step down, those in an `Any` included.
    pub fn inner(&self) -> impl Iterator<Item = &Message> {
        let items = self.fields.iter().flat_map(|field| match &field.value {
            Value::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        });
        items.filter_map(|value| match value {
            Value::Message(message) => Some(message),
            Value::Any(any) => any.message(),
            _ => None,
        })
    }

    /// Whether there is a field at any depth that no table knows.
    pub fn has_unknown_fields(&self) -> bool {
        !self.unknown.is_empty() || self.fields.iter().any(|field| has_unknown(&field.value))
    }

    /// The texts of the fields that hold signers, in the order of `(cosmos.msg.v1.signer)`; the signers of a message inside in its place.
    pub fn signers(&self) -> Vec<&str> {
        let mut found = Vec::new();
        for name in self.schema.signers {
            match self.get(name) {
                Some(Value::Message(inner)) => found.extend(inner.signers()),
                Some(Value::List(items)) => items.iter().for_each(|item| match item {
                    Value::Message(inner) => found.extend(inner.signers()),
                    Value::Text(text) => found.push(text),
                    _ => {}
                }),
                _ => found.push(self.text(name)),
            }
        }
        found
    }

    /// Whether nothing in this message and all inside it is unknown: no field, and no type of an `Any`.
    pub fn is_known(&self) -> bool {
        self.unknown.is_empty() && self.fields.iter().all(|field| known(&field.value))
    }

    /// The value of a field that is there.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field.schema.name == name).map(|field| &field.value)
    }

    /// A `string`, empty where it is absent.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// A `bytes`, empty where it is absent.
    pub fn bytes(&self, name: &str) -> &[u8] {
        match self.get(name) {
            Some(Value::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    /// An unsigned integer, 0 where it is absent.
    pub fn uint(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Value::Uint(number)) => *number,
            _ => 0,
        }
    }

    /// A signed integer or an enumeration, 0 where it is absent.
    pub fn int(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Value::Int(number)) => *number,
            Some(Value::Enum(number)) => i64::from(*number),
            _ => 0,
        }
    }

    /// A `bool`, false where it is absent.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Bool(true))
    }

    /// A message, absent where the field is.
    pub fn message(&self, name: &str) -> Option<&Message> {
        match self.get(name) {
            Some(Value::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// An `Any`, absent where the field is.
    pub fn any(&self, name: &str) -> Option<&Any> {
        match self.get(name) {
            Some(Value::Any(any)) => Some(any),
            _ => None,
        }
    }

    /// The items of a repeated field, none where it is absent.
    pub fn list(&self, name: &str) -> &[Value] {
        match self.get(name) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// The messages of a repeated field.
    pub fn messages(&self, name: &str) -> impl Iterator<Item = &Message> {
        self.list(name).iter().filter_map(|item| match item {
            Value::Message(message) => Some(message),
            _ => None,
        })
    }

    /// The `Any`s of a repeated field.
    pub fn anys(&self, name: &str) -> impl Iterator<Item = &Any> {
        self.list(name).iter().filter_map(|item| match item {
            Value::Any(any) => Some(&**any),
            _ => None,
        })
    }
}

impl Field {
    /// The field's entry in the table of its message.
    pub fn schema(&self) -> &'static FieldSchema {
        self.schema
    }

    /// What it holds.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

impl Any {
    /// The type url, `/` and a full message name.
    pub fn type_url(&self) -> &str {
        &self.type_url
    }

    /// What it holds.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The message, where its type has a table.
    pub fn message(&self) -> Option<&Message> {
        match &self.content {
            Content::Known(message) => Some(message),
            Content::Unknown(_) => None,
        }
    }

    /// The encoded message.
    pub fn value(&self) -> Vec<u8> {
        match &self.content {
            Content::Known(message) => message.encode(),
            Content::Unknown(bytes) => bytes.clone(),
        }
    }

    /// The fields beside type url and value.
    pub fn own_unknown_fields(&self) -> &[UnknownField] {
        &self.unknown
    }
}

fn has_unknown(value: &Value) -> bool {
    match value {
        Value::Message(message) => message.has_unknown_fields(),
        Value::Any(any) => !any.unknown.is_empty() || any.message().is_some_and(Message::has_unknown_fields),
        Value::List(items) => items.iter().any(has_unknown),
        _ => false,
    }
}

fn known(value: &Value) -> bool {
    match value {
        Value::Message(message) => message.is_known(),
        Value::Any(any) => any.unknown.is_empty() && any.message().is_some_and(Message::is_known),
        Value::List(items) => items.iter().all(known),
        _ => true,
    }
}

fn collect<'a>(message: &'a Message, path: &str, found: &mut Vec<Unknown<'a>>) {
    let here = |field| Unknown { path: path.to_owned(), message: message.schema.short_name(), field };
    found.extend(message.unknown.iter().map(here));
    for field in &message.fields {
        let dot = if path.is_empty() { "" } else { "." };
        collect_value(&field.value, &|| format!("{path}{dot}{}", field.schema.name), found);
    }
}

/// The path is made only where something inside may need it.
fn collect_value<'a>(value: &'a Value, path: &dyn Fn() -> String, found: &mut Vec<Unknown<'a>>) {
    match value {
        Value::Message(message) if !message.unknown.is_empty() || message.has_inner() => {
            collect(message, &path(), found);
        }
        Value::Any(any) => {
            let here = |field| Unknown { path: path(), message: "Any", field };
            found.extend(any.unknown.iter().map(here));
            if let Content::Known(message) = &any.content {
                collect(message, &path(), found);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_value(item, &|| format!("{}[{index}]", path()), found);
            }
        }
        _ => {}
    }
}

impl Message {
    fn has_inner(&self) -> bool {
        let inner = |field: &Field| matches!(field.value, Value::Message(_) | Value::Any(_) | Value::List(_));
        self.fields.iter().any(inner)
    }
}
