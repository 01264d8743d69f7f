//! `maany wallet`: the device's side, one run a command.

mod address;
mod backup;
mod balance;
mod broadcast;
mod chain;
mod create;
mod list;
mod opened;
mod refresh;
mod restore;
mod send;
mod sign;
mod sign_arbitrary;
mod sources;
mod status;
mod verify;

use maany_coordinator::WalletInfo;
use maany_coordinator::device::Report;
use maany_coordinator::storage::record::WalletState;
use serde_json::{Value, json};
use std::io;

use crate::cli::wallet::Wallet;
use crate::error::CliError;
use crate::output::{Output, Page};
use crate::units::{Bytes, Took};

pub(super) async fn run(command: Wallet, output: &mut Output) -> Result<(), CliError> {
    match command {
        Wallet::Create(args) => create::run(args, output).await,
        Wallet::List(args) => list::run(args, output).await,
        Wallet::Status(args) => status::run(args, output).await,
        Wallet::Address(args) => address::run(args, output).await,
        Wallet::Sign(args) => sign::run(*args, output).await,
        Wallet::SignArbitrary(args) => sign_arbitrary::run(*args, output).await,
        Wallet::Balance(args) => balance::run(args, output).await,
        Wallet::Send(args) => send::run(*args, output).await,
        Wallet::Delegate(args) => send::delegate(*args, output).await,
        Wallet::Broadcast(args) => broadcast::run(args, output).await,
        Wallet::Refresh(args) => refresh::run(args, output).await,
        Wallet::Backup(args) => backup::run(*args, output).await,
        Wallet::Restore(args) => restore::run(args, output).await,
    }
}

/// A wallet for machines.
fn fields(wallet: &WalletInfo) -> Value {
    json!({
        "wallet": wallet.wallet.to_string(),
        "keyId": wallet.key_id.as_ref().map(ToString::to_string),
        "publicKey": hex::encode(wallet.public_key.as_bytes()),
        "epoch": wallet.epoch,
        "state": state(wallet.state),
    })
}

/// A state's name, as it stands in the wire format.
fn state(state: WalletState) -> &'static str {
    match state {
        WalletState::Provisional => "provisional",
        WalletState::Active => "active",
        WalletState::Quarantined => "quarantined",
        WalletState::Frozen => "frozen",
        WalletState::Retired => "retired",
        _ => "unknown",
    }
}

/// A wallet for people.
fn facts(page: &mut Page<'_>, wallet: &WalletInfo) -> io::Result<()> {
    page.fact("wallet", &wallet.wallet.to_string())?;
    if let Some(key_id) = &wallet.key_id {
        page.fact("name", key_id.as_str())?;
    }
    page.fact("public key", &hex::encode(wallet.public_key.as_bytes()))?;
    page.fact("epoch", &wallet.epoch.to_string())
}

/// The same, and what it took, for machines.
fn with_cost(mut fields: Value, report: &Report) -> Value {
    if let Value::Object(fields) = &mut fields {
        fields.insert("elapsedMs".into(), (report.elapsed.as_secs_f64() * 1e3).into());
        fields.insert("sentBytes".into(), report.sent.into());
        fields.insert("receivedBytes".into(), report.received.into());
        fields.insert("messages".into(), report.frames.into());
        fields.insert("retries".into(), report.retries.into());
    }
    fields
}

/// What it took, for people.
fn cost(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let (took, bytes) = (Took(report.elapsed), Bytes(report.sent + report.received));
    page.fact("took", &format!("{took}, {bytes} in {} messages", report.frames))
}
