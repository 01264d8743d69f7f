//! The answer to a `backup-share`: `{"type":"backup-share:ack","keyId","status":"ok"|"error","error"?,"message"?}`.

use super::{BackupShareError, parse};
use crate::ids::KeyId;
use crate::json::ObjectWriter;

/// Why a fragment was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AckError {
    /// `malformed`: the frame is not a well-formed `backup-share`.
    Malformed,
    /// `wrong-wallet`: it names another session or key than this one.
    WrongWallet,
    /// `not-stored`: it could not be written.
    NotStored,
    /// Any other word, which is not repeated.
    Other,
}

impl AckError {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::WrongWallet => "wrong-wallet",
            Self::NotStored => "not-stored",
            Self::Other => "error",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Malformed => "the backup share is malformed",
            Self::WrongWallet => "the backup share is not for this session's wallet",
            Self::NotStored => "the backup share could not be stored",
            Self::Other => "the backup share was not accepted",
        }
    }

    pub(super) fn from_word(word: &str) -> Self {
        [Self::Malformed, Self::WrongWallet, Self::NotStored]
            .into_iter()
            .find(|error| error.as_str() == word)
            .unwrap_or(Self::Other)
    }
}

/// Whether the fragment was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckStatus {
    /// It is durable.
    Ok,
    /// It was not kept.
    Error(AckError),
}

/// The ack of a `backup-share`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupShareAck {
    /// The key that it answers for.
    pub key_id: KeyId,
    /// What became of the fragment.
    pub status: AckStatus,
}

impl BackupShareAck {
    /// Reads an ack (the device side).
    ///
    /// # Errors
    /// [`BackupShareError`] for anything that is not an ack.
    pub fn parse(bytes: &[u8]) -> Result<Self, BackupShareError> {
        parse::ack(bytes)
    }

    /// The JSON of the ack. A failure is a word in `error` and a sentence in `message`: devices show one or the other.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = ObjectWriter::new().text("type", parse::ACK).text("keyId", self.key_id.as_str());
        let json = match self.status {
            AckStatus::Ok => json.text("status", "ok"),
            AckStatus::Error(error) => {
                json.text("status", "error").text("error", error.as_str()).text("message", error.message())
            }
        };
        core::mem::take(&mut *json.finish())
    }
}
