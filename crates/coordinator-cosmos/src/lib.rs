#![doc = include_str!("../README.md")]

mod address;
mod amino;
mod coin;
mod decoded;
mod direct;
mod draft;
mod error;
mod key;
mod proto;
mod sign_doc;
mod strict;
mod timestamp;
mod tx_raw;
mod visible;

pub use address::{Address, Hrp};
pub use amino::AminoSignDoc;
pub use coin::{Amount, Coin, Denom};
pub use decoded::{
    DecodedMsg, DecodedTx, Fee, MsgSend, Opaque, Outflow, Signer, SignerKey, SignerMode, Transfer,
};
pub use direct::DirectSignDoc;
pub use draft::TxDraft;
pub use error::{Cause, CosmosError};
pub use sign_doc::{MAX_SIGN_DOC, SignDoc, SignMode, decode, digest};
pub use tx_raw::TxRaw;
