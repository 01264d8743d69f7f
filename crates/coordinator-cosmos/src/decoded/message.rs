//! The messages that this crate can read, and the way in which all others are reported.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::outflow::{self, Outflow};
use super::render::Hex;
use crate::{Address, Coin, CosmosError, tree};

/// One message of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodedMsg {
    /// `cosmos.bank.v1beta1.MsgSend` with nothing unknown in it.
    Send(MsgSend),
    /// Any other message that has a table, and a `MsgSend` with an unknown field.
    Decoded(tree::Message),
    /// A message that this crate does not decode. A policy that lets it pass does so by its type alone.
    Unknown {
        /// The protobuf type url (`/cosmos.gov.v1.MsgVote`), in an Amino JSON doc the amino type (`cosmos-sdk/MsgVote`). It is
        /// never that of a message which this crate decodes.
        type_url: String,
        /// The message's bytes: protobuf, in an Amino JSON doc the canonical JSON of its value.
        value: Vec<u8>,
    },
}

impl DecodedMsg {
    /// What a decoded message is: a typed view where there is one and nothing is unknown in it.
    ///
    /// # Errors
    /// [`CosmosError`] for a `MsgSend` whose addresses or coins are none.
    pub fn from_message(message: tree::Message) -> Result<Self, CosmosError> {
        if message.name() != "cosmos.bank.v1beta1.MsgSend" || !message.is_known() {
            return Ok(Self::Decoded(message));
        }
        Ok(Self::Send(MsgSend {
            from: Address::parse(message.text("from_address"))?,
            to: Address::parse(message.text("to_address"))?,
            amounts: message.messages("amount").map(coin).collect::<Result<_, _>>()?,
        }))
    }

    /// What an encoded message of this type is.
    ///
    /// # Errors
    /// As [`tree::Message::decode`] and [`DecodedMsg::from_message`].
    pub fn from_encoded(type_url: &str, value: &[u8]) -> Result<Self, CosmosError> {
        Self::from_any(&tree::Any::decode(type_url, value)?)
    }

    /// What an `Any` of a transaction holds.
    pub(crate) fn from_any(any: &tree::Any) -> Result<Self, CosmosError> {
        match any.content() {
            tree::Content::Known(message) => Self::from_message(message.clone()),
            tree::Content::Unknown(value) => {
                Ok(Self::Unknown { type_url: any.type_url().to_owned(), value: value.clone() })
            }
        }
    }

    /// The type that rules of a policy name: a protobuf type url for every message that this crate decodes, in either sign mode.
    pub fn type_url(&self) -> Cow<'_, str> {
        match self {
            Self::Send(_) => Cow::Borrowed(MsgSend::TYPE_URL),
            Self::Decoded(message) => Cow::Owned(message.type_url()),
            Self::Unknown { type_url, .. } => Cow::Borrowed(type_url),
        }
    }

    /// Whether everything in the message is shown with its meaning: no unknown type, no unknown field, at any depth.
    pub fn is_fully_decoded(&self) -> bool {
        match self {
            Self::Send(_) => true,
            Self::Decoded(message) => message.is_known(),
            Self::Unknown { .. } => false,
        }
    }

    /// What leaves the account of `wallet` by this message alone, without a fee.
    ///
    /// # Errors
    /// [`CosmosError::AmountOverflow`] where a total does not fit 256 bits.
    pub fn outflow(&self, wallet: &Address) -> Result<Outflow, CosmosError> {
        outflow::of_message(self, wallet)
    }

    /// Whose signatures the message asks for, as its table tells; none where it is not decoded.
    ///
    /// # Errors
    /// [`CosmosError::Address`] where one is no address.
    pub fn signers(&self) -> Result<Vec<Address>, CosmosError> {
        match self {
            Self::Send(send) => Ok(vec![send.from.clone()]),
            Self::Decoded(message) => message.signers().into_iter().map(Address::parse).collect(),
            Self::Unknown { .. } => Ok(Vec::new()),
        }
    }
}

impl Serialize for DecodedMsg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("typeUrl", &self.type_url())?;
        match self {
            Self::Send(send) => map.serialize_entry("send", send)?,
            Self::Decoded(message) => map.serialize_entry("content", message)?,
            Self::Unknown { value, .. } => map.serialize_entry("value", &Hex(value).to_string())?,
        }
        map.end()
    }
}

/// A coin as a tree.
pub(crate) fn coin(message: &tree::Message) -> Result<Coin, CosmosError> {
    Coin::parse(message.text("amount"), message.text("denom"))
}

/// Something that this crate does not decode: its type and its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opaque {
    /// The protobuf type url, `/` and a full message name.
    pub type_url: String,
    /// The encoded message, in JSON lower-case hexadecimal.
    #[serde(serialize_with = "super::hexadecimal")]
    pub value: Vec<u8>,
}

/// A transfer from one account to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MsgSend {
    /// Who sends.
    pub from: Address,
    /// Who receives.
    pub to: Address,
    /// What.
    pub amounts: Vec<Coin>,
}

impl MsgSend {
    /// The protobuf type url.
    pub const TYPE_URL: &'static str = "/cosmos.bank.v1beta1.MsgSend";
    /// The type in an Amino JSON doc.
    pub const AMINO_TYPE: &'static str = "cosmos-sdk/MsgSend";

    /// A transfer that a chain accepts: coins sorted by denom, at least one, none zero or named twice.
    ///
    /// # Errors
    /// [`CosmosError::Coins`].
    pub fn new(from: Address, to: Address, mut amounts: Vec<Coin>) -> Result<Self, CosmosError> {
        amounts.sort_by(|a, b| a.denom.cmp(&b.denom));
        let twice = amounts.windows(2).any(|pair| pair[0].denom == pair[1].denom);
        if twice || amounts.is_empty() || amounts.iter().any(|coin| coin.amount.is_zero()) {
            return Err(CosmosError::Coins);
        }
        Ok(Self { from, to, amounts })
    }
}
