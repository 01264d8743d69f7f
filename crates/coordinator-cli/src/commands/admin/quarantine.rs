//! `maany admin quarantine`: which wallets are locked, and the code for the session that leads one out.
//!
//! No command unlocks a wallet: new shares do, which its device makes.

use maany_coordinator::http::client::ClientError;
use maany_coordinator::http::wire::{ForgottenTime, LockedWallet};
use maany_coordinator::proto::WalletId;
use maany_coordinator::quarantine::{self, ClearError, Forgotten};
use maany_coordinator::step_up::StepUps;
use maany_coordinator::storage::Vault;
use maany_coordinator::storage::record::WalletState;
use serde_json::json;
use std::io;
use zeroize::Zeroizing;

use super::{running, stopped};
use crate::cli::admin::{ClearLock, ListLocked};
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::output::{Output, Page};

pub(super) async fn list(args: ListLocked, output: &mut Output) -> Result<(), CliError> {
    let data = ServerData::open(args.data.path)?;
    let (wallets, damaged) = match stopped::open(&data).await? {
        Some(vault) => read(&vault).await?,
        None => running::client(&data)?.locked_wallets().await?,
    };
    output.say("locked", json!({"wallets": wallets, "damaged": damaged}), |page| {
        if wallets.is_empty() {
            page.line("no wallet is locked")?;
        } else {
            page.line(&format!("{:<32}  {:<11}  {:>5}  {:<13}  owner", "wallet", "state", "epoch", "cause"))?;
        }
        let forgotten = wallets.iter().filter(|wallet| wallet.forgotten.is_some()).count();
        for wallet in &wallets {
            page.line(&format!(
                "{:<32}  {:<11}  {:>5}  {:<13}  {}/{}",
                wallet.id, wallet.state, wallet.epoch, wallet.cause, wallet.tenant, wallet.owner
            ))?;
        }
        if forgotten > 0 {
            page.remark(&format!(
                "of {forgotten} nobody knows what they signed since their archive was made: `maany admin quarantine clear` says what to do"
            ))?;
        }
        if damaged > 0 {
            page.remark(&format!(
                "{damaged} wallets cannot be read: nobody can say whether they are locked"
            ))?;
        }
        Ok(())
    })?;
    Ok(())
}

pub(super) async fn clear(args: ClearLock, output: &mut Output) -> Result<(), CliError> {
    let wallet = WalletId::from_hex(&args.wallet).map_err(|_| CliError::NoWalletId(args.wallet.clone()))?;
    let data = ServerData::open(args.data.path)?;
    let forgotten = if args.accept_forgotten { Forgotten::Accept } else { Forgotten::Refuse };
    let (locked, code, expires_ms) = match stopped::open(&data).await? {
        Some(vault) => {
            let step_ups = StepUps::new(vault.clone());
            let made = quarantine::clear(&vault, &step_ups, wallet, forgotten, "operator").await;
            let made = made.map_err(|error| match error {
                ClearError::UnknownWallet => CliError::UnknownWallet,
                ClearError::NotLocked => CliError::NotLocked,
                ClearError::Forgotten(_) => CliError::Forgotten,
                ClearError::Store(error) => error.into(),
                ClearError::StepUp(error) => CliError::StepUp(error),
                _ => CliError::UnknownWallet,
            })?;
            let code = made.step_up.as_ref().map(|made| made.code.dangerous_expose().to_owned());
            (view(made.wallet), code.map(Zeroizing::new), made.step_up.map(|made| made.expires_ms))
        }
        None => match running::client(&data)?.clear_quarantine(wallet, forgotten).await {
            Ok(made) => (made.wallet, made.code.map(Zeroizing::new), made.expires_at),
            Err(ClientError::Refused { status: 404, .. }) => return Err(CliError::UnknownWallet),
            Err(ClientError::Refused { status: 409, error }) if error.code == "not_locked" => {
                return Err(CliError::NotLocked);
            }
            Err(ClientError::Refused { status: 409, error }) if error.code == "signatures_forgotten" => {
                return Err(CliError::Forgotten);
            }
            Err(error) => return Err(error.into()),
        },
    };
    let Some(code) = code else {
        output.say("accepted", json!({"wallet": locked}), |page| {
            page.heading("Accepted, and in the audit log")?;
            page.fact("wallet", &locked.id)?;
            page.remark("it signs again, also a second transaction of a sequence that was signed in the forgotten time")
        })?;
        return Ok(());
    };
    let command = command(&locked);
    let fields = json!({
        "wallet": locked, "code": *code, "expiresAt": expires_ms, "variable": "MAANY_STEP_UP", "command": command,
    });
    output.say("clearance", fields, |page| tell(page, &locked, &code, &command))?;
    Ok(())
}

fn tell(page: &mut Page<'_>, locked: &LockedWallet, code: &str, command: &str) -> io::Result<()> {
    page.heading("A step-up code, shown this once")?;
    page.line(&format!("  {code}"))?;
    page.fact("wallet", &locked.id)?;
    page.fact("state", &format!("{}, as before: {}", locked.state, why(&locked.cause)))?;
    page.heading("What its owner runs on the device, within ten minutes")?;
    page.line(&format!("  MAANY_STEP_UP=<the code> {command}"))?;
    page.remark("new shares unlock the wallet, and nothing else does: find out first what happened to it")
}

/// What the device runs.
fn command(locked: &LockedWallet) -> String {
    match locked.remedy.as_str() {
        "restore" => format!("maany wallet restore FRAGMENT-FILE --from-server {}", locked.id),
        _ => format!("maany wallet refresh {} --stepped-up", locked.id),
    }
}

/// A cause, for people.
pub(in crate::commands) fn why(cause: &str) -> &str {
    match cause {
        "peer_cheated" => "the engine says that the other side cheated",
        "failed_checks" => "too many checks failed",
        "own_state" => "what is stored does not add up",
        "imported" => "it came from an archive, and what has happened to it since is not known",
        other => other,
    }
}

async fn read(vault: &Vault) -> Result<(Vec<LockedWallet>, u64), CliError> {
    let (mut wallets, mut damaged, mut after) = (Vec::new(), 0, None::<Vec<u8>>);
    loop {
        let page = quarantine::list(vault, after.as_deref()).await?;
        wallets.extend(page.wallets.into_iter().map(view));
        damaged += page.damaged.len() as u64;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((wallets, damaged)),
        }
    }
}

/// The same words as a running server's.
fn view(locked: quarantine::LockedWallet) -> LockedWallet {
    let state = match locked.state {
        WalletState::Active => "active",
        WalletState::Quarantined | WalletState::Imported => "quarantined",
        _ => "frozen",
    };
    LockedWallet {
        id: locked.wallet.to_string(),
        tenant: locked.tenant,
        owner: locked.owner,
        key_id: locked.key_id,
        state: state.to_owned(),
        epoch: locked.epoch,
        failed_checks: locked.failed_checks,
        cause: locked.cause.word().to_owned(),
        remedy: locked.remedy.word().to_owned(),
        forgotten: locked.forgotten.map(|gap| ForgottenTime { from: gap.from_ms, until: gap.until_ms }),
    }
}
