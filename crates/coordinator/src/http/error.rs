//! Answers that are not a success: a status, and the body `{"code", "message", "retryable"}`.
//!
//! Codes are stable words. A message says what is wrong and what to do, and nothing that the peer may not know: what
//! failed on this side is in the log only.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maany_coordinator_proto::RequestId;
use maany_coordinator_storage::StoreError;

use super::wire;
use crate::{
    abort_rates::HeldBack, auth::Scope, fragment_host::ReleaseError, quarantine::ClearError,
    sign_request::SignRequestError, step_up::StepUpError,
};

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// No token, or one that is not accepted.
    #[error("a bearer token that this server accepts is needed")]
    NotAuthenticated,
    /// The token lacks a scope.
    #[error("the token has no {0} scope")]
    NoScope(Scope),
    /// The channel is neither protected nor on this machine.
    #[error("this is served over a protected channel or loopback only")]
    Plaintext,
    /// Nothing there, for this principal. One answer for all causes.
    #[error("not found")]
    NotFound,
    /// The method does not go with the path.
    #[error("this method is not served here")]
    Method,
    /// The WebSocket endpoint was asked for something else.
    #[error("this is a websocket endpoint")]
    UpgradeRequired,
    /// The body is not the JSON that the route takes.
    #[error("the body is not the json that is expected here: {0}")]
    Malformed(&'static str),
    /// The body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// The request took too long.
    #[error("the request took too long")]
    Deadline,
    /// Too many sessions of this wallet or this principal came to nothing.
    #[error("too many sessions came to nothing: try again in {} s", .0.seconds())]
    HeldBack(HeldBack),
    /// A sign request was not made or found.
    #[error(transparent)]
    SignRequest(#[from] SignRequestError),
    /// The backup fragment does not fit the wallet.
    #[error("{0}")]
    Fragment(&'static str),
    /// The wallet is locked: quarantined, frozen, or not in use any more.
    #[error("the wallet is locked: a restore, or a refresh with a step-up code, leads out of that")]
    Locked,
    /// Another fragment of these shares has the receipt of a complete backup.
    #[error("the backup of the wallet's present shares is complete: refresh the wallet before another one")]
    BackupComplete,
    /// Only the wallet's enrolled device may do this, and it has not proven itself.
    #[error("the wallet's device must prove this: the proof is missing, or not its own")]
    Unproven,
    /// A fragment of the same epoch and of another backup is held.
    #[error(
        "a fragment of another backup of this epoch is held here: refresh the wallet, or have the host's operator drop that one"
    )]
    OtherBackup,
    /// A release of a fragment host was not made.
    #[error(transparent)]
    Release(ReleaseError),
    /// The wallet is not locked: there is nothing to lead out of.
    #[error("the wallet is not locked")]
    NotLocked,
    /// What the wallet signed is forgotten, and the request does not accept that.
    #[error("what the wallet signed since its archive was made is forgotten, and this does not accept it")]
    Forgotten,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// The store cannot answer.
    #[error("the store does not answer")]
    Store(#[from] StoreError),
    /// Something else failed on this side.
    #[error("an internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ClearError> for ApiError {
    fn from(error: ClearError) -> Self {
        match error {
            ClearError::UnknownWallet => Self::NotFound,
            ClearError::NotLocked => Self::NotLocked,
            ClearError::Forgotten(_) => Self::Forgotten,
            ClearError::Store(error) => Self::Store(error),
            ClearError::StepUp(error) => error.into(),
        }
    }
}

impl From<StepUpError> for ApiError {
    fn from(error: StepUpError) -> Self {
        match error {
            StepUpError::UnknownWallet => Self::NotFound,
            StepUpError::Store(error) => Self::Store(error),
            StepUpError::NoRandomness(error) => Self::Internal(Box::new(error)),
        }
    }
}

/// What is told: status, code, and whether the same request may succeed later.
struct Told {
    status: StatusCode,
    code: &'static str,
    retryable: bool,
}

const fn told(status: StatusCode, code: &'static str) -> Told {
    Told { status, code, retryable: false }
}

const fn later(status: StatusCode, code: &'static str) -> Told {
    Told { status, code, retryable: true }
}

impl ApiError {
    fn told(&self) -> Told {
        match self {
            Self::NotAuthenticated => told(StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::NoScope(_) | Self::Plaintext | Self::Unproven => told(StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound => told(StatusCode::NOT_FOUND, "not_found"),
            Self::Method => told(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::UpgradeRequired => told(StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
            Self::Malformed(_) => told(StatusCode::BAD_REQUEST, "malformed"),
            Self::TooLarge => told(StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Deadline => later(StatusCode::REQUEST_TIMEOUT, "deadline"),
            Self::HeldBack(_) => later(StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::SignRequest(error) => sign_request(error),
            Self::Fragment(_) => told(StatusCode::UNPROCESSABLE_ENTITY, "fragment"),
            Self::Release(_) => told(StatusCode::CONFLICT, "conflict"),
            Self::OtherBackup => told(StatusCode::CONFLICT, "other_backup"),
            Self::NotLocked => told(StatusCode::CONFLICT, "not_locked"),
            Self::Forgotten => told(StatusCode::CONFLICT, "signatures_forgotten"),
            Self::Locked => told(StatusCode::CONFLICT, "wallet_locked"),
            Self::BackupComplete => told(StatusCode::CONFLICT, "backup_complete"),
            Self::Draining => later(StatusCode::SERVICE_UNAVAILABLE, "draining"),
            Self::Store(error) => store(error),
            Self::Internal(_) => told(StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// The caller's own request that stands in the way.
    const fn request(&self) -> Option<RequestId> {
        match self {
            Self::SignRequest(SignRequestError::SequenceTaken { by }) => Some(*by),
            _ => None,
        }
    }

    /// The text of the body: our own words, and for a sign doc what the decoder says about it.
    fn message(&self, told: &Told) -> String {
        match self {
            _ if told.status.is_server_error() => {
                let what = if told.retryable { "try again later" } else { "an internal error" };
                what.to_owned()
            }
            Self::Store(_) => "somebody changed this at the same time: read it again".to_owned(),
            Self::SignRequest(error @ SignRequestError::SignDoc(cause)) => format!("{error}: {cause}"),
            other => other.to_string(),
        }
    }
}

fn sign_request(error: &SignRequestError) -> Told {
    use SignRequestError as E;
    match error {
        E::UnknownWallet | E::UnknownRequest => told(StatusCode::NOT_FOUND, "not_found"),
        E::Ambiguous | E::OtherDigest | E::NotLive | E::ReplacedTooOften | E::Over => {
            told(StatusCode::CONFLICT, "conflict")
        }
        E::SequenceTaken { .. } => told(StatusCode::CONFLICT, "sequence_taken"),
        E::OtherSequence => told(StatusCode::UNPROCESSABLE_ENTITY, "other_sequence"),
        E::WalletNotActive => told(StatusCode::CONFLICT, "wallet_locked"),
        E::SignaturesForgotten => told(StatusCode::CONFLICT, "signatures_forgotten"),
        E::TooMany => later(StatusCode::TOO_MANY_REQUESTS, "too_many"),
        E::SignDoc(_) | E::OtherMode | E::NoSuchKey => told(StatusCode::UNPROCESSABLE_ENTITY, "sign_doc"),
        E::OtherChain => told(StatusCode::UNPROCESSABLE_ENTITY, "other_chain"),
        E::OtherSigner | E::OtherSender => told(StatusCode::UNPROCESSABLE_ENTITY, "other_signer"),
        E::Store(error) => store(error),
        E::Damaged | E::NoRandomness(_) => told(StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

fn store(error: &StoreError) -> Told {
    match error {
        StoreError::Conflict { .. } | StoreError::Held { .. } => later(StatusCode::CONFLICT, "conflict"),
        StoreError::NotFound { .. } => told(StatusCode::NOT_FOUND, "not_found"),
        StoreError::Full { .. } => later(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        error if error.is_retryable() => later(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        _ => told(StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let told = self.told();
        if told.status.is_server_error() && told.code != "draining" {
            tracing::error!(error = &self as &dyn std::error::Error, "a request failed");
        }
        let body = wire::Error {
            code: told.code.to_owned(),
            message: if matches!(told.code, "not_found") {
                "not found".to_owned()
            } else {
                self.message(&told)
            },
            retryable: told.retryable,
            request: self.request().map(|id| id.to_string()),
        };
        let mut response = (told.status, Json(body)).into_response();
        let headers = response.headers_mut();
        match self {
            Self::NotAuthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::UpgradeRequired => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            }
            Self::HeldBack(held) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(held.seconds()));
            }
            _ => {}
        }
        response
    }
}

/// The answer of `/` to a request that wants no upgrade: 426.
#[must_use]
pub fn upgrade_required() -> Response {
    ApiError::UpgradeRequired.into_response()
}

pub(super) async fn no_route() -> Response {
    ApiError::NotFound.into_response()
}

pub(super) async fn no_method() -> Response {
    ApiError::Method.into_response()
}
