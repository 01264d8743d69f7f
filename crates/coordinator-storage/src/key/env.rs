//! A key-encryption key from an environment variable.

use std::env::VarError;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::key::keyring::Keyring;
use crate::key::{DataKey, KeyError, KeyProvider, WrappedKey, parse};

/// One key from an environment variable: 32 bytes in base64 (standard alphabet) or hexadecimal.
///
/// The value may begin with a key id and a colon, `prod-1:...`; without one the id is `env`.
#[derive(Debug)]
pub struct EnvKeyProvider {
    keyring: Keyring,
}

impl EnvKeyProvider {
    /// Reads the variable.
    ///
    /// # Errors
    /// [`KeyError::NoVariable`], [`KeyError::BadVariable`] or [`KeyError::BadKeyId`].
    pub fn from_var(variable: &str) -> Result<Self, KeyError> {
        match std::env::var(variable) {
            Ok(value) => Self::parse(variable, &Zeroizing::new(value)),
            Err(VarError::NotPresent) => Err(KeyError::NoVariable { variable: variable.to_owned() }),
            Err(VarError::NotUnicode(_)) => {
                Err(KeyError::BadVariable { variable: variable.to_owned(), reason: "it is not text" })
            }
        }
    }

    fn parse(variable: &str, value: &str) -> Result<Self, KeyError> {
        let (key_id, key) = value.trim().split_once(':').unwrap_or(("env", value.trim()));
        let key = parse::key(key)
            .map_err(|reason| KeyError::BadVariable { variable: variable.to_owned(), reason })?;
        Ok(Self { keyring: Keyring::single(key_id, key)? })
    }
}

#[async_trait]
impl KeyProvider for EnvKeyProvider {
    fn current_key_id(&self) -> &str {
        self.keyring.current()
    }

    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<WrappedKey, KeyError> {
        self.keyring.wrap(key, context)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, KeyError> {
        self.keyring.unwrap(wrapped, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

    #[test]
    fn a_key_id_may_stand_before_the_key() {
        assert_eq!(EnvKeyProvider::parse("V", KEY).unwrap().current_key_id(), "env");
        assert_eq!(
            EnvKeyProvider::parse("V", &format!("prod-1:{KEY}\n")).unwrap().current_key_id(),
            "prod-1"
        );
        assert!(matches!(EnvKeyProvider::parse("V", &format!(":{KEY}")), Err(KeyError::BadKeyId)));
        assert!(matches!(EnvKeyProvider::parse("V", &format!("a b:{KEY}")), Err(KeyError::BadKeyId)));
    }

    #[test]
    fn an_error_names_the_variable_and_not_its_value() {
        let missing = EnvKeyProvider::from_var("MAANY_NO_SUCH_VARIABLE").unwrap_err();
        assert!(
            matches!(&missing, KeyError::NoVariable { variable } if variable == "MAANY_NO_SUCH_VARIABLE")
        );
        let bad = EnvKeyProvider::parse("V", "my-secret-value").unwrap_err();
        assert!(matches!(&bad, KeyError::BadVariable { variable, .. } if variable == "V"));
        assert!(!format!("{bad} {bad:?}").contains("my-secret-value"));
        // Cargo sets this one, and it holds a folder.
        assert!(matches!(EnvKeyProvider::from_var("CARGO_MANIFEST_DIR"), Err(KeyError::BadVariable { .. })));
    }

    #[test]
    fn debug_shows_no_key() {
        let text = format!("{:?}", EnvKeyProvider::parse("V", KEY).unwrap());
        assert!(text.contains("env") && !text.contains("0102") && !text.contains("1, 2"), "{text}");
    }
}
