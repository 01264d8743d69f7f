//! Multisig accounts of the Cosmos SDK (`LegacyAminoPubKey`): the address, and the envelope of a transaction that members have signed.
//!
//! Every member signs the Amino JSON sign doc of the *account*, with the account's number and sequence, as if it were alone. Members of other
//! types than secp256k1 keys, nested multisigs among them, are not supported.

mod bit_array;

use std::collections::BTreeMap;

use prost::Message as _;
use serde_json::{Value, json};

use crate::address::forms::short;
use crate::direct::AMINO_JSON;
use crate::proto::{self, mode_info};
use crate::{AccountKey, Address, CosmosError, Fee, Hrp, RecoverableSignature, TxRaw, amino_name};

/// The protobuf type url of a multisig key.
const TYPE_URL: &str = "/cosmos.crypto.multisig.LegacyAminoPubKey";
/// The Amino name of a multisig key.
const AMINO_NAME: &str = "tendermint/PubKeyMultisigThreshold";
/// More members than any chain verifies (`TxSigLimit` of `x/auth` is 7 by default); bounds what an address costs.
const MAX_MEMBERS: usize = 64;

/// A multisig account's key: how many of which members must sign. The order of the members is part of the address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MultisigKey {
    threshold: u32,
    members: Vec<AccountKey>,
}

impl MultisigKey {
    /// A key of members in the order given.
    ///
    /// # Errors
    /// [`CosmosError::Multisig`] for a threshold of 0 or above the number of members, no or more than 64 members, and a member named twice.
    pub fn new(threshold: u32, members: Vec<AccountKey>) -> Result<Self, CosmosError> {
        if members.is_empty() || members.len() > MAX_MEMBERS {
            return Err(CosmosError::Multisig("it has no members, or more than 64"));
        }
        if threshold == 0 || usize::try_from(threshold).map_or(true, |t| t > members.len()) {
            return Err(CosmosError::Multisig("its threshold is not 1 to the number of its members"));
        }
        let twice = members.iter().enumerate().any(|(index, key)| members[index + 1..].contains(key));
        if twice {
            return Err(CosmosError::Multisig("it names a member twice"));
        }
        Ok(Self { threshold, members })
    }

    /// A key of members in the order of their account bytes, as `simd keys add --multisig` and CosmJS order them by default.
    ///
    /// # Errors
    /// As [`MultisigKey::new`].
    pub fn sorted(threshold: u32, mut members: Vec<AccountKey>) -> Result<Self, CosmosError> {
        members.sort_by_key(AccountKey::account);
        Self::new(threshold, members)
    }

    /// How many must sign.
    pub fn threshold(&self) -> u32 {
        self.threshold
    }

    /// The members in their order.
    pub fn members(&self) -> &[AccountKey] {
        &self.members
    }

    /// The account's 20 bytes: the first of SHA-256 of the key in Amino's binary form.
    pub fn account(&self) -> [u8; 20] {
        short(&self.amino_bytes())
    }

    /// The account's address under a prefix.
    ///
    /// # Errors
    /// [`CosmosError::Address`] where the prefix leaves no room.
    pub fn address(&self, hrp: &Hrp) -> Result<Address, CosmosError> {
        Address::from_bytes(&self.account(), hrp)
    }

    /// The key in Amino's binary form.
    pub fn amino_bytes(&self) -> Vec<u8> {
        let mut out = amino_name::prefix(AMINO_NAME).to_vec();
        out.push(0x08);
        prost::encoding::encode_varint(self.threshold.into(), &mut out);
        for member in &self.members {
            // A field of 38 bytes: the member's prefix, the length of its key, its key.
            out.extend_from_slice(&[0x12, 38]);
            out.extend_from_slice(&amino_name::prefix(member.key_type().amino_name()));
            out.push(33);
            out.extend_from_slice(member.as_bytes());
        }
        out
    }

    /// The Amino JSON of the key.
    pub fn amino_json(&self) -> Value {
        let members: Vec<Value> = self.members.iter().map(AccountKey::amino_json).collect();
        json!({
            "type": AMINO_NAME,
            "value": { "pubkeys": members, "threshold": self.threshold.to_string() },
        })
    }

    /// The encoded `AuthInfo` of a transaction of this account that these members sign.
    ///
    /// # Errors
    /// [`CosmosError::Multisig`] where one of them is no member.
    pub fn auth_info_bytes<'a>(
        &self,
        fee: &Fee,
        sequence: u64,
        signers: impl IntoIterator<Item = &'a AccountKey>,
    ) -> Result<Vec<u8>, CosmosError> {
        let places = signers.into_iter().map(|key| self.place(key)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.auth_info(fee, sequence, &places))
    }

    /// The envelope to broadcast: the body that every member's sign doc says, and what each of them signed (`r || s`, 64 bytes).
    ///
    /// `sign_bytes` is the Amino JSON sign doc that was signed. Every signature is verified against it, and stands in the place of its member.
    ///
    /// # Errors
    /// [`CosmosError::Multisig`] for a signature of no member, two of one, or fewer than the threshold; [`CosmosError::Signature`] for one that does
    /// not verify.
    pub fn tx_raw(
        &self,
        body: &[u8],
        fee: &Fee,
        sequence: u64,
        sign_bytes: &[u8],
        signatures: &[(AccountKey, [u8; 64])],
    ) -> Result<TxRaw, CosmosError> {
        let mut placed = BTreeMap::new();
        for (key, signature) in signatures {
            let verified = RecoverableSignature::new(signature, &key.digest(sign_bytes), key.as_bytes())?;
            if placed.insert(self.place(key)?, verified.to_bytes().to_vec()).is_some() {
                return Err(CosmosError::Multisig("a member signed twice"));
            }
        }
        if placed.len() < usize::try_from(self.threshold).unwrap_or(usize::MAX) {
            return Err(CosmosError::Multisig("fewer members signed than its threshold"));
        }
        let places: Vec<usize> = placed.keys().copied().collect();
        let signature = proto::MultiSignature { signatures: placed.into_values().collect() };
        Ok(TxRaw::of_parts(body, &self.auth_info(fee, sequence, &places), vec![signature.encode_to_vec()]))
    }

    fn place(&self, key: &AccountKey) -> Result<usize, CosmosError> {
        let place = self.members.iter().position(|member| member == key);
        place.ok_or(CosmosError::Multisig("a signer is not one of its members"))
    }

    fn auth_info(&self, fee: &Fee, sequence: u64, places: &[usize]) -> Vec<u8> {
        let single =
            || proto::ModeInfo { sum: Some(mode_info::Sum::Single(mode_info::Single { mode: AMINO_JSON })) };
        let multi = mode_info::Multi {
            bitarray: Some(bit_array::of(self.members.len(), places)),
            mode_infos: places.iter().map(|_| single()).collect(),
        };
        let key = proto::LegacyAminoPubKey {
            threshold: self.threshold,
            public_keys: self.members.iter().map(AccountKey::any).collect(),
        };
        let info = proto::SignerInfo {
            public_key: Some(proto::Any { type_url: TYPE_URL.to_owned(), value: key.encode_to_vec() }),
            mode_info: Some(proto::ModeInfo { sum: Some(mode_info::Sum::Multi(multi)) }),
            sequence,
        };
        let auth =
            proto::AuthInfo { signer_infos: vec![info], fee: Some(fee.to_proto()), ..Default::default() };
        auth.encode_to_vec()
    }
}

#[cfg(test)]
mod tests;
