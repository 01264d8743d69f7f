//! `maany wallet list`: what this device holds, without asking the server.

use maany_coordinator::WalletInfo;
use maany_coordinator::device::BackupStatus;
use serde_json::{Value, json};

use super::{backup, fields, opened, state};
use crate::cli::wallet::List;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: List, output: &mut Output) -> Result<(), CliError> {
    let device = opened::to_read(args.folder, output).await?;
    let mut wallets = Vec::new();
    for wallet in device.wallets().await.map_err(CliError::device("reading the wallets"))? {
        let status = device.backup_status(&wallet.wallet).await;
        wallets.push((wallet, status.map_err(CliError::device("reading the backups"))?));
    }
    let all: Vec<Value> = wallets.iter().map(|(wallet, status)| entry(wallet, status.as_ref())).collect();
    output.say("wallets", json!({ "wallets": all }), |page| {
        if wallets.is_empty() {
            return page.line("no wallets: `maany wallet create` makes one");
        }
        page.line(&format!("{:<32}  {:<11}  {:>5}  {:<22}  name", "wallet", "state", "epoch", "backup"))?;
        for (wallet, status) in &wallets {
            let name = wallet.key_id.as_ref().map_or("", |id| id.as_str());
            let (id, state) = (wallet.wallet.to_string(), state(wallet.state));
            let backup = backup_words(status.as_ref());
            let line = format!("{id:<32}  {state:<11}  {:>5}  {backup:<22}  {name}", wallet.epoch);
            page.line(line.trim_end())?;
        }
        if wallets.iter().any(|(_, status)| status.as_ref().is_some_and(|status| !is_whole(status))) {
            page.remark("`maany wallet backup WALLET` goes on with a backup that lacks something")?;
        }
        Ok(())
    })?;
    Ok(())
}

fn entry(wallet: &WalletInfo, status: Option<&BackupStatus>) -> Value {
    let mut entry = fields(wallet);
    if let Value::Object(entry) = &mut entry {
        entry.insert("backup".to_owned(), status.map_or(Value::Null, backup::fields));
    }
    entry
}

fn backup_words(status: Option<&BackupStatus>) -> String {
    match status {
        None => "none".to_owned(),
        Some(status) if !status.is_current => format!("stale, of epoch {}", status.epoch),
        Some(status) if is_whole(status) => "complete".to_owned(),
        Some(status) => {
            let word = if status.is_complete { "restores" } else { "incomplete" };
            format!("{word}, {} of {}", status.acknowledged, status.threshold.n())
        }
    }
}

/// Whether nothing is owed to anybody.
fn is_whole(status: &BackupStatus) -> bool {
    status.is_current && status.is_complete && status.owed.is_empty()
}
