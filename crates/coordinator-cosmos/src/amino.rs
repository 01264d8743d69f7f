//! Sign docs of `SIGN_MODE_LEGACY_AMINO_JSON`: the JSON that Go's `encoding/json` writes with sorted keys (`legacytx.StdSignDoc`).

mod json;
pub(crate) mod object;

use serde_json::Value;

use crate::decoded::{DecodedMsg, DecodedTx, Fee, MsgSend, Signer, SignerKey, SignerMode};
use crate::sign_doc::bounded;
use crate::{Address, Coin, CosmosError, SignMode, arbitrary, digest, visible};
use object::Object;

pub(crate) use json::canonical;

/// A parsed sign doc of `SIGN_MODE_LEGACY_AMINO_JSON`, with the bytes it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AminoSignDoc {
    bytes: Vec<u8>,
    decoded: DecodedTx,
}

impl AminoSignDoc {
    /// Parses a sign doc. Its bytes must be the canonical ones, and every key must be known outside of messages that this crate does not
    /// decode.
    ///
    /// # Errors
    /// [`CosmosError`], naming the part and the key.
    pub fn parse(bytes: &[u8]) -> Result<Self, CosmosError> {
        bounded(bytes)?;
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|e| CosmosError::Malformed { part: "sign doc", source: Some(Box::new(e)) })?;
        if canonical(&value)? != bytes {
            return Err(CosmosError::NotCanonical { part: "sign doc" });
        }
        Ok(Self { bytes: bytes.to_vec(), decoded: decoded(&value)? })
    }

    /// The bytes that are signed: those that were parsed.
    pub fn sign_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the sign bytes, 32 bytes.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.bytes)
    }

    /// What the doc says.
    pub fn decoded(&self) -> &DecodedTx {
        &self.decoded
    }
}

fn decoded(value: &Value) -> Result<DecodedTx, CosmosError> {
    let mut doc = Object::new("sign doc", value)?;
    let tx = DecodedTx {
        mode: SignMode::AminoJson,
        chain_id: doc.text("chain_id")?.to_owned(),
        account_number: doc.number("account_number")?,
        messages: doc.list("msgs")?.iter().map(message).collect::<Result<_, _>>()?,
        signers: vec![Signer {
            key: SignerKey::Absent,
            mode: SignerMode::AminoJson,
            sequence: doc.number("sequence")?,
        }],
        fee: fee(doc.value("fee")?)?,
        memo: doc.text("memo")?.to_owned(),
        timeout_height: doc.optional_number("timeout_height")?,
        timeout_timestamp: None,
        unordered: false,
        extension_options: Vec::new(),
        non_critical_extension_options: Vec::new(),
    };
    doc.end()?;
    Ok(tx)
}

fn fee(value: &Value) -> Result<Fee, CosmosError> {
    let mut fee = Object::new("fee", value)?;
    let read = Fee {
        amounts: coins(fee.list("amount")?)?,
        gas: fee.number("gas")?,
        payer: fee.optional_text("payer")?.map(Address::parse).transpose()?,
        granter: fee.optional_text("granter")?.map(Address::parse).transpose()?,
    };
    fee.end()?;
    Ok(read)
}

fn message(value: &Value) -> Result<DecodedMsg, CosmosError> {
    let mut message = Object::new("message", value)?;
    let amino_type = message.text("type")?;
    let content = message.value("value")?;
    message.end()?;
    if amino_type == arbitrary::AMINO_TYPE {
        return Err(CosmosError::ArbitraryInTransaction);
    }
    if amino_type != MsgSend::AMINO_TYPE {
        // A chain writes `/` and the full name for a message without an amino name, never for one that has it.
        if amino_type.is_empty() || amino_type == MsgSend::TYPE_URL {
            return Err(CosmosError::MessageType { excerpt: visible::excerpt(amino_type) });
        }
        return Ok(DecodedMsg::Unknown { type_url: amino_type.to_owned(), value: canonical(content)? });
    }
    let mut send = Object::new("MsgSend", content)?;
    let read = MsgSend {
        from: Address::parse(send.text("from_address")?)?,
        to: Address::parse(send.text("to_address")?)?,
        amounts: coins(send.list("amount")?)?,
    };
    send.end()?;
    Ok(DecodedMsg::Send(read))
}

fn coins(values: &[Value]) -> Result<Vec<Coin>, CosmosError> {
    values
        .iter()
        .map(|value| {
            let mut coin = Object::new("coin", value)?;
            let read = Coin::parse(coin.text("amount")?, coin.text("denom")?)?;
            coin.end()?;
            Ok(read)
        })
        .collect()
}
