//! What a protobuf message looks like, as data: the words in which the tables of `generated/tables/` are written.
//!
//! A table says what the chains' .proto files say, the options of Amino JSON included. One walker ([`crate::tree`]) decodes every message by its
//! table; rendering and Amino JSON read the same tables, so that a message is taught to all of them by naming its .proto file.

use crate::generated::tables;

/// A message.
#[derive(Debug)]
pub struct MessageSchema {
    /// The full name, `cosmos.bank.v1beta1.MsgSend`. A type url is `/` and this.
    pub name: &'static str,
    /// `(amino.name)`, the `type` of the message in an Amino JSON doc.
    pub amino_name: Option<&'static str>,
    /// `(amino.message_encoding)`.
    pub amino_encoding: Option<MessageEncoding>,
    /// `(cosmos.msg.v1.signer)`: names of the fields that hold a signer or, of a message inside, have signers of their own.
    /// Empty for what no account signs.
    pub signers: &'static [&'static str],
    /// The fields, ascending by number.
    pub fields: &'static [FieldSchema],
}

impl MessageSchema {
    /// The message with this full name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let at = tables::MESSAGES.binary_search_by(|message| message.name.cmp(name)).ok()?;
        tables::MESSAGES.get(at).copied()
    }

    /// The message with this type url, `/cosmos.bank.v1beta1.MsgSend`.
    pub fn by_type_url(type_url: &str) -> Option<&'static Self> {
        Self::by_name(type_url.strip_prefix('/')?)
    }

    /// All messages with this `(amino.name)`. It is unique among the messages of transactions; some keys and contents share theirs.
    pub fn by_amino_name(name: &str) -> impl Iterator<Item = &'static Self> {
        Self::all().filter(move |message| message.amino_name == Some(name))
    }

    /// Every message, sorted by full name.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        tables::MESSAGES.iter().copied()
    }

    /// The name without its package, `MsgSend` or `ModeInfo.Single`.
    pub fn short_name(&self) -> &'static str {
        let starts = |at: usize| self.name.as_bytes().get(at).is_some_and(u8::is_ascii_uppercase);
        let at = self.name.match_indices('.').map(|(at, _)| at + 1).find(|at| starts(*at));
        at.and_then(|at| self.name.get(at..)).unwrap_or(self.name)
    }

    /// The field with this number.
    pub fn field(&self, number: u32) -> Option<&FieldSchema> {
        let at = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(at)
    }

    /// The field with this name.
    pub fn field_named(&self, name: &str) -> Option<&FieldSchema> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether this is `google.protobuf.Any`.
    pub fn is_any(&self) -> bool {
        self.name == "google.protobuf.Any"
    }
}

impl PartialEq for MessageSchema {
    /// Two tables are the same where their full names are: a name has one table.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MessageSchema {}

/// A field of a message.
#[derive(Debug)]
pub struct FieldSchema {
    /// The number on the wire.
    pub number: u32,
    /// The name in the .proto file, `from_address`.
    pub name: &'static str,
    /// What it holds; for a list, what each item is.
    pub kind: Kind,
    /// How often.
    pub count: Count,
    /// `(cosmos_proto.scalar)`: how its text is to be read.
    pub scalar: Option<Scalar>,
    /// `(gogoproto.nullable)`, which is true unless said otherwise. A message that is not nullable is written by Go even when it is empty.
    pub nullable: bool,
    /// `(amino.dont_omitempty)`: Amino JSON writes the field even when it is empty.
    pub keep_empty: bool,
    /// `(amino.field_name)`, where the key in Amino JSON is not [`FieldSchema::name`].
    pub amino_key: Option<&'static str>,
    /// `(amino.encoding)`.
    pub amino_encoding: Option<FieldEncoding>,
    /// `(amino.oneof_name)`: the `type` that Amino JSON puts around a member of a oneof.
    pub amino_oneof: Option<&'static str>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are those of protobuf")]
pub enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    Enum(&'static EnumSchema),
    Message(&'static MessageSchema),
}

/// How often a field may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Once; a scalar that is absent has its default value, and only then.
    One,
    /// Once or not at all: a proto3 `optional`, which knows an absent value from a default one.
    Optional,
    /// Once or not at all, and at most one field of the oneof with this name.
    OneOf(&'static str),
    /// Any number of times; numbers are packed.
    Repeated,
    /// Any number of times, each a message of a key (1) and a value (2).
    Map,
}

/// An enumeration.
#[derive(Debug)]
pub struct EnumSchema {
    /// The full name.
    pub name: &'static str,
    /// Numbers and names in the order of the .proto file.
    pub values: &'static [(i32, &'static str)],
}

impl EnumSchema {
    /// The name of a number.
    pub fn name_of(&self, number: i32) -> Option<&'static str> {
        self.values.iter().find(|(value, _)| *value == number).map(|(_, name)| *name)
    }

    /// The number of a name.
    pub fn number_of(&self, name: &str) -> Option<i32> {
        self.values.iter().find(|(_, known)| *known == name).map(|(number, _)| *number)
    }
}

/// `(cosmos_proto.scalar)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A whole number in decimal digits.
    Int,
    /// A fixed-point number: on the wire a whole number of 10^-18, in Amino JSON with its point.
    Dec,
    /// An account's address.
    Address,
    /// A validator operator's address.
    ValidatorAddress,
    /// A validator's consensus address.
    ConsensusAddress,
}

/// `(amino.encoding)` of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldEncoding {
    /// An empty list of coins is `[]`.
    LegacyCoins,
    /// The bytes are JSON, written as they are.
    InlineJson,
}

/// `(amino.message_encoding)` of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageEncoding {
    /// The message is written as its field `key` alone.
    KeyField,
    /// A module account: its base account's fields and its own as one object.
    ModuleAccount,
    /// A multisig key: the threshold as a string.
    ThresholdString,
}

/// The tables are constants: each option is a call that sets it.
#[allow(dead_code, reason = "no message of today's lists has a map or an `optional`")]
impl FieldSchema {
    pub(crate) const fn new(number: u32, name: &'static str, kind: Kind) -> Self {
        Self {
            number,
            name,
            kind,
            count: Count::One,
            scalar: None,
            nullable: true,
            keep_empty: false,
            amino_key: None,
            amino_encoding: None,
            amino_oneof: None,
        }
    }

    pub(crate) const fn optional(self) -> Self {
        Self { count: Count::Optional, ..self }
    }

    pub(crate) const fn one_of(self, name: &'static str) -> Self {
        Self { count: Count::OneOf(name), ..self }
    }

    pub(crate) const fn repeated(self) -> Self {
        Self { count: Count::Repeated, ..self }
    }

    pub(crate) const fn map(self) -> Self {
        Self { count: Count::Map, ..self }
    }

    pub(crate) const fn scalar(self, scalar: Scalar) -> Self {
        Self { scalar: Some(scalar), ..self }
    }

    pub(crate) const fn not_nullable(self) -> Self {
        Self { nullable: false, ..self }
    }

    pub(crate) const fn keep_empty(self) -> Self {
        Self { keep_empty: true, ..self }
    }

    pub(crate) const fn amino_key(self, key: &'static str) -> Self {
        Self { amino_key: Some(key), ..self }
    }

    pub(crate) const fn encoded(self, encoding: FieldEncoding) -> Self {
        Self { amino_encoding: Some(encoding), ..self }
    }

    pub(crate) const fn amino_oneof(self, name: &'static str) -> Self {
        Self { amino_oneof: Some(name), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_so_that_a_search_finds_each() {
        assert!(tables::MESSAGES.is_sorted_by(|a, b| a.name < b.name));
        for message in MessageSchema::all() {
            assert!(message.fields.is_sorted_by(|a, b| a.number < b.number), "{}", message.name);
            assert_eq!(MessageSchema::by_name(message.name), Some(message));
        }
        assert!(MessageSchema::by_name("cosmos.bank.v1beta1.MsgSteal").is_none());
        assert!(MessageSchema::by_type_url("cosmos.bank.v1beta1.MsgSend").is_none(), "no slash");
    }

    #[test]
    fn the_options_of_a_message_are_in_its_table() {
        let send = MessageSchema::by_type_url("/cosmos.bank.v1beta1.MsgSend").unwrap();
        assert_eq!(send.amino_name, Some("cosmos-sdk/MsgSend"));
        assert_eq!(send.signers, ["from_address"]);
        let amount = send.field_named("amount").unwrap();
        assert_eq!((amount.number, amount.count), (3, Count::Repeated));
        assert!(amount.keep_empty && !amount.nullable);
        assert_eq!(amount.amino_encoding, Some(FieldEncoding::LegacyCoins));
        assert_eq!(send.field(1).unwrap().scalar, Some(Scalar::Address));
    }

    #[test]
    fn a_message_of_a_transaction_has_an_amino_name_of_its_own() {
        for message in MessageSchema::all().filter(|message| !message.signers.is_empty()) {
            let Some(name) = message.amino_name else { continue };
            let others = MessageSchema::by_amino_name(name).filter(|other| !other.signers.is_empty());
            assert_eq!(others.count(), 1, "{name}");
        }
    }
}
