//! `POST /v1/sign-requests` and `GET /v1/sign-requests/{id}`.

use axum::{Json, extract::State, http::StatusCode};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_cosmos::{AccountKey, ArbitraryDoc, KeyType, MultisigKey};
use maany_coordinator_proto::{ChainId, RequestId};
use maany_mpc_core::DerivationPath;

use super::{
    access::{Caller, Id},
    body::{JsonBody, base64},
    error::ApiError,
    state::HttpState,
    wallets, wire,
};
use crate::{
    auth::Scope,
    sign_request::{Created, NewArbitrary, NewSignRequest, SignRequest},
};

/// Makes a sign request: 201, or 200 where a live request for the same bytes existed.
pub(super) async fn create(
    State(state): State<HttpState>,
    caller: Caller,
    JsonBody(body): JsonBody<wire::NewSignRequest>,
) -> Result<(StatusCode, Json<wire::SignRequest>), ApiError> {
    let principal = caller.with(Scope::Sign)?;
    let asked = asked(&body)?;
    let wallet = wallets::named(&state.vault, &principal, &body.wallet_id).await?;
    state.aborts.check(&principal, None).map_err(ApiError::HeldBack)?;
    let created = match asked {
        Asked::Transaction(new) => state.requests.create(&principal, &wallet, new).await?,
        Asked::Arbitrary(new) => state.requests.create_arbitrary(&principal, &wallet, new).await?,
    };
    let status = match &created {
        Created::New(_) => StatusCode::CREATED,
        Created::Existing(_) => StatusCode::OK,
    };
    Ok((status, Json(view(&created.into_request())?)))
}

enum Asked {
    Transaction(NewSignRequest),
    Arbitrary(NewArbitrary),
}

fn asked(body: &wire::NewSignRequest) -> Result<Asked, ApiError> {
    let path = path(body.path.as_deref())?;
    let sign_doc = base64(&body.sign_doc, "signDoc is not base64")?;
    if body.mode == ArbitraryDoc::MODE {
        if !body.chain_id.is_empty() || body.replaces.is_some() || body.multisig.is_some() {
            return Err(ApiError::Malformed(
                "with adr-036 chainId is empty, nothing is replaced, and no multisig account signs",
            ));
        }
        return Ok(Asked::Arbitrary(NewArbitrary { path, sign_doc }));
    }
    Ok(Asked::Transaction(NewSignRequest {
        chain_id: ChainId::new(&body.chain_id).map_err(|_| ApiError::Malformed("chainId is no chain id"))?,
        path,
        mode: body.mode.parse().map_err(|_| ApiError::Malformed("mode is direct, amino-json or adr-036"))?,
        sign_doc,
        replaces: body.replaces.as_deref().map(replaced).transpose()?,
        member_of: body.multisig.as_ref().map(multisig).transpose()?,
    }))
}

/// Shows a sign request, with its signature once there is one.
pub(super) async fn show(
    State(state): State<HttpState>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<wire::SignRequest>, ApiError> {
    let principal = caller.with_either(Scope::Read, Scope::Sign)?;
    let id = RequestId::from_hex(&id).map_err(|_| ApiError::NotFound)?;
    let request = state.requests.get(&principal, id).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(view(&request)?))
}

fn path(text: Option<&str>) -> Result<DerivationPath, ApiError> {
    let Some(text) = text else { return Ok(DerivationPath::root()) };
    text.parse().map_err(|_| ApiError::Malformed("path is non-hardened, such as m/44/118/0/0/0"))
}

fn replaced(text: &str) -> Result<RequestId, ApiError> {
    RequestId::from_hex(text).map_err(|_| ApiError::Malformed("replaces is no request id"))
}

fn multisig(account: &wire::Multisig) -> Result<MultisigKey, ApiError> {
    let key = |member: &String| {
        let bytes = hex::decode(member).ok()?.try_into().ok()?;
        AccountKey::new(KeyType::Secp256k1, bytes).ok()
    };
    let members = account.members.iter().map(key).collect::<Option<Vec<_>>>();
    let account = members.and_then(|members| MultisigKey::new(account.threshold, members).ok());
    account.ok_or(ApiError::Malformed("multisig is no threshold with the keys of its members"))
}

fn view(request: &SignRequest) -> Result<wire::SignRequest, ApiError> {
    let decoded = match request.arbitrary()? {
        Some(doc) => serde_json::to_value(doc),
        None => serde_json::to_value(request.decoded()?),
    };
    let decoded = decoded.map_err(|error| ApiError::Internal(Box::new(error)))?;
    let reason = Some(request.reason()).filter(|_| !request.is_allowed());
    Ok(wire::SignRequest {
        id: request.id().to_string(),
        wallet_id: request.wallet().to_string(),
        chain_id: request.chain_id().to_owned(),
        path: request.path().to_string(),
        mode: request.mode().to_string(),
        digest: request.digest().to_string(),
        decoded,
        verdict: wire::Verdict { decision: request.decision().to_owned(), reason: reason.map(str::to_owned) },
        status: request.status().to_string(),
        replaces: request.replaces().map(|id| id.to_string()),
        created_at: request.created_ms(),
        expires_at: request.expires_ms(),
        signature: request.signature().map(|bytes| STANDARD.encode(&bytes[..64])),
        recovery_id: request.signature().map(|bytes| bytes[64]),
    })
}
