//! `maany fragment-host admin drop`: a fragment goes, with the host running or not.

use maany_coordinator::fragment_host::{ReleaseError, Releases};
use maany_coordinator::http::client::ClientError;
use maany_coordinator::http::wire;
use maany_coordinator::storage::{Owner, StoreError};
use serde_json::json;

use super::{TENANT, folder::HostData};
use crate::cli::fragment_host::Drop;
use crate::commands::admin::running;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: Drop, output: &mut Output) -> Result<(), CliError> {
    let data = HostData::open(args.data.path.clone())?;
    let owner = match data.open_vault().await {
        Ok(vault) => {
            let releases = Releases::new(vault);
            let owner = args.owner.clone().map(|owner| Owner::new(TENANT, owner));
            let owner = releases.owner(&args.wallet, owner).await?;
            match releases.drop_fragment(&owner, &args.wallet, args.epoch, "operator").await {
                Err(StoreError::NotFound { .. }) => return Err(ReleaseError::Unknown.into()),
                dropped => dropped?,
            }
            owner.owner
        }
        // The fragment host is running: it does it.
        Err(CliError::Store(StoreError::Locked { .. })) => ask_host(&data, &args).await?,
        Err(error) => return Err(error),
    };
    let fields = json!({"wallet": args.wallet.to_string(), "owner": owner, "epoch": args.epoch});
    output.say("fragment-dropped", fields, |page| {
        page.heading("The fragment is gone")?;
        page.fact("wallet", args.wallet.as_str())?;
        page.fact("owner", &owner)?;
        page.fact("epoch", &args.epoch.to_string())?;
        page.remark("its owner's next `maany wallet backup` leaves another one, if it is theirs to leave")
    })?;
    Ok(())
}

async fn ask_host(data: &HostData, args: &Drop) -> Result<String, CliError> {
    let client = running::over(&data.listening(), &data.admin_token(), data.path())?;
    let which = wire::DropFragment {
        id: args.wallet.to_string(),
        tenant: None,
        owner: args.owner.clone(),
        epoch: args.epoch,
    };
    match client.drop_held_fragment(&which).await {
        Ok(dropped) => Ok(dropped.owner),
        Err(ClientError::Refused { status: 404, .. }) => Err(ReleaseError::Unknown.into()),
        Err(error) => Err(error.into()),
    }
}
