//! A transaction as a person or a policy reads it: the same shape for both sign modes, with nothing of the sign doc left out.
//!
//! A value of these types is read out of a sign doc that was decoded, encoded again and found equal; it is a view for deciding and showing, and is
//! never encoded to be signed.

mod message;
mod moves;
mod outflow;
mod render;

use serde::{Serialize, Serializer};

use crate::{Address, Coin, SignMode};

pub(crate) use message::coin;
pub use message::{DecodedMsg, MsgSend, Opaque};
pub use outflow::{Outflow, Permission, Recipient, Transfer};
pub(crate) use render::{Hex, Rest};

/// Everything that a sign doc says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedTx {
    /// The form of the sign doc.
    pub mode: SignMode,
    /// The chain that the signature is good for.
    pub chain_id: String,
    /// The number of the signing account on that chain; 0 is a number like any other.
    #[serde(serialize_with = "decimal")]
    pub account_number: u64,
    /// The messages in their order. A message that this crate cannot decode is here as [`DecodedMsg::Unknown`], one with an unknown field in it as
    /// [`DecodedMsg::Decoded`] of which [`DecodedMsg::is_fully_decoded`] is false.
    pub messages: Vec<DecodedMsg>,
    /// Who signs. An Amino JSON doc is made for one signer and names no key.
    pub signers: Vec<Signer>,
    /// What is paid for execution.
    pub fee: Fee,
    /// The memo, as it is: show it through `Display` of this type, which makes hidden characters visible.
    pub memo: String,
    /// The last block height at which the transaction may run.
    #[serde(serialize_with = "optional_decimal")]
    pub timeout_height: Option<u64>,
    /// The last block time at which the transaction may run, RFC 3339 in UTC.
    pub timeout_timestamp: Option<String>,
    /// Whether the transaction runs regardless of sequences, as Cosmos SDK 0.53 allows: then nothing but the timestamp
    /// bounds a replay. Then there is a timeout timestamp, and every signer's sequence is 0.
    pub unordered: bool,
    /// The options that a chain must understand. None is decoded.
    pub extension_options: Vec<Opaque>,
    /// The options that a chain may ignore. None is decoded.
    pub non_critical_extension_options: Vec<Opaque>,
}

impl DecodedTx {
    /// The signer with this key (33-byte compressed SEC1), or the only signer where that one names no key.
    pub fn signer(&self, public_key: &[u8; 33]) -> Option<&Signer> {
        let named = self.signers.iter().find(|s| s.key == SignerKey::Secp256k1(*public_key));
        named.or(match self.signers.as_slice() {
            [only] if only.key == SignerKey::Absent => Some(only),
            _ => None,
        })
    }

    /// What leaves the account of `wallet` if this transaction runs.
    ///
    /// # Errors
    /// [`crate::CosmosError::AmountOverflow`] where a total does not fit 256 bits.
    pub fn outflow(&self, wallet: &Address) -> Result<Outflow, crate::CosmosError> {
        outflow::of(self, wallet)
    }
}

/// One signer of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The signer's key.
    pub key: SignerKey,
    /// The form in which this signer signs.
    pub mode: SignerMode,
    /// The number of transactions that the account has sent.
    #[serde(serialize_with = "decimal")]
    pub sequence: u64,
}

/// The key of a signer, as far as the sign doc names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SignerKey {
    /// A secp256k1 key, 33-byte compressed SEC1, a point of the curve.
    Secp256k1(#[serde(serialize_with = "hexadecimal")] [u8; 33]),
    /// A key of another type.
    Other(Opaque),
    /// None: the chain knows the account's key already.
    Absent,
}

/// How a signer signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SignerMode {
    /// `SIGN_MODE_DIRECT`.
    Direct,
    /// `SIGN_MODE_LEGACY_AMINO_JSON`.
    AminoJson,
    /// Another single mode, by its number in `cosmos.tx.signing.v1beta1.SignMode`.
    Other(i32),
    /// A multisig account; which of its members sign is not decoded.
    Multi,
}

/// What is paid for execution, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fee {
    /// The coins, all of them, whatever gas is used in the end.
    pub amounts: Vec<Coin>,
    /// The gas limit.
    #[serde(serialize_with = "decimal")]
    pub gas: u64,
    /// Who pays, where it is not the first signer.
    pub payer: Option<Address>,
    /// Whose fee grant pays.
    pub granter: Option<Address>,
}

// 64-bit numbers are decimal strings in JSON, as everywhere in Cosmos: JavaScript rounds above 2^53.
fn decimal<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn optional_decimal<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

fn hexadecimal<S: Serializer>(value: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Hex(value.as_ref()))
}
