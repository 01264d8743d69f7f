//! Who speaks, and what they may do.
//!
//! An [`Authenticator`] turns a token into a [`Principal`]: the tenant and the owner that it speaks for, and the
//! scopes that it has. The same token is the hello's `token` and HTTP's `Authorization: Bearer`
//! (wire-format.md). Whether the principal may touch one wallet is not decided here: rows of another owner are
//! not found at all.

mod api_key;
mod api_keys;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod scope;

use async_trait::async_trait;
use maany_coordinator_proto::Token;
use maany_coordinator_storage::Owner;

pub use self::{
    api_keys::{ApiKeyAuthenticator, ApiKeyError, ApiKeyInfo, ApiKeys, NewApiKey},
    scope::{Scope, Scopes, UnknownScope},
};

/// Turns tokens into principals.
///
/// # Security
/// A refused token must cost no database write, no call to a key service and no MPC work: anyone can send one.
/// An implementation compares secrets in constant time and answers every bad token alike.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Whom this token speaks for.
    ///
    /// # Errors
    /// [`AuthError::Refused`] for every token that is not good, whatever the cause;
    /// [`AuthError::Unavailable`] where this cannot be told now.
    async fn authenticate(&self, token: &Token) -> Result<Principal, AuthError>;
}

/// Whom a token speaks for and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant.
    pub tenant: String,
    /// The owner within the tenant. Wallets belong to a tenant's owner.
    pub owner: String,
    /// What the token allows.
    pub scopes: Scopes,
}

impl Principal {
    /// A principal with these scopes.
    pub fn new(tenant: impl Into<String>, owner: impl Into<String>, scopes: Scopes) -> Self {
        Self { tenant: tenant.into(), owner: owner.into(), scopes }
    }

    /// Whether the token allows this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// The owner of rows, as storage knows it.
    #[must_use]
    pub fn rows(&self) -> Owner {
        Owner::new(self.tenant.clone(), self.owner.clone())
    }

    /// How audit rows name this principal: `tenant/owner`.
    #[must_use]
    pub fn actor(&self) -> String {
        format!("{}/{}", self.tenant, self.owner)
    }
}

/// Why a token gave no principal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The token is not good. The cause is not told apart: malformed, unknown, revoked, expired.
    #[error("the token is not accepted")]
    Refused,
    /// The authenticator cannot tell now, for a reason of its own.
    #[error("tokens cannot be checked now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[cfg(test)]
mod tests;
