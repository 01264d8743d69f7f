//! `maany wallet backup verify`: a drill, which shows that fragments restore, and restores nothing.

use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::proto::WalletId;
use maany_coordinator::{Device, DeviceError};
use serde_json::json;

use super::{opened, sources};
use crate::cli::wallet::VerifyBackup;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: VerifyBackup, output: &mut Output) -> Result<(), CliError> {
    let mut documents = args
        .fragments
        .iter()
        .map(|file| sources::read(file))
        .collect::<Result<Vec<FragmentDocument>, _>>()?;
    let released = sources::Released::named(&args.third_party)?;
    let device = opened::to_begin(args.connected, "collecting the fragments", output).await?;
    let wallet = named(&device, &args.wallet).await?;
    if args.from_server {
        documents.push(sources::servers(&device, &wallet).await?);
    }
    if let Some(released) = released {
        documents.push(released.fetch(&device, &wallet).await?);
    }
    let drill = device.verify_backup(&wallet, &documents).await;
    let drill = drill.map_err(CliError::device("verifying the backup"))?;
    drop(device);
    let fields = json!({
        "wallet": drill.wallet.to_string(),
        "publicKey": hex::encode(drill.public_key.as_bytes()),
        "epoch": drill.epoch,
        "threshold": drill.threshold.t(),
        "shares": drill.threshold.n(),
        "fragments": drill.indices,
    });
    output.say("verified", fields, |page| {
        page.heading("These fragments restore the wallet as it is now")?;
        page.fact("wallet", &drill.wallet.to_string())?;
        page.fact("public key", &hex::encode(drill.public_key.as_bytes()))?;
        page.fact("epoch", &drill.epoch.to_string())?;
        let indices: Vec<String> = drill.indices.iter().map(u8::to_string).collect();
        page.fact("fragments", &format!("{} of {}", indices.join(", "), drill.threshold.n()))?;
        page.remark("nothing was restored and nothing was changed")
    })?;
    Ok(())
}

/// The wallet of this name on this device; on a device that does not hold it, its id says enough.
async fn named(device: &Device, name: &str) -> Result<WalletId, CliError> {
    match device.wallet(name).await {
        Ok(wallet) => Ok(wallet.wallet),
        Err(DeviceError::UnknownWallet) => {
            WalletId::from_hex(name).map_err(|_| CliError::NoWalletId(name.to_owned()))
        }
        Err(error) => Err(CliError::device("reading the wallet")(error)),
    }
}
