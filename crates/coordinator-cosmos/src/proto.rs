//! The protobuf messages of a transaction. All but one come from cosmrs.
//!
//! `TxBody` is written out here because the generated one predates Cosmos SDK 0.53 and lacks `unordered` and `timeout_timestamp`
//! (`cosmos/tx/v1beta1/tx.proto`), which prost would drop without a word.

pub(crate) use cosmrs::Any;
pub(crate) use cosmrs::proto::Timestamp;
pub(crate) use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
pub(crate) use cosmrs::proto::cosmos::base::v1beta1::Coin;
pub(crate) use cosmrs::proto::cosmos::crypto::multisig::LegacyAminoPubKey;
pub(crate) use cosmrs::proto::cosmos::crypto::multisig::v1beta1::{CompactBitArray, MultiSignature};
pub(crate) use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
pub(crate) use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, TxRaw, mode_info,
};

/// `cosmos.tx.v1beta1.TxBody` as of Cosmos SDK 0.53.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TxBody {
    #[prost(message, repeated, tag = "1")]
    pub(crate) messages: Vec<Any>,
    #[prost(string, tag = "2")]
    pub(crate) memo: String,
    #[prost(uint64, tag = "3")]
    pub(crate) timeout_height: u64,
    #[prost(bool, tag = "4")]
    pub(crate) unordered: bool,
    #[prost(message, optional, tag = "5")]
    pub(crate) timeout_timestamp: Option<Timestamp>,
    #[prost(message, repeated, tag = "1023")]
    pub(crate) extension_options: Vec<Any>,
    #[prost(message, repeated, tag = "2047")]
    pub(crate) non_critical_extension_options: Vec<Any>,
}
