//! `maany wallet backup`: a fragment to each holder, and what is missing once more.

use maany_coordinator::device::{BackupPlan, BackupStatus, Holder};
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::{Device, WalletInfo};
use serde_json::{Value, json};
use std::iter;
use std::path::absolute;

use super::{opened, sources, verify};
use crate::cli::wallet::{Backup, BackupCommand, MakeBackup};
use crate::error::CliError;
use crate::output::Output;
use crate::paper;

pub(super) async fn run(args: Backup, output: &mut Output) -> Result<(), CliError> {
    match args.command {
        Some(BackupCommand::Verify(args)) => verify::run(args, output).await,
        None => make(args.make, output).await,
    }
}

async fn make(args: MakeBackup, output: &mut Output) -> Result<(), CliError> {
    let plan = plan(&args)?;
    let name = args.wallet.unwrap_or_default();
    let device = opened::to_run(args.connected, "giving the fragments to their holders", output).await?;
    let wallet = device.wallet(&name).await.map_err(CliError::device("reading the wallet"))?;
    let made = match plan {
        Some(plan) => device.back_up(&wallet.wallet, plan).await,
        None if status(&device, &wallet).await?.is_none() => return Err(CliError::NoPlan),
        None => device.complete_backup(&wallet.wallet).await,
    };
    let made = made.map_err(CliError::device("making the backup"))?;
    let before = wallet.epoch;
    let wallet = device.wallet(&name).await.map_err(CliError::device("reading the wallet"))?;
    if wallet.epoch != before {
        renewed(&wallet, output)?;
    }
    let status = if show(&device, &wallet, output).await? {
        // What was shown is in its holder's hands, and the server has to hear of it.
        device.complete_backup(&wallet.wallet).await.map_err(CliError::device("making the backup"))?
    } else {
        made
    };
    drop(device);
    tell(&wallet, &status, output)?;
    if status.is_complete { Ok(()) } else { Err(incomplete(&status)) }
}

/// Who is to hold what, where the command line says so: the server, then files or codes, and the third party last.
fn plan(args: &MakeBackup) -> Result<Option<BackupPlan>, CliError> {
    let host = sources::Host::named(&args.third_party)?;
    if args.out.is_none() && !args.qr && host.is_none() {
        return Ok(None);
    }
    let third = host.map(|host| Holder::FragmentHost { url: host.url, key: host.key });
    let others = usize::from(args.shares).saturating_sub(1 + usize::from(third.is_some()));
    let mut holders = vec![Holder::Coordinator];
    match &args.out {
        Some(folder) => {
            let folder = absolute(folder)
                .map_err(|source| CliError::System { doing: "finding the current folder", source })?;
            holders.extend(iter::repeat_with(|| Holder::Folder(folder.clone())).take(others));
        }
        None if args.qr => holders.extend(iter::repeat_with(|| Holder::ByHand).take(others)),
        None if others > 0 => return Err(CliError::NoPlan),
        None => {}
    }
    holders.extend(third);
    Ok(Some(BackupPlan::new(args.threshold, holders)?))
}

/// Shows what goes by hand; whether there was anything.
async fn show(device: &Device, wallet: &WalletInfo, output: &mut Output) -> Result<bool, CliError> {
    let reading = CliError::device("reading the fragments");
    let documents = device.fragments_by_hand(&wallet.wallet).await.map_err(reading)?;
    for document in &documents {
        print(wallet, document, output)?;
        let noted = device.handed_over(&wallet.wallet, document.index()).await;
        noted.map_err(CliError::device("noting that a fragment was handed over"))?;
    }
    Ok(!documents.is_empty())
}

fn print(wallet: &WalletInfo, document: &FragmentDocument, output: &mut Output) -> Result<(), CliError> {
    let text = paper::text(&document.dangerous_to_bytes());
    let code = paper::qr(&text)?;
    let (index, of) = (document.index(), document.threshold().n());
    let fields = json!({
        "wallet": wallet.wallet.to_string(),
        "epoch": wallet.epoch,
        "fragment": index,
        "shares": of,
        "text": text.as_str(),
    });
    output.say("fragment", fields, |page| {
        page.heading(&format!(
            "Fragment {index} of {of} of wallet {}, epoch {}",
            wallet.wallet, wallet.epoch
        ))?;
        page.code(&code)?;
        page.line(&text)?;
        page.remark("print it or write it down for its holder; it is not shown again")
    })?;
    Ok(())
}

async fn status(device: &Device, wallet: &WalletInfo) -> Result<Option<BackupStatus>, CliError> {
    device.backup_status(&wallet.wallet).await.map_err(CliError::device("reading the backup"))
}

fn tell(wallet: &WalletInfo, status: &BackupStatus, output: &mut Output) -> Result<(), CliError> {
    let mut fields = fields(status);
    if let Value::Object(fields) = &mut fields {
        fields.insert("wallet".to_owned(), wallet.wallet.to_string().into());
        fields.insert("files".to_owned(), json!(status.files));
    }
    output.say("backed-up", fields, |page| {
        let (t, n) = (status.threshold.t(), status.threshold.n());
        page.heading(if status.is_complete { "A backup" } else { "A backup that is not complete" })?;
        page.fact("wallet", &wallet.wallet.to_string())?;
        page.fact("epoch", &status.epoch.to_string())?;
        page.fact("restores with", &format!("any {t} of {n} fragments"))?;
        let mut files = status.files.iter();
        for (index, holder) in (1_u8..).zip(&status.holders) {
            let owed = status.owed.iter().find(|owed| owed.index == index);
            let said = match (owed, holder) {
                (Some(owed), _) => match &owed.error {
                    Some(error) => format!("missing: {holder}: {error}"),
                    None => format!("missing: {holder}"),
                },
                (None, maany_coordinator::device::HolderKind::Folder(_)) => {
                    files.next().map_or_else(|| holder.to_string(), |file| file.display().to_string())
                }
                (None, _) => format!("with {holder}"),
            };
            page.fact(&format!("fragment {index}"), &said)?;
        }
        page.remark("give each fragment to another holder, and keep no two together")
    })?;
    Ok(())
}

/// The earlier backup was complete, or an earlier refresh was finished first.
fn renewed(wallet: &WalletInfo, output: &mut Output) -> Result<(), CliError> {
    let fields = json!({"wallet": wallet.wallet.to_string(), "epoch": wallet.epoch});
    output.say("renewed", fields, |page| {
        page.heading("New shares before the backup")?;
        page.fact("epoch", &wallet.epoch.to_string())?;
        page.remark("the fragments of the earlier backup restore nothing any more")
    })?;
    Ok(())
}

/// A backup for machines.
pub(super) fn fields(status: &BackupStatus) -> Value {
    let owed = status.owed.iter().map(|owed| {
        json!({
            "fragment": owed.index,
            "holder": owed.holder.to_string(),
            "error": owed.error.as_ref().map(ToString::to_string),
        })
    });
    json!({
        "epoch": status.epoch,
        "threshold": status.threshold.t(),
        "shares": status.threshold.n(),
        "acknowledged": status.acknowledged,
        "current": status.is_current,
        "complete": status.is_complete,
        "owed": owed.collect::<Vec<_>>(),
    })
}

fn incomplete(status: &BackupStatus) -> CliError {
    let why = if status.acknowledged < status.threshold.t() {
        "more are needed to restore"
    } else {
        "the server does not know of it yet"
    };
    CliError::Incomplete { acknowledged: status.acknowledged, of: status.threshold.n(), why }
}
