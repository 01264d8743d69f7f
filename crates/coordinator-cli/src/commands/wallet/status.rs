//! `maany wallet status`: how wallets stand, on this device and on the server.

use maany_coordinator::Device;
use maany_coordinator::device::{BackupStatus, DeviceError, WalletStatus};
use maany_coordinator::http::wire;
use maany_coordinator::quarantine::Remedy;
use serde_json::{Value, json};
use std::io;

use super::{facts, fields, opened, state};
use crate::cli::wallet::Status;
use crate::commands::admin::why;
use crate::error::CliError;
use crate::output::{Output, Page};

/// What the server says of a wallet.
type Answer = Result<Option<wire::Wallet>, DeviceError>;

pub(super) async fn run(args: Status, output: &mut Output) -> Result<(), CliError> {
    let device = opened::to_run(args.connected, "asking the server", output).await?;
    let reading = || CliError::device("reading the wallets");
    let wallets = match &args.wallet {
        Some(name) => vec![device.wallet(name).await.map_err(reading())?],
        None => device.wallets().await.map_err(reading())?,
    };
    for wallet in wallets {
        let status = device.status(&wallet.wallet).await.map_err(reading())?;
        // Nobody but the device needs to be asked whether its own half is sound.
        let answer = device.server_status(&wallet.wallet).await;
        output.say("status", machine(&status, &answer), |page| people(page, &status, &answer))?;
    }
    drop::<Device>(device);
    Ok(())
}

fn machine(status: &WalletStatus, answer: &Answer) -> Value {
    let mut told = fields(&status.info);
    told["failedChecks"] = json!(status.health.failed_checks);
    told["cause"] = json!(status.health.lock.map(|(cause, _)| cause.word()));
    told["remedy"] = json!(status.health.lock.map(|(_, remedy)| remedy.word()));
    told["undecided"] = json!(status.is_undecided);
    told["backup"] = status.backup.as_ref().map_or(Value::Null, |backup| {
        json!({
            "epoch": backup.epoch,
            "acknowledged": backup.acknowledged,
            "holders": backup.holders.len(),
            "current": backup.is_current,
            "complete": backup.is_complete,
        })
    });
    told["server"] = match answer {
        Ok(wallet) => json!(wallet),
        Err(error) => json!({"error": error.to_string()}),
    };
    told
}

fn people(page: &mut Page<'_>, status: &WalletStatus, answer: &Answer) -> io::Result<()> {
    page.heading("Wallet")?;
    facts(page, &status.info)?;
    page.fact("on this device", &on_device(status))?;
    if status.is_undecided {
        page.remark(
            "new shares wait for the server's decision: the next command with the server settles it",
        )?;
    }
    page.fact("backup", &backup(status.backup.as_ref()))?;
    match answer {
        Ok(Some(wallet)) => {
            page.fact("on the server", &format!("{}, epoch {}", wallet.state, wallet.epoch))?;
            if wallet.epoch < status.info.epoch {
                page.remark("the server's shares are older than this device's: its store may have been put back from an archive")?;
            }
            if wallet.state == "quarantined" || wallet.state == "frozen" {
                page.remark("its operator lists such wallets with `maany admin quarantine list`")?;
            }
        }
        Ok(None) => page.fact("on the server", "no such wallet for this API key")?,
        Err(error) => page.fact("on the server", &format!("not known: {error}"))?,
    }
    if let Some((_, remedy)) = status.health.lock {
        page.remark(match remedy {
            Remedy::Refresh => {
                "`maany wallet refresh --stepped-up` with the operator's step-up code leads out"
            }
            Remedy::Accept => "its operator has to accept what is forgotten",
            Remedy::Restore => "`maany wallet restore` with the operator's step-up code leads out",
        })?;
    }
    Ok(())
}

fn on_device(status: &WalletStatus) -> String {
    let state = state(status.info.state);
    match (status.health.lock, status.health.failed_checks) {
        (Some((cause, _)), _) => format!("{state}: {}", why(cause.word())),
        (None, 0) => state.to_owned(),
        (None, 1) => format!("{state}; 1 failed check in this epoch"),
        (None, count) => format!("{state}; {count} failed checks in this epoch"),
    }
}

fn backup(backup: Option<&BackupStatus>) -> String {
    match backup {
        None => "none that this device knows of".to_owned(),
        Some(backup) if !backup.is_current => {
            format!("of epoch {}, which restores nothing any more", backup.epoch)
        }
        Some(backup) => format!(
            "{}: {} of {} holders have their fragment",
            if backup.is_complete { "complete" } else { "not complete" },
            backup.acknowledged,
            backup.holders.len()
        ),
    }
}
