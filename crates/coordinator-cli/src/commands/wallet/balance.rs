//! `maany wallet balance`: what a wallet's account has, as a node of the chain says.

use serde_json::json;

use super::{address, chain, opened};
use crate::cli::chain::Balance;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: Balance, output: &mut Output) -> Result<(), CliError> {
    let node = chain::node(&args.chain)?;
    let device = opened::to_read(args.folder, output).await?;
    let wallet = device.wallet(&args.wallet).await.map_err(CliError::device("reading the wallet"))?;
    let (_, address) = address::at(&wallet, &args.key, Some(&args.chain.chain_id))?;
    drop(device);
    let account = node.account(&address).await?;
    let (balances, spendable) = (node.balances(&address).await?, node.spendable(&address).await?);
    let fields = json!({
        "wallet": wallet.wallet.to_string(),
        "chainId": args.chain.chain_id,
        "address": address.as_str(),
        "accountNumber": account.as_ref().map(|account| account.number.to_string()),
        "sequence": account.as_ref().map(|account| account.sequence.to_string()),
        "balances": balances,
        "spendable": spendable,
    });
    output.say("balance", fields, |page| {
        page.fact("address", address.as_str())?;
        match &account {
            Some(account) => {
                page.fact("account", &account.number.to_string())?;
                page.fact("sequence", &account.sequence.to_string())?;
            }
            None => page.fact("account", "none: nothing was ever sent to this address")?,
        }
        for coin in &balances {
            let free = spendable.iter().any(|other| other == coin);
            page.fact("balance", &format!("{coin}{}", if free { "" } else { ", not all of it spendable" }))?;
        }
        Ok(())
    })?;
    Ok(())
}
