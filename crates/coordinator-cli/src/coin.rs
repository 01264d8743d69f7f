//! Amounts as they are written on a command line: `1000000uatom`.

use maany_coordinator::cosmos::{Coin, CosmosError};

/// Why a text is no amount.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CoinError {
    #[error("an amount is a whole number and a denom, such as 1000000uatom")]
    Form,
    #[error(transparent)]
    Coin(#[from] CosmosError),
}

/// Parses digits and the denom behind them. A denom begins with a letter, so the first letter parts the two.
pub(crate) fn parse(text: &str) -> Result<Coin, CoinError> {
    let denom_at = text.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0).ok_or(CoinError::Form)?;
    let (amount, denom) = text.split_at(denom_at);
    Ok(Coin::parse(amount, denom)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_parts_amount_and_denom() {
        for (text, amount, denom) in [
            ("1000000uatom", "1000000", "uatom"),
            (
                "5ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2",
                "5",
                "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2",
            ),
            (
                "340282366920938463463374607431768211456adydx",
                "340282366920938463463374607431768211456",
                "adydx",
            ),
        ] {
            assert_eq!(parse(text).unwrap(), Coin::parse(amount, denom).unwrap());
        }
    }

    #[test]
    fn what_is_no_whole_number_of_a_denom_is_refused() {
        for text in ["", "uatom", "10", "-1uatom", "1.5uatom", "1 uatom", "1,000uatom"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
