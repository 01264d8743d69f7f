//! A public key with its type: the account bytes, the address, and the forms in which transactions name it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k256::ecdsa::VerifyingKey;
use prost::Message as _;
use ripemd::Ripemd160;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use crate::proto;
use crate::{Address, CosmosError, Hrp, KeyType};

/// The public key of an account: a point of secp256k1, 33-byte compressed SEC1, and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey {
    key_type: KeyType,
    bytes: [u8; 33],
}

impl AccountKey {
    /// A key of this type.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`] where the bytes are not a point of the curve in compressed form.
    pub fn new(key_type: KeyType, bytes: [u8; 33]) -> Result<Self, CosmosError> {
        check(&bytes)?;
        Ok(Self { key_type, bytes })
    }

    /// Its type.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// 33-byte compressed SEC1.
    pub fn as_bytes(&self) -> &[u8; 33] {
        &self.bytes
    }

    /// The account's 20 bytes: RIPEMD-160 of SHA-256 of the compressed key; with Keccak-256 the last 20 bytes of the hash of the uncompressed
    /// key without its first byte, as in Ethereum.
    pub fn account(&self) -> [u8; 20] {
        if !self.key_type.hashes_with_keccak() {
            return Ripemd160::digest(Sha256::digest(self.bytes)).into();
        }
        let point = point(&self.bytes).expect("checked in the constructor").to_sec1_point(false);
        let hash: [u8; 32] = Keccak256::digest(&point.as_bytes()[1..]).into();
        let mut account = [0; 20];
        account.copy_from_slice(&hash[12..]);
        account
    }

    /// The account's address under a prefix.
    ///
    /// # Errors
    /// [`CosmosError::Address`] where the prefix leaves no room for an address.
    pub fn address(&self, hrp: &Hrp) -> Result<Address, CosmosError> {
        Address::from_bytes(&self.account(), hrp)
    }

    /// What this key signs for these sign bytes, see [`KeyType::digest`].
    pub fn digest(&self, sign_bytes: &[u8]) -> [u8; 32] {
        self.key_type.digest(sign_bytes)
    }

    /// The encoded protobuf message of the key, for an `Any` with the type url [`KeyType::type_url`].
    pub fn proto_bytes(&self) -> Vec<u8> {
        proto::PubKey { key: self.bytes.to_vec() }.encode_to_vec()
    }

    /// The Amino JSON of the key, `{"type", "value"}` with the key in base64.
    pub fn amino_json(&self) -> Value {
        json!({ "type": self.key_type.amino_name(), "value": STANDARD.encode(self.bytes) })
    }

    pub(crate) fn any(&self) -> proto::Any {
        proto::Any { type_url: self.key_type.type_url().to_owned(), value: self.proto_bytes() }
    }
}

/// Checks a 33-byte compressed SEC1 public key.
pub(crate) fn check(bytes: &[u8; 33]) -> Result<(), CosmosError> {
    point(bytes).map(|_| ())
}

pub(crate) fn point(bytes: &[u8; 33]) -> Result<VerifyingKey, CosmosError> {
    // The first byte is checked here because SEC1 knows other 33-byte forms, which a Cosmos chain refuses.
    if !matches!(bytes[0], 2 | 3) {
        return Err(CosmosError::PublicKey);
    }
    VerifyingKey::from_sec1_bytes(bytes).map_err(|_| CosmosError::PublicKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The generator point of secp256k1 (SEC 2, 2.4.1), the public key of the secret 1.
    const G: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    fn generator(key_type: KeyType) -> AccountKey {
        AccountKey::new(key_type, hex::decode(G).unwrap().try_into().unwrap()).unwrap()
    }

    #[test]
    fn an_account_is_the_hash_of_its_key_type() {
        let plain = generator(KeyType::Secp256k1);
        assert_eq!(hex::encode(plain.account()), "751e76e8199196d454941c45d1b3a323f1433bd6");
        for kind in [KeyType::Ethermint, KeyType::Injective, KeyType::CosmosEvm] {
            // The Ethereum account of the secret 1.
            assert_eq!(hex::encode(generator(kind).account()), "7e5f4552091a69125d5dfcb7b8c2659029395bdf");
        }
        let hrp = Hrp::parse("inj").unwrap();
        let address = generator(KeyType::Injective).address(&hrp).unwrap();
        assert_eq!(address.as_bytes(), generator(KeyType::Injective).account());
    }

    #[test]
    fn bytes_off_the_curve_are_no_key_of_any_type() {
        let mut off = [0xff; 33];
        off[0] = 2;
        for kind in [KeyType::Secp256k1, KeyType::Injective] {
            for bad in [[0; 33], off] {
                assert!(matches!(AccountKey::new(kind, bad), Err(CosmosError::PublicKey)));
            }
        }
    }

    #[test]
    fn a_key_is_named_as_chains_name_it() {
        let key = generator(KeyType::Injective);
        assert_eq!(key.any().type_url, "/injective.crypto.v1beta1.ethsecp256k1.PubKey");
        assert_eq!(key.proto_bytes()[..2], [0x0a, 33]);
        assert_eq!(
            key.amino_json().to_string(),
            r#"{"type":"injective/PubKeyEthSecp256k1","value":"Anm+Zn753LusVaBilc6HCwcCm/zbLc4o2VnygVsW+BeY"}"#
        );
    }
}
