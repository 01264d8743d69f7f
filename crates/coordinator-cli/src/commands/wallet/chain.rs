//! The way to a chain, and the one way of every transaction to it: prepared with a node, signed with the server, sent, waited for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maany_coordinator::cosmos::node::{Included, NodeClient, NodeConfig, NodeError, TxOrder};
use maany_coordinator::cosmos::{Address, Msg, TxDraft, TxRaw};
use maany_coordinator::device::Done;
use maany_coordinator::{SignOrder, Signed, WalletInfo};
use serde_json::json;
use std::time::Duration;

use super::{address, cost, opened, with_cost};
use crate::cli::chain::{NodeAccess, Transaction};
use crate::error::CliError;
use crate::output::Output;

/// How often a transaction is signed anew because the account has sent another one meanwhile.
const ANEW: usize = 2;

/// A client for the chain's nodes.
pub(super) fn node(access: &NodeAccess) -> Result<NodeClient, CliError> {
    Ok(NodeClient::new(NodeConfig {
        endpoints: access.node.clone(),
        chain_id: Some(access.chain_id.clone()),
        ..NodeConfig::default()
    })?)
}

/// Signs and sends what `message` makes of the account's address.
pub(super) async fn transact(
    wallet: &str,
    args: Transaction,
    message: impl FnOnce(&Address) -> Result<Msg, CliError>,
    output: &mut Output,
) -> Result<(), CliError> {
    let node = node(&args.chain)?;
    let device = opened::to_run(args.connected, "signing with the server", output).await?;
    let wallet = device.wallet(wallet).await.map_err(CliError::device("reading the wallet"))?;
    let (public_key, from) = address::at(&wallet, &args.key, Some(&args.chain.chain_id))?;
    let order = TxOrder {
        messages: vec![message(&from)?],
        from,
        public_key,
        mode: args.mode,
        memo: args.memo,
        gas_price: args.gas_price,
        gas: args.gas,
        granter: args.fee_granter,
        timeout_height: args.timeout_height,
    };
    let mut replaces = args.replaces;
    let mut anew = 0;
    loop {
        let draft = node.prepare(order.clone()).await?;
        let sign = SignOrder {
            chain_id: draft.chain_id.clone(),
            path: args.key.path.clone(),
            mode: order.mode,
            sign_doc: draft.sign_doc(order.mode)?.sign_bytes().to_vec(),
        };
        let done = match replaces.take() {
            None => device.sign(&wallet.wallet, &sign).await,
            Some(replaced) => device.sign_replacing(&wallet.wallet, &sign, replaced).await,
        };
        let done = done.map_err(CliError::device("signing"))?;
        let tx = draft.tx_raw(order.mode, &done.value.signature.to_bytes())?;
        match node.broadcast_and_wait(&tx, Duration::from_secs(args.wait)).await {
            Err(NodeError::Chain(error)) if anew < ANEW && error.is_past(draft.sequence) => {
                anew += 1;
                say_anew(&draft, &done, output)?;
            }
            Err(error) => {
                say_signed(&done, &tx, output)?;
                return Err(error.into());
            }
            Ok(included) => return say_sent(&wallet, &order, &draft, &done, &tx, &included, output),
        }
    }
}

fn say_anew(draft: &TxDraft<Msg>, done: &Done<Signed>, output: &mut Output) -> Result<(), CliError> {
    let fields = json!({
        "request": done.value.request.to_string(),
        "sequence": draft.sequence.to_string(),
    });
    output.say("sequence-passed", fields, |page| {
        page.remark(&format!(
            "the account has sent another transaction meanwhile: what was signed for sequence {} can run no more, \
             and a new request is made",
            draft.sequence
        ))
    })?;
    Ok(())
}

/// What was signed and did not arrive: it is not lost, and what becomes of it is somebody's to decide.
fn say_signed(done: &Done<Signed>, tx: &TxRaw, output: &mut Output) -> Result<(), CliError> {
    let (bytes, hash) = (STANDARD.encode(tx.as_bytes()), hex::encode_upper(tx.hash()));
    let request = done.value.request.to_string();
    let fields = json!({ "request": request, "txBytes": bytes, "txHash": hash });
    output.say("signed", fields, |page| {
        page.heading("Signed, but not known to be in a block")?;
        page.fact("request", &request)?;
        page.fact("hash", &hash)?;
        page.line(&bytes)
    })?;
    Ok(())
}

fn say_sent(
    wallet: &WalletInfo,
    order: &TxOrder,
    draft: &TxDraft<Msg>,
    done: &Done<Signed>,
    tx: &TxRaw,
    included: &Included,
    output: &mut Output,
) -> Result<(), CliError> {
    let hash = hex::encode_upper(tx.hash());
    let shown = draft.sign_doc(order.mode)?.decoded().to_string();
    let fields = json!({
        "wallet": wallet.wallet.to_string(),
        "request": done.value.request.to_string(),
        "chainId": draft.chain_id,
        "mode": order.mode.to_string(),
        "from": order.from.as_str(),
        "sequence": draft.sequence.to_string(),
        "fee": draft.fee.amounts,
        "txHash": hash,
        "height": included.height.to_string(),
        "gasUsed": included.gas_used.to_string(),
        "gasWanted": included.gas_wanted.to_string(),
    });
    output.say("sent", with_cost(fields, &done.report), |page| {
        page.heading("Sent")?;
        for line in shown.lines() {
            page.remark(line)?;
        }
        page.fact("hash", &hash)?;
        page.fact("block", &included.height.to_string())?;
        page.fact("gas", &format!("{} of {}", included.gas_used, included.gas_wanted))?;
        cost(page, &done.report)
    })?;
    Ok(())
}
