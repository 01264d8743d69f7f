//! Why a hello is refused. No text repeats what the peer sent: fields are named by our own list.

use core::fmt;

use crate::close::CloseCode;
use crate::ids::IdError;
use crate::secret::SecretError;

/// A field of the hello that this side knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// `type`
    Type,
    /// `protocol`
    Protocol,
    /// `sessionId`
    SessionId,
    /// `role`
    Role,
    /// `token`
    Token,
    /// `intent`
    Intent,
    /// `keyId`
    KeyId,
    /// `sessionIdHint`
    SessionIdHint,
    /// `message`
    Message,
    /// `messageEncoding`
    MessageEncoding,
    /// `stepUp`
    StepUp,
    /// `noise`
    Noise,
    /// `requestId`
    RequestId,
    /// `resume`
    Resume,
}

impl Field {
    pub(super) const ALL: [Self; 14] = [
        Self::Type,
        Self::Protocol,
        Self::SessionId,
        Self::Role,
        Self::Token,
        Self::Intent,
        Self::KeyId,
        Self::SessionIdHint,
        Self::Message,
        Self::MessageEncoding,
        Self::StepUp,
        Self::Noise,
        Self::RequestId,
        Self::Resume,
    ];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Protocol => "protocol",
            Self::SessionId => "sessionId",
            Self::Role => "role",
            Self::Token => "token",
            Self::Intent => "intent",
            Self::KeyId => "keyId",
            Self::SessionIdHint => "sessionIdHint",
            Self::Message => "message",
            Self::MessageEncoding => "messageEncoding",
            Self::StepUp => "stepUp",
            Self::Noise => "noise",
            Self::RequestId => "requestId",
            Self::Resume => "resume",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a hello is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelloError {
    /// More bytes than a hello may have.
    #[error("the hello is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the hello is not utf-8")]
    NotUtf8,
    /// Not JSON, or JSON with something after it.
    #[error("the hello is not json")]
    NotJson,
    /// JSON, but not an object (null, an array, a text, a number).
    #[error("the hello is not a json object")]
    NotAnObject,
    /// A known field twice: which one counts would be a guess.
    #[error("the hello has the field {0} twice")]
    Duplicate(Field),
    /// A field that this intent needs is not there.
    #[error("the hello lacks the field {0}")]
    Missing(Field),
    /// A field that this protocol or this intent does not have.
    #[error("the hello has the field {0} where it does not belong")]
    Misplaced(Field),
    /// A known field whose value has another JSON type.
    #[error("the hello has a value of a wrong type in the field {0}")]
    WrongType(Field),
    /// `type` is not `hello`.
    #[error("the first frame is not a hello")]
    NotAHello,
    /// `role` is not `device`.
    #[error("the hello has a role other than device")]
    WrongRole,
    /// `protocol` asks for a version that this side does not speak.
    #[error("the hello asks for a protocol that is not spoken here")]
    UnsupportedProtocol,
    /// `intent` is none of the known words.
    #[error("the hello has an unknown intent")]
    UnknownIntent,
    /// `noise` is not 32 bytes in padded standard base64.
    #[error("the hello has a noise message that is not 32 bytes in base64")]
    Noise,
    /// An id out of its alphabet or length.
    #[error("the hello has a malformed id in the field {field}")]
    Id {
        /// Which field.
        field: Field,
        /// Which rule.
        #[source]
        source: IdError,
    },
    /// A secret that is empty, too long or not visible ASCII.
    #[error("the hello has a malformed secret in the field {field}")]
    Secret {
        /// Which field.
        field: Field,
        /// Which rule.
        #[source]
        source: SecretError,
    },
    /// `messageEncoding` is neither `base64` nor `hex`.
    #[error("the hello has an unknown message encoding")]
    UnknownEncoding,
    /// `message` is not what its encoding says.
    #[error("the hello has a message that does not decode")]
    MessageEncoding,
    /// `message` is not 32 bytes.
    #[error("the hello has a message that is not 32 bytes")]
    MessageLength,
}

impl HelloError {
    /// The close code that answers it.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::NotUtf8 => CloseCode::NotUtf8,
            Self::TooLong { .. }
            | Self::NotJson
            | Self::NotAnObject
            | Self::Duplicate(_)
            | Self::Missing(_)
            | Self::Misplaced(_)
            | Self::WrongType(_)
            | Self::NotAHello
            | Self::WrongRole
            | Self::UnsupportedProtocol
            | Self::UnknownIntent
            | Self::Noise
            | Self::Id { .. }
            | Self::Secret { .. }
            | Self::UnknownEncoding
            | Self::MessageEncoding
            | Self::MessageLength => CloseCode::Malformed,
        }
    }
}
