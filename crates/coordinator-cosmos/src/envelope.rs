//! The body and the auth info of a transaction, read from their trees into the one shape that is shown.

use crate::decoded::{DecodedMsg, DecodedTx, Fee, Opaque, Signer, SignerKey, SignerMode, coin};
use crate::tree::{Any, Message, Value};
use crate::{Address, CosmosError, SignMode, key, timestamp};

/// `SIGN_MODE_DIRECT` in `cosmos.tx.signing.v1beta1.SignMode`.
pub(crate) const DIRECT: i32 = 1;
/// `SIGN_MODE_LEGACY_AMINO_JSON` in the same enumeration.
pub(crate) const AMINO_JSON: i32 = 127;

/// What a body and an auth info say. The chain and the account number stand in neither.
pub(crate) fn read(
    body: &Message,
    auth: &Message,
    chain_id: &str,
    account_number: u64,
) -> Result<DecodedTx, CosmosError> {
    let fee = auth.message("fee").ok_or(CosmosError::Missing { part: "AuthInfo", field: "fee" })?;
    let height = body.uint("timeout_height");
    Ok(DecodedTx {
        mode: SignMode::Direct,
        chain_id: chain_id.to_owned(),
        account_number,
        messages: body.anys("messages").map(DecodedMsg::from_any).collect::<Result<_, _>>()?,
        signers: auth.messages("signer_infos").map(signer).collect::<Result<_, _>>()?,
        fee: Fee {
            amounts: fee.messages("amount").map(coin).collect::<Result<_, _>>()?,
            gas: fee.uint("gas_limit"),
            payer: optional_address(fee.text("payer"))?,
            granter: optional_address(fee.text("granter"))?,
        },
        memo: body.text("memo").to_owned(),
        timeout_height: Some(height).filter(|height| *height > 0),
        timeout_timestamp: body.message("timeout_timestamp").map(time).transpose()?,
        unordered: body.flag("unordered"),
        extension_options: body.anys("extension_options").map(opaque).collect(),
        non_critical_extension_options: body.anys("non_critical_extension_options").map(opaque).collect(),
    })
}

/// Refuses an unknown field anywhere but inside a message, where it is reported, and the tip of Cosmos SDK 0.46, which no chain honours any more.
pub(crate) fn refuse_unknown(part: &Message) -> Result<(), CosmosError> {
    if part.get("tip").is_some() {
        return Err(CosmosError::UnknownField { part: "AuthInfo", number: 3 });
    }
    if !part.has_unknown_fields() {
        return Ok(());
    }
    let found = part.unknown_fields().into_iter().find(|unknown| {
        let in_message = unknown.path.starts_with("messages[");
        !in_message || (unknown.message == "Any" && !unknown.path.contains('.'))
    });
    match found {
        None => Ok(()),
        Some(unknown) => {
            Err(CosmosError::UnknownField { part: unknown.message, number: unknown.field.number.into() })
        }
    }
}

/// What Cosmos SDK 0.53 asks of an unordered transaction (its ADR-070): a time that bounds it, for which the epoch is none, and no
/// sequence. With a sequence it would read like one that others exclude, and exclude none.
pub(crate) fn unordered(has_time: bool, mut sequences: impl Iterator<Item = u64>) -> Result<(), CosmosError> {
    if !has_time {
        return Err(CosmosError::Missing { part: "TxBody", field: "timeout_timestamp" });
    }
    if sequences.any(|sequence| sequence != 0) {
        return Err(CosmosError::BadField { part: "SignerInfo", field: "sequence" });
    }
    Ok(())
}

fn signer(info: &Message) -> Result<Signer, CosmosError> {
    let key = match info.any("public_key") {
        None => SignerKey::Absent,
        Some(any) => match any.message() {
            Some(key) if key.name() == "cosmos.crypto.secp256k1.PubKey" => {
                let key = key.bytes("key").try_into().map_err(|_| CosmosError::PublicKey)?;
                key::check(&key)?;
                SignerKey::Secp256k1(key)
            }
            _ => SignerKey::Other(opaque(any)),
        },
    };
    let mode = match info.message("mode_info") {
        Some(mode) if mode.message("multi").is_some() => SignerMode::Multi,
        Some(mode) => match mode.message("single").map(|single| single.get("mode")) {
            Some(Some(Value::Enum(DIRECT))) => SignerMode::Direct,
            Some(Some(Value::Enum(AMINO_JSON))) => SignerMode::AminoJson,
            Some(Some(Value::Enum(other))) => SignerMode::Other(*other),
            Some(_) => SignerMode::Other(0),
            None => return Err(CosmosError::Missing { part: "SignerInfo", field: "mode_info" }),
        },
        None => return Err(CosmosError::Missing { part: "SignerInfo", field: "mode_info" }),
    };
    Ok(Signer { key, mode, sequence: info.uint("sequence") })
}

fn time(time: &Message) -> Result<String, CosmosError> {
    let nanos = i32::try_from(time.int("nanos")).ok();
    let text = nanos.and_then(|nanos| timestamp::rfc3339(time.int("seconds"), nanos));
    text.ok_or(CosmosError::BadField { part: "TxBody", field: "timeout_timestamp" })
}

fn optional_address(text: &str) -> Result<Option<Address>, CosmosError> {
    if text.is_empty() { Ok(None) } else { Address::parse(text).map(Some) }
}

fn opaque(any: &Any) -> Opaque {
    Opaque { type_url: any.type_url().to_owned(), value: any.value() }
}
