//! The transaction envelope that is broadcast: body and auth info as they were signed, and the signatures.

use prost::Message;
use sha2::{Digest, Sha256};

use crate::{CosmosError, DecodedTx, DirectSignDoc, proto};

/// The largest envelope that is read, in bytes: what CometBFT's mempool takes by default (`max_tx_bytes`).
const MAX_TX: usize = 1024 * 1024;

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

    /// Reads an envelope that somebody else put together.
    ///
    /// # Errors
    /// [`CosmosError::TooLarge`], [`CosmosError::Malformed`], [`CosmosError::Missing`] without a signature, [`CosmosError::NotCanonical`] where encoding it
    /// again gives other bytes: its hash would not be the one that the chain knows.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, CosmosError> {
        if bytes.len() > MAX_TX {
            return Err(CosmosError::TooLarge { len: bytes.len(), limit: MAX_TX });
        }
        let raw = Self(bytes).read()?;
        if raw.signatures.is_empty() {
            return Err(CosmosError::Missing { part: "TxRaw", field: "signatures" });
        }
        Ok(Self(raw.encode_to_vec()))
    }

    fn read(&self) -> Result<proto::TxRaw, CosmosError> {
        let raw = proto::TxRaw::decode(self.0.as_slice())
            .map_err(|error| CosmosError::Malformed { part: "TxRaw", source: Some(error.into()) })?;
        if raw.encode_to_vec() == self.0 { Ok(raw) } else { Err(CosmosError::NotCanonical { part: "TxRaw" }) }
    }

    /// What it says. It names neither its chain nor the account's number, which only the sign doc holds: both are taken as given here.
    ///
    /// # Errors
    /// As [`DirectSignDoc::parse`].
    pub fn decode(&self, chain_id: &str, account_number: u64) -> Result<DecodedTx, CosmosError> {
        let raw = self.read()?;
        let doc = DirectSignDoc::new(&raw.body_bytes, &raw.auth_info_bytes, chain_id, account_number)?;
        Ok(doc.decoded().clone())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_read_as_it_was_assembled() {
        let tx = TxRaw::assemble(b"body", b"auth", &[[7; 64]]);
        assert_eq!(TxRaw::from_bytes(tx.as_bytes().to_vec()).unwrap(), tx);
    }

    #[test]
    fn what_is_no_signed_envelope_is_refused() {
        let unsigned = TxRaw::assemble(b"body", b"auth", &[]).into_bytes();
        assert!(matches!(TxRaw::from_bytes(unsigned), Err(CosmosError::Missing { .. })));
        let mut longer = TxRaw::assemble(b"body", b"auth", &[[7; 64]]).into_bytes();
        longer.extend([0x78, 0x01]);
        assert!(matches!(TxRaw::from_bytes(longer), Err(CosmosError::NotCanonical { .. })));
        assert!(matches!(TxRaw::from_bytes(vec![0xff; 9]), Err(CosmosError::Malformed { .. })));
        assert!(matches!(TxRaw::from_bytes(vec![0; MAX_TX + 1]), Err(CosmosError::TooLarge { .. })));
    }
}
