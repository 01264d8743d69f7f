//! The welcome: the server's answer to a hello of protocol 2. On the socket it is one JSON text frame with the second
//! message of the Noise handshake; what it says is that message's encrypted payload, in postcard.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::close::CloseCode;
use crate::encoding::{self, Encoding};
use crate::ids::Intent;
use crate::json::{self, JsonError, ObjectWriter, Value};
use crate::limits::Limits;
use crate::secret::ResumeToken;

/// The largest welcome, in bytes of JSON.
pub const WELCOME_BYTES: usize = 1024;

/// What the server tells the device inside the channel.
#[derive(Debug)]
pub struct Welcome {
    /// The server's name for the session: 16 random bytes.
    pub session: [u8; 16],
    /// The server's nonce: 32 random bytes; zero where the session is resumed.
    pub nonce: [u8; 32],
    /// What resumes the session; zero where it is resumed.
    pub resume_token: ResumeToken,
    /// What the server puts up with.
    pub limits: WelcomeLimits,
}

/// The limits that a server keeps, for the device's information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeLimits {
    /// The largest message while signing, in bytes.
    pub sign_bytes: u32,
    /// The largest message in DKG, refresh and restore, in bytes.
    pub ceremony_bytes: u32,
    /// For each step, in milliseconds.
    pub step_ms: u32,
    /// For the whole session, in milliseconds.
    pub session_ms: u32,
}

/// Why a welcome is refused. No text repeats what the peer sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WelcomeError {
    /// More bytes than a welcome may have.
    #[error("the welcome is longer than {WELCOME_BYTES} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("the welcome is not utf-8")]
    NotUtf8,
    /// Not one JSON object with `type` and `noise`, each once.
    #[error("the first frame is not a welcome")]
    Malformed,
    /// `noise` is not padded standard base64.
    #[error("the welcome has a noise message that is not base64")]
    Noise,
    /// The payload is not what it should be.
    #[error("the welcome has a malformed payload")]
    Payload,
}

impl WelcomeError {
    /// The close code that answers it.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::NotUtf8 => CloseCode::NotUtf8,
            Self::TooLong | Self::Malformed | Self::Noise | Self::Payload => CloseCode::Malformed,
        }
    }
}

/// The welcome's payload as it is encoded.
#[derive(Serialize, Deserialize)]
struct Payload {
    session: [u8; 16],
    nonce: [u8; 32],
    resume_token: [u8; ResumeToken::SIZE],
    limits: WelcomeLimits,
}

impl Drop for Payload {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.resume_token);
    }
}

impl Welcome {
    /// The payload of the second Noise message.
    #[must_use]
    pub fn to_payload(&self) -> Zeroizing<Vec<u8>> {
        let payload = Payload {
            session: self.session,
            nonce: self.nonce,
            resume_token: *self.resume_token.dangerous_expose(),
            limits: self.limits,
        };
        Zeroizing::new(encode(&payload))
    }

    /// Reads the payload of the second Noise message. It has one encoding: trailing bytes are refused, and so is a number
    /// with more bytes than it needs.
    ///
    /// # Errors
    /// [`WelcomeError::Payload`].
    pub fn from_payload(bytes: &[u8]) -> Result<Self, WelcomeError> {
        let payload: Payload = postcard::from_bytes(bytes).map_err(|_| WelcomeError::Payload)?;
        if *Zeroizing::new(encode(&payload)) != *bytes {
            return Err(WelcomeError::Payload);
        }
        Ok(Self {
            session: payload.session,
            nonce: payload.nonce,
            resume_token: ResumeToken::from_bytes(Zeroizing::new(payload.resume_token)),
            limits: payload.limits,
        })
    }
}

fn encode(payload: &Payload) -> Vec<u8> {
    postcard::to_allocvec(payload).expect("bytes and integers have an encoding")
}

impl From<&Limits> for WelcomeLimits {
    fn from(limits: &Limits) -> Self {
        let bytes = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let millis = |time: core::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        Self {
            sign_bytes: bytes(limits.sign_bytes),
            ceremony_bytes: bytes(limits.ceremony_bytes),
            step_ms: millis(limits.step_deadline),
            session_ms: millis(limits.session_deadline),
        }
    }
}

impl WelcomeLimits {
    /// The largest message of a session with this intent, in bytes.
    #[must_use]
    pub const fn message_bytes(&self, intent: Intent) -> u32 {
        match intent {
            Intent::Sign => self.sign_bytes,
            Intent::Dkg | Intent::Refresh | Intent::Restore => self.ceremony_bytes,
        }
    }
}

const NAMES: &[&str] = &["type", "noise"];

/// The JSON of a welcome with this second message of the handshake.
#[must_use]
pub fn to_json(noise: &[u8]) -> String {
    let json = ObjectWriter::new().text("type", "welcome").text("noise", &encoding::base64(noise));
    json.finish().to_string()
}

/// The second message of the handshake in this JSON. Unknown fields are ignored.
///
/// # Errors
/// [`WelcomeError`].
pub fn parse(bytes: &[u8]) -> Result<Vec<u8>, WelcomeError> {
    if bytes.len() > WELCOME_BYTES {
        return Err(WelcomeError::TooLong);
    }
    let mut fields = json::parse(bytes, NAMES).map_err(|error| match error {
        JsonError::NotUtf8 => WelcomeError::NotUtf8,
        JsonError::NotJson | JsonError::NotAnObject => WelcomeError::Malformed,
    })?;
    if fields.duplicate().is_some() {
        return Err(WelcomeError::Malformed);
    }
    match (fields.take("type"), fields.take("noise")) {
        (Some(Value::Text(kind)), Some(Value::Text(noise))) if kind.as_str() == "welcome" => {
            let noise = Encoding::Base64.decode(&noise).ok_or(WelcomeError::Noise)?;
            Ok(noise.to_vec())
        }
        _ => Err(WelcomeError::Malformed),
    }
}
