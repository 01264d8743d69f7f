//! What this release knows of chains by itself: address prefix and own denom, from github.com/cosmos/chain-registry.
//!
//! It only fills in defaults; any other chain works with `--hrp` and named denoms.

/// A chain's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) id: &'static str,
    pub(crate) hrp: &'static str,
    pub(crate) denom: &'static str,
    /// Decimal places of one token.
    pub(crate) decimals: u32,
}

const fn chain(id: &'static str, hrp: &'static str, denom: &'static str, decimals: u32) -> Chain {
    Chain { id, hrp, denom, decimals }
}

const KNOWN: [Chain; 12] = [
    chain("cosmoshub-4", "cosmos", "uatom", 6),
    chain("theta-testnet-001", "cosmos", "uatom", 6),
    chain("provider", "cosmos", "uatom", 6),
    chain("osmosis-1", "osmo", "uosmo", 6),
    chain("osmo-test-5", "osmo", "uosmo", 6),
    chain("celestia", "celestia", "utia", 6),
    chain("juno-1", "juno", "ujuno", 6),
    chain("stargaze-1", "stars", "ustars", 6),
    chain("akashnet-2", "akash", "uakt", 6),
    chain("neutron-1", "neutron", "untrn", 6),
    chain("noble-1", "noble", "uusdc", 6),
    chain("dydx-mainnet-1", "dydx", "adydx", 18),
];

/// The defaults for a chain: its own where it is known, else those of a fresh Cosmos SDK chain (`sdk.DefaultBondDenom`).
pub(crate) fn defaults(id: &str) -> Chain {
    KNOWN.into_iter().find(|chain| chain.id == id).unwrap_or(chain("", "cosmos", "stake", 6))
}

impl Chain {
    /// So many tokens, in the smallest unit, as decimal digits.
    pub(crate) fn tokens(self, count: u32) -> String {
        format!("{count}{}", "0".repeat(self.decimals as usize))
    }

    /// Whether the defaults are the chain's own.
    pub(crate) fn is_known(self) -> bool {
        !self.id.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use maany_coordinator::cosmos::{Coin, Hrp};

    #[test]
    fn every_known_chain_has_a_prefix_and_a_denom_that_are_well_formed() {
        for chain in KNOWN {
            assert!(Hrp::parse(chain.hrp).is_ok(), "{}", chain.id);
            assert!(Coin::parse(&chain.tokens(100), chain.denom).is_ok(), "{}", chain.id);
            assert_eq!(defaults(chain.id), chain);
        }
    }

    #[test]
    fn an_unknown_chain_gets_the_sdks_own_defaults() {
        let chain = defaults("localnet");
        assert_eq!((chain.hrp, chain.denom, chain.tokens(1).as_str()), ("cosmos", "stake", "1000000"));
        assert!(!chain.is_known());
    }
}
