//! `maany wallet sign-arbitrary`: data that is no transaction (ADR-036), in the shape in which wallets hand such a signature to an application.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maany_coordinator::ArbitraryOrder;
use maany_coordinator::cosmos::{AccountKey, ArbitraryDoc, KeyType};
use serde_json::json;
use std::io::Read;

use super::{address, cost, opened, with_cost};
use crate::cli::wallet::SignArbitrary;
use crate::error::CliError;
use crate::output::Output;

/// A sign doc has at most 64 KiB; what does not fit is refused there.
const MOST: u64 = 128 * 1024;

pub(super) async fn run(args: SignArbitrary, output: &mut Output) -> Result<(), CliError> {
    let data = data(&args)?;
    let device = opened::to_run(args.connected, "signing with the server", output).await?;
    let wallet = device.wallet(&args.wallet).await.map_err(CliError::device("reading the wallet"))?;
    let (public_key, signer) = address::at(&wallet, &args.key, args.chain_id.as_deref())?;
    let doc = ArbitraryDoc::new(&signer, &data)?;
    let order = ArbitraryOrder { path: args.key.path, sign_doc: doc.sign_bytes().to_vec() };
    let done = device.sign_arbitrary(&wallet.wallet, &order).await.map_err(CliError::device("signing"))?;
    drop(device);

    let signature = STANDARD.encode(done.value.signature.to_bytes());
    let key = AccountKey::new(KeyType::Secp256k1, public_key)?;
    let fields = json!({
        "wallet": wallet.wallet.to_string(),
        "request": done.value.request.to_string(),
        "signer": signer.as_str(),
        "data": STANDARD.encode(&data),
        "signDoc": STANDARD.encode(&order.sign_doc),
        "stdSignature": { "pub_key": key.amino_json(), "signature": signature },
    });
    output.say("signed-arbitrary", with_cost(fields, &done.report), |page| {
        page.heading("Signed, and no transaction")?;
        page.fact("signer", signer.as_str())?;
        page.fact("request", &done.value.request.to_string())?;
        page.fact("public key", &STANDARD.encode(public_key))?;
        page.fact("signature", &signature)?;
        cost(page, &done.report)
    })?;
    Ok(())
}

fn data(args: &SignArbitrary) -> Result<Vec<u8>, CliError> {
    let bounded = |from: &mut dyn Read| {
        let mut data = Vec::new();
        from.take(MOST).read_to_end(&mut data).map(|_| data)
    };
    match (&args.text, &args.file) {
        (Some(text), _) => Ok(text.as_bytes().to_vec()),
        (None, Some(file)) => std::fs::File::open(file)
            .and_then(|mut file| bounded(&mut file))
            .map_err(|source| CliError::System { doing: "reading the file", source }),
        (None, None) => bounded(&mut std::io::stdin().lock())
            .map_err(|source| CliError::System { doing: "reading standard input", source }),
    }
}
