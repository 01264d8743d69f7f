//! The messages that this crate can read, and the way in which all others are reported.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::render::Hex;
use crate::{Address, Coin, CosmosError};

/// One message of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodedMsg {
    /// `cosmos.bank.v1beta1.MsgSend`.
    Send(MsgSend),
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
    /// The type that rules of a policy name: a protobuf type url for every message that this crate decodes, in either sign mode.
    pub fn type_url(&self) -> &str {
        match self {
            Self::Send(_) => MsgSend::TYPE_URL,
            Self::Unknown { type_url, .. } => type_url,
        }
    }
}

impl Serialize for DecodedMsg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("typeUrl", self.type_url())?;
        match self {
            Self::Send(send) => map.serialize_entry("send", send)?,
            Self::Unknown { value, .. } => map.serialize_entry("value", &Hex(value).to_string())?,
        }
        map.end()
    }
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
