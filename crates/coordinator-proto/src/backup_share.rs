//! The `backup-share` text frame, with which a device leaves one fragment of its backup, the ack that answers it,
//! and the recovery document in which the same material goes back to the device over HTTP. The ciphertext is made by the
//! device and carried as it is: nothing here opens it.

mod ack;
mod ciphertext;
mod error;
mod parse;
mod recovery;

use core::fmt;

use zeroize::Zeroizing;

use crate::encoding;
use crate::ids::{KeyId, SessionId};
use crate::json::ObjectWriter;

pub use ack::{AckError, AckStatus, BackupShareAck};
pub use ciphertext::{BackupCiphertext, Label, Split};
pub use error::BackupShareError;
pub use recovery::Recovery;

/// One fragment of a device's backup: secret bytes, wiped on drop.
///
/// ```compile_fail,E0599
/// use maany_coordinator_proto::backup_share::Fragment;
/// fn copy(fragment: &Fragment) -> Fragment {
///     fragment.clone()
/// }
/// ```
pub struct Fragment(Zeroizing<Vec<u8>>);

impl Fragment {
    /// Takes the bytes of a fragment.
    ///
    /// # Errors
    /// [`BackupShareError::Empty`] where there are none.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, BackupShareError> {
        if bytes.is_empty() { Err(BackupShareError::Empty("fragment")) } else { Ok(Self(bytes)) }
    }

    /// The secret bytes.
    #[must_use]
    pub fn dangerous_expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fragment").finish_non_exhaustive()
    }
}

/// A `backup-share` frame: one fragment, and the ciphertext that enough fragments open.
#[derive(Debug)]
pub struct BackupShare {
    session_id: SessionId,
    ciphertext: BackupCiphertext,
    fragment: Fragment,
    share_index: u16,
}

impl BackupShare {
    /// Puts a frame together. Its key is the ciphertext's.
    ///
    /// # Errors
    /// [`BackupShareError::ShareIndex`] for an index beyond the number of fragments.
    pub fn new(
        session_id: SessionId,
        ciphertext: BackupCiphertext,
        fragment: Fragment,
        share_index: u16,
    ) -> Result<Self, BackupShareError> {
        if share_index > ciphertext.split.count() {
            return Err(BackupShareError::ShareIndex);
        }
        Ok(Self { session_id, ciphertext, fragment, share_index })
    }

    /// Reads a `backup-share` frame.
    ///
    /// # Errors
    /// [`BackupShareError`], whose text never repeats a byte of the peer.
    pub fn parse(bytes: &[u8]) -> Result<Self, BackupShareError> {
        parse::backup_share(bytes)
    }

    /// The JSON of the frame: binary values in base64, each with its encoding named.
    ///
    /// # Security
    /// The text holds the fragment.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        ObjectWriter::new()
            .text("type", parse::BACKUP_SHARE)
            .text("sessionId", self.session_id.as_str())
            .text("keyId", self.key_id().as_str())
            .object("ciphertext", self.ciphertext.write_base64())
            .text("fragment", &encoding::base64(self.fragment.dangerous_expose()))
            .text("fragmentEncoding", "base64")
            .number("shareIndex", self.share_index.into())
            .finish()
    }

    /// The session that it belongs to.
    #[must_use]
    pub fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    /// The key that it belongs to.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.ciphertext.key_id
    }

    /// What the fragments together open.
    #[must_use]
    pub fn ciphertext(&self) -> &BackupCiphertext {
        &self.ciphertext
    }

    /// The fragment.
    #[must_use]
    pub fn fragment(&self) -> &Fragment {
        &self.fragment
    }

    /// Which of the fragments it is, as the device counts: from zero or from one.
    #[must_use]
    pub fn share_index(&self) -> u16 {
        self.share_index
    }

    /// What is kept of it.
    #[must_use]
    pub fn into_recovery(self) -> Recovery {
        Recovery { ciphertext: self.ciphertext, fragment: self.fragment }
    }
}
