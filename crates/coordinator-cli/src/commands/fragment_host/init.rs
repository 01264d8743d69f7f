//! `maany fragment-host init`: a fragment host's data folder, from nothing to ready.

use maany_coordinator::auth::NewApiKey;
use maany_coordinator::{ApiKeys, Scope, Scopes};
use serde_json::json;

use super::{TENANT, folder::HostData, owners};
use crate::cli::fragment_host::Init;
use crate::error::CliError;
use crate::output::Output;
use crate::private_file;

/// Whom the operator's own API key speaks for.
const OPERATOR: &str = "operator";

pub(super) async fn run(args: Init, output: &mut Output) -> Result<(), CliError> {
    let data = HostData::create(args.data.path)?;
    let made = match make(&data, &args.owner).await {
        Ok(made) => made,
        Err(error) => {
            // The folder was empty: half of a set-up is of no use, and in the way of the next attempt.
            data.clear();
            return Err(error);
        }
    };
    let key = made.token.dangerous_expose();
    let fields = json!({"data": data.path(), "owner": args.owner, "apiKeyId": made.id, "apiKey": key});
    output.say("initialised", fields, |page| {
        page.heading("A fragment host's data folder is ready")?;
        page.fact("folder", &data.path().display().to_string())?;
        page.heading("The API key of the fragments' owner, shown this once")?;
        page.line(&format!("  {key}"))?;
        page.heading("Next")?;
        page.line(&format!("  maany fragment-host serve --data {}", data.path().display()))?;
        page.line("  MAANY_THIRD_PARTY_KEY=<the API key> maany wallet backup WALLET --out DIR --third-party http://127.0.0.1:8090")
    })?;
    Ok(())
}

async fn make(data: &HostData, owner: &str) -> Result<NewApiKey, CliError> {
    let keys = ApiKeys::load(data.make_vault().await?).await?;
    let operator = keys.create(TENANT, OPERATOR, Scopes::from([Scope::Admin])).await?;
    private_file::create(&data.admin_token(), operator.token.dangerous_expose().as_bytes())?;
    Ok(keys.create(TENANT, owner, owners()).await?)
}
