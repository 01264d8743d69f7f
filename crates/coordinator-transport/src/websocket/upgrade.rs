//! The serving side's HTTP upgrade, as an axum extractor.
//!
//! It takes the place of axum's own, which fixes the message limit at the upgrade and so would let a peer that has
//! said nothing yet make the server hold the largest message of all. Extensions and subprotocols that the peer
//! offers are not taken up.

use super::socket::WebSocket;
use crate::{Limits, Participant, TransportError};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::io;
use tungstenite::handshake::derive_accept_key;

/// A server's connection, upgraded from HTTP.
pub type ServerSocket = WebSocket<TokioIo<Upgraded>>;

/// A well-formed request to become a WebSocket. The connection must be served `with_upgrades`.
#[must_use = "without its answer the peer waits"]
#[derive(Debug)]
pub struct Upgrade {
    accept: HeaderValue,
    on_upgrade: OnUpgrade,
}

/// A socket that exists once the answer has been written.
#[must_use = "the connection ends when this is dropped"]
#[derive(Debug)]
pub struct Upgrading {
    on_upgrade: OnUpgrade,
    limits: Limits,
}

impl Upgrade {
    /// The answer for the peer, and the socket to be awaited in a task of its own.
    pub fn accept(self, limits: Limits) -> (Response, Upgrading) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        (response, Upgrading { on_upgrade: self.on_upgrade, limits })
    }
}

impl Upgrading {
    /// Waits until the answer is out. The time that this takes is the peer's: put a deadline on it.
    ///
    /// # Errors
    /// [`TransportError::Io`] when the peer went away before.
    pub async fn socket(self) -> Result<ServerSocket, TransportError> {
        let upgraded = self.on_upgrade.await.map_err(io::Error::other)?;
        Ok(WebSocket::after_handshake(TokioIo::new(upgraded), Participant::Server, self.limits))
    }
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = NotAnUpgrade;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let headers = &parts.headers;
        if parts.method != Method::GET {
            return Err(NotAnUpgrade::Method);
        }
        if parts.version != Version::HTTP_11
            || !has_token(headers, header::CONNECTION, "upgrade")
            || !has_token(headers, header::UPGRADE, "websocket")
        {
            return Err(NotAnUpgrade::Plain);
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(NotAnUpgrade::Version);
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
        let key = key.ok_or(NotAnUpgrade::Key)?;
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
        let accept = accept.map_err(|_| NotAnUpgrade::Key)?;
        let on_upgrade = parts.extensions.remove::<OnUpgrade>().ok_or(NotAnUpgrade::Plain)?;
        Ok(Self { accept, on_upgrade })
    }
}

/// Why a request cannot become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnUpgrade {
    /// A plain request: 426.
    #[error("this address speaks websocket")]
    Plain,
    /// Another version than 13: 426 (RFC 6455, 4.4).
    #[error("only websocket version 13 is spoken")]
    Version,
    /// Not a GET: 405.
    #[error("a websocket begins with GET")]
    Method,
    /// No key, or not one of 16 bytes in base64: 400.
    #[error("sec-websocket-key is missing or malformed")]
    Key,
}

impl IntoResponse for NotAnUpgrade {
    fn into_response(self) -> Response {
        let say = |status, header: HeaderName, value| {
            (status, [(header, HeaderValue::from_static(value))], format!("{self}\n")).into_response()
        };
        match self {
            Self::Plain => say(StatusCode::UPGRADE_REQUIRED, header::UPGRADE, "websocket"),
            Self::Version => say(StatusCode::UPGRADE_REQUIRED, header::SEC_WEBSOCKET_VERSION, "13"),
            Self::Method => say(StatusCode::METHOD_NOT_ALLOWED, header::ALLOW, "GET"),
            Self::Key => say(StatusCode::BAD_REQUEST, header::CONNECTION, "close"),
        }
    }
}

/// Whether a comma-separated header, on however many lines, holds the token.
fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// Whether these are 16 bytes in base64: 22 characters and two of padding (RFC 6455, 4.1).
fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(digit) && key.ends_with(b"==")
}
