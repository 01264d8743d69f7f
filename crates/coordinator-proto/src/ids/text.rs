//! Ids that a peer may choose: short texts of a small alphabet, safe in a log, a file name or a URL path segment.

use core::fmt;
use core::str::FromStr;

use super::IdError;

/// The most characters a session id or a key id may have.
const TEXT_ID_LIMIT: usize = 128;
/// `MaxChainIDLen` of CometBFT (`types/genesis.go`).
const CHAIN_ID_LIMIT: usize = 50;

fn check(text: &str, limit: usize, allowed: fn(u8) -> bool) -> Result<(), IdError> {
    match text.len() {
        0 => Err(IdError::Empty),
        n if n > limit => Err(IdError::TooLong { limit }),
        _ if !text.bytes().all(allowed) => Err(IdError::Alphabet),
        _ => Ok(()),
    }
}

fn id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-')
}

fn chain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $limit:ident, $allowed:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks `text` and takes a copy of it.
            ///
            /// # Errors
            /// An [`IdError`] that names the broken rule; it never repeats `text`.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text, $limit, $allowed)?;
                Ok(Self(text.into()))
            }

            /// The id as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    };
}

text_id! {
    /// The device's name for one connection: 1-128 characters of `[A-Za-z0-9._:-]`.
    SessionId, TEXT_ID_LIMIT, id_byte
}

text_id! {
    /// The device's name for a key, unique per owner: 1-128 characters of `[A-Za-z0-9._:-]`.
    KeyId, TEXT_ID_LIMIT, id_byte
}

text_id! {
    /// The name of a Cosmos chain: 1-50 characters of `[A-Za-z0-9._-]`.
    ChainId, CHAIN_ID_LIMIT, chain_byte
}
