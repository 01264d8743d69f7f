//! Amounts, denoms and coins. An amount stays a decimal string: no conversion can round it or overflow, whatever the denom's decimals are.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::CosmosError;

/// 2^256 - 1, the largest `math.Int` of the Cosmos SDK.
const MAX: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

/// A whole amount of a denom's smallest unit: decimal digits without sign and leading zeros, below 2^256.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Amount(String);

impl Amount {
    /// Zero.
    pub fn zero() -> Self {
        Self("0".to_owned())
    }

    /// Parses decimal digits.
    ///
    /// # Errors
    /// [`CosmosError::Amount`] for anything but the canonical form of an integer below 2^256.
    pub fn parse(text: &str) -> Result<Self, CosmosError> {
        let digits = !text.is_empty() && text.len() <= MAX.len() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits || (text.len() > 1 && text.starts_with('0')) || (text.len() == MAX.len() && text > MAX) {
            return Err(CosmosError::Amount);
        }
        Ok(Self(text.to_owned()))
    }

    /// The decimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the amount is zero.
    pub fn is_zero(&self) -> bool {
        self.0 == "0"
    }

    /// The amount as an integer where it fits 128 bits.
    pub fn to_u128(&self) -> Option<u128> {
        self.0.parse().ok()
    }

    /// The sum.
    ///
    /// # Errors
    /// [`CosmosError::AmountOverflow`] where it does not fit 256 bits.
    pub fn checked_add(&self, other: &Self) -> Result<Self, CosmosError> {
        let mut sum = Vec::with_capacity(MAX.len() + 1);
        let (mut left, mut right) = (self.0.bytes().rev(), other.0.bytes().rev());
        let mut carry = 0;
        loop {
            let (a, b) = (left.next(), right.next());
            if a.is_none() && b.is_none() {
                break;
            }
            let digit = a.map_or(0, |d| d - b'0') + b.map_or(0, |d| d - b'0') + carry;
            sum.push(char::from(b'0' + digit % 10));
            carry = digit / 10;
        }
        if carry > 0 {
            sum.push('1');
        }
        let sum: String = sum.iter().rev().collect();
        Self::parse(&sum).map_err(|_| CosmosError::AmountOverflow)
    }

    /// What is over `other`; zero where nothing is.
    #[must_use]
    pub fn saturating_sub(&self, other: &Self) -> Self {
        if self <= other {
            return Self::zero();
        }
        let mut digits = Vec::with_capacity(self.0.len());
        let mut right = other.0.bytes().rev();
        let mut borrow = 0;
        for left in self.0.bytes().rev() {
            let take = right.next().map_or(0, |d| d - b'0') + borrow;
            let have = left - b'0';
            borrow = u8::from(have < take);
            digits.push(char::from(b'0' + (have + 10 * borrow - take)));
        }
        let digits: String = digits.iter().rev().collect();
        Self(digits.trim_start_matches('0').to_owned())
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<u128> for Amount {
    fn from(value: u128) -> Self {
        Self(value.to_string())
    }
}

impl FromStr for Amount {
    type Err = CosmosError;

    fn from_str(text: &str) -> Result<Self, CosmosError> {
        Self::parse(text)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

/// The name of a token: `[a-zA-Z][a-zA-Z0-9/:._-]{2,127}`, the Cosmos SDK's default rule.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Denom(String);

impl Denom {
    /// Parses a denom, `uatom` for example, or `ibc/27394FB0...`.
    ///
    /// # Errors
    /// [`CosmosError::Denom`].
    pub fn parse(text: &str) -> Result<Self, CosmosError> {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b"/:._-".contains(&b);
        let good = (3..=128).contains(&text.len())
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && text.bytes().all(inner);
        if good { Ok(Self(text.to_owned())) } else { Err(CosmosError::Denom) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Denom {
    type Err = CosmosError;

    fn from_str(text: &str) -> Result<Self, CosmosError> {
        Self::parse(text)
    }
}

impl fmt::Display for Denom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Denom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Denom({self})")
    }
}

/// An amount of a denom.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Coin {
    /// What.
    pub denom: Denom,
    /// How much, in the denom's smallest unit.
    pub amount: Amount,
}

impl Coin {
    /// Parses the two texts of a coin.
    ///
    /// # Errors
    /// [`CosmosError::Amount`], [`CosmosError::Denom`].
    pub fn parse(amount: &str, denom: &str) -> Result<Self, CosmosError> {
        Ok(Self { denom: Denom::parse(denom)?, amount: Amount::parse(amount)? })
    }
}

impl fmt::Display for Coin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.denom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_canonical_decimal_is_an_amount() {
        for bad in ["", "00", "01", "-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "\u{0661}", "1_000"] {
            assert!(matches!(Amount::parse(bad), Err(CosmosError::Amount)), "{bad:?}");
        }
        assert!(Amount::parse("0").unwrap().is_zero());
    }

    #[test]
    fn the_bound_is_exactly_256_bits() {
        let max = Amount::parse(MAX).unwrap();
        assert!(matches!(max.checked_add(&Amount::from(1)), Err(CosmosError::AmountOverflow)));
        assert_eq!(max.checked_add(&Amount::zero()).unwrap(), max);
        let over = MAX.replace("9935", "9936");
        assert!(matches!(Amount::parse(&over), Err(CosmosError::Amount)));
        assert!(matches!(Amount::parse(&"9".repeat(78)), Err(CosmosError::Amount)));
        assert!(Amount::parse(&"9".repeat(77)).is_ok());
        assert_eq!(max.to_u128(), None);
        assert_eq!(max.saturating_sub(&max), Amount::zero());
        assert_eq!(max.saturating_sub(&Amount::zero()), max);
        assert_eq!(Amount::from(1000).saturating_sub(&Amount::from(999)), Amount::from(1));
    }

    #[test]
    fn denoms_follow_the_sdk_rule() {
        for good in [
            "uatom",
            "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2",
            "a-b",
            "factory/x.y:z_0",
        ] {
            assert!(Denom::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "ua", "1atom", "/tom", "ua tom", "uat\u{f6}m", &"a".repeat(129)] {
            assert!(matches!(Denom::parse(bad), Err(CosmosError::Denom)), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn sums_and_order_agree_with_integers(a in 0..u128::MAX / 2, b in 0..u128::MAX / 2) {
            let (x, y) = (Amount::from(a), Amount::from(b));
            prop_assert_eq!(x.checked_add(&y).unwrap().to_u128(), Some(a + b));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.saturating_sub(&y), Amount::from(a.saturating_sub(b)));
            prop_assert_eq!(x.checked_add(&y).unwrap().saturating_sub(&y), x);
        }
    }
}
