//! Secrets that a hello carries. They have no `Clone`, `Display` or `Serialize`, print nothing, and are wiped on drop.
//!
//! ```compile_fail,E0599
//! fn copy(token: &maany_coordinator_proto::Token) -> maany_coordinator_proto::Token {
//!     token.clone()
//! }
//! ```
//!
//! ```compile_fail,E0277
//! fn show(code: &maany_coordinator_proto::StepUp) -> String {
//!     format!("{code}")
//! }
//! ```

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The longest token, in bytes.
const TOKEN_LIMIT: usize = 4096;
/// The longest step-up code, in bytes.
const STEP_UP_LIMIT: usize = 128;

/// A secret text is empty, too long, or has a character that is not visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is 1 to {limit} visible ascii characters")]
pub struct SecretError {
    limit: usize,
}

fn check(text: &str, limit: usize) -> Result<(), SecretError> {
    let well_formed =
        !text.is_empty() && text.len() <= limit && text.bytes().all(|byte| byte.is_ascii_graphic());
    if well_formed { Ok(()) } else { Err(SecretError { limit }) }
}

macro_rules! secret_text {
    ($(#[$doc:meta])* $name:ident, $limit:ident) => {
        $(#[$doc])*
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Checks `text` and takes a copy of it.
            ///
            /// # Errors
            /// [`SecretError`] for an empty or too long text or one with a character that is not visible ASCII.
            pub fn new(text: &str) -> Result<Self, SecretError> {
                Self::try_from(Zeroizing::new(text.to_owned()))
            }

            /// Another of the same, for a hello that is sent again.
            pub(crate) fn again(&self) -> Self {
                Self(self.0.clone())
            }

            /// The secret text, for the one who checks it.
            #[must_use]
            pub fn dangerous_expose(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<Zeroizing<String>> for $name {
            type Error = SecretError;

            fn try_from(text: Zeroizing<String>) -> Result<Self, SecretError> {
                check(&text, $limit)?;
                Ok(Self(text))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

secret_text! {
    /// What a device proves itself with: the hello's `token`, and HTTP's bearer. 1-4096 visible ASCII characters.
    Token, TOKEN_LIMIT
}

secret_text! {
    /// The single-use code that a restore, or a refresh out of quarantine, needs. 1-128 visible ASCII characters.
    StepUp, STEP_UP_LIMIT
}

/// What a device shows to go on with a session over a new socket: 32 random bytes, made by the server and told inside
/// the channel.
pub struct ResumeToken(Zeroizing<[u8; Self::SIZE]>);

impl ResumeToken {
    /// Its length in bytes.
    pub const SIZE: usize = 32;

    /// The token of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: Zeroizing<[u8; Self::SIZE]>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the frame that shows them.
    #[must_use]
    pub fn dangerous_expose(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    /// Whether these bytes are the token. Takes as long for one answer as for the other.
    #[must_use]
    pub fn is(&self, shown: &[u8]) -> bool {
        self.0.ct_eq(shown).into()
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResumeToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_says_nothing() {
        let token = Token::new("tok-canary-1").expect("a token");
        let code = StepUp::new("code-canary-1").expect("a code");
        assert_eq!(format!("{token:?} {code:?}"), "Token { .. } StepUp { .. }");
    }

    #[test]
    fn a_resume_token_is_its_bytes_and_shows_nothing() {
        let token = ResumeToken::from_bytes(Zeroizing::new([0xca; 32]));
        assert_eq!(format!("{token:?}"), "ResumeToken { .. }");
        assert!(token.is(&[0xca; 32]));
        for other in [&[0xca; 31][..], &[0xca; 33], &[], &[0; 32]] {
            assert!(!token.is(other));
        }
    }

    #[test]
    fn secrets_are_visible_ascii_of_bounded_length() {
        assert!(Token::new(&"t".repeat(TOKEN_LIMIT)).is_ok());
        for text in ["", "a b", "a\n", "é", "a\u{7f}"] {
            assert!(Token::new(text).is_err(), "{text:?}");
            assert!(StepUp::new(text).is_err(), "{text:?}");
        }
        assert!(Token::new(&"t".repeat(TOKEN_LIMIT + 1)).is_err());
        assert!(StepUp::new(&"t".repeat(STEP_UP_LIMIT + 1)).is_err());
    }

    #[test]
    fn the_error_does_not_repeat_the_secret() {
        let error = Token::new("canary canary").expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
