//! The hello: the first frame of every connection, JSON, sent by the device as soon as the socket opens.
//! Parsing keeps every limit of the wire format; unknown fields are ignored.

mod error;
mod parse;

use zeroize::Zeroizing;

use crate::encoding;
use crate::ids::{Digest, Intent, KeyId, RequestId, SessionId, WalletId};
use crate::json::ObjectWriter;
use crate::secret::{StepUp, Token};

pub use error::{Field, HelloError};

/// A hello that keeps all the rules: `keyId` is there where the intent needs it, `stepUp` where it is a restore.
#[derive(Debug)]
pub struct Hello {
    session_id: SessionId,
    token: Option<Token>,
    intent: Intent,
    key_id: Option<KeyId>,
    session_id_hint: Option<SessionId>,
    message: Option<Digest>,
    step_up: Option<StepUp>,
    request: Option<RequestId>,
    opening: Option<Opening>,
}

/// Which profile a hello asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// The profile of devices in the field, without a channel of its own.
    One,
    /// The encrypted and resumable channel.
    Two,
}

/// What makes a hello one of protocol 2.
#[derive(Debug, Clone, Copy)]
struct Opening {
    /// The first message of the Noise handshake: the device's ephemeral public key.
    noise: [u8; 32],
    /// The server's name for the session that this hello goes on with.
    resume: Option<[u8; 16]>,
}

impl Hello {
    fn bare(session_id: SessionId, intent: Intent, key_id: Option<KeyId>) -> Self {
        Self {
            session_id,
            token: None,
            intent,
            key_id,
            session_id_hint: None,
            message: None,
            step_up: None,
            request: None,
            opening: None,
        }
    }

    /// A hello that asks for a new key.
    #[must_use]
    pub fn dkg(session_id: SessionId, key_id: Option<KeyId>) -> Self {
        Self::bare(session_id, Intent::Dkg, key_id)
    }

    /// A hello that asks for a signature with this key.
    #[must_use]
    pub fn sign(session_id: SessionId, key_id: KeyId) -> Self {
        Self::bare(session_id, Intent::Sign, Some(key_id))
    }

    /// A hello that asks for new shares of this key.
    #[must_use]
    pub fn refresh(session_id: SessionId, key_id: KeyId) -> Self {
        Self::bare(session_id, Intent::Refresh, Some(key_id))
    }

    /// A hello that comes back with a restored share of this key.
    #[must_use]
    pub fn restore(session_id: SessionId, key_id: KeyId, step_up: StepUp) -> Self {
        Self { step_up: Some(step_up), ..Self::bare(session_id, Intent::Restore, Some(key_id)) }
    }

    /// The same hello with a token.
    #[must_use]
    pub fn with_token(self, token: Token) -> Self {
        Self { token: Some(token), ..self }
    }

    /// The same hello with a step-up code.
    #[must_use]
    pub fn with_step_up(self, step_up: StepUp) -> Self {
        Self { step_up: Some(step_up), ..self }
    }

    /// The same hello with a `sessionIdHint`.
    #[must_use]
    pub fn with_session_id_hint(self, hint: SessionId) -> Self {
        Self { session_id_hint: Some(hint), ..self }
    }

    /// The same hello naming the sign request to sign, as protocol 2 does.
    #[must_use]
    pub fn with_request_id(self, request: RequestId) -> Self {
        Self { request: Some(request), ..self }
    }

    /// The same hello in protocol 2, with the first message of the Noise handshake.
    #[must_use]
    pub fn with_noise(self, noise: [u8; 32]) -> Self {
        Self { opening: Some(Opening { noise, resume: None }), ..self }
    }

    /// A hello that goes on with the session of this name: the same but for a new first message of the Noise handshake.
    #[must_use]
    pub fn resuming(&self, noise: [u8; 32], session: [u8; 16]) -> Self {
        Self {
            session_id: self.session_id.clone(),
            token: self.token.as_ref().map(Token::again),
            intent: self.intent,
            key_id: self.key_id.clone(),
            session_id_hint: self.session_id_hint.clone(),
            message: self.message,
            step_up: self.step_up.as_ref().map(StepUp::again),
            request: self.request,
            opening: Some(Opening { noise, resume: Some(session) }),
        }
    }

    /// The same hello naming the sign request to sign.
    #[must_use]
    pub fn with_request(self, request: RequestId) -> Self {
        let hint = SessionId::new(&request.to_string()).ok();
        Self { session_id_hint: hint, ..self }
    }

    /// The same hello with the digest to sign.
    #[must_use]
    pub fn with_message(self, digest: Digest) -> Self {
        Self { message: Some(digest), ..self }
    }

    /// Reads a hello.
    ///
    /// # Errors
    /// [`HelloError`], whose text never repeats a byte of the peer.
    pub fn parse(bytes: &[u8]) -> Result<Self, HelloError> {
        parse::parse(bytes)
    }

    /// Whether a text frame calls itself a hello, well-formed or not.
    pub(crate) fn is_hello(bytes: &[u8]) -> bool {
        parse::is_hello(bytes)
    }

    /// The JSON of the hello, fields in the order of the wire format, absent ones left out.
    ///
    /// # Security
    /// The text holds the token.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        let mut json = ObjectWriter::new()
            .text("type", "hello")
            .text("sessionId", self.session_id.as_str())
            .text("role", "device");
        if self.opening.is_some() {
            json = json.number("protocol", 2);
        }
        if let Some(token) = &self.token {
            json = json.text("token", token.dangerous_expose());
        }
        json = json.text("intent", self.intent.as_str());
        if let Some(key_id) = &self.key_id {
            json = json.text("keyId", key_id.as_str());
        }
        if let Some(hint) = &self.session_id_hint {
            json = json.text("sessionIdHint", hint.as_str());
        }
        if let (Some(request), Protocol::Two) = (&self.request, self.protocol()) {
            json = json.text("requestId", &request.to_string());
        }
        if let (Some(digest), Protocol::One) = (&self.message, self.protocol()) {
            json = json.text("message", &encoding::base64(digest.as_bytes()));
        }
        if let Some(code) = &self.step_up {
            json = json.text("stepUp", code.dangerous_expose());
        }
        if let Some(opening) = &self.opening {
            json = json.text("noise", &encoding::base64(&opening.noise));
            if let Some(session) = opening.resume {
                json = json.text("resume", &hex::encode(session));
            }
        }
        json.finish()
    }

    /// The profile that it asks for.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        if self.opening.is_some() { Protocol::Two } else { Protocol::One }
    }

    /// The first message of the Noise handshake, in protocol 2.
    #[must_use]
    pub fn noise(&self) -> Option<&[u8; 32]> {
        self.opening.as_ref().map(|opening| &opening.noise)
    }

    /// The server's name for the session that it goes on with, where it does.
    #[must_use]
    pub fn resume(&self) -> Option<[u8; 16]> {
        self.opening.as_ref().and_then(|opening| opening.resume)
    }

    /// The device's name for this connection.
    #[must_use]
    pub fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    /// What the device proves itself with.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// What the device asks for.
    #[must_use]
    pub fn intent(&self) -> Intent {
        self.intent
    }

    /// The key that is meant; in DKG the name that the device proposes.
    #[must_use]
    pub fn key_id(&self) -> Option<&KeyId> {
        self.key_id.as_ref()
    }

    /// The wallet id that `keyId` spells, where it has the form of one.
    #[must_use]
    pub fn wallet_id(&self) -> Option<WalletId> {
        self.key_id.as_ref().and_then(|id| WalletId::from_hex(id.as_str()).ok())
    }

    /// `sessionIdHint` as sent.
    #[must_use]
    pub fn session_id_hint(&self) -> Option<&SessionId> {
        self.session_id_hint.as_ref()
    }

    /// The sign request that is named: by `requestId` in protocol 2, before by a `sessionIdHint` that has the form of
    /// one.
    #[must_use]
    pub fn request_id(&self) -> Option<RequestId> {
        match self.protocol() {
            Protocol::Two => self.request,
            Protocol::One => {
                self.session_id_hint.as_ref().and_then(|id| RequestId::from_hex(id.as_str()).ok())
            }
        }
    }

    /// `requestId` as sent.
    pub(crate) fn named_request(&self) -> Option<RequestId> {
        self.request
    }

    /// The digest to sign, in a sign hello that carries `message`.
    #[must_use]
    pub fn message(&self) -> Option<&Digest> {
        self.message.as_ref()
    }

    /// The single-use code, where one was sent.
    #[must_use]
    pub fn step_up(&self) -> Option<&StepUp> {
        self.step_up.as_ref()
    }
}
