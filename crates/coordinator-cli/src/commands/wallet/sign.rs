//! `maany wallet sign`: a transfer, from what is wanted to what can be broadcast.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maany_coordinator::SignOrder;
use maany_coordinator::cosmos::{Fee, MsgSend, TxDraft};
use serde_json::json;

use super::{address, cost, opened, with_cost};
use crate::cli::wallet::Sign;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: Sign, output: &mut Output) -> Result<(), CliError> {
    let device = opened::to_run(args.connected, "signing with the server", output).await?;
    let wallet = device.wallet(&args.wallet).await.map_err(CliError::device("reading the wallet"))?;
    let (public_key, from) = address::at(&wallet, &args.key, Some(&args.chain_id))?;
    let draft = TxDraft {
        chain_id: args.chain_id.clone(),
        account_number: args.account_number,
        sequence: args.sequence,
        public_key,
        messages: vec![MsgSend::new(from.clone(), args.to, args.amount)?],
        fee: Fee { amounts: args.fee, gas: args.gas, payer: None, granter: None },
        memo: args.memo,
        timeout_height: args.timeout_height,
    };
    let doc = draft.sign_doc(args.mode)?;
    let order = SignOrder {
        chain_id: args.chain_id,
        path: args.key.path,
        mode: args.mode,
        sign_doc: doc.sign_bytes().to_vec(),
    };
    let done = match args.replaces {
        None => device.sign(&wallet.wallet, &order).await,
        Some(replaced) => device.sign_replacing(&wallet.wallet, &order, replaced).await,
    };
    let done = done.map_err(CliError::device("signing"))?;
    drop(device);

    let signature = done.value.signature.to_bytes();
    let tx = draft.tx_raw(args.mode, &signature)?;
    let (tx_bytes, hash) = (STANDARD.encode(tx.as_bytes()), hex::encode_upper(tx.hash()));
    let fields = json!({
        "wallet": wallet.wallet.to_string(),
        "request": done.value.request.to_string(),
        "chainId": order.chain_id,
        "mode": order.mode.to_string(),
        "from": from.as_str(),
        "publicKey": hex::encode(public_key),
        "digest": done.value.digest.to_string(),
        "signature": hex::encode(signature),
        "recoveryId": done.value.signature.recovery_id(),
        "signDoc": STANDARD.encode(&order.sign_doc),
        "txBytes": tx_bytes,
        "txHash": hash,
    });
    output.say("signed", with_cost(fields, &done.report), |page| {
        page.heading("Signed")?;
        for line in doc.decoded().to_string().lines() {
            page.remark(line)?;
        }
        page.fact("request", &done.value.request.to_string())?;
        page.fact("signature", &hex::encode(signature))?;
        page.fact("hash", &hash)?;
        cost(page, &done.report)?;
        page.heading("The transaction, to be broadcast")?;
        page.line(&tx_bytes)
    })?;
    Ok(())
}
