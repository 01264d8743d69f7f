//! The transaction envelope that is broadcast: body and auth info as they were signed, and the signatures.

use prost::Message;
use sha2::{Digest, Sha256};

use crate::proto;

/// An encoded `cosmos.tx.v1beta1.TxRaw`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxRaw(Vec<u8>);

impl TxRaw {
    /// Puts an envelope together. The bytes go in untouched; `signatures` (`r || s`, 64 bytes each) stand in the order of the signers.
    pub fn assemble(body: &[u8], auth_info: &[u8], signatures: &[[u8; 64]]) -> Self {
        Self::of_parts(body, auth_info, signatures.iter().map(|s| s.to_vec()).collect())
    }

    /// As [`TxRaw::assemble`], of signatures that are encoded already: those of a multisig account are messages of their own.
    pub(crate) fn of_parts(body: &[u8], auth_info: &[u8], signatures: Vec<Vec<u8>>) -> Self {
        let raw = proto::TxRaw { body_bytes: body.to_vec(), auth_info_bytes: auth_info.to_vec(), signatures };
        Self(raw.encode_to_vec())
    }

    /// The bytes to broadcast.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to broadcast.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The transaction hash, SHA-256 of the bytes. Explorers show it as upper-case hexadecimal.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}
