//! Who asks, and over what: extractors that run before a body is read.

use axum::{
    extract::{FromRef, FromRequestParts, Path},
    http::{header, request::Parts},
};
use maany_coordinator_proto::Token;

use super::{error::ApiError, gate::Gate};
use crate::{
    auth::{AuthError, Principal, Scope},
    server::listener::Connection,
};

/// The principal behind the request's bearer token.
pub(super) struct Caller(pub(super) Principal);

impl Caller {
    /// The principal, if the token allows this.
    pub(super) fn with(self, scope: Scope) -> Result<Principal, ApiError> {
        if self.0.may(scope) { Ok(self.0) } else { Err(ApiError::NoScope(scope)) }
    }

    /// The principal, if the token allows one of these.
    pub(super) fn with_either(self, one: Scope, other: Scope) -> Result<Principal, ApiError> {
        if self.0.may(one) || self.0.may(other) { Ok(self.0) } else { Err(ApiError::NoScope(one)) }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let gate = Gate::from_ref(state);
        let refused = || {
            gate.telemetry.auth_failed();
            ApiError::NotAuthenticated
        };
        let token = bearer(parts).ok_or_else(refused)?;
        match gate.authenticator.authenticate(&token).await {
            Ok(principal) => Ok(Self(principal)),
            Err(AuthError::Refused) => Err(refused()),
            Err(AuthError::Unavailable(source)) => Err(ApiError::Internal(source)),
        }
    }
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(parts: &Parts) -> Option<Token> {
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (header, None) = (headers.next()?, headers.next()) else { return None };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { Token::new(token).ok() } else { None }
}

/// The id in the path, as it came: whoever uses it checks its alphabet.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // A path that is not UTF-8 holds no id either.
        let Path(id) = Path::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        Ok(Self(id))
    }
}

/// Proof that the request came over a channel on which a fragment or a code may travel.
///
/// This listener ends no TLS: what comes from another machine came in the clear.
pub(super) struct Protected;

impl<S: Send + Sync> FromRequestParts<S> for Protected {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<Connection>() {
            Some(connection) if connection.is_trusted() => Ok(Self),
            _ => Err(ApiError::Plaintext),
        }
    }
}
