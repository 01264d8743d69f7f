//! `maany wallet broadcast`: a signed transaction, sent as it is and waited for. It needs no wallet and no server.

use maany_coordinator::cosmos::TxRaw;
use serde_json::json;
use std::time::Duration;

use super::chain;
use crate::cli::chain::Broadcast;
use crate::error::CliError;
use crate::output::Output;
use crate::tx_input;

pub(super) async fn run(args: Broadcast, output: &mut Output) -> Result<(), CliError> {
    let tx = TxRaw::from_bytes(tx_input::read(args.tx.as_deref(), args.file.as_deref())?)?;
    let included = chain::node(&args.chain)?.broadcast_and_wait(&tx, Duration::from_secs(args.wait)).await?;
    let hash = hex::encode_upper(tx.hash());
    let fields = json!({
        "chainId": args.chain.chain_id,
        "txHash": hash,
        "height": included.height.to_string(),
        "gasUsed": included.gas_used.to_string(),
        "gasWanted": included.gas_wanted.to_string(),
    });
    output.say("sent", fields, |page| {
        page.heading("Sent")?;
        page.fact("hash", &hash)?;
        page.fact("block", &included.height.to_string())?;
        page.fact("gas", &format!("{} of {}", included.gas_used, included.gas_wanted))
    })?;
    Ok(())
}
