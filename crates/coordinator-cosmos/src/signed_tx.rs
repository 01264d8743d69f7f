//! A transaction as it is broadcast, read back: for looking at, never for signing. Unknown fields are reported wherever they stand.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::decoded::{DecodedMsg, DecodedTx, Hex, Rest};
use crate::generated::tables::cosmos_tx_v1beta1::{AUTH_INFO, TX_BODY, TX_RAW};
use crate::tree::{Message, Unknown, Value};
use crate::{CosmosError, envelope};

/// A decoded `cosmos.tx.v1beta1.TxRaw`. The chain and the account number are not in it: the signatures alone bind it to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTx {
    raw: Message,
    body: Message,
    auth: Message,
    /// Its chain id and account number stand for nothing.
    decoded: DecodedTx,
}

impl SignedTx {
    /// Decodes the bytes of a transaction.
    ///
    /// # Errors
    /// As [`crate::SignDoc::parse`], but for unknown fields, which are reported.
    pub fn parse(bytes: &[u8]) -> Result<Self, CosmosError> {
        let raw = Message::decode(&TX_RAW, bytes)?;
        let body = Message::decode(&TX_BODY, raw.bytes("body_bytes"))?;
        let auth = Message::decode(&AUTH_INFO, raw.bytes("auth_info_bytes"))?;
        let decoded = envelope::read(&body, &auth, "", 0)?;
        Ok(Self { raw, body, auth, decoded })
    }

    /// The messages in their order.
    pub fn messages(&self) -> &[DecodedMsg] {
        &self.decoded.messages
    }

    /// The signatures, `r || s` of 64 bytes each where the signers are single keys.
    pub fn signatures(&self) -> impl Iterator<Item = &[u8]> {
        self.raw.list("signatures").iter().filter_map(|item| match item {
            Value::Bytes(bytes) => Some(bytes.as_slice()),
            _ => None,
        })
    }

    /// Every unknown field: of the envelope, of the body, of the auth info and of all messages.
    pub fn unknown_fields(&self) -> Vec<Unknown<'_>> {
        [&self.raw, &self.body, &self.auth].into_iter().flat_map(Message::unknown_fields).collect()
    }

    /// The encoded transaction, which is what was decoded.
    pub fn encode(&self) -> Vec<u8> {
        self.raw.encode()
    }
}

impl fmt::Display for SignedTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Rest(&self.decoded))?;
        if self.auth.get("tip").is_some() {
            f.write_str("\ntip        there is one, which no chain honours any more")?;
        }
        for signature in self.signatures() {
            write!(f, "\nsignature  {}", Hex(signature))?;
        }
        for Unknown { path, message, field } in self.unknown_fields() {
            let dot = if path.is_empty() { "" } else { " at " };
            write!(f, "\nUNKNOWN    field {} of {message}{dot}{path}: {}", field.number, Hex(&field.bytes))?;
        }
        Ok(())
    }
}

impl Serialize for SignedTx {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let signatures: Vec<String> = self.signatures().map(|bytes| Hex(bytes).to_string()).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("body", &self.body)?;
        map.serialize_entry("authInfo", &self.auth)?;
        map.serialize_entry("signatures", &signatures)?;
        map.end()
    }
}
