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
    drop(device);
    output.say("refreshed", with_cost(fields(&done.value), &done.report), |page| {
        page.heading("New shares, same address")?;
        facts(page, &done.value)?;
        cost(page, &done.report)?;
        page.remark(
            "backups of earlier epochs restore nothing any more: `maany wallet backup` makes a new one",
        )
    })?;
    Ok(())
}
