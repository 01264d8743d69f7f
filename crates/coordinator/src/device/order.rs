//! What a device is asked to sign, a transaction or arbitrary data, as the session that signs needs it.

use maany_coordinator_cosmos::{ArbitraryDoc, MultisigKey, decode, digest};
use maany_mpc_core::DerivationPath;

use super::{ArbitraryOrder, DeviceError, SignOrder};
use crate::sign_request::Mode;

/// An order of either kind.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// The chain; empty where there is none.
    pub(super) chain_id: String,
    pub(super) path: DerivationPath,
    pub(super) mode: Mode,
    pub(super) sign_doc: Vec<u8>,
    /// The multisig account that sends, where it is not the key's own.
    pub(super) member_of: Option<MultisigKey>,
}

impl From<&SignOrder> for Order {
    fn from(order: &SignOrder) -> Self {
        Self {
            chain_id: order.chain_id.clone(),
            path: order.path.clone(),
            mode: Mode::SignDoc(order.mode),
            sign_doc: order.sign_doc.clone(),
            member_of: None,
        }
    }
}

impl From<&ArbitraryOrder> for Order {
    fn from(order: &ArbitraryOrder) -> Self {
        Self {
            chain_id: String::new(),
            path: order.path.clone(),
            mode: Mode::Arbitrary,
            sign_doc: order.sign_doc.clone(),
            member_of: None,
        }
    }
}

impl Order {
    /// What this device signs with this key (33-byte compressed SEC1), computed here. The doc must be what the order says: a transaction of
    /// that chain, or data for an account of the key, canonical and without anything that is not shown.
    pub(super) fn digest(&self, public_key: &[u8; 33]) -> Result<[u8; 32], DeviceError> {
        match self.digest_without_key()? {
            Some(digest) => Ok(digest),
            None => Ok(ArbitraryDoc::parse(&self.sign_doc)?.digest(public_key)?),
        }
    }

    /// The same where the key does not matter: whoever asks for a transaction's signature need not hold the wallet. `None` for
    /// arbitrary data, which is signed by an account of the key or not at all.
    pub(super) fn digest_without_key(&self) -> Result<Option<[u8; 32]>, DeviceError> {
        match self.mode {
            Mode::SignDoc(mode) if decode(mode, &self.sign_doc)?.chain_id == self.chain_id => {
                Ok(Some(digest(&self.sign_doc)))
            }
            Mode::Arbitrary => Ok(None),
            Mode::SignDoc(_) | Mode::Raw => Err(DeviceError::OtherChain),
        }
    }
}
