//! `maany wallet create`: a key that neither side ever holds alone.
//!
//! A name is used once. A call that died before it could show its wallet is taken up by the next one with the same name: the
//! file `creating.NAME` in the device's folder is there from before the first session until the wallet has been shown.

use maany_coordinator::proto::KeyId;
use maany_coordinator::storage::record::WalletState;
use maany_coordinator::{Device, DeviceError, WalletInfo};
use std::fs;
use std::path::PathBuf;

use super::{cost, facts, fields, opened, with_cost};
use crate::cli::wallet::Create;
use crate::data_folder::DeviceData;
use crate::error::CliError;
use crate::output::Output;
use crate::private_file;

pub(super) async fn run(args: Create, output: &mut Output) -> Result<(), CliError> {
    let data = DeviceData::open_or_create(args.connected.folder.path.clone())?;
    let device = opened::to_begin(args.connected, "making a key with the server", output).await?;
    let attempt = match &args.key_id {
        Some(name) => Some(Attempt::begin(&data, &device, name).await?),
        None => None,
    };
    let done = match device.create_wallet(args.key_id).await {
        Ok(done) => done,
        Err(error) => {
            if let Some(attempt) = attempt {
                attempt.failed(&device).await;
            }
            return Err(CliError::device("making the wallet")(error));
        }
    };
    drop(device);
    output.say("wallet-created", with_cost(fields(&done.value), &done.report), |page| {
        // Without a session nothing was made: an earlier call had made it, and told nobody.
        page.heading(if done.report.frames == 0 {
            "The wallet of that name, which an earlier call had made"
        } else {
            "A new wallet"
        })?;
        facts(page, &done.value)?;
        cost(page, &done.report)?;
        page.remark("next: `maany wallet address`, and `maany wallet backup` before anything is paid in")
    })?;
    if let Some(attempt) = attempt {
        attempt.told();
    }
    Ok(())
}

/// The use of a name, from the first session until somebody was told.
struct Attempt {
    name: KeyId,
    path: PathBuf,
}

impl Attempt {
    /// Uses the name, where no wallet that somebody was told of has it.
    async fn begin(data: &DeviceData, device: &Device, name: &KeyId) -> Result<Self, CliError> {
        let path = data.creating(name);
        if path.exists() {
            return Ok(Self { name: name.clone(), path });
        }
        // One whose making is not finished is taken up, whatever has become of the file.
        if let Some(wallet) = held(device, name).await?.filter(|held| held.state != WalletState::Provisional)
        {
            return Err(CliError::NameUsed { name: name.to_string(), wallet: wallet.wallet.to_string() });
        }
        private_file::create(&path, b"")?;
        Ok(Self { name: name.clone(), path })
    }

    /// Nobody will ask for what is not there.
    async fn failed(self, device: &Device) {
        if let Ok(None) = held(device, &self.name).await {
            self.told();
        }
    }

    fn told(self) {
        // One that stays behind makes a second call give this wallet back.
        let _ = fs::remove_file(self.path);
    }
}

/// The wallet with this name on this device; also one whose making is not finished.
async fn held(device: &Device, name: &KeyId) -> Result<Option<WalletInfo>, CliError> {
    match device.wallet(name.as_str()).await {
        Ok(wallet) => Ok(Some(wallet).filter(|wallet| wallet.key_id.as_ref() == Some(name))),
        Err(DeviceError::UnknownWallet) => Ok(None),
        Err(error) => Err(CliError::device("looking for a wallet of that name")(error)),
    }
}
