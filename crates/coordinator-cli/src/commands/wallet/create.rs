//! `maany wallet create`: a key that neither side ever holds alone.

use super::{cost, facts, fields, opened, with_cost};
use crate::cli::wallet::Create;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: Create, output: &mut Output) -> Result<(), CliError> {
    let device = opened::to_begin(args.connected, "making a key with the server", output).await?;
    let done = device.create_wallet(args.key_id).await.map_err(CliError::device("making the wallet"))?;
    drop(device);
    output.say("wallet-created", with_cost(fields(&done.value), &done.report), |page| {
        // Without a session nothing was made: the wallet was there.
        page.heading(if done.report.frames == 0 {
            "This device's wallet of that name"
        } else {
            "A new wallet"
        })?;
        facts(page, &done.value)?;
        cost(page, &done.report)?;
        page.remark("next: `maany wallet address`, and `maany wallet backup` before anything is paid in")
    })?;
    Ok(())
}
