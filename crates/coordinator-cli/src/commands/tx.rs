//! `maany tx`: transactions by themselves.

use maany_coordinator::cosmos::{SignDoc, TxRaw};
use serde_json::{Value, json};

use crate::cli::tx::{Decode, Tx};
use crate::error::CliError;
use crate::output::Output;
use crate::tx_input;

pub(super) fn run(command: Tx, output: &mut Output) -> Result<(), CliError> {
    match command {
        Tx::Decode(args) => decode(&args, output),
    }
}

/// What a signed transaction does not say of itself: the signature is bound to both, the envelope holds neither.
const UNSAID: [&str; 2] = ["chainId", "accountNumber"];
/// The lines that say both for people.
const UNSAID_LINES: [&str; 2] = ["chain ", "account "];

fn decode(args: &Decode, output: &mut Output) -> Result<(), CliError> {
    let bytes = tx_input::read(args.tx.as_deref(), args.file.as_deref())?;
    let (tx, hash) = match args.sign_doc {
        Some(mode) => (SignDoc::parse(mode, &bytes)?.decoded().clone(), None),
        None => {
            let raw = TxRaw::from_bytes(bytes)?;
            (raw.decode("", 0)?, Some(hex::encode_upper(raw.hash())))
        }
    };
    let mut shown = json!(tx);
    if let (Value::Object(fields), Some(_)) = (&mut shown, &hash) {
        UNSAID.iter().for_each(|name| drop(fields.remove(*name)));
    }
    output.say("decoded", json!({ "tx": shown, "txHash": hash }), |page| {
        if let Some(hash) = &hash {
            page.fact("hash", hash)?;
            page.remark("The chain and the account number are not part of a signed transaction.")?;
        }
        let text = tx.to_string();
        let said = |line: &&str| hash.is_none() || !UNSAID_LINES.iter().any(|name| line.starts_with(name));
        text.lines().filter(said).try_for_each(|line| page.line(line))
    })?;
    Ok(())
}
