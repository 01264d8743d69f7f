//! Addresses that are not those of a key: validators' operator and consensus forms, modules, and IBC escrow accounts.
//!
//! Follows `types/address.go` and `types/address/hash.go` of the Cosmos SDK (ADR-028) and `modules/apps/transfer/types/keys.go` of ibc-go.

use sha2::{Digest as _, Sha256};

use super::{Address, Hrp};
use crate::CosmosError;

/// The bytes of an account that is no key's: the first of a hash.
const SHORT: usize = 20;
/// What an escrow account's hash begins with (ibc-go, `escrowAddressVersion`).
const ESCROW_VERSION: &[u8] = b"ics20-1";

impl Hrp {
    /// The prefix of validator operators on the chain whose accounts have this one: `cosmosvaloper`.
    ///
    /// # Errors
    /// [`CosmosError::Hrp`] where the result is too long.
    pub fn operator(&self) -> Result<Self, CosmosError> {
        Self::parse(&format!("{self}valoper"))
    }

    /// The prefix of consensus keys' addresses on the chain whose accounts have this one: `cosmosvalcons`.
    ///
    /// # Errors
    /// [`CosmosError::Hrp`] where the result is too long.
    pub fn consensus(&self) -> Result<Self, CosmosError> {
        Self::parse(&format!("{self}valcons"))
    }
}

impl Address {
    /// The same bytes under another prefix: an operator's account as `cosmosvaloper1...`, or back.
    ///
    /// # Errors
    /// [`CosmosError::Address`] where the prefix leaves no room.
    pub fn with_hrp(&self, hrp: &Hrp) -> Result<Self, CosmosError> {
        Self::from_bytes(&self.bytes, hrp)
    }

    /// The address of a validator's Ed25519 consensus key, under [`Hrp::consensus`] of the accounts' prefix: the first 20 bytes of SHA-256.
    ///
    /// # Errors
    /// [`CosmosError::Hrp`] where the prefix is too long.
    pub fn consensus(key: &[u8; 32], account_hrp: &Hrp) -> Result<Self, CosmosError> {
        Self::from_bytes(&short(key), &account_hrp.consensus()?)
    }

    /// The account of a module, `gov` for example: the first 20 bytes of SHA-256 of its name.
    ///
    /// # Errors
    /// [`CosmosError::Address`] where the prefix leaves no room.
    pub fn module(name: &str, hrp: &Hrp) -> Result<Self, CosmosError> {
        Self::from_bytes(&short(name.as_bytes()), hrp)
    }

    /// An account that a module derives with keys (`address.Module`), 32 bytes: a group's policy account, for example. The first key is hashed with
    /// the module's name, each further one with the address so far.
    ///
    /// # Errors
    /// [`CosmosError::Address`] where the prefix leaves no room.
    pub fn module_derived(
        name: &str,
        first: &[u8],
        further: &[&[u8]],
        hrp: &Hrp,
    ) -> Result<Self, CosmosError> {
        let keyed = [name.as_bytes(), &[0], first].concat();
        let of_first = typed(b"module", &keyed);
        let account = further.iter().fold(of_first, |account, key| typed(&account, key));
        Self::from_bytes(&account, hrp)
    }

    /// The account that holds the coins which left over an IBC channel: the first 20 bytes of SHA-256 of version, port and channel.
    ///
    /// # Errors
    /// [`CosmosError::Address`] where the prefix leaves no room.
    pub fn ibc_escrow(port: &str, channel: &str, hrp: &Hrp) -> Result<Self, CosmosError> {
        let named = [ESCROW_VERSION, &[0], port.as_bytes(), b"/", channel.as_bytes()].concat();
        Self::from_bytes(&short(&named), hrp)
    }
}

/// `address.Hash`: a hash that no other type of account can have.
fn typed(kind: &[u8], key: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(Sha256::digest(kind)).chain_update(key).finalize().into()
}

/// `crypto.AddressHash` of CometBFT.
pub(crate) fn short(bytes: &[u8]) -> [u8; SHORT] {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let mut account = [0; SHORT];
    account.copy_from_slice(&hash[..SHORT]);
    account
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hrp(text: &str) -> Hrp {
        Hrp::parse(text).unwrap()
    }

    #[test]
    fn modules_have_the_addresses_that_chains_show() {
        // Every chain with the standard modules has these; the Cosmos Hub's explorers and queries name them.
        for (name, address) in [
            ("gov", "cosmos10d07y265gmmuvt4z0w9aw880jnsr700j6zn9kn"),
            ("distribution", "cosmos1jv65s3grqf6v6jl3dp4t6c9t9rk99cd88lyufl"),
            ("fee_collector", "cosmos17xpfvakm2amg962yls6f84z3kell8c5lserqta"),
            ("bonded_tokens_pool", "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh"),
        ] {
            assert_eq!(Address::module(name, &hrp("cosmos")).unwrap().as_str(), address);
        }
    }

    #[test]
    fn an_escrow_account_is_the_one_that_the_hub_has_for_osmosis() {
        let escrow = Address::ibc_escrow("transfer", "channel-141", &hrp("cosmos")).unwrap();
        assert_eq!(escrow.as_str(), "cosmos1x54ltnyg88k0ejmk8ytwrhd3ltm84xehrnlslf");
    }

    #[test]
    fn a_derived_module_account_depends_on_every_key_in_its_order() {
        let of =
            |keys: &[&[u8]]| Address::module_derived("group", keys[0], &keys[1..], &hrp("cosmos")).unwrap();
        let all = [of(&[b"a"]), of(&[b"a", b"b"]), of(&[b"b", b"a"]), of(&[b"ab"])];
        assert!(all.iter().all(|address| address.as_bytes().len() == 32));
        for (index, address) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(address));
        }
    }

    #[test]
    fn an_operator_is_its_account_under_another_prefix() {
        let account = Address::from_bytes(&[7; 20], &hrp("cosmos")).unwrap();
        let operator = account.with_hrp(&hrp("cosmos").operator().unwrap()).unwrap();
        assert_eq!(operator.hrp(), "cosmosvaloper");
        assert_eq!(operator.with_hrp(&hrp("cosmos")).unwrap(), account);
        assert!(matches!(hrp(&"x".repeat(80)).operator(), Err(CosmosError::Hrp { .. })));
    }

    #[test]
    fn a_consensus_address_is_the_hash_of_the_key() {
        // The key and its account bytes stand in CosmJS (packages/amino/src/addresses.spec.ts), under the account prefix there.
        let key = "12ee6f581fe55673a1e9e1382a0829e32075a0aa4763c968bc526e1852e78c95";
        let key = hex::decode(key).unwrap().try_into().unwrap();
        let address = Address::consensus(&key, &hrp("cosmos")).unwrap();
        assert_eq!(address.hrp(), "cosmosvalcons");
        let account = address.with_hrp(&hrp("cosmos")).unwrap();
        assert_eq!(account.as_str(), "cosmos1pfq05em6sfkls66ut4m2257p7qwlk448h8mysz");
    }
}
