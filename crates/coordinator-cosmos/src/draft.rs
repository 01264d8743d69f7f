//! A transaction to be made: what the caller decides, turned into a sign doc of either form and into the envelope that is broadcast.

use prost::Message;
use serde_json::{Value, json};

use crate::direct::{AMINO_JSON, DIRECT, SECP256K1};
use crate::msg::{amino_coins, coins};
use crate::proto::{self, mode_info};
use crate::{
    Address, AminoSignDoc, CosmosError, DirectSignDoc, Fee, Msg, MsgSend, SignDoc, SignMode, TxRaw, amino,
    key,
};

/// A transaction of one signer, of messages of one kind ([`MsgSend`]) or of several ([`Msg`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxDraft<M = MsgSend> {
    /// The chain.
    pub chain_id: String,
    /// The number of the signing account on that chain.
    pub account_number: u64,
    /// The number of transactions that the account has sent.
    pub sequence: u64,
    /// The signer's key, 33-byte compressed SEC1.
    pub public_key: [u8; 33],
    /// What to do, in this order.
    pub messages: Vec<M>,
    /// What is paid for it.
    pub fee: Fee,
    /// A remark that everyone can read.
    pub memo: String,
    /// The last block height at which the transaction may run.
    pub timeout_height: Option<u64>,
}

impl<M: Clone + Into<Msg>> TxDraft<M> {
    /// The sign doc, parsed back from its own bytes.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`], [`CosmosError::TooLarge`].
    pub fn sign_doc(&self, mode: SignMode) -> Result<SignDoc, CosmosError> {
        match mode {
            SignMode::Direct => {
                let auth_info = self.auth_info_bytes(mode)?;
                DirectSignDoc::new(&self.body_bytes(), &auth_info, &self.chain_id, self.account_number)
                    .map(SignDoc::Direct)
            }
            SignMode::AminoJson => {
                key::check(&self.public_key)?;
                AminoSignDoc::parse(&amino::canonical(&self.amino())?).map(SignDoc::Amino)
            }
        }
    }

    /// The envelope to broadcast, with the signature (`r || s`, 64 bytes) over the sign doc of this mode.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`].
    pub fn tx_raw(&self, mode: SignMode, signature: &[u8; 64]) -> Result<TxRaw, CosmosError> {
        Ok(TxRaw::assemble(&self.body_bytes(), &self.auth_info_bytes(mode)?, &[*signature]))
    }

    /// The envelope to simulate: like the one to broadcast, with a signature of zeros, which a simulation does not look at.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`].
    pub fn simulation(&self, mode: SignMode) -> Result<TxRaw, CosmosError> {
        self.tx_raw(mode, &[0; 64])
    }

    /// The encoded `TxBody`.
    pub fn body_bytes(&self) -> Vec<u8> {
        let body = proto::TxBody {
            messages: self.messages().map(|message| message.any().clone()).collect(),
            memo: self.memo.clone(),
            timeout_height: self.timeout_height.unwrap_or_default(),
            ..Default::default()
        };
        body.encode_to_vec()
    }

    /// The encoded `AuthInfo`, which names the mode.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`].
    pub fn auth_info_bytes(&self, mode: SignMode) -> Result<Vec<u8>, CosmosError> {
        key::check(&self.public_key)?;
        let mode = match mode {
            SignMode::Direct => DIRECT,
            SignMode::AminoJson => AMINO_JSON,
        };
        let key = proto::PubKey { key: self.public_key.to_vec() };
        let auth_info = proto::AuthInfo {
            signer_infos: vec![proto::SignerInfo {
                public_key: Some(proto::Any { type_url: SECP256K1.to_owned(), value: key.encode_to_vec() }),
                mode_info: Some(proto::ModeInfo {
                    sum: Some(mode_info::Sum::Single(mode_info::Single { mode })),
                }),
                sequence: self.sequence,
            }],
            fee: Some(self.fee.to_proto()),
            ..Default::default()
        };
        Ok(auth_info.encode_to_vec())
    }

    fn messages(&self) -> impl Iterator<Item = Msg> {
        self.messages.iter().cloned().map(Into::into)
    }

    fn amino(&self) -> Value {
        let mut fee = json!({ "amount": amino_coins(&self.fee.amounts), "gas": self.fee.gas.to_string() });
        for (name, address) in [("payer", &self.fee.payer), ("granter", &self.fee.granter)] {
            if let Some(address) = address {
                fee[name] = Value::from(address.as_str());
            }
        }
        let mut doc = json!({
            "account_number": self.account_number.to_string(),
            "chain_id": self.chain_id,
            "fee": fee,
            "memo": self.memo,
            "msgs": self.messages().map(|message| message.amino_json().clone()).collect::<Vec<_>>(),
            "sequence": self.sequence.to_string(),
        });
        if let Some(height) = self.timeout_height.filter(|height| *height > 0) {
            doc["timeout_height"] = Value::from(height.to_string());
        }
        doc
    }
}

impl Fee {
    pub(crate) fn to_proto(&self) -> proto::Fee {
        proto::Fee {
            amount: coins(&self.amounts),
            gas_limit: self.gas,
            payer: text(self.payer.as_ref()),
            granter: text(self.granter.as_ref()),
        }
    }
}

fn text(address: Option<&Address>) -> String {
    address.map(Address::to_string).unwrap_or_default()
}
