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
}

impl Hello {
    fn bare(session_id: SessionId, intent: Intent, key_id: Option<KeyId>) -> Self {
        Self { session_id, token: None, intent, key_id, session_id_hint: None, message: None, step_up: None }
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
        if let Some(digest) = &self.message {
            json = json.text("message", &encoding::base64(digest.as_bytes()));
        }
        if let Some(code) = &self.step_up {
            json = json.text("stepUp", code.dangerous_expose());
        }
        json.finish()
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

    /// The sign request that `sessionIdHint` names, where it has the form of one.
    #[must_use]
    pub fn request_id(&self) -> Option<RequestId> {
        self.session_id_hint.as_ref().and_then(|id| RequestId::from_hex(id.as_str()).ok())
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
