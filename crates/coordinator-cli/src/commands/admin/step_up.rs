//! `maany admin step-up`: a single-use code, made in the store or by the server that has it open.

use maany_coordinator::http::client::ClientError;
use maany_coordinator::proto::WalletId;
use maany_coordinator::step_up::{StepUpError, StepUps};
use maany_coordinator::storage::{StoreError, WalletId as StoredWalletId};
use serde_json::json;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

use super::running;
use crate::cli::admin::StepUp;
use crate::commands::server_store;
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::output::Output;
use crate::settings::Settings;
use crate::units::Took;

/// A step-up code and its end, in milliseconds since 1970.
struct Code {
    text: Zeroizing<String>,
    expires_ms: u64,
}

pub(super) async fn run(args: StepUp, output: &mut Output) -> Result<(), CliError> {
    let wallet = WalletId::from_hex(&args.wallet).map_err(|_| CliError::NoWalletId(args.wallet.clone()))?;
    let data = ServerData::open(args.data.path)?;
    let settings = Settings::read(&data.configuration())?;
    let code = match server_store::open(&data, &settings).await {
        Ok(vault) => {
            let made =
                StepUps::new(vault).create(StoredWalletId::from_bytes(*wallet.as_bytes()), "operator").await;
            let made = made.map_err(|error| match error {
                StepUpError::UnknownWallet => CliError::UnknownWallet,
                error => CliError::StepUp(error),
            })?;
            Code {
                text: Zeroizing::new(made.code.dangerous_expose().to_owned()),
                expires_ms: made.expires_ms,
            }
        }
        // A server is running: it makes the code.
        Err(CliError::Store(StoreError::Locked { .. })) => ask_server(&data, wallet).await?,
        Err(error) => return Err(error),
    };
    let left = left(code.expires_ms);
    let fields = json!({"wallet": wallet.to_string(), "code": *code.text, "expiresAt": code.expires_ms});
    output.say("step-up", fields, |page| {
        page.heading("A step-up code, shown this once")?;
        page.line(&format!("  {}", *code.text))?;
        page.fact("wallet", &wallet.to_string())?;
        page.fact("good for", &format!("one use within {}", Took(left)))?;
        page.remark("give it to the wallet's owner over a channel of its own, and to nobody else")
    })?;
    Ok(())
}

async fn ask_server(data: &ServerData, wallet: WalletId) -> Result<Code, CliError> {
    match running::client(data)?.create_step_up(wallet).await {
        Ok(made) => Ok(Code { text: Zeroizing::new(made.code), expires_ms: made.expires_at }),
        Err(ClientError::Refused { status: 404, .. }) => Err(CliError::UnknownWallet),
        Err(error) => Err(error.into()),
    }
}

pub(in crate::commands) fn left(expires_ms: u64) -> Duration {
    let end = SystemTime::UNIX_EPOCH + Duration::from_millis(expires_ms);
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    // Rounded, for the seconds that this command took are nobody's business.
    Duration::from_secs(left.as_secs().div_ceil(60) * 60)
}
