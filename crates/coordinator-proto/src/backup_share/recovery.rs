//! `{"ciphertext": {...}, "fragment": "<base64>"}`: what `GET /wallets/{id}/recovery` gives back to a device.

use zeroize::Zeroizing;

use super::{BackupCiphertext, BackupShareError, Fragment, parse};
use crate::encoding;
use crate::json::ObjectWriter;

/// The stored part of a backup: the ciphertext and one fragment.
#[derive(Debug)]
pub struct Recovery {
    /// The ciphertext as the device left it.
    pub ciphertext: BackupCiphertext,
    /// The fragment.
    pub fragment: Fragment,
}

impl Recovery {
    /// Reads a recovery document: `label` and `blob` are hexadecimal and `fragment` is base64 unless their encodings
    /// say otherwise.
    ///
    /// # Errors
    /// [`BackupShareError`], whose text never repeats a byte of the peer.
    pub fn parse(bytes: &[u8]) -> Result<Self, BackupShareError> {
        parse::recovery(bytes)
    }

    /// The JSON of the document: `label` and `blob` in hexadecimal, `fragment` in base64.
    ///
    /// # Security
    /// The text holds the fragment.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        ObjectWriter::new()
            .object("ciphertext", self.ciphertext.write_hex())
            .text("fragment", &encoding::base64(self.fragment.dangerous_expose()))
            .finish()
    }
}
