//! `maany admin api-key`: which API keys are accepted, and how one is accepted no more.
//!
//! A key's text exists once, when it is made. What is listed is its public half, which opens nothing.

use maany_coordinator::auth::{ApiKeyError, ApiKeyInfo};
use maany_coordinator::http::client::ClientError;
use maany_coordinator::http::wire::ApiKey;
use maany_coordinator::{ApiKeys, Scope, Scopes};
use serde_json::json;

use super::{running, stopped};
use crate::cli::admin::{ListApiKeys, OperatorKey, RevokeApiKey};
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::output::Output;
use crate::private_file;

/// Whom the operator's own API key speaks for.
pub(in crate::commands) const OPERATOR: &str = "operator";

pub(super) async fn list(args: ListApiKeys, output: &mut Output) -> Result<(), CliError> {
    let data = ServerData::open(args.data.path)?;
    let keys = match stopped::open(&data).await? {
        Some(vault) => ApiKeys::load(vault).await?.list().into_iter().map(view).collect(),
        None => running::client(&data)?.api_keys().await?,
    };
    output.say("api-keys", json!({"keys": keys}), |page| {
        page.line(&format!("{:<12}  {:<24}  scopes", "id", "owner"))?;
        for ApiKey { id, tenant, owner, scopes } in &keys {
            page.line(&format!("{id:<12}  {:<24}  {}", format!("{tenant}/{owner}"), scopes.join(" ")))?;
        }
        Ok(())
    })?;
    Ok(())
}

pub(super) async fn revoke(args: RevokeApiKey, output: &mut Output) -> Result<(), CliError> {
    let data = ServerData::open(args.data.path)?;
    match stopped::open(&data).await? {
        Some(vault) => match ApiKeys::load(vault).await?.revoke(&args.id).await {
            Err(ApiKeyError::Unknown) => return Err(CliError::UnknownApiKey),
            revoked => revoked?,
        },
        None => match running::client(&data)?.revoke_api_key(&args.id).await {
            Err(ClientError::Refused { status: 404, .. }) => return Err(CliError::UnknownApiKey),
            revoked => revoked?,
        },
    }
    output.say("api-key-revoked", json!({"id": args.id}), |page| {
        page.heading("The API key is accepted no more")?;
        page.fact("key", &args.id)?;
        page.remark("a session that it began may run to its end, a minute at most")
    })?;
    Ok(())
}

/// A new key in the place of one that no store accepts any more.
pub(super) async fn operator(args: OperatorKey, output: &mut Output) -> Result<(), CliError> {
    let data = ServerData::open(args.data.path)?;
    let Some(vault) = stopped::open(&data).await? else {
        return Err(CliError::OperatorKeyInUse);
    };
    let made =
        ApiKeys::load(vault).await?.create(&args.tenant, OPERATOR, Scopes::from([Scope::Admin])).await?;
    let path = data.admin_token();
    private_file::replace(&path, made.token.dangerous_expose().as_bytes())?;
    output.say("operator-key", json!({"id": made.id, "file": path}), |page| {
        page.heading("The operator has a new API key")?;
        page.fact("key", &made.id)?;
        page.fact("file", &path.display().to_string())
    })?;
    Ok(())
}

fn view(key: ApiKeyInfo) -> ApiKey {
    ApiKey {
        id: key.id,
        scopes: key.principal.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        tenant: key.principal.tenant,
        owner: key.principal.owner,
    }
}
