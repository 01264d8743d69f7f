//! `maany wallet list`: what this device holds, without asking the server.

use serde_json::{Value, json};

use super::{fields, opened, state};
use crate::cli::wallet::List;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: List, output: &mut Output) -> Result<(), CliError> {
    let device = opened::to_read(args.folder, output).await?;
    let wallets = device.wallets().await.map_err(CliError::device("reading the wallets"))?;
    let all: Vec<Value> = wallets.iter().map(fields).collect();
    output.say("wallets", json!({ "wallets": all }), |page| {
        if wallets.is_empty() {
            return page.line("no wallets: `maany wallet create` makes one");
        }
        page.line(&format!("{:<32}  {:<11}  {:>5}  name", "wallet", "state", "epoch"))?;
        for wallet in &wallets {
            let name = wallet.key_id.as_ref().map_or("", |id| id.as_str());
            let (id, state) = (wallet.wallet.to_string(), state(wallet.state));
            page.line(format!("{id:<32}  {state:<11}  {:>5}  {name}", wallet.epoch).trim_end())?;
        }
        Ok(())
    })?;
    Ok(())
}
