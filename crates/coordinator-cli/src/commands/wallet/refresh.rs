//! `maany wallet refresh`: new shares of the same key.

use age::secrecy::ExposeSecret;

use super::{cost, facts, fields, opened, with_cost};
use crate::cli::wallet::Refresh;
use crate::error::CliError;
use crate::output::Output;
use crate::passphrase::STEP_UP;

pub(super) async fn run(args: Refresh, output: &mut Output) -> Result<(), CliError> {
    let code = args.stepped_up.then(|| STEP_UP.get(None)).transpose()?;
    let device = opened::to_run(args.connected, "making new shares with the server", output).await?;
    let wallet = device.wallet(&args.wallet).await.map_err(CliError::device("reading the wallet"))?;
    let refreshed = match code {
        Some(code) => device.refresh_stepped_up(&wallet.wallet, code.expose_secret()).await,
        None => device.refresh(&wallet.wallet).await,
    };
    let done = refreshed.map_err(CliError::device("refreshing"))?;
    let backup = device.backup_status(&wallet.wallet).await;
    let backup = backup.map_err(CliError::device("reading the backup"))?;
    drop(device);
    output.say("refreshed", with_cost(fields(&done.value), &done.report), |page| {
        page.heading("New shares, same address")?;
        facts(page, &done.value)?;
        cost(page, &done.report)?;
        page.remark(match &backup {
            Some(status) if status.is_complete && status.owed.is_empty() => {
                "every holder has a fragment of the new shares; those of earlier epochs restore nothing any more"
            }
            Some(_) => {
                "backups of earlier epochs restore nothing any more, and some holders lack their new fragment: \
                 `maany wallet backup WALLET` goes on with it"
            }
            None => "backups of earlier epochs restore nothing any more: `maany wallet backup` makes a new one",
        })
    })?;
    Ok(())
}
