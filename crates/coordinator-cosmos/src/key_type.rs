//! The key types of Cosmos accounts: how a key becomes an address, what digest it signs, and under which names chains know it.
//!
//! All are keys of the curve secp256k1 and are written as 33-byte compressed SEC1. Those of chains with an EVM hash with Keccak-256, for addresses
//! as Ethereum does and for what is signed; their protobuf and Amino names differ from chain family to chain family.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use crate::{CosmosError, visible};

/// The type of an account's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyType {
    /// `secp256k1` of the Cosmos SDK: RIPEMD-160 of SHA-256 is the address, SHA-256 the digest.
    Secp256k1,
    /// `eth_secp256k1` of Ethermint, which Evmos and its descendants have.
    Ethermint,
    /// `eth_secp256k1` of Injective.
    Injective,
    /// `eth_secp256k1` of `cosmos/evm`.
    CosmosEvm,
}

/// Every key type.
const ALL: [KeyType; 4] = [KeyType::Secp256k1, KeyType::Ethermint, KeyType::Injective, KeyType::CosmosEvm];

impl KeyType {
    /// The word for it in configuration and JSON: `secp256k1`, `ethermint`, `injective` or `cosmos-evm`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secp256k1 => "secp256k1",
            Self::Ethermint => "ethermint",
            Self::Injective => "injective",
            Self::CosmosEvm => "cosmos-evm",
        }
    }

    /// The protobuf type url of a public key of this type.
    pub const fn type_url(self) -> &'static str {
        match self {
            Self::Secp256k1 => "/cosmos.crypto.secp256k1.PubKey",
            Self::Ethermint => "/ethermint.crypto.v1.ethsecp256k1.PubKey",
            Self::Injective => "/injective.crypto.v1beta1.ethsecp256k1.PubKey",
            Self::CosmosEvm => "/cosmos.evm.crypto.v1.ethsecp256k1.PubKey",
        }
    }

    /// The Amino name of a public key of this type.
    pub const fn amino_name(self) -> &'static str {
        match self {
            Self::Secp256k1 => "tendermint/PubKeySecp256k1",
            Self::Ethermint => "ethermint/PubKeyEthSecp256k1",
            Self::Injective => "injective/PubKeyEthSecp256k1",
            Self::CosmosEvm => "os/PubKeyEthSecp256k1",
        }
    }

    /// Whether addresses and digests are made with Keccak-256.
    pub const fn hashes_with_keccak(self) -> bool {
        match self {
            Self::Secp256k1 => false,
            Self::Ethermint | Self::Injective | Self::CosmosEvm => true,
        }
    }

    /// The type whose public keys have this type url.
    pub fn from_type_url(type_url: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.type_url() == type_url)
    }

    /// The type whose public keys have this Amino name.
    pub fn from_amino_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.amino_name() == name)
    }

    /// The 32 bytes that a key of this type signs for these sign bytes: their SHA-256, or their Keccak-256.
    pub fn digest(self, sign_bytes: &[u8]) -> [u8; 32] {
        if self.hashes_with_keccak() {
            Keccak256::digest(sign_bytes).into()
        } else {
            Sha256::digest(sign_bytes).into()
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyType {
    type Err = CosmosError;

    fn from_str(text: &str) -> Result<Self, CosmosError> {
        let found = ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| CosmosError::KeyType { excerpt: visible::excerpt(text) })
    }
}

impl Serialize for KeyType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KeyType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_type() {
        for kind in ALL {
            assert_eq!(kind.as_str().parse::<KeyType>().unwrap(), kind);
            assert_eq!(KeyType::from_type_url(kind.type_url()), Some(kind));
            assert_eq!(KeyType::from_amino_name(kind.amino_name()), Some(kind));
        }
        assert!(matches!("ed25519".parse::<KeyType>(), Err(CosmosError::KeyType { .. })));
        assert_eq!(KeyType::from_type_url("/cosmos.crypto.ed25519.PubKey"), None);
    }

    #[test]
    fn digests_are_those_of_the_empty_text() {
        // FIPS 180-4 and the Keccak submission.
        assert_eq!(
            hex::encode(KeyType::Secp256k1.digest(b"")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for kind in [KeyType::Ethermint, KeyType::Injective, KeyType::CosmosEvm] {
            assert_eq!(
                hex::encode(kind.digest(b"")),
                "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
            );
        }
    }
}
