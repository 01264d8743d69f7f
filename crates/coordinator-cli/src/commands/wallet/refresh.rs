//! `maany wallet refresh`: new shares of the same key.

use super::{cost, facts, fields, opened, with_cost};
use crate::cli::wallet::Named;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: Named, output: &mut Output) -> Result<(), CliError> {
    let device = opened::to_run(args.connected, "making new shares with the server", output).await?;
    let wallet = device.wallet(&args.wallet).await.map_err(CliError::device("reading the wallet"))?;
    let done = device.refresh(&wallet.wallet).await.map_err(CliError::device("refreshing"))?;
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
