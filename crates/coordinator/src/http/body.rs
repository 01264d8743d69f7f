//! JSON bodies, bounded; what is wrong with one is told without repeating it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::StatusCode,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::error::ApiError;

/// A body of this JSON shape. The router's body limit holds.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            ApiError::Malformed(match error.classify() {
                Category::Syntax | Category::Eof | Category::Io => "it is not json",
                Category::Data => "a field is missing, unknown or of another type",
            })
        })
    }
}

/// The bytes of a base64 field.
pub(super) fn base64(text: &str, what: &'static str) -> Result<Vec<u8>, ApiError> {
    STANDARD.decode(text).map_err(|_| ApiError::Malformed(what))
}

fn unread(error: &BytesRejection) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::TooLarge
    } else {
        ApiError::Malformed("it ended early")
    }
}
