//! A server's configuration file: read strictly, so that a misspelt key is an error and not a default.

pub(crate) mod template;

use config::{Config, ConfigError, File, FileFormat};
use maany_coordinator::AllowListConfig;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::private_file::{self, PrivateFileError};

/// Largest configuration, in bytes.
const LONGEST: usize = 256 * 1024;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) server: ServerSettings,
    pub(crate) storage: StorageSettings,
    pub(crate) keys: KeySettings,
    pub(crate) policy: AllowListConfig,
}

/// `[server]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSettings {
    pub(crate) listen: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) drain_seconds: u64,
}

/// `[storage]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StorageSettings {
    pub(crate) backend: Backend,
    pub(crate) path: PathBuf,
}

/// How the store keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Backend {
    Redb,
    Files,
}

/// `[keys]`
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "provider", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum KeySettings {
    File { path: PathBuf },
    Environment { variable: String },
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error("the configuration {} is not text", .path.display())]
    NotText { path: PathBuf },
    #[error("these choices make no usable configuration")]
    Own(#[source] Box<ConfigError>),
    #[error("the configuration {} cannot be used", .path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        source: Box<ConfigError>,
    },
}

impl Settings {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, SettingsError> {
        let contents = private_file::read(path, LONGEST)?;
        let text =
            std::str::from_utf8(&contents).map_err(|_| SettingsError::NotText { path: path.to_owned() })?;
        Self::parse(text)
            .map_err(|source| SettingsError::Unusable { path: path.to_owned(), source: Box::new(source) })
    }

    /// Reads a text that this program has written itself and is going to store as a configuration.
    pub(crate) fn parse_own(text: &str) -> Result<Self, SettingsError> {
        Self::parse(text).map_err(|source| SettingsError::Own(Box::new(source)))
    }

    fn parse(text: &str) -> Result<Self, ConfigError> {
        let config = Config::builder().add_source(File::from_str(text, FileFormat::Toml)).build()?;
        // A misspelt section is named before what is missing because of it; sections are read in no order.
        config.clone().try_deserialize::<Sections>()?;
        config.try_deserialize()
    }
}

/// The sections that there are, whatever is in them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    #[serde(rename = "server")]
    _server: Option<IgnoredAny>,
    #[serde(rename = "storage")]
    _storage: Option<IgnoredAny>,
    #[serde(rename = "keys")]
    _keys: Option<IgnoredAny>,
    #[serde(rename = "policy")]
    _policy: Option<IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
[server]
listen = "127.0.0.1:8080"
connections = 100
drain_seconds = 10
[storage]
backend = "redb"
path = "coordinator.redb"
[keys]
provider = "file"
path = "keys"
[policy]
chains = ["cosmoshub-4"]
messages = ["/cosmos.bank.v1beta1.MsgSend"]
[policy.max_per_tx]
"factory/osmo1abc/Sub.Denom" = "340282366920938463463374607431768211456"
"#;

    #[test]
    fn a_whole_configuration_is_read_as_written() {
        let settings = Settings::parse(WHOLE).unwrap();
        assert_eq!(settings.server.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(settings.storage.backend, Backend::Redb);
        assert_eq!(settings.keys, KeySettings::File { path: "keys".into() });
        let maxima = settings.policy.max_per_tx;
        assert_eq!(maxima["factory/osmo1abc/Sub.Denom"], "340282366920938463463374607431768211456");
    }

    #[test]
    fn a_misspelt_key_is_named_in_the_error() {
        let cases = [
            ("listen =", "lissten =", "lissten"),
            ("[policy]", "[polisy]", "polisy"),
            ("path = \"keys\"", "path = \"keys\"\nvariable = \"X\"", "variable"),
            ("chains =", "chain = []\nchains =", "chain"),
            ("drain_seconds = 10", "drain_seconds = 10\nrain_seconds = 10", "rain_seconds"),
        ];
        for (from, to, culprit) in cases {
            // The tables are hashed anew each time, and the answer must not depend on it.
            for _ in 0..50 {
                let error = Settings::parse(&WHOLE.replace(from, to)).unwrap_err().to_string();
                assert!(error.contains(&format!("`{culprit}`")), "{error}");
            }
        }
    }

    #[test]
    fn a_missing_section_is_named_in_the_error() {
        let without = WHOLE.replace("[keys]\nprovider = \"file\"\npath = \"keys\"\n", "");
        let error = Settings::parse(&without).unwrap_err().to_string();
        assert!(error.contains("keys"), "{error}");
    }

    #[test]
    fn a_key_may_come_from_the_environment() {
        let other = WHOLE.replace(
            "provider = \"file\"\npath = \"keys\"",
            "provider = \"environment\"\nvariable = \"KEK\"",
        );
        let settings = Settings::parse(&other).unwrap();
        assert_eq!(settings.keys, KeySettings::Environment { variable: "KEK".into() });
    }
}
