#![doc = include_str!("../README.md")]

mod address;
mod amino;
mod amino_name;
mod arbitrary;
mod chain;
mod chain_error;
mod coin;
pub mod cosmjs;
mod decoded;
mod direct;
mod draft;
mod envelope;
mod error;
mod gas;
mod generated;
mod key;
mod key_type;
mod msg;
mod multisig;
#[cfg(feature = "node")]
pub mod node;
mod proto;
pub mod schema;
mod sign_doc;
mod signature;
mod signed_tx;
mod timestamp;
pub mod tree;
mod tx_raw;
mod visible;

pub use address::{Address, Hrp};
pub use amino::{AminoSignDoc, amino_message, message_of_amino};
pub use arbitrary::ArbitraryDoc;
pub use chain::{Asset, Chain, GasPrices, MAX_CHAIN_FILE};
pub use chain_error::{ChainError, ChainFault};
pub use coin::{Amount, Coin, Denom};
pub use decoded::{
    DecodedMsg, DecodedTx, Fee, MsgSend, Opaque, Outflow, Permission, Recipient, Signer, SignerKey,
    SignerMode, Transfer,
};
pub use direct::DirectSignDoc;
pub use draft::TxDraft;
pub use error::{Cause, CosmosError};
pub use gas::{GasPrice, gas_limit};
pub use key::AccountKey;
pub use key_type::KeyType;
pub use msg::{Allowance, IbcTransfer, Msg, UnixTime, VoteOption};
pub use multisig::MultisigKey;
pub use sign_doc::{MAX_SIGN_DOC, SignDoc, SignMode, decode, digest};
pub use signature::RecoverableSignature;
pub use signed_tx::SignedTx;
pub use tx_raw::TxRaw;
