//! Sign docs of `SIGN_MODE_DIRECT`: the canonical protobuf of ADR-027, where an account number of 0 is omitted like any default.

use prost::Message as _;

use crate::decoded::DecodedTx;
use crate::generated::tables::cosmos_tx_v1beta1::{AUTH_INFO, SIGN_DOC, TX_BODY};
use crate::sign_doc::bounded;
use crate::tree::Message;
use crate::{CosmosError, TxRaw, digest, envelope, proto};

pub(crate) use crate::envelope::{AMINO_JSON, DIRECT};

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

    /// Parses a sign doc. The doc, its body, its auth info, the keys in it and every message of a known type must each be canonical. A field
    /// that no table knows is refused in all but the messages; there it is reported ([`crate::DecodedMsg::is_fully_decoded`]).
    ///
    /// # Errors
    /// [`CosmosError`], naming the part and the field.
    pub fn parse(bytes: &[u8]) -> Result<Self, CosmosError> {
        bounded(bytes)?;
        let doc = Message::decode(&SIGN_DOC, bytes)?;
        let (body, auth_info) = (doc.bytes("body_bytes"), doc.bytes("auth_info_bytes"));
        let body_tree = Message::decode(&TX_BODY, body)?;
        let auth_tree = Message::decode(&AUTH_INFO, auth_info)?;
        [&doc, &body_tree, &auth_tree].into_iter().try_for_each(envelope::refuse_unknown)?;
        if body_tree.flag("unordered") {
            let has_time =
                body_tree.message("timeout_timestamp").is_some_and(|time| time.int("seconds") != 0);
            let sequences = auth_tree.messages("signer_infos").map(|info| info.uint("sequence"));
            envelope::unordered(has_time, sequences)?;
        }
        let decoded =
            envelope::read(&body_tree, &auth_tree, doc.text("chain_id"), doc.uint("account_number"))?;
        Ok(Self { bytes: bytes.to_vec(), body: body.to_vec(), auth_info: auth_info.to_vec(), decoded })
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
