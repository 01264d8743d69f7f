//! `maany wallet backup`: one fragment to the server, the others to files for their holders.

use maany_coordinator::WalletInfo;
use maany_coordinator::engine::backup::{FragmentDocument, Threshold};
use serde_json::json;
use std::path::{Path, PathBuf};

use super::opened;
use crate::cli::wallet::Backup;
use crate::error::CliError;
use crate::output::Output;
use crate::private_file;

pub(super) async fn run(args: Backup, output: &mut Output) -> Result<(), CliError> {
    let threshold = Threshold::new(args.threshold, args.shares)?;
    let device = opened::to_run(args.connected, "leaving a fragment with the server", output).await?;
    let wallet = device.wallet(&args.wallet).await.map_err(CliError::device("reading the wallet"))?;
    let documents =
        device.backup(&wallet.wallet, threshold).await.map_err(CliError::device("making the backup"))?;
    let Some((servers, others)) = documents.split_first() else {
        return Err(maany_coordinator::engine::backup::BackupError::ThresholdTooLow.into());
    };
    private_file::create_folder(&args.out)?;
    let files = write(&args.out, &wallet, others, args.shares)?;
    // Those files are on disk, so their fragments count; the server's own counts when it has it.
    device
        .upload_fragment(&wallet.wallet, servers, args.shares)
        .await
        .map_err(CliError::device("leaving a fragment with the server"))?;
    drop(device);

    let fields = json!({
        "wallet": wallet.wallet.to_string(),
        "epoch": wallet.epoch,
        "threshold": args.threshold,
        "shares": args.shares,
        "files": files,
    });
    output.say("backed-up", fields, |page| {
        page.heading("A backup")?;
        page.fact("wallet", &wallet.wallet.to_string())?;
        page.fact("epoch", &wallet.epoch.to_string())?;
        page.fact("restores with", &format!("any {} of {} fragments", args.threshold, args.shares))?;
        page.fact("fragment 1", "with the server")?;
        for (index, file) in files.iter().enumerate() {
            page.fact(&format!("fragment {}", index + 2), &file.display().to_string())?;
        }
        page.remark("give each file to another holder, and keep no two together")
    })?;
    Ok(())
}

fn write(
    folder: &Path,
    wallet: &WalletInfo,
    documents: &[FragmentDocument],
    shares: u8,
) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::with_capacity(documents.len());
    for document in documents {
        let name = format!(
            "{}-epoch-{}-fragment-{}-of-{shares}.maany",
            wallet.wallet,
            wallet.epoch,
            document.index()
        );
        // Two backups of one epoch do not mix: the second one is refused rather than written over the first.
        private_file::create(&folder.join(&name), &document.dangerous_to_bytes())?;
        files.push(folder.join(name));
    }
    Ok(files)
}
