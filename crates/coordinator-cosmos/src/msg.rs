//! Messages to be sent: each with the bytes that a direct doc carries and the JSON that an Amino doc carries, made from the same values.
//!
//! A builder asks for what a chain refuses to do without and fills in nothing of its own. Addresses are not compared with the signer's here: whether
//! a message is the wallet's is decided where it is signed.

mod authz;
mod feegrant;
mod ibc;
mod staking;
mod vote;

use prost::Message;
use serde_json::{Value, json};

use crate::{Address, Coin, MsgSend, proto, timestamp};

pub use self::feegrant::Allowance;
pub use self::ibc::IbcTransfer;
pub use self::vote::VoteOption;

/// A message of a transaction that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Msg {
    any: proto::Any,
    amino: Value,
}

impl Msg {
    fn new(type_url: &str, message: &impl Message, amino_type: &str, amino_value: Value) -> Self {
        Self {
            any: proto::Any { type_url: type_url.to_owned(), value: message.encode_to_vec() },
            amino: json!({ "type": amino_type, "value": amino_value }),
        }
    }

    /// The protobuf type url.
    pub fn type_url(&self) -> &str {
        &self.any.type_url
    }

    /// The encoded message.
    pub fn value(&self) -> &[u8] {
        &self.any.value
    }

    /// The message as it stands in an Amino JSON doc: its `type` and its `value`.
    pub fn amino_json(&self) -> &Value {
        &self.amino
    }

    pub(crate) fn any(&self) -> &proto::Any {
        &self.any
    }
}

impl From<MsgSend> for Msg {
    fn from(send: MsgSend) -> Self {
        let message = proto::MsgSend {
            from_address: send.from.to_string(),
            to_address: send.to.to_string(),
            amount: coins(&send.amounts),
        };
        let value = json!({
            "amount": amino_coins(&send.amounts),
            "from_address": send.from.as_str(),
            "to_address": send.to.as_str(),
        });
        Self::new(MsgSend::TYPE_URL, &message, MsgSend::AMINO_TYPE, value)
    }
}

/// A moment, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime(pub i64);

impl UnixTime {
    fn proto(self) -> proto::Timestamp {
        proto::Timestamp { seconds: self.0, nanos: 0 }
    }

    fn amino(self) -> Result<Value, crate::CosmosError> {
        let bad = crate::CosmosError::BadField { part: "message", field: "time" };
        timestamp::rfc3339(self.0, 0).map(Value::from).ok_or(bad)
    }
}

pub(crate) fn coin(coin: &Coin) -> proto::Coin {
    proto::Coin { denom: coin.denom.to_string(), amount: coin.amount.to_string() }
}

pub(crate) fn coins(all: &[Coin]) -> Vec<proto::Coin> {
    all.iter().map(coin).collect()
}

pub(crate) fn amino_coin(coin: &Coin) -> Value {
    json!({ "amount": coin.amount.as_str(), "denom": coin.denom.as_str() })
}

pub(crate) fn amino_coins(all: &[Coin]) -> Vec<Value> {
    all.iter().map(amino_coin).collect()
}

fn text(address: &Address) -> String {
    address.to_string()
}
