//! What a transaction costs: a gas price, a gas limit with room above what was simulated, and the fee of both, in integers throughout.

use std::fmt;
use std::str::FromStr;

use crate::{Amount, Coin, CosmosError, Denom};

/// Decimal places that a gas price may have, those of the SDK's `math.LegacyDec`.
const PLACES: usize = 18;

/// A price of one unit of gas, `0.025uatom` for example: a decimal of up to 18 places and a denom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasPrice {
    /// The price in 10^-18 of the denom's smallest unit.
    atomics: u128,
    denom: Denom,
}

impl GasPrice {
    /// Parses a price and its denom.
    ///
    /// # Errors
    /// [`CosmosError::Amount`] for what is no plain decimal of at most 18 places below 10^20, [`CosmosError::Denom`].
    pub fn new(price: &str, denom: &str) -> Result<Self, CosmosError> {
        let (whole, fraction) = price.split_once('.').unwrap_or((price, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() > 20 || fraction.len() > PLACES {
            return Err(CosmosError::Amount);
        }
        let atomics = format!("{whole}{fraction:0<PLACES$}").parse().map_err(|_| CosmosError::Amount)?;
        Ok(Self { atomics, denom: Denom::parse(denom)? })
    }

    /// What a gas limit costs at this price, rounded up as a node rounds when it checks.
    ///
    /// # Errors
    /// [`CosmosError::AmountOverflow`] where price and limit are beyond anything that a chain asks for.
    pub fn fee(&self, gas: u64) -> Result<Coin, CosmosError> {
        let exact = self.atomics.checked_mul(gas.into()).ok_or(CosmosError::AmountOverflow)?;
        let amount = exact.div_ceil(10_u128.pow(18));
        Ok(Coin { denom: self.denom.clone(), amount: Amount::from(amount) })
    }

    /// In which coin it is paid.
    pub fn denom(&self) -> &Denom {
        &self.denom
    }
}

impl FromStr for GasPrice {
    type Err = CosmosError;

    /// Parses `0.025uatom`.
    fn from_str(text: &str) -> Result<Self, CosmosError> {
        let denom = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(CosmosError::Denom)?;
        let (price, denom) = text.split_at(denom);
        Self::new(price, denom)
    }
}

impl fmt::Display for GasPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.atomics / 10_u128.pow(18), self.atomics % 10_u128.pow(18));
        let fraction = format!("{fraction:0>PLACES$}");
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{whole}{point}{fraction}{}", self.denom)
    }
}

/// A gas limit for a transaction that used this much when it was simulated: three tenths more, for a block changes what the next one costs.
pub fn gas_limit(simulated: u64) -> u64 {
    simulated.saturating_add(simulated.div_ceil(10).saturating_mul(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_rounded_up_and_never_through_a_float() {
        let price: GasPrice = "0.025uatom".parse().unwrap();
        assert_eq!(price.fee(80_000).unwrap().to_string(), "2000 uatom");
        assert_eq!(price.fee(80_001).unwrap().to_string(), "2001 uatom");
        assert_eq!(price.fee(0).unwrap().to_string(), "0 uatom");
        let odd: GasPrice = "0.1stake".parse().unwrap();
        // 0.1 * 3 is over 0.3 in binary floating point, and would be rounded up to 1 all the same; 0.1 * 30 would become 4.
        assert_eq!(odd.fee(30).unwrap().to_string(), "3 stake");
        let eighteen: GasPrice = "20000000000adydx".parse().unwrap();
        assert_eq!(eighteen.fee(200_000).unwrap().to_string(), "4000000000000000 adydx");
    }

    #[test]
    fn a_price_is_read_as_it_is_written() {
        for text in ["0.025uatom", "1stake", "0.000000000000000001aevmos", "12.5ibc/AB"] {
            assert_eq!(text.parse::<GasPrice>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "uatom",
            "0.025",
            ".5uatom",
            "1.uatom",
            "1.2.3uatom",
            "-1uatom",
            "1e3",
            "0.0000000000000000001uatom",
        ] {
            assert!(bad.parse::<GasPrice>().is_err(), "{bad}");
        }
        assert!(GasPrice::new(&"9".repeat(21), "uatom").is_err());
    }

    #[test]
    fn nothing_overflows_in_silence() {
        let most = GasPrice::new(&"9".repeat(20), "uatom").unwrap();
        assert!(matches!(most.fee(u64::MAX), Err(CosmosError::AmountOverflow)));
        assert_eq!(gas_limit(u64::MAX), u64::MAX);
        assert_eq!(gas_limit(100_000), 130_000);
        assert_eq!(gas_limit(1), 4);
    }
}
