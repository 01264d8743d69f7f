//! What a chain says when it refuses a transaction, and which of its many codes a wallet acts upon.
//!
//! The codes are those that the Cosmos SDK registers (`types/errors/errors.go`, `x/feegrant/errors.go`, `x/authz/errors.go`): stable since 0.40, each
//! within its codespace. The log beside them is words for people, and no rule here depends on it but one: the sequence that the chain expects stands
//! nowhere else.

use std::fmt;

use serde::Serialize;

use crate::visible::Visible;

/// Characters of a log that are shown and kept.
const LOG: usize = 2_000;

/// A transaction's result that is not zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainError {
    /// The code, never 0.
    pub code: u32,
    /// Whose code it is: `sdk`, or a module.
    pub codespace: String,
    /// The chain's words, cut at 2,000 characters.
    pub raw_log: String,
}

impl ChainError {
    /// An error of these texts, of which the log is cut.
    pub fn new(code: u32, codespace: &str, raw_log: &str) -> Self {
        Self {
            code,
            codespace: codespace.chars().take(64).collect(),
            raw_log: raw_log.chars().take(LOG).collect(),
        }
    }

    /// Whether the account has gone past this sequence: nothing that was signed for it can run any more, so that a new sign request, with the
    /// sequence that the chain has, may take its place. Where the chain expects an *earlier* sequence than was signed, the transaction may yet run,
    /// and another one beside it would be a second one.
    pub fn is_past(&self, sequence: u64) -> bool {
        matches!(self.fault(), ChainFault::WrongSequence { expected: Some(expected) } if expected > sequence)
    }

    /// What a wallet can do something about.
    pub fn fault(&self) -> ChainFault {
        match (self.codespace.as_str(), self.code) {
            ("sdk", 4) => ChainFault::Unauthorized,
            ("sdk", 5) => ChainFault::InsufficientFunds,
            ("sdk", 9) => ChainFault::UnknownAccount,
            ("sdk", 11) => ChainFault::OutOfGas,
            ("sdk", 13) => ChainFault::InsufficientFee,
            ("sdk", 19) => ChainFault::AlreadyKnown,
            ("sdk", 20) => ChainFault::MempoolFull,
            ("sdk", 30) => ChainFault::TimedOut,
            ("sdk", 3 | 32) => {
                ChainFault::WrongSequence { expected: number_after(&self.raw_log, "expected ") }
            }
            ("feegrant", _) => ChainFault::FeeGrant,
            ("authz", _) => ChainFault::Authorization,
            _ => ChainFault::Other,
        }
    }
}

impl std::error::Error for ChainError {}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, codespace, raw_log } = self;
        write!(f, "the chain refused with code {code} of {}: {}", Visible(codespace), Visible(raw_log))
    }
}

/// Why a chain refused, as far as it matters to whoever sent the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainFault {
    /// The account has sent more or fewer transactions than the sign doc says. The signature is of no use: only a new sign request, with the
    /// sequence that the chain has, goes on.
    WrongSequence {
        /// The sequence that the chain named.
        expected: Option<u64>,
    },
    /// The account, or the fee's payer, has too little.
    InsufficientFunds,
    /// The fee is below what the node asks for.
    InsufficientFee,
    /// The gas limit was too low. Where the transaction was included, its fee is paid nevertheless.
    OutOfGas,
    /// The signature or the right to do this is missing. A wrong chain id or account number shows as this too.
    Unauthorized,
    /// The chain has no account of that address: nothing was ever sent to it.
    UnknownAccount,
    /// The fee grant does not pay, or there is none.
    FeeGrant,
    /// The authorization does not let it through, or there is none.
    Authorization,
    /// The node has this very transaction already: it needs waiting for, not sending.
    AlreadyKnown,
    /// The node takes no more transactions for now.
    MempoolFull,
    /// The height or the time at which it could run at the latest is over.
    TimedOut,
    /// Something else; code and log say what.
    Other,
}

/// The decimal number that stands behind the first occurrence of `word`.
pub(crate) fn number_after(text: &str, word: &str) -> Option<u64> {
    let (_, rest) = text.split_once(word)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_mismatch_names_what_the_chain_expects() {
        let log =
            "account sequence mismatch, expected 18446744073709551615, got 4: incorrect account sequence";
        let fault = ChainError::new(32, "sdk", log).fault();
        assert_eq!(fault, ChainFault::WrongSequence { expected: Some(u64::MAX) });
        for vague in ["", "expected ", "expected -1", "expected 99999999999999999999"] {
            let fault = ChainError::new(32, "sdk", vague).fault();
            assert_eq!(fault, ChainFault::WrongSequence { expected: None }, "{vague:?}");
        }
    }

    #[test]
    fn only_a_sequence_that_is_past_may_be_signed_anew() {
        let error = |expected: u64| ChainError::new(32, "sdk", &format!("expected {expected}, got 7: x"));
        assert!(error(8).is_past(7));
        assert!(!error(7).is_past(7));
        assert!(!error(6).is_past(7));
        assert!(!ChainError::new(32, "sdk", "no number").is_past(7));
        assert!(!ChainError::new(5, "sdk", "expected 8").is_past(7));
    }

    #[test]
    fn a_code_counts_within_its_codespace() {
        assert_eq!(ChainError::new(5, "sdk", "").fault(), ChainFault::InsufficientFunds);
        assert_eq!(ChainError::new(5, "wasm", "insufficient funds").fault(), ChainFault::Other);
        assert_eq!(ChainError::new(5, "feegrant", "").fault(), ChainFault::FeeGrant);
    }

    #[test]
    fn a_hostile_log_is_cut_and_made_visible() {
        let error = ChainError::new(1, "sdk", &"\u{202e}".repeat(1_000_000));
        assert_eq!(error.raw_log.chars().count(), LOG);
        assert!(!error.to_string().contains('\u{202e}'));
    }
}
