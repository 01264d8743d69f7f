//! What CosmJS expects of a signer: `DirectSignResponse` and `AminoSignResponse`, with `signed` as it was signed.
//!
//! A response is made of the doc that was parsed and of a signature that verifies over it, so that `signed` can be nothing else than what was signed; where a
//! caller asked for another doc, the difference is there to see. In JSON, what is a `Uint8Array` in `DirectSignResponse` is base64, and the account number a
//! decimal string; `AminoSignResponse` is JSON as it stands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AccountKey, AminoSignDoc, ArbitraryDoc, CosmosError, DirectSignDoc, RecoverableSignature};

/// `StdSignature`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StdSignature {
    /// The key.
    pub pub_key: StdPubKey,
    /// `r || s`, 64 bytes, low-S, base64.
    pub signature: String,
}

/// `Pubkey` of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StdPubKey {
    /// The Amino name of the key's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The compressed key, base64.
    pub value: String,
}

/// What `OfflineDirectSigner.signDirect` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectSignResponse {
    /// The doc that was signed.
    pub signed: DirectSigned,
    /// The signature over it.
    pub signature: StdSignature,
}

/// `SignDoc`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectSigned {
    /// The encoded `TxBody`, base64.
    pub body_bytes: String,
    /// The encoded `AuthInfo`, base64.
    pub auth_info_bytes: String,
    /// The chain.
    pub chain_id: String,
    /// The account's number, in decimal digits.
    pub account_number: String,
}

/// What `OfflineAminoSigner.signAmino` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AminoSignResponse {
    /// The doc that was signed, `StdSignDoc`.
    pub signed: Value,
    /// The signature over it.
    pub signature: StdSignature,
}

impl StdSignature {
    /// A key and its signature (`r || s`, 64 bytes) over these sign bytes.
    ///
    /// # Errors
    /// [`CosmosError::Signature`] where it does not verify.
    fn over(key: &AccountKey, sign_bytes: &[u8], signature: &[u8; 64]) -> Result<Self, CosmosError> {
        Self::of_digest(key, &key.digest(sign_bytes), signature)
    }

    fn of_digest(key: &AccountKey, digest: &[u8; 32], signature: &[u8; 64]) -> Result<Self, CosmosError> {
        let verified = RecoverableSignature::new(signature, digest, key.as_bytes())?;
        Ok(Self {
            pub_key: StdPubKey {
                kind: key.key_type().amino_name().to_owned(),
                value: STANDARD.encode(key.as_bytes()),
            },
            signature: STANDARD.encode(verified.to_bytes()),
        })
    }
}

impl DirectSignResponse {
    /// The response for a doc and the signature (`r || s`, 64 bytes) of this key over it.
    ///
    /// # Errors
    /// [`CosmosError::Signature`] where it does not verify.
    pub fn new(doc: &DirectSignDoc, key: &AccountKey, signature: &[u8; 64]) -> Result<Self, CosmosError> {
        Ok(Self {
            signed: DirectSigned {
                body_bytes: STANDARD.encode(doc.body_bytes()),
                auth_info_bytes: STANDARD.encode(doc.auth_info_bytes()),
                chain_id: doc.decoded().chain_id.clone(),
                account_number: doc.decoded().account_number.to_string(),
            },
            signature: StdSignature::over(key, doc.sign_bytes(), signature)?,
        })
    }
}

impl AminoSignResponse {
    /// The response for a doc and the signature (`r || s`, 64 bytes) of this key over it.
    ///
    /// # Errors
    /// [`CosmosError::Signature`] where it does not verify.
    pub fn new(doc: &AminoSignDoc, key: &AccountKey, signature: &[u8; 64]) -> Result<Self, CosmosError> {
        let signature = StdSignature::over(key, doc.sign_bytes(), signature)?;
        Ok(Self { signed: json(doc.sign_bytes())?, signature })
    }

    /// The response for arbitrary data, as wallets give it for `signArbitrary`.
    ///
    /// # Errors
    /// [`CosmosError::OtherAccount`] where the data names another account, [`CosmosError::Signature`] where the signature does not verify.
    pub fn arbitrary(
        doc: &ArbitraryDoc,
        key: &AccountKey,
        signature: &[u8; 64],
    ) -> Result<Self, CosmosError> {
        let digest = doc.digest(key.as_bytes())?;
        let signature = StdSignature::of_digest(key, &digest, signature)?;
        Ok(Self { signed: json(doc.sign_bytes())?, signature })
    }
}

fn json(bytes: &[u8]) -> Result<Value, CosmosError> {
    serde_json::from_slice(bytes)
        .map_err(|e| CosmosError::Malformed { part: "sign doc", source: Some(Box::new(e)) })
}
