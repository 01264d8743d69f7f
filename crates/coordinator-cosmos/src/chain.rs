//! What a wallet must know of a chain: its id, its addresses' prefix, its key type, what its coins are called, what gas costs, where its nodes answer.
//!
//! Read from the files of the public chain registry, `chain.json` and `assetlist.json`, which strangers write: sizes are bounded, ids, prefixes and denoms are
//! parsed, and whatever is shown goes through the escapes of this crate. Nothing of them decides what is signed; they help to say it.

mod builtin;
mod number;
mod registry;

use std::fmt;

use crate::visible::Visible;
use crate::{Amount, CosmosError, Denom, GasPrice, Hrp, KeyType};

/// The largest file that is read, in bytes. The largest list of assets in the registry has about 2 MB.
pub const MAX_CHAIN_FILE: usize = 8 * 1024 * 1024;

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its id, `cosmoshub-4`.
    pub id: String,
    /// Its name in the registry, `cosmoshub`.
    pub name: String,
    /// The prefix of its accounts.
    pub hrp: Hrp,
    /// The type of its accounts' keys.
    pub key_type: KeyType,
    /// The coin type of BIP-44 paths (SLIP-44): 118 for most.
    pub coin_type: u32,
    /// The denoms in which fees may be paid, each with its price of gas, the first the usual one.
    pub gas_prices: Vec<GasPrices>,
    /// The denoms that can be staked.
    pub staking: Vec<Denom>,
    /// The coins whose names and exponents are known.
    pub assets: Vec<Asset>,
    /// Nodes that answer REST (the gRPC gateway), `https://...`.
    pub rest: Vec<String>,
    /// Nodes that answer CometBFT's RPC.
    pub rpc: Vec<String>,
    /// Nodes that answer gRPC, host and port.
    pub grpc: Vec<String>,
}

/// What gas costs in one denom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasPrices {
    /// The least that nodes take.
    pub low: GasPrice,
    /// What gets in under usual load.
    pub average: GasPrice,
    /// What gets in under heavy load.
    pub high: GasPrice,
}

/// A coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The smallest unit, in which a chain counts.
    pub base: Denom,
    /// The name of the unit that people count in, `ATOM`.
    pub symbol: String,
    /// How many places that unit has above the smallest.
    pub exponent: u8,
}

impl Chain {
    /// Reads a `chain.json`, and an `assetlist.json` of the same chain where there is one.
    ///
    /// # Errors
    /// [`CosmosError`] for a file over [`MAX_CHAIN_FILE`], one that does not decode, one of another chain than the other, and a chain without an id or a prefix.
    pub fn from_registry(chain: &[u8], assets: Option<&[u8]>) -> Result<Self, CosmosError> {
        registry::read(chain, assets)
    }

    /// The chains that come with the crate, by their ids in the order of their names. They name no nodes: whose node is asked is the operator's choice.
    pub fn built_in() -> Vec<Self> {
        builtin::all()
    }

    /// The chain of this id that comes with the crate.
    pub fn built_in_by_id(id: &str) -> Option<Self> {
        Self::built_in().into_iter().find(|chain| chain.id == id)
    }

    /// The coin with this smallest unit.
    pub fn asset(&self, base: &Denom) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.base == *base)
    }

    /// The prices of gas in this denom.
    pub fn gas_prices_in(&self, denom: &Denom) -> Option<&GasPrices> {
        self.gas_prices.iter().find(|prices| prices.average.denom() == denom)
    }
}

impl Asset {
    /// An amount of the smallest unit in the unit that people count in, exact: `1.234567 ATOM`.
    pub fn show(&self, amount: &Amount) -> Shown<'_> {
        let places = usize::from(self.exponent);
        let padded = format!("{:0>width$}", amount.as_str(), width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        Shown { number: format!("{whole}{point}{fraction}"), symbol: &self.symbol }
    }
}

/// An amount as people read it.
#[derive(Debug)]
pub struct Shown<'a> {
    number: String,
    symbol: &'a str,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, Visible(self.symbol))
    }
}

#[cfg(test)]
mod tests;
