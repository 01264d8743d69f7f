//! `maany wallet restore`: a wallet from its fragments, and new shares at once, so that the lost ones are worth nothing.

use age::secrecy::ExposeSecret;
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::proto::WalletId;

use super::{cost, facts, fields, opened, sources, with_cost};
use crate::cli::wallet::Restore;
use crate::error::CliError;
use crate::output::Output;
use crate::passphrase::STEP_UP;

pub(super) async fn run(args: Restore, output: &mut Output) -> Result<(), CliError> {
    let mut documents = args
        .fragments
        .iter()
        .map(|file| sources::read(file))
        .collect::<Result<Vec<FragmentDocument>, _>>()?;
    let from_server = args.from_server.as_deref().map(wallet_id).transpose()?;
    let wallet = from_server.or_else(|| documents.first().and_then(sources::wallet_of));
    let code = STEP_UP.get(None)?;
    let released = sources::Released::named(&args.third_party)?;
    let device = opened::to_begin(args.connected, "restoring with the server", output).await?;
    if let Some(wallet) = from_server {
        documents.push(sources::servers(&device, &wallet).await?);
    }
    if let Some(released) = released {
        let wallet = wallet.ok_or(CliError::WhichWallet)?;
        documents.push(released.fetch(&device, &wallet).await?);
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

fn wallet_id(text: &str) -> Result<WalletId, CliError> {
    WalletId::from_hex(text).map_err(|_| CliError::NoWalletId(text.to_owned()))
}
