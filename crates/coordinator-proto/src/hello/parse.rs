//! Reading a hello: every limit, in one pass, before anything else looks at it.

use zeroize::Zeroizing;

use super::{Field, Hello, HelloError, Opening, Protocol};
use crate::encoding::Encoding;
use crate::ids::{Digest, IdError, Intent, RequestId};
use crate::json::{self, JsonError, Object, Value};
use crate::limits::HELLO_BYTES;
use crate::secret::SecretError;

/// The fields of the older profile, and `noise`, which must not be there.
const NAMES: &[&str] = &[
    Field::Type.as_str(),
    Field::Protocol.as_str(),
    Field::SessionId.as_str(),
    Field::Role.as_str(),
    Field::Token.as_str(),
    Field::Intent.as_str(),
    Field::KeyId.as_str(),
    Field::SessionIdHint.as_str(),
    Field::Message.as_str(),
    Field::MessageEncoding.as_str(),
    Field::StepUp.as_str(),
    Field::Noise.as_str(),
];

/// The fields of protocol 2. It has no `message`: what is signed is a request.
const NAMES_2: &[&str] = &[
    Field::Type.as_str(),
    Field::Protocol.as_str(),
    Field::SessionId.as_str(),
    Field::Role.as_str(),
    Field::Token.as_str(),
    Field::Intent.as_str(),
    Field::KeyId.as_str(),
    Field::SessionIdHint.as_str(),
    Field::StepUp.as_str(),
    Field::Noise.as_str(),
    Field::RequestId.as_str(),
    Field::Resume.as_str(),
];

pub(super) fn parse(bytes: &[u8]) -> Result<Hello, HelloError> {
    if bytes.len() > HELLO_BYTES {
        return Err(HelloError::TooLong { limit: HELLO_BYTES });
    }
    let mut fields = json::parse(bytes, NAMES)?;
    if matches!(fields.get(Field::Protocol.as_str()), Some(Value::Number(2))) {
        fields = json::parse(bytes, NAMES_2)?;
    }
    if let Some(field) = fields.duplicate().and_then(Field::from_name) {
        return Err(HelloError::Duplicate(field));
    }
    let mut reader = Reader(&mut fields);
    let protocol = reader.kind()?;
    let session_id = reader.id(Field::SessionId)?.ok_or(HelloError::Missing(Field::SessionId))?;
    let token = reader.token()?;
    let intent = reader.intent(protocol)?;
    let key_id = reader.id(Field::KeyId)?;
    let session_id_hint = reader.id(Field::SessionIdHint)?;
    let message = if intent == Intent::Sign { reader.message()? } else { None };
    let step_up = reader.secret(Field::StepUp)?;
    if intent != Intent::Dkg && key_id.is_none() {
        return Err(HelloError::Missing(Field::KeyId));
    }
    if intent == Intent::Restore && step_up.is_none() {
        return Err(HelloError::Missing(Field::StepUp));
    }
    let request = reader.request(intent)?;
    let opening = reader.opening(protocol)?;
    Ok(Hello { session_id, token, intent, key_id, session_id_hint, message, step_up, request, opening })
}

/// Whether a text frame calls itself a hello; used to name a second one.
pub(super) fn is_hello(bytes: &[u8]) -> bool {
    json::parse(bytes, NAMES).is_ok_and(
        |mut fields| matches!(fields.take("type"), Some(Value::Text(kind)) if kind.as_str() == "hello"),
    )
}

impl From<JsonError> for HelloError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotUtf8 => Self::NotUtf8,
            JsonError::NotJson => Self::NotJson,
            JsonError::NotAnObject => Self::NotAnObject,
        }
    }
}

struct Reader<'a>(&'a mut Object);

impl Reader<'_> {
    fn text(&mut self, field: Field) -> Result<Option<Zeroizing<String>>, HelloError> {
        match self.0.take(field.as_str()) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null | Value::Number(_) | Value::Object(_) | Value::Other) => {
                Err(HelloError::WrongType(field))
            }
        }
    }

    /// `type`, `protocol` and `role`: is it a hello, of this protocol, from a device?
    fn kind(&mut self) -> Result<Protocol, HelloError> {
        let kind = self.text(Field::Type)?.ok_or(HelloError::Missing(Field::Type))?;
        if kind.as_str() != "hello" {
            return Err(HelloError::NotAHello);
        }
        let protocol = match self.0.take(Field::Protocol.as_str()) {
            None | Some(Value::Number(1)) => Protocol::One,
            Some(Value::Number(2)) => Protocol::Two,
            Some(Value::Number(_)) => return Err(HelloError::UnsupportedProtocol),
            Some(_) => return Err(HelloError::WrongType(Field::Protocol)),
        };
        let role = self.text(Field::Role)?.ok_or(HelloError::Missing(Field::Role))?;
        if role.as_str() == "device" { Ok(protocol) } else { Err(HelloError::WrongRole) }
    }

    /// Missing means `dkg` in the older profile alone: a field that the prologue binds is spelt out.
    fn intent(&mut self, protocol: Protocol) -> Result<Intent, HelloError> {
        match self.text(Field::Intent)? {
            None if protocol == Protocol::Two => Err(HelloError::Missing(Field::Intent)),
            None => Ok(Intent::Dkg),
            Some(word) => Intent::from_word(&word).ok_or(HelloError::UnknownIntent),
        }
    }

    fn id<T: core::str::FromStr<Err = IdError>>(&mut self, field: Field) -> Result<Option<T>, HelloError> {
        let text = self.text(field)?;
        text.map(|text| text.parse().map_err(|source| HelloError::Id { field, source })).transpose()
    }

    fn secret<T: TryFrom<Zeroizing<String>, Error = SecretError>>(
        &mut self,
        field: Field,
    ) -> Result<Option<T>, HelloError> {
        let text = self.text(field)?;
        text.map(|text| T::try_from(text).map_err(|source| HelloError::Secret { field, source })).transpose()
    }

    /// An empty token proves as much as none, and devices that have none send either.
    fn token<T: TryFrom<Zeroizing<String>, Error = SecretError>>(&mut self) -> Result<Option<T>, HelloError> {
        let text = self.text(Field::Token)?.filter(|text| !text.is_empty());
        text.map(|text| {
            T::try_from(text).map_err(|source| HelloError::Secret { field: Field::Token, source })
        })
        .transpose()
    }

    fn message(&mut self) -> Result<Option<Digest>, HelloError> {
        let encoding = match self.text(Field::MessageEncoding)? {
            None => Encoding::Base64,
            Some(word) => Encoding::from_word(&word).ok_or(HelloError::UnknownEncoding)?,
        };
        let Some(text) = self.text(Field::Message)? else { return Ok(None) };
        let bytes = encoding.decode(&text).ok_or(HelloError::MessageEncoding)?;
        let digest = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| HelloError::MessageLength)?;
        Ok(Some(Digest::from_bytes(digest)))
    }

    fn request(&mut self, intent: Intent) -> Result<Option<RequestId>, HelloError> {
        match self.id(Field::RequestId)? {
            Some(_) if intent != Intent::Sign => Err(HelloError::Misplaced(Field::RequestId)),
            request => Ok(request),
        }
    }

    fn opening(&mut self, protocol: Protocol) -> Result<Option<Opening>, HelloError> {
        let noise = self.text(Field::Noise)?;
        let noise = match (protocol, noise) {
            (Protocol::One, None) => return Ok(None),
            (Protocol::One, Some(_)) => return Err(HelloError::Misplaced(Field::Noise)),
            (Protocol::Two, None) => return Err(HelloError::Missing(Field::Noise)),
            (Protocol::Two, Some(text)) => Encoding::Base64.decode(&text).ok_or(HelloError::Noise)?,
        };
        let noise = noise.as_slice().try_into().map_err(|_| HelloError::Noise)?;
        // The two ids have the same form.
        let resume: Option<RequestId> = self.id(Field::Resume)?;
        Ok(Some(Opening { noise, resume: resume.map(|id| *id.as_bytes()) }))
    }
}
