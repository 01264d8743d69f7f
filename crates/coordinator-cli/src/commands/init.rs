//! `maany init`: a server's data folder, from nothing to ready.

use maany_coordinator::auth::NewApiKey;
use maany_coordinator::proto::channel::PublicKey;
use maany_coordinator::storage::FileKeyProvider;
use maany_coordinator::{AllowList, ApiKeys, Scope, Scopes};
use serde_json::json;
use std::path::Path;

use super::admin::OPERATOR;
use super::server_store;
use crate::chains;
use crate::channel_key;
use crate::cli::Init;
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::output::{Output, Page};
use crate::private_file;
use crate::settings::template::{FirstPolicy, configuration};
use crate::settings::{KeySettings, Settings};

/// The name of the first key-encryption key.
const FIRST_KEY: &str = "key-1";

pub(super) async fn run(args: Init, output: &mut Output) -> Result<(), CliError> {
    let policy = FirstPolicy::new(&args.chain_ids, &args.max_per_tx, &args.max_fee);
    let text = configuration(&policy);
    // Nothing is made where the policy could not be used.
    let settings = Settings::parse_own(&text)?;
    AllowList::try_from(settings.policy.clone())?;

    let data = ServerData::create(args.data.path.clone())?;
    let made = make(&data, &settings, &text, &args).await;
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            // The folder was empty: half of a set-up is of no use, and in the way of the next attempt.
            data.clear();
            return Err(error);
        }
    };
    let fields = json!({
        "data": data.path(),
        "configuration": data.configuration(),
        "chains": args.chain_ids,
        "channelKey": made.channel.to_string(),
        "apiKeyId": made.api_key.id,
        "apiKey": made.api_key.token.dangerous_expose(),
    });
    output.say("initialised", fields, |page| tell(page, &data, &args, &made))?;
    Ok(())
}

/// What a new folder has that is told.
struct Made {
    api_key: NewApiKey,
    channel: PublicKey,
}

async fn make(data: &ServerData, settings: &Settings, text: &str, args: &Init) -> Result<Made, CliError> {
    if let KeySettings::File { path } = &settings.keys {
        FileKeyProvider::create(&data.resolve(path), FIRST_KEY)?;
    }
    let channel = channel_key::create(&data.channel_key())?.public();
    private_file::create(&data.configuration(), text.as_bytes())?;
    let keys = ApiKeys::load(server_store::open(data, settings).await?).await?;
    let operator = keys.create(&args.tenant, OPERATOR, Scopes::from([Scope::Admin])).await?;
    private_file::create(&data.admin_token(), operator.token.dangerous_expose().as_bytes())?;
    let api_key = keys.create(&args.tenant, &args.owner, Scopes::DEVICE).await?;
    Ok(Made { api_key, channel })
}

fn tell(page: &mut Page<'_>, data: &ServerData, args: &Init, made: &Made) -> std::io::Result<()> {
    page.heading("A server's data folder is ready")?;
    page.fact("folder", &show(data.path()))?;
    page.fact("configuration", &show(&data.configuration()))?;
    if args.chain_ids.is_empty() {
        page.fact("policy", "nothing may be signed yet: name a chain in the section [policy]")?;
    } else {
        page.fact("policy", &format!("MsgSend on {}", args.chain_ids.join(", ")))?;
    }
    for id in
        args.chain_ids.iter().filter(|id| args.max_per_tx.is_empty() && !chains::defaults(id).is_known())
    {
        page.remark(&format!("{id} is not known to this release: the denom stake may be sent there"))?;
    }
    page.fact("channel key", &made.channel.to_string())?;
    page.heading("The first API key, shown this once")?;
    page.line(&format!("  {}", made.api_key.token.dangerous_expose()))?;
    page.heading("Next")?;
    page.line(&format!("  maany serve --data {}", show(data.path())))?;
    page.line("  MAANY_TOKEN=<the API key> maany wallet create")
}

fn show(path: &Path) -> String {
    path.display().to_string()
}
