//! The two forms of a sign doc behind one type: bytes in, decoded transaction and digest out.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{AminoSignDoc, CosmosError, DecodedTx, DirectSignDoc};

/// The largest sign doc that is parsed, in bytes.
pub const MAX_SIGN_DOC: usize = 64 * 1024;

/// The form of a sign doc. Its text, in `Display`, `FromStr` and JSON, is `direct` or `amino-json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignMode {
    /// `SIGN_MODE_DIRECT`: protobuf.
    Direct,
    /// `SIGN_MODE_LEGACY_AMINO_JSON`: canonical JSON.
    AminoJson,
}

impl SignMode {
    /// The text of the mode.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::AminoJson => "amino-json",
        }
    }
}

impl fmt::Display for SignMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SignMode {
    type Err = CosmosError;

    fn from_str(text: &str) -> Result<Self, CosmosError> {
        match text {
            "direct" => Ok(Self::Direct),
            "amino-json" => Ok(Self::AminoJson),
            "textual" => Err(CosmosError::UnsupportedMode("textual")),
            "direct-aux" => Err(CosmosError::UnsupportedMode("direct-aux")),
            _ => Err(CosmosError::BadField { part: "sign request", field: "mode" }),
        }
    }
}

/// A sign doc of either form, parsed, with the bytes it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignDoc {
    /// `SIGN_MODE_DIRECT`.
    Direct(DirectSignDoc),
    /// `SIGN_MODE_LEGACY_AMINO_JSON`.
    Amino(AminoSignDoc),
}

impl SignDoc {
    /// Parses a sign doc: decodes it, encodes it again, compares, and refuses whatever would be signed without being shown.
    ///
    /// # Errors
    /// [`CosmosError`] for a doc over [`MAX_SIGN_DOC`], one that does not decode, one that is not canonical, or one with an unknown field.
    pub fn parse(mode: SignMode, bytes: &[u8]) -> Result<Self, CosmosError> {
        match mode {
            SignMode::Direct => DirectSignDoc::parse(bytes).map(Self::Direct),
            SignMode::AminoJson => AminoSignDoc::parse(bytes).map(Self::Amino),
        }
    }

    /// The bytes that are signed: those that were parsed.
    pub fn sign_bytes(&self) -> &[u8] {
        match self {
            Self::Direct(doc) => doc.sign_bytes(),
            Self::Amino(doc) => doc.sign_bytes(),
        }
    }

    /// SHA-256 of the sign bytes, 32 bytes.
    pub fn digest(&self) -> [u8; 32] {
        digest(self.sign_bytes())
    }

    /// What the doc says.
    pub fn decoded(&self) -> &DecodedTx {
        match self {
            Self::Direct(doc) => doc.decoded(),
            Self::Amino(doc) => doc.decoded(),
        }
    }
}

/// SHA-256 of a sign doc's bytes: the 32 bytes that a secp256k1 key of a Cosmos account signs.
pub fn digest(sign_bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(sign_bytes).into()
}

/// What a sign doc says. The doc is parsed as by [`SignDoc::parse`].
///
/// # Errors
/// As [`SignDoc::parse`].
pub fn decode(mode: SignMode, bytes: &[u8]) -> Result<DecodedTx, CosmosError> {
    Ok(SignDoc::parse(mode, bytes)?.decoded().clone())
}

/// The size bound, checked before anything is decoded.
pub(crate) fn bounded(bytes: &[u8]) -> Result<(), CosmosError> {
    if bytes.len() > MAX_SIGN_DOC {
        return Err(CosmosError::TooLarge { len: bytes.len(), limit: MAX_SIGN_DOC });
    }
    Ok(())
}
