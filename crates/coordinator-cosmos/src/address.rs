//! Account addresses: bech32 (BIP-173 checksum) over RIPEMD-160(SHA-256(compressed key)), under any human-readable part.
//!
//! Follows ADR-028 of the Cosmos SDK for secp256k1 keys. Contract and module accounts have longer addresses (32 bytes); they parse as well.
//! [`crate::AccountKey`] derives the addresses of keys of every type.

pub(crate) mod forms;

use std::fmt;
use std::str::FromStr;

use bech32::Bech32;
use bech32::primitives::decode::CheckedHrpstring;
use serde::{Serialize, Serializer};

use crate::{AccountKey, CosmosError, KeyType};

/// The longest address that the Cosmos SDK accepts, in bytes (`address.MaxAddrLen`).
const MAX_ADDRESS: usize = 255;

/// The human-readable part of an address: 1 to 83 lower-case printable ASCII characters, `cosmos` for example.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hrp(bech32::Hrp);

impl Hrp {
    /// Parses a human-readable part.
    ///
    /// # Errors
    /// [`CosmosError::Hrp`] for an empty, overlong, upper-case or non-printable text.
    pub fn parse(text: &str) -> Result<Self, CosmosError> {
        let hrp = bech32::Hrp::parse(text).map_err(|e| CosmosError::Hrp { source: Some(Box::new(e)) })?;
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(CosmosError::Hrp { source: None });
        }
        Ok(Self(hrp))
    }

    /// The text, lower-case.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Hrp {
    type Err = CosmosError;

    fn from_str(text: &str) -> Result<Self, CosmosError> {
        Self::parse(text)
    }
}

impl fmt::Display for Hrp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Hrp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hrp({self})")
    }
}

/// An account address: its prefix, its bytes and its text, which always agree.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: String,
    prefix: usize,
    bytes: Vec<u8>,
}

impl Address {
    /// The address of a key under a prefix: bech32 of RIPEMD-160(SHA-256(key)), 20 bytes.
    ///
    /// `public_key` is 33-byte compressed SEC1.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`] where the bytes are not a point of the curve.
    pub fn from_public_key(public_key: &[u8; 33], hrp: &Hrp) -> Result<Self, CosmosError> {
        AccountKey::new(KeyType::Secp256k1, *public_key)?.address(hrp)
    }

    /// The address of raw account bytes, 1 to 255 of them, under a prefix.
    ///
    /// # Errors
    /// [`CosmosError::AddressLength`] for none or too many bytes.
    pub fn from_bytes(bytes: &[u8], hrp: &Hrp) -> Result<Self, CosmosError> {
        check_length(bytes.len())?;
        let text = bech32::encode_lower::<Bech32>(hrp.0, bytes)
            .map_err(|e| CosmosError::Address { source: Some(Box::new(e)) })?;
        let made = Self { text, prefix: hrp.as_str().len(), bytes: bytes.to_vec() };
        // Parsed back: what is shown to a user decodes to the bytes that were encoded.
        if Self::parse(made.as_str())? != made {
            return Err(CosmosError::Address { source: None });
        }
        Ok(made)
    }

    /// Parses an address of any prefix. Upper case, Bech32m and padding that is not zero are refused.
    ///
    /// # Errors
    /// [`CosmosError::Address`] or [`CosmosError::AddressLength`].
    pub fn parse(text: &str) -> Result<Self, CosmosError> {
        let checked = CheckedHrpstring::new::<Bech32>(text)
            .map_err(|e| CosmosError::Address { source: Some(Box::new(e)) })?;
        let bytes: Vec<u8> = checked.byte_iter().collect();
        check_length(bytes.len())?;
        let hrp = checked.hrp();
        match bech32::encode_lower::<Bech32>(hrp, &bytes) {
            Ok(again) if again == text => Ok(Self { text: again, prefix: hrp.len(), bytes }),
            _ => Err(CosmosError::Address { source: None }),
        }
    }

    /// Parses an address that must have this prefix.
    ///
    /// # Errors
    /// As [`Address::parse`], and [`CosmosError::AddressPrefix`] for another prefix.
    pub fn parse_with(text: &str, hrp: &Hrp) -> Result<Self, CosmosError> {
        let address = Self::parse(text)?;
        if address.hrp() != hrp.as_str() {
            return Err(CosmosError::AddressPrefix {
                expected: hrp.as_str().to_owned(),
                found: address.hrp().to_owned(),
            });
        }
        Ok(address)
    }

    /// The bech32 text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The human-readable part.
    pub fn hrp(&self) -> &str {
        &self.text[..self.prefix]
    }

    /// The account bytes: 20 for a key, 32 for most contracts.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromStr for Address {
    type Err = CosmosError;

    fn from_str(text: &str) -> Result<Self, CosmosError> {
        Self::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

fn check_length(length: usize) -> Result<(), CosmosError> {
    if (1..=MAX_ADDRESS).contains(&length) { Ok(()) } else { Err(CosmosError::AddressLength(length)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The generator point of secp256k1 (SEC 2, 2.4.1), the public key of the secret 1.
    const G: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    fn generator() -> [u8; 33] {
        hex::decode(G).unwrap().try_into().unwrap()
    }

    #[test]
    fn key_becomes_an_address_under_any_prefix() {
        // BIP-173 names this hash as that of the generator: 751e76e8199196d454941c45d1b3a323f1433bd6.
        for prefix in ["cosmos", "osmo", "a", "terra1x"] {
            let address = Address::from_public_key(&generator(), &Hrp::parse(prefix).unwrap()).unwrap();
            assert_eq!(hex::encode(address.as_bytes()), "751e76e8199196d454941c45d1b3a323f1433bd6");
            assert_eq!(address.hrp(), prefix);
            assert_eq!(Address::parse(address.as_str()).unwrap(), address);
        }
    }

    #[test]
    fn bytes_off_the_curve_are_no_key() {
        let hrp = Hrp::parse("cosmos").unwrap();
        let mut off = [0xff; 33];
        off[0] = 2;
        for bad in [[0; 33], off] {
            assert!(matches!(Address::from_public_key(&bad, &hrp), Err(CosmosError::PublicKey)));
        }
        let mut hybrid = generator();
        hybrid[0] = 5;
        assert!(matches!(Address::from_public_key(&hybrid, &hrp), Err(CosmosError::PublicKey)));
    }

    #[test]
    fn one_changed_character_is_refused() {
        let text =
            Address::from_public_key(&generator(), &Hrp::parse("cosmos").unwrap()).unwrap().to_string();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'q' { b'p' } else { b'q' };
            assert!(Address::parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "position {at}");
        }
    }

    #[test]
    fn upper_case_bech32m_and_other_prefixes_are_refused() {
        let hrp = Hrp::parse("cosmos").unwrap();
        let address = Address::from_public_key(&generator(), &hrp).unwrap();
        assert!(matches!(Address::parse(&address.as_str().to_uppercase()), Err(CosmosError::Address { .. })));
        let other =
            bech32::encode::<bech32::Bech32m>(bech32::Hrp::parse("cosmos").unwrap(), &[7; 20]).unwrap();
        assert!(matches!(Address::parse(&other), Err(CosmosError::Address { .. })));
        assert!(matches!(
            Address::parse_with(address.as_str(), &Hrp::parse("osmo").unwrap()),
            Err(CosmosError::AddressPrefix { .. })
        ));
        assert!(Address::parse_with(address.as_str(), &hrp).is_ok());
    }

    #[test]
    fn a_prefix_is_printable_and_lower_case() {
        for bad in ["", "COSMOS", "Cosmos", "cos mos", "c\u{f6}smos", "c\u{202e}", &"x".repeat(84)] {
            assert!(matches!(Hrp::parse(bad), Err(CosmosError::Hrp { .. })), "{bad:?}");
        }
    }

    #[test]
    fn length_is_bounded() {
        let hrp = Hrp::parse("cosmos").unwrap();
        assert!(matches!(Address::from_bytes(&[], &hrp), Err(CosmosError::AddressLength(0))));
        assert!(matches!(Address::from_bytes(&[0; 256], &hrp), Err(CosmosError::AddressLength(256))));
        let longest = Address::from_bytes(&[9; 255], &Hrp::parse(&"x".repeat(83)).unwrap()).unwrap();
        assert_eq!(Address::parse(longest.as_str()).unwrap(), longest);
    }
}
