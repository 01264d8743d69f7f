//! `maany fragment-host admin add-owner`: an API key for one more owner of fragments.

use maany_coordinator::ApiKeys;
use serde_json::json;

use super::{TENANT, folder::HostData, owners};
use crate::cli::fragment_host::AddOwner;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: AddOwner, output: &mut Output) -> Result<(), CliError> {
    let data = HostData::open(args.data.path)?;
    let keys = ApiKeys::load(data.open_vault().await?).await?;
    let made = keys.create(TENANT, &args.owner, owners()).await?;
    let key = made.token.dangerous_expose();
    let fields = json!({"owner": args.owner, "apiKeyId": made.id, "apiKey": key});
    output.say("owner-added", fields, |page| {
        page.heading("An API key, shown this once")?;
        page.line(&format!("  {key}"))?;
        page.fact("owner", &args.owner)
    })?;
    Ok(())
}
