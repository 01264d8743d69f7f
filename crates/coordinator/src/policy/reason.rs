//! Why a policy denied: a short stable word that goes into the record, the audit log and the answer.

use std::{borrow::Cow, fmt};

/// The longest code, in bytes.
const LIMIT: usize = 64;

/// A code such as `recipient_not_allowed`: 1 to 64 characters of `[a-z0-9_]`.
///
/// It names the rule, not the rule's values: it is shown to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason(Cow<'static, str>);

/// The code is empty, too long or holds another character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason is 1 to 64 characters of a-z, 0-9 and underscore")]
pub struct InvalidReason;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl Reason {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($code));)*
        }

        #[cfg(test)]
        const ALL: &[Reason] = &[$(Reason::$name),*];
    };
}

reasons! {
    /// The policy denies everything.
    REFUSE_ALL = "refuse_all";
    /// The chain is not on the list.
    CHAIN = "chain_not_allowed";
    /// A message's type is not on the list.
    MESSAGE = "message_not_allowed";
    /// A message could not be decoded, so nothing can be said about it.
    UNKNOWN_MESSAGE = "message_unknown";
    /// The transaction has no message.
    NO_MESSAGE = "no_message";
    /// A recipient is not on the list.
    RECIPIENT = "recipient_not_allowed";
    /// A denom that is sent has no maximum on the list.
    DENOM = "denom_not_allowed";
    /// More of a denom is sent than its maximum.
    AMOUNT = "amount_over_maximum";
    /// A denom of the fee has no maximum on the list.
    FEE_DENOM = "fee_denom_not_allowed";
    /// The fee is over its maximum.
    FEE = "fee_over_maximum";
    /// Another account is to pay the fee.
    FEE_PAYER = "fee_payer_not_allowed";
    /// The memo is longer than the list allows.
    MEMO = "memo_too_long";
    /// Somebody else signs the same transaction.
    SIGNERS = "several_signers";
    /// The transaction carries extension options, which nobody here decodes.
    EXTENSIONS = "extension_options";
    /// The transaction runs regardless of its sequence.
    UNORDERED = "unordered";
    /// Arbitrary data (ADR-036), which the policy does not allow.
    ARBITRARY = "arbitrary_not_allowed";
    /// A bare digest, which the policy does not allow.
    RAW = "raw_not_allowed";
}

impl Reason {
    /// A code of the host's own policy.
    ///
    /// # Errors
    /// [`InvalidReason`].
    pub fn new(code: &str) -> Result<Self, InvalidReason> {
        let good = (1..=LIMIT).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if good { Ok(Self(Cow::Owned(code.to_owned()))) } else { Err(InvalidReason) }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_own_reason_has_a_well_formed_code_of_its_own() {
        for reason in ALL {
            assert_eq!(Reason::new(reason.code()).as_ref(), Ok(reason));
            assert_eq!(ALL.iter().filter(|other| *other == reason).count(), 1);
        }
    }

    #[test]
    fn a_reason_is_a_code_and_no_sentence() {
        for bad in ["", "Not allowed", "no-dash", "ümlaut", &"x".repeat(65)] {
            assert_eq!(Reason::new(bad), Err(InvalidReason), "{bad:?}");
        }
        assert!(Reason::new(&"x".repeat(64)).is_ok());
    }
}
