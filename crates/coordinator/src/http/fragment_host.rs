//! The routes of a fragment host: `POST` and `GET /fragments/{id}`, and the operator's release.
//!
//! An id is the owner's: another owner's is answered exactly as one that nobody has, and so is a fragment for which
//! no release is open. A fragment of this project is a [`FragmentDocument`] and brings its epoch; any other bytes are
//! kept as they are, as epoch 0.

use std::{fmt, str::FromStr, time::Duration};

use axum::{
    Json, Router,
    extract::{FromRef, FromRequestParts, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_proto::{KeyId, StepUp};
use maany_coordinator_storage::{
    Owner, SecretBytes, StoreError, Vault,
    record::{AuditRow, FragmentRecord},
    vault::Patience,
};
use maany_mpc_core::backup::{FragmentDocument, MAX_DOCUMENT};
use zeroize::Zeroizing;

use super::{
    access::{Caller, Id, Protected},
    body::{JsonBody, base64},
    error::{self, ApiError},
    gate::Gate,
    health, layers,
    state::Readiness,
    wire,
};
use crate::{
    auth::Scope,
    fragment_host::{ReleaseError, Releases},
    time,
};

/// The header with the operator's single-use code.
pub(super) const CODE: HeaderName = HeaderName::from_static("maany-step-up");
/// The header with the key that the fragment is to be encrypted to, an age recipient (`age1...`).
pub(super) const RECIPIENT: HeaderName = HeaderName::from_static("maany-recipient");
/// What an answer says whose fragment is encrypted.
pub(super) const AGE: &str = "age";

/// The most rows of one owner, two epochs of each fragment counted.
const ROWS_PER_OWNER: usize = 2 * 1000;

/// The most rows of one owner with those that wait until they may take an earlier one's place.
const ROWS_WITH_WAITING: usize = 2 * ROWS_PER_OWNER;

/// How far ahead of the latest epoch that is held the next one may be: that many refreshes whose fragments did not
/// arrive. An epoch without a bound would keep every later one out.
const AHEAD: u64 = 64;

const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// What the routes need. Cheap to clone.
#[derive(Clone)]
pub(crate) struct HostState {
    pub(crate) gate: Gate,
    pub(crate) readiness: Readiness,
    pub(crate) vault: Vault,
    pub(crate) releases: Releases,
    /// How long a fragment is held before it takes the place of earlier ones.
    pub(crate) patience: Duration,
}

impl FromRef<HostState> for Gate {
    fn from_ref(state: &HostState) -> Self {
        state.gate.clone()
    }
}

impl FromRef<HostState> for Readiness {
    fn from_ref(state: &HostState) -> Self {
        state.readiness.clone()
    }
}

impl fmt::Debug for HostState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostState").finish_non_exhaustive()
    }
}

/// Every route of a fragment host.
pub(crate) fn router(state: HostState) -> Router {
    let gate = state.gate.clone();
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/fragments/{id}", post(hold).get(give_back))
        .route("/v1/admin/release", post(release))
        .route("/v1/admin/drop", post(drop_held))
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .layer(layers::body_limit(&gate))
        .layer(middleware::from_fn_with_state(gate, layers::observe_and_bound))
        .with_state(state)
}

/// `POST /fragments/{id}`.
async fn hold(
    State(state): State<HostState>,
    caller: Caller,
    _protected: Protected,
    Id(id): Id,
    JsonBody(body): JsonBody<wire::NewHeldFragment>,
) -> Result<Json<wire::HeldFragment>, ApiError> {
    let principal = caller.with(Scope::Backup)?;
    let id = KeyId::new(&id).map_err(|_| ApiError::NotFound)?;
    let text = Zeroizing::new(body.fragment);
    let bytes = Zeroizing::new(base64(&text, "fragment is not base64")?);
    if bytes.is_empty() || bytes.len() > MAX_DOCUMENT {
        return Err(ApiError::Fragment("the fragment is empty or longer than a fragment document can be"));
    }
    let document = read(&bytes)?;
    let owner = principal.rows();
    let epoch = document.as_ref().map_or(0, |document| document.context().share_id.epoch);
    require_fits(&state.vault, &owner, &id, document.as_ref(), epoch).await?;
    let fragment = FragmentRecord {
        owner,
        subject: id.as_str().to_owned(),
        epoch,
        document: SecretBytes::new(bytes.to_vec()),
        stored_ms: time::now_ms(),
    };
    let audit = AuditRow {
        at_ms: time::now_ms(),
        actor: principal.actor(),
        event: "fragment-stored".to_owned(),
        wallet: None,
        details: format!("fragment {id}, epoch {epoch}"),
    };
    let waited = u64::try_from(state.patience.as_millis()).unwrap_or(u64::MAX);
    let patience = Patience { settled_before_ms: time::now_ms().saturating_sub(waited) };
    let held = if document.is_some() {
        state.vault.hold_fragment(fragment, patience, audit).await
    } else {
        // Bytes that name no epoch have one place, and the latest are in it.
        state.vault.put_fragment(fragment, audit).await
    };
    match held {
        Err(StoreError::WrongState { .. }) => Err(ApiError::Fragment(
            "fragments of two later epochs are held already, or too many wait to take an earlier one's place",
        )),
        Err(StoreError::AlreadyExists { .. }) => Err(ApiError::OtherBackup),
        answer => Ok(answer.map(|()| Json(wire::HeldFragment { epoch }))?),
    }
}

/// A fragment of ours, or `None` for bytes that are somebody else's.
fn read(bytes: &[u8]) -> Result<Option<FragmentDocument>, ApiError> {
    // The magic of every version: a later one is for a later release to keep.
    if bytes.get(1..4) != Some(b"MYF") {
        return Ok(None);
    }
    let refused = |_| ApiError::Fragment("the document is no backup fragment");
    FragmentDocument::from_bytes(bytes).map(Some).map_err(refused)
}

/// A fragment is held under the name of its own wallet, and never gives way to another key's.
async fn require_fits(
    vault: &Vault,
    owner: &Owner,
    id: &KeyId,
    document: Option<&FragmentDocument>,
    epoch: u64,
) -> Result<(), ApiError> {
    if let Some(context) = document.map(FragmentDocument::context)
        && id.as_str() != hex::encode(&context.wallet)
        && id.as_str().as_bytes() != context.key_id
    {
        return Err(ApiError::Fragment("the backup is another wallet's"));
    }
    let page = vault.fragments(owner, id.as_str()).await?;
    for error in &page.damaged {
        tracing::error!(%error, "a backup fragment cannot be read");
    }
    if page.rows.is_empty() && page.damaged.is_empty() {
        let held = vault.fragment_count(owner, ROWS_PER_OWNER).await?;
        return if held < ROWS_PER_OWNER {
            Ok(())
        } else {
            Err(ApiError::Fragment("this owner has as many fragments here as are allowed"))
        };
    }
    if page.rows.len() >= 2 && vault.fragment_count(owner, ROWS_WITH_WAITING).await? >= ROWS_WITH_WAITING {
        return Err(ApiError::Fragment(
            "too many of this owner's fragments wait to take an earlier one's place",
        ));
    }
    if let Some(latest) = page.rows.first()
        && epoch > latest.epoch.saturating_add(AHEAD)
    {
        return Err(ApiError::Fragment(
            "its epoch is too far ahead of those that are held: the host's operator can drop them",
        ));
    }
    let key = |document: &FragmentDocument| *document.context().public_key.as_bytes();
    for row in &page.rows {
        let held = read(row.document.dangerous_expose())?;
        if held.as_ref().map(key) != document.map(key) {
            return Err(ApiError::Fragment("a fragment of another key is held under this id"));
        }
    }
    Ok(())
}

/// Which epoch a device asks for; the latest by default.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    epoch: Option<u64>,
}

/// What a device sends along to have its fragment released.
struct Asked {
    code: Option<StepUp>,
    recipient: Option<age::x25519::Recipient>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        // A code that cannot be one is answered like one that is not good.
        let code = one(&parts.headers, &CODE, ApiError::NotFound)?;
        let code = code.map(|text| StepUp::new(text).map_err(|_| ApiError::NotFound)).transpose()?;
        let malformed = || ApiError::Malformed("maany-recipient is no age recipient");
        let recipient = one(&parts.headers, &RECIPIENT, malformed())?;
        let recipient = recipient
            .map(|text| age::x25519::Recipient::from_str(text).map_err(|_| malformed()))
            .transpose()?;
        Ok(Self { code, recipient })
    }
}

/// The header's text, which may stand there once.
fn one<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    refused: ApiError,
) -> Result<Option<&'a str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| refused),
        (Some(_), Some(_)) => Err(refused),
    }
}

/// `GET /fragments/{id}`. What is wrong with the request is found before the code is used up.
async fn give_back(
    State(state): State<HostState>,
    caller: Caller,
    _protected: Protected,
    Id(id): Id,
    which: Result<Query<Which>, axum::extract::rejection::QueryRejection>,
    asked: Asked,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<wire::ReleasedFragment>), ApiError> {
    let owner = caller.with(Scope::Restore)?.rows();
    let id = KeyId::new(&id).map_err(|_| ApiError::NotFound)?;
    let Query(which) = which.map_err(|_| ApiError::Malformed("the query is not epoch=<number>"))?;
    let page = state.vault.fragments(&owner, id.as_str()).await?;
    for error in &page.damaged {
        tracing::error!(%error, "a backup fragment cannot be read");
    }
    let mut rows = page.rows.into_iter();
    let held = match which.epoch {
        Some(epoch) => rows.find(|row| row.epoch == epoch),
        None => rows.next(),
    };
    let held = held.ok_or(ApiError::NotFound)?;
    match state.releases.consume(&owner, &id, asked.code.as_ref()).await {
        Err(StoreError::Spent { .. }) => return Err(ApiError::NotFound),
        answer => answer?,
    }
    tracing::info!(epoch = held.epoch, "a backup fragment was given out");
    let bytes = held.document.dangerous_expose();
    let answer = match asked.recipient {
        None => wire::ReleasedFragment { fragment: STANDARD.encode(bytes), encryption: None },
        Some(recipient) => {
            let sealed =
                age::encrypt(&recipient, bytes).map_err(|error| ApiError::Internal(Box::new(error)))?;
            wire::ReleasedFragment { fragment: STANDARD.encode(sealed), encryption: Some(AGE.to_owned()) }
        }
    };
    Ok((StatusCode::OK, NO_STORE, Json(answer)))
}

/// `POST /v1/admin/drop`: a fragment that is in the way of another, or that its owner does not know, goes.
async fn drop_held(
    State(state): State<HostState>,
    caller: Caller,
    _protected: Protected,
    JsonBody(body): JsonBody<wire::DropFragment>,
) -> Result<Json<wire::DroppedFragment>, ApiError> {
    let principal = caller.with(Scope::Admin)?;
    let id = KeyId::new(&body.id).map_err(|_| ApiError::NotFound)?;
    let tenant = body.tenant.unwrap_or_else(|| principal.tenant.clone());
    let owner = body.owner.map(|owner| Owner::new(tenant, owner));
    let owner = state.releases.owner(&id, owner).await?;
    state.releases.drop_fragment(&owner, &id, body.epoch, &principal.actor()).await?;
    Ok(Json(wire::DroppedFragment { owner: owner.owner, epoch: body.epoch }))
}

/// `POST /v1/admin/release`: what the host's operator does while it runs.
async fn release(
    State(state): State<HostState>,
    caller: Caller,
    _protected: Protected,
    JsonBody(body): JsonBody<wire::NewRelease>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<wire::Release>), ApiError> {
    let principal = caller.with(Scope::Admin)?;
    let id = KeyId::new(&body.id).map_err(|_| ApiError::NotFound)?;
    let tenant = body.tenant.unwrap_or_else(|| principal.tenant.clone());
    let owner = body.owner.map(|owner| Owner::new(tenant, owner));
    let actor = principal.actor();
    let made = if body.without_code {
        state.releases.create_without_code(&id, owner, &actor).await?
    } else {
        state.releases.create(&id, owner, &actor).await?
    };
    let answer = wire::Release {
        code: made.code.map(|code| code.dangerous_expose().to_owned()),
        owner: made.owner.owner,
        expires_at: made.expires_ms,
    };
    Ok((StatusCode::CREATED, NO_STORE, Json(answer)))
}

impl From<ReleaseError> for ApiError {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Unknown => Self::NotFound,
            ReleaseError::Ambiguous | ReleaseError::Open => Self::Release(error),
            ReleaseError::Store(error) => Self::Store(error),
            ReleaseError::NoRandomness(error) => Self::Internal(Box::new(error)),
        }
    }
}
