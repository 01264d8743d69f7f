//! `maany fragment-host admin release`: the fragment host's own step-up, with the host running or not.

use maany_coordinator::fragment_host::{ReleaseError, Releases};
use maany_coordinator::http::client::ClientError;
use maany_coordinator::http::wire;
use maany_coordinator::storage::{Owner, StoreError};
use serde_json::json;
use zeroize::Zeroizing;

use super::{TENANT, folder::HostData};
use crate::cli::fragment_host::Release;
use crate::commands::admin::{running, step_up::left};
use crate::error::CliError;
use crate::output::Output;
use crate::units::Took;

/// A release: its code, where one is needed, whose fragment it is, and when it ends, in milliseconds since 1970.
struct Made {
    code: Option<Zeroizing<String>>,
    owner: String,
    expires_ms: u64,
}

pub(super) async fn run(args: Release, output: &mut Output) -> Result<(), CliError> {
    let data = HostData::open(args.data.path.clone())?;
    let made = match data.open_vault().await {
        Ok(vault) => {
            let releases = Releases::new(vault);
            let owner = args.owner.clone().map(|owner| Owner::new(TENANT, owner));
            let made = if args.without_code {
                releases.create_without_code(&args.wallet, owner, "operator").await?
            } else {
                releases.create(&args.wallet, owner, "operator").await?
            };
            Made {
                code: made.code.map(|code| Zeroizing::new(code.dangerous_expose().to_owned())),
                owner: made.owner.owner,
                expires_ms: made.expires_ms,
            }
        }
        // The fragment host is running: it makes the code.
        Err(CliError::Store(StoreError::Locked { .. })) => ask_host(&data, &args).await?,
        Err(error) => return Err(error),
    };
    let left = Took(left(made.expires_ms));
    let fields = json!({
        "wallet": args.wallet.to_string(),
        "owner": made.owner,
        "code": made.code.as_ref().map(|code| code.as_str()),
        "expiresAt": made.expires_ms,
    });
    output.say("release", fields, |page| {
        match &made.code {
            Some(code) => {
                page.heading("A release code, shown this once")?;
                page.line(&format!("  {}", code.as_str()))?;
            }
            None => page.heading("The owner's next request is released without a code")?,
        }
        page.fact("wallet", args.wallet.as_str())?;
        page.fact("owner", &made.owner)?;
        page.fact("good for", &format!("one request within {left}"))?;
        page.remark("give it to the wallet's owner over a channel of its own, once you know who is asking")
    })?;
    Ok(())
}

async fn ask_host(data: &HostData, args: &Release) -> Result<Made, CliError> {
    let client = running::over(&data.listening(), &data.admin_token(), data.path())?;
    let new = wire::NewRelease {
        id: args.wallet.to_string(),
        tenant: None,
        owner: args.owner.clone(),
        without_code: args.without_code,
    };
    match client.create_release(&new).await {
        Ok(made) => {
            Ok(Made { code: made.code.map(Zeroizing::new), owner: made.owner, expires_ms: made.expires_at })
        }
        Err(ClientError::Refused { status: 404, .. }) => Err(ReleaseError::Unknown.into()),
        Err(error) => Err(error.into()),
    }
}
