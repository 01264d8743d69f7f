//! API keys: made, revoked, and checked against a table in memory.
//!
//! The table is read from the vault once and follows every change made through it, so that checking a token
//! touches neither the store nor the key provider: an unauthenticated peer can cause no work there. A host whose
//! keys are also changed by another process calls [`ApiKeys::reload`].

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use maany_coordinator_proto::Token;
use maany_coordinator_storage::{
    StoreError, Vault,
    record::{ApiKeyRecord, AuditRow},
};
use subtle::ConstantTimeEq;

use super::{AuthError, Authenticator, Principal, Scope, Scopes, api_key};
use crate::time;

/// Rows of one page while the table is read.
const PAGE: usize = 256;
/// The longest name of a tenant or an owner, in bytes.
const NAME_LIMIT: usize = 128;

/// Who changes keys beside the server, in the log.
const OPERATOR: &str = "operator";

/// Why a key was not made, revoked or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// The tenant's or the owner's name is empty, longer than 128 bytes, or holds something else than visible
    /// ASCII.
    #[error("the {which} is not 1 to 128 visible ascii characters")]
    Name {
        /// `tenant` or `owner`.
        which: &'static str,
    },
    /// A key without any scope could do nothing.
    #[error("an api key needs at least one scope")]
    NoScope,
    /// There is no such key.
    #[error("there is no such api key")]
    Unknown,
    /// The store failed.
    #[error("the api keys could not be stored or read")]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[source] getrandom::Error),
}

/// A key that was just made: the only moment at which its text exists.
#[derive(Debug)]
pub struct NewApiKey {
    /// The public part.
    pub id: String,
    /// The whole key, `id.secret`, to be shown once and never again.
    pub token: Token,
}

/// What may be told about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyInfo {
    /// The public part.
    pub id: String,
    /// Whom the key speaks for, and what it may do.
    pub principal: Principal,
}

/// The API keys of a vault.
pub struct ApiKeys {
    vault: Vault,
    table: RwLock<HashMap<String, Known>>,
}

struct Known {
    hash: [u8; 32],
    principal: Principal,
}

impl std::fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKeys").finish_non_exhaustive()
    }
}

impl ApiKeys {
    /// Reads the keys of a vault. A key whose row is damaged is reported to the log and left out; the others work.
    ///
    /// # Errors
    /// [`ApiKeyError::Store`] where the store cannot be read at all.
    pub async fn load(vault: Vault) -> Result<Self, ApiKeyError> {
        let keys = Self { vault, table: RwLock::default() };
        keys.reload().await?;
        Ok(keys)
    }

    /// Reads the keys again, for a store that another process changes too.
    ///
    /// # Errors
    /// As [`ApiKeys::load`]; the keys stay as they were.
    pub async fn reload(&self) -> Result<(), ApiKeyError> {
        let mut table = HashMap::new();
        let mut after = None;
        loop {
            let page = self.vault.api_keys(after.as_deref(), PAGE).await?;
            for error in &page.damaged {
                tracing::error!(%error, "an api key cannot be read and is not accepted");
            }
            for row in page.rows {
                let record = row.into_record();
                table.insert(record.id.clone(), Known::of(&record));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = table;
        Ok(())
    }

    /// Makes a key. Its text is in the answer and nowhere else: only the hash of its secret is stored.
    ///
    /// # Errors
    /// [`ApiKeyError::Name`], [`ApiKeyError::NoScope`], [`ApiKeyError::NoRandomness`] or [`ApiKeyError::Store`].
    pub async fn create(&self, tenant: &str, owner: &str, scopes: Scopes) -> Result<NewApiKey, ApiKeyError> {
        check_name("tenant", tenant)?;
        check_name("owner", owner)?;
        if scopes.is_empty() {
            return Err(ApiKeyError::NoScope);
        }
        let fresh = api_key::fresh().map_err(ApiKeyError::NoRandomness)?;
        let principal = Principal::new(tenant, owner, scopes);
        let record = ApiKeyRecord {
            id: fresh.id.clone(),
            hash: fresh.hash,
            owner: principal.rows(),
            scopes: scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            created_ms: time::now_ms(),
        };
        let audit = audit(OPERATOR, "api-key-created", &principal, &fresh.id);
        self.vault.insert_api_key(record, audit).await?;
        let known = Known { hash: fresh.hash, principal };
        self.table.write().unwrap_or_else(PoisonError::into_inner).insert(fresh.id.clone(), known);
        Ok(NewApiKey { id: fresh.id, token: fresh.token })
    }

    /// Revokes the key with this public part. It is durable before this returns, and the key works no more.
    ///
    /// # Errors
    /// [`ApiKeyError::Unknown`] or [`ApiKeyError::Store`].
    pub async fn revoke(&self, id: &str) -> Result<(), ApiKeyError> {
        self.revoke_as(id, OPERATOR).await
    }

    /// The same in the name of whoever asked for it, who stands in the log.
    pub(crate) async fn revoke_as(&self, id: &str, actor: &str) -> Result<(), ApiKeyError> {
        let row = self.vault.api_key(id).await?.ok_or(ApiKeyError::Unknown)?;
        let audit = audit(actor, "api-key-revoked", &Known::of(&row).principal, id);
        self.vault.erase_api_key(&row, audit).await?;
        self.table.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(())
    }

    /// All keys that are accepted now, by their public parts.
    #[must_use]
    pub fn list(&self) -> Vec<ApiKeyInfo> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> = table
            .iter()
            .map(|(id, known)| ApiKeyInfo { id: id.clone(), principal: known.principal.clone() })
            .collect();
        list.sort_by(|a, b| a.id.cmp(&b.id));
        list
    }

    /// Whom this token speaks for. The secret is hashed and compared whether the id is known or not.
    fn check(&self, token: &Token) -> Option<Principal> {
        let presented = api_key::present(token.dangerous_expose())?;
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let known = table.get(presented.id);
        let expected = known.map_or(&[0; 32], |known| &known.hash);
        let equal = bool::from(presented.hash.ct_eq(expected));
        // All zeros is no hash of anything that can be found, and even then an unknown id gives `None`.
        known.filter(|_| equal).map(|known| known.principal.clone())
    }
}

impl Known {
    fn of(record: &ApiKeyRecord) -> Self {
        // A scope that this release does not know, left by a later one, allows nothing here.
        let scopes = record.scopes.iter().filter_map(|name| name.parse::<Scope>().ok()).collect();
        let principal = Principal::new(&record.owner.tenant, &record.owner.owner, scopes);
        Self { hash: record.hash, principal }
    }
}

/// Accepts the API keys of a vault.
#[derive(Debug, Clone)]
pub struct ApiKeyAuthenticator(Arc<ApiKeys>);

impl ApiKeyAuthenticator {
    /// Accepts these keys, and follows what is made and revoked through them.
    #[must_use]
    pub fn new(keys: Arc<ApiKeys>) -> Self {
        Self(keys)
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Arc<ApiKeys> {
        &self.0
    }
}

#[async_trait]
impl Authenticator for ApiKeyAuthenticator {
    async fn authenticate(&self, token: &Token) -> Result<Principal, AuthError> {
        self.0.check(token).ok_or(AuthError::Refused)
    }
}

fn check_name(which: &'static str, name: &str) -> Result<(), ApiKeyError> {
    let good = (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(()) } else { Err(ApiKeyError::Name { which }) }
}

fn audit(actor: &str, event: &str, principal: &Principal, id: &str) -> AuditRow {
    AuditRow {
        at_ms: time::now_ms(),
        actor: actor.to_owned(),
        event: event.to_owned(),
        wallet: None,
        details: format!("key {id} of {}", principal.actor()),
    }
}
