//! Sign docs of `SIGN_MODE_DIRECT`: the canonical protobuf of ADR-027, where an account number of 0 is omitted like any default.

use prost::Message;

use crate::decoded::{DecodedMsg, DecodedTx, Fee, MsgSend, Opaque, Signer, SignerKey, SignerMode};
use crate::proto::{self, mode_info};
use crate::sign_doc::bounded;
use crate::{Address, Coin, CosmosError, SignMode, TxRaw, digest, key, strict, timestamp, visible};

/// The type url of a secp256k1 key.
pub(crate) const SECP256K1: &str = "/cosmos.crypto.secp256k1.PubKey";

/// A parsed sign doc of `SIGN_MODE_DIRECT`, with the bytes it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectSignDoc {
    bytes: Vec<u8>,
    body: Vec<u8>,
    auth_info: Vec<u8>,
    decoded: DecodedTx,
}

impl DirectSignDoc {
    /// Makes a sign doc of an encoded `TxBody`, an encoded `AuthInfo`, a chain id and an account number, and parses it.
    ///
    /// # Errors
    /// As [`DirectSignDoc::parse`].
    pub fn new(
        body: &[u8],
        auth_info: &[u8],
        chain_id: &str,
        account_number: u64,
    ) -> Result<Self, CosmosError> {
        let doc = proto::SignDoc {
            body_bytes: body.to_vec(),
            auth_info_bytes: auth_info.to_vec(),
            chain_id: chain_id.to_owned(),
            account_number,
        };
        Self::parse(&doc.encode_to_vec())
    }

    /// Parses a sign doc. The doc, its body, its auth info, a secp256k1 key and every message that this crate decodes must each be
    /// canonical and free of unknown fields.
    ///
    /// # Errors
    /// [`CosmosError`], naming the part and the field.
    pub fn parse(bytes: &[u8]) -> Result<Self, CosmosError> {
        bounded(bytes)?;
        let doc: proto::SignDoc = strict::decode(bytes, &strict::SIGN_DOC)?;
        let body: proto::TxBody = strict::decode(&doc.body_bytes, &strict::TX_BODY)?;
        let auth: proto::AuthInfo = strict::decode(&doc.auth_info_bytes, &strict::AUTH_INFO)?;
        let decoded = decoded(doc.chain_id, doc.account_number, body, auth)?;
        Ok(Self { bytes: bytes.to_vec(), body: doc.body_bytes, auth_info: doc.auth_info_bytes, decoded })
    }

    /// The bytes that are signed: those that were parsed.
    pub fn sign_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the sign bytes, 32 bytes.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.bytes)
    }

    /// The encoded `TxBody`.
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    /// The encoded `AuthInfo`.
    pub fn auth_info_bytes(&self) -> &[u8] {
        &self.auth_info
    }

    /// What the doc says.
    pub fn decoded(&self) -> &DecodedTx {
        &self.decoded
    }

    /// The envelope to broadcast. `signatures` (`r || s`, 64 bytes each) stand in the order of the doc's signers.
    pub fn tx_raw(&self, signatures: &[[u8; 64]]) -> TxRaw {
        TxRaw::assemble(&self.body, &self.auth_info, signatures)
    }
}

fn decoded(
    chain_id: String,
    account_number: u64,
    body: proto::TxBody,
    auth: proto::AuthInfo,
) -> Result<DecodedTx, CosmosError> {
    if body.unordered {
        unordered(&body, &auth)?;
    }
    let fee = auth.fee.ok_or(CosmosError::Missing { part: "AuthInfo", field: "fee" })?;
    Ok(DecodedTx {
        mode: SignMode::Direct,
        chain_id,
        account_number,
        messages: body.messages.into_iter().map(message).collect::<Result<_, _>>()?,
        signers: auth.signer_infos.into_iter().map(signer).collect::<Result<_, _>>()?,
        fee: Fee {
            amounts: coins(&fee.amount)?,
            gas: fee.gas_limit,
            payer: optional_address(&fee.payer)?,
            granter: optional_address(&fee.granter)?,
        },
        memo: body.memo,
        timeout_height: Some(body.timeout_height).filter(|height| *height > 0),
        timeout_timestamp: body.timeout_timestamp.as_ref().map(timestamp::rfc3339).transpose()?,
        unordered: body.unordered,
        extension_options: opaques(body.extension_options)?,
        non_critical_extension_options: opaques(body.non_critical_extension_options)?,
    })
}

/// What Cosmos SDK 0.53 asks of an unordered transaction (its ADR-070): a time that bounds it, for which the epoch is none, and no
/// sequence. With a sequence it would read like one that others exclude, and exclude none.
fn unordered(body: &proto::TxBody, auth: &proto::AuthInfo) -> Result<(), CosmosError> {
    if body.timeout_timestamp.as_ref().is_none_or(|time| time.seconds == 0) {
        return Err(CosmosError::Missing { part: "TxBody", field: "timeout_timestamp" });
    }
    if auth.signer_infos.iter().any(|info| info.sequence != 0) {
        return Err(CosmosError::BadField { part: "SignerInfo", field: "sequence" });
    }
    Ok(())
}

fn message(any: proto::Any) -> Result<DecodedMsg, CosmosError> {
    let type_url = type_url(any.type_url)?;
    if type_url != MsgSend::TYPE_URL {
        return Ok(DecodedMsg::Unknown { type_url, value: any.value });
    }
    let send: proto::MsgSend = strict::decode(&any.value, &strict::MSG_SEND)?;
    Ok(DecodedMsg::Send(MsgSend {
        from: Address::parse(&send.from_address)?,
        to: Address::parse(&send.to_address)?,
        amounts: coins(&send.amount)?,
    }))
}

fn signer(info: proto::SignerInfo) -> Result<Signer, CosmosError> {
    let key = match info.public_key {
        None => SignerKey::Absent,
        Some(any) if any.type_url == SECP256K1 => {
            let key: proto::PubKey = strict::decode(&any.value, &strict::PUB_KEY)?;
            let key = key.key.try_into().map_err(|_| CosmosError::PublicKey)?;
            key::check(&key)?;
            SignerKey::Secp256k1(key)
        }
        Some(any) => SignerKey::Other(opaque(any)?),
    };
    let mode = match info.mode_info.and_then(|mode| mode.sum) {
        Some(mode_info::Sum::Single(single)) => match single.mode {
            DIRECT => SignerMode::Direct,
            AMINO_JSON => SignerMode::AminoJson,
            other => SignerMode::Other(other),
        },
        Some(mode_info::Sum::Multi(_)) => SignerMode::Multi,
        None => return Err(CosmosError::Missing { part: "SignerInfo", field: "mode_info" }),
    };
    Ok(Signer { key, mode, sequence: info.sequence })
}

/// `SIGN_MODE_DIRECT` in `cosmos.tx.signing.v1beta1.SignMode`.
pub(crate) const DIRECT: i32 = 1;
/// `SIGN_MODE_LEGACY_AMINO_JSON` in the same enumeration.
pub(crate) const AMINO_JSON: i32 = 127;

fn coins(coins: &[proto::Coin]) -> Result<Vec<Coin>, CosmosError> {
    coins.iter().map(|coin| Coin::parse(&coin.amount, &coin.denom)).collect()
}

fn optional_address(text: &str) -> Result<Option<Address>, CosmosError> {
    if text.is_empty() { Ok(None) } else { Address::parse(text).map(Some) }
}

fn opaques(options: Vec<proto::Any>) -> Result<Vec<Opaque>, CosmosError> {
    options.into_iter().map(opaque).collect()
}

fn opaque(any: proto::Any) -> Result<Opaque, CosmosError> {
    Ok(Opaque { type_url: type_url(any.type_url)?, value: any.value })
}

/// A type url as chains write it: `/` and the full name. Other prefixes resolve to the same message on some chains, so they are refused.
fn type_url(text: String) -> Result<String, CosmosError> {
    let name = text.strip_prefix('/').unwrap_or_default();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_') {
        return Err(CosmosError::MessageType { excerpt: visible::excerpt(&text) });
    }
    Ok(text)
}
