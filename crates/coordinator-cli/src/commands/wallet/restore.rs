//! `maany wallet restore`: a wallet from its fragments, and new shares at once, so that the lost ones are worth nothing.

use age::secrecy::ExposeSecret;
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::proto::WalletId;
use std::path::Path;

use super::{cost, facts, fields, opened, with_cost};
use crate::cli::wallet::Restore;
use crate::error::CliError;
use crate::output::Output;
use crate::passphrase::STEP_UP;
use crate::private_file;

/// Largest fragment file, in bytes; one of ours has 500.
const LONGEST: usize = 64 * 1024;

pub(super) async fn run(args: Restore, output: &mut Output) -> Result<(), CliError> {
    let mut documents =
        args.fragments.iter().map(|file| read(file)).collect::<Result<Vec<FragmentDocument>, _>>()?;
    let wallet = args.from_server.as_deref().map(wallet_id).transpose()?;
    let code = STEP_UP.get(None)?;
    let device = opened::to_begin(args.connected, "restoring with the server", output).await?;
    if let Some(wallet) = wallet {
        let fetched = device.fetch_fragment(&wallet).await;
        documents.push(fetched.map_err(CliError::device("fetching the server's fragment"))?);
    }
    let done = device
        .restore(documents, code.expose_secret())
        .await
        .map_err(CliError::device("restoring the wallet"))?;
    drop(device);
    output.say("restored", with_cost(fields(&done.value), &done.report), |page| {
        page.heading("The wallet is back, with new shares")?;
        facts(page, &done.value)?;
        cost(page, &done.report)?;
        page.remark("the lost device signs no more; next: `maany wallet backup`, for the old fragments restore nothing now")
    })?;
    Ok(())
}

fn read(file: &Path) -> Result<FragmentDocument, CliError> {
    // A fragment travels: on a stick, by mail. Alone it opens nothing.
    let bytes = private_file::read_shared(file, LONGEST)?;
    FragmentDocument::from_bytes(&bytes)
        .map_err(|source| CliError::NotAFragment { path: file.to_owned(), source })
}

fn wallet_id(text: &str) -> Result<WalletId, CliError> {
    WalletId::from_hex(text).map_err(|_| CliError::NoWalletId(text.to_owned()))
}
