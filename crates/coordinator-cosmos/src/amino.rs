//! Sign docs of `SIGN_MODE_LEGACY_AMINO_JSON`: the JSON that Go's `encoding/json` writes with sorted keys (`legacytx.StdSignDoc`).

mod decode;
mod encode;
mod json;
pub(crate) mod object;
mod scalar;
mod wire;

use serde_json::Value;

use crate::decoded::{DecodedMsg, DecodedTx, Fee, Signer, SignerKey, SignerMode};
use crate::schema::MessageSchema;
use crate::sign_doc::bounded;
use crate::{
    Address, Coin, CosmosError, SignMode, arbitrary, digest, envelope, proto, timestamp, tree, visible,
};
use encode::MAX_DEPTH;
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

    /// The doc of a `StdSignDoc` in any order of keys and with any spaces, in the one spelling that is signed.
    ///
    /// # Errors
    /// As [`AminoSignDoc::parse`].
    pub fn from_json(doc: &Value) -> Result<Self, CosmosError> {
        Self::parse(&canonical(doc)?)
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
        timeout_timestamp: doc.optional_text("timeout_timestamp")?.map(time).transpose()?,
        unordered: doc.optional_flag("unordered")?,
        extension_options: Vec::new(),
        non_critical_extension_options: Vec::new(),
    };
    doc.end()?;
    if tx.unordered {
        envelope::unordered(tx.timeout_timestamp.is_some(), tx.signers.iter().map(|signer| signer.sequence))?;
    }
    Ok(tx)
}

/// A time in the one spelling that a chain writes.
fn time(text: &str) -> Result<String, CosmosError> {
    let time = scalar::time_from_json(text).filter(|time| time.seconds != 0);
    let text = time.and_then(|time| timestamp::rfc3339(time.seconds, time.nanos));
    text.ok_or(CosmosError::BadField { part: "sign doc", field: "timeout_timestamp" })
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

/// The Amino JSON of a message, `{"type", "value"}`, as a chain writes it into a sign doc: that of the message with this type url and these encoded bytes.
///
/// # Errors
/// [`CosmosError`] where no table has this type, where the bytes are not its canonical form, and where a chain could not write it either.
pub fn amino_message(type_url: &str, value: &[u8]) -> Result<Value, CosmosError> {
    encode::any(type_url, value, MAX_DEPTH)
}

/// Back from the Amino JSON of a message: its type url and its encoded bytes. None where no table has this type.
///
/// # Errors
/// [`CosmosError`] where the JSON is not what a chain would write for these bytes.
pub fn message_of_amino(amino: &Value) -> Result<Option<(String, Vec<u8>)>, CosmosError> {
    Ok(message_of(amino)?.map(|any| (any.type_url, any.value)))
}

fn message_of(amino: &Value) -> Result<Option<proto::Any>, CosmosError> {
    let Some(any) = decode::any(amino, MAX_DEPTH)? else { return Ok(None) };
    // Whatever was passed over, read twice or filled in on the way shows here.
    if encode::any(&any.type_url, &any.value, MAX_DEPTH)? != *amino {
        let schema = MessageSchema::by_type_url(&any.type_url);
        return Err(CosmosError::NotCanonical { part: schema.map_or("message", |schema| schema.name) });
    }
    Ok(Some(any))
}

fn message(value: &Value) -> Result<DecodedMsg, CosmosError> {
    if let Some(any) = message_of(value)? {
        return DecodedMsg::from_any(&tree::Any::decode(&any.type_url, &any.value)?);
    }
    let mut message = Object::new("message", value)?;
    let amino_type = message.text("type")?;
    let content = message.value("value")?;
    message.end()?;
    if amino_type == arbitrary::AMINO_TYPE {
        return Err(CosmosError::ArbitraryInTransaction);
    }
    // A chain writes `/` and the full name for a message without an amino name, never for one that has it.
    if amino_type.is_empty() || MessageSchema::by_type_url(amino_type).is_some() {
        return Err(CosmosError::MessageType { excerpt: visible::excerpt(amino_type) });
    }
    Ok(DecodedMsg::Unknown { type_url: amino_type.to_owned(), value: canonical(content)? })
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
