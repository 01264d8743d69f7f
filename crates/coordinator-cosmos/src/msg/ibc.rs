//! A transfer of tokens to another chain (ICS-20).

use serde_json::{Map, Value, json};

use super::{Msg, amino_coin, coin, proto, text};
use crate::{Address, Coin};

/// A transfer over IBC.
#[derive(Clone, Debug, PartialEq)]
pub struct IbcTransfer {
    /// The port, `transfer` for all but a few.
    pub port: String,
    /// The channel of this chain, `channel-141` for example.
    pub channel: String,
    /// What is sent.
    pub token: Coin,
    /// Who sends.
    pub sender: Address,
    /// Who receives, in the form of the other chain.
    pub receiver: String,
    /// The last height of the other chain at which it may arrive: its revision and its block.
    pub timeout_height: Option<(u64, u64)>,
    /// The last moment at which it may arrive, in nanoseconds since 1970-01-01T00:00:00Z; 0 for none. One of both a chain asks for.
    pub timeout_nanos: u64,
    /// What the other chain is told.
    pub memo: String,
}

impl From<IbcTransfer> for Msg {
    fn from(transfer: IbcTransfer) -> Self {
        let (revision, height) = transfer.timeout_height.unwrap_or_default();
        let message = MsgTransfer {
            source_port: transfer.port.clone(),
            source_channel: transfer.channel.clone(),
            token: Some(coin(&transfer.token)),
            sender: text(&transfer.sender),
            receiver: transfer.receiver.clone(),
            timeout_height: Some(Height { revision_number: revision, revision_height: height }),
            timeout_timestamp: transfer.timeout_nanos,
            memo: transfer.memo.clone(),
        };
        let number =
            |name: &str, value: u64| (value > 0).then(|| (name.to_owned(), value.to_string().into()));
        let height: Map<String, Value> =
            [number("revision_number", revision), number("revision_height", height)]
                .into_iter()
                .flatten()
                .collect();
        let mut value = json!({
            "source_port": transfer.port,
            "source_channel": transfer.channel,
            "token": amino_coin(&transfer.token),
            "sender": transfer.sender.as_str(),
            "receiver": transfer.receiver,
            "timeout_height": height,
        });
        if transfer.timeout_nanos > 0 {
            value["timeout_timestamp"] = transfer.timeout_nanos.to_string().into();
        }
        if !transfer.memo.is_empty() {
            value["memo"] = transfer.memo.into();
        }
        Self::new("/ibc.applications.transfer.v1.MsgTransfer", &message, "cosmos-sdk/MsgTransfer", value)
    }
}

/// `ibc.applications.transfer.v1.MsgTransfer`, as far as this crate fills it in.
#[derive(Clone, PartialEq, prost::Message)]
struct MsgTransfer {
    #[prost(string, tag = "1")]
    source_port: String,
    #[prost(string, tag = "2")]
    source_channel: String,
    #[prost(message, optional, tag = "3")]
    token: Option<proto::Coin>,
    #[prost(string, tag = "4")]
    sender: String,
    #[prost(string, tag = "5")]
    receiver: String,
    #[prost(message, optional, tag = "6")]
    timeout_height: Option<Height>,
    #[prost(uint64, tag = "7")]
    timeout_timestamp: u64,
    #[prost(string, tag = "8")]
    memo: String,
}

/// `ibc.core.client.v1.Height`.
#[derive(Clone, PartialEq, prost::Message)]
struct Height {
    #[prost(uint64, tag = "1")]
    revision_number: u64,
    #[prost(uint64, tag = "2")]
    revision_height: u64,
}
