//! Why a `backup-share`, its ack or a recovery document is refused. No text repeats what the peer sent.

use crate::ids::IdError;
use crate::json::JsonError;

/// Why a `backup-share` frame, an ack or a recovery document is refused. Fields are named by our own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupShareError {
    /// Not UTF-8.
    #[error("the frame is not utf-8")]
    NotUtf8,
    /// Not JSON, or JSON with something after it.
    #[error("the frame is not json")]
    NotJson,
    /// JSON, but not an object.
    #[error("the frame is not a json object")]
    NotAnObject,
    /// `type` is missing or names another frame.
    #[error("the frame is of another type")]
    OtherType,
    /// A known field twice, or both names of the same field.
    #[error("the frame has the field {0} twice")]
    Duplicate(&'static str),
    /// A field that is needed is not there.
    #[error("the frame lacks the field {0}")]
    Missing(&'static str),
    /// A value of another JSON type, or a number out of range.
    #[error("the frame has a value of a wrong type in the field {0}")]
    WrongType(&'static str),
    /// A binary value without a byte.
    #[error("the frame has no bytes in the field {0}")]
    Empty(&'static str),
    /// An id out of its alphabet or length.
    #[error("the frame has a malformed id in the field {field}")]
    Id {
        /// Which field.
        field: &'static str,
        /// Which rule.
        #[source]
        source: IdError,
    },
    /// `kind`, `curve` or `scheme` is not a number and not 1-64 visible ASCII characters.
    #[error("the frame has a malformed label")]
    Label,
    /// An encoding that is neither `hex` nor `base64`.
    #[error("the frame has an unknown encoding for the field {0}")]
    UnknownEncoding(&'static str),
    /// A value that is not what its encoding says.
    #[error("the frame has a field {0} that does not decode")]
    Encoding(&'static str),
    /// The ciphertext names another key than the frame.
    #[error("the frame and its ciphertext name different keys")]
    KeyMismatch,
    /// `threshold` and `shareCount` are not 2 <= threshold <= shareCount <= 255.
    #[error("the threshold must be at least two and at most the number of fragments, which is at most 255")]
    Threshold,
    /// `shareIndex` is beyond `shareCount`.
    #[error("the share index is beyond the number of fragments")]
    ShareIndex,
}

impl From<JsonError> for BackupShareError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotUtf8 => Self::NotUtf8,
            JsonError::NotJson => Self::NotJson,
            JsonError::NotAnObject => Self::NotAnObject,
        }
    }
}
