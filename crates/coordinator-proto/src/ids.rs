//! The typed ids, numbers and instants of the protocol. Each has one fallible constructor; a value that exists is
//! well-formed. None is ever derived from a secret, and none of the errors repeats what was refused.

mod bytes;
mod share;
mod text;
mod time;

use core::fmt;

pub use bytes::{Digest, RequestId, WalletId};
pub use share::{Epoch, ShareId};
pub use text::{ChainId, KeyId, SessionId};
pub use time::Millis;

/// Why a text or a number is not the id it was meant to be. Never repeats the refused value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// An empty text.
    #[error("the id is empty")]
    Empty,
    /// More characters than the id may have.
    #[error("the id is longer than {limit} characters")]
    TooLong {
        /// The most characters this id may have.
        limit: usize,
    },
    /// A character outside the id's alphabet.
    #[error("the id has a character outside its alphabet")]
    Alphabet,
    /// Not the fixed number of hexadecimal digits.
    #[error("the id is not {digits} lower-case hexadecimal digits")]
    NotHex {
        /// How many digits this id has.
        digits: usize,
    },
    /// Epoch zero: the first epoch, after DKG, is one.
    #[error("an epoch starts at one")]
    EpochZero,
    /// The epoch counter cannot go up any more.
    #[error("the epoch counter is exhausted")]
    EpochExhausted,
}

/// What a device asks for in its hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// Make a new key together.
    Dkg,
    /// Sign one digest.
    Sign,
    /// Replace both shares of a key by new ones.
    Refresh,
    /// Come back with a share rebuilt from a backup, and replace both shares at once.
    Restore,
}

impl Intent {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dkg => "dkg",
            Self::Sign => "sign",
            Self::Refresh => "refresh",
            Self::Restore => "restore",
        }
    }

    /// The intent that the wire's word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "dkg" => Some(Self::Dkg),
            "sign" => Some(Self::Sign),
            "refresh" => Some(Self::Refresh),
            "restore" => Some(Self::Restore),
            _ => None,
        }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
