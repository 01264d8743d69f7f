//! Reads what `tests/node/differential.mjs` made with CosmJS, one JSON object a line, and answers with what this crate makes of the same, a line each.
//!
//! `messages` are `{typeUrl, value}` with the encoded message in base64. Everything in an answer is made by this crate: sign docs are built from their
//! parts and parsed back, Amino JSON is made from the encoded messages and the messages from their Amino JSON.

use std::io::{BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosmrs::proto::cosmos::tx::v1beta1 as tx;
use k256::ecdsa::SigningKey;
use maany_coordinator_cosmos::cosmjs::{AminoSignResponse, DirectSignResponse};
use maany_coordinator_cosmos::{
    AccountKey, AminoSignDoc, ArbitraryDoc, DirectSignDoc, Hrp, KeyType, amino_message, message_of_amino,
};
use prost::Message as _;
use serde::Deserialize;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    kind: String,
    secret: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    auth_info: String,
    #[serde(default)]
    chain_id: String,
    #[serde(default)]
    account_number: String,
    #[serde(default)]
    sequence: String,
    #[serde(default)]
    memo: String,
    #[serde(default)]
    fee: Value,
    #[serde(default)]
    timeout_height: Option<String>,
}

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let answer = answer(&question).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn answer(question: &Question) -> Result<Value, Failure> {
    let secret = SigningKey::from_slice(&STANDARD.decode(&question.secret)?)?;
    let public = secret.verifying_key().to_sec1_point(true);
    let key = AccountKey::new(KeyType::Secp256k1, public.as_bytes().try_into()?)?;
    let sign = |bytes: &[u8]| -> [u8; 64] {
        secret.sign_prehash_recoverable(&key.digest(bytes)).0.to_bytes().into()
    };
    Ok(match question.kind.as_str() {
        "direct" => {
            let doc = direct(question)?;
            let signature = sign(doc.sign_bytes());
            json!({
                "signBytes": STANDARD.encode(doc.sign_bytes()),
                "digest": hex::encode(doc.digest()),
                "txRaw": STANDARD.encode(doc.tx_raw(&[signature]).as_bytes()),
                "response": DirectSignResponse::new(&doc, &key, &signature)?,
            })
        }
        "amino-json" => {
            let doc = amino(question)?;
            let signature = sign(doc.sign_bytes());
            json!({
                "signBytes": STANDARD.encode(doc.sign_bytes()),
                "digest": hex::encode(doc.digest()),
                "response": AminoSignResponse::new(&doc, &key, &signature)?,
            })
        }
        "adr-036" => {
            let signer = key.address(&Hrp::parse("cosmos")?)?;
            let doc = ArbitraryDoc::new(&signer, &STANDARD.decode(&question.data)?)?;
            let signature = sign(doc.sign_bytes());
            json!({
                "signBytes": STANDARD.encode(doc.sign_bytes()),
                "response": AminoSignResponse::arbitrary(&doc, &key, &signature)?,
            })
        }
        other => return Err(format!("no such kind: {other}").into()),
    })
}

fn direct(question: &Question) -> Result<DirectSignDoc, Failure> {
    let (body, auth) = (STANDARD.decode(&question.body)?, STANDARD.decode(&question.auth_info)?);
    Ok(DirectSignDoc::new(&body, &auth, &question.chain_id, question.account_number.parse()?)?)
}

fn amino(question: &Question) -> Result<AminoSignDoc, Failure> {
    let body = tx::TxBody::decode(STANDARD.decode(&question.body)?.as_slice())?;
    let mut messages = Vec::new();
    for message in &body.messages {
        let made = amino_message(&message.type_url, &message.value)?;
        let (type_url, value) = message_of_amino(&made)?.ok_or("no table")?;
        if type_url != message.type_url || value != message.value {
            return Err(format!("{type_url}: the way back leads elsewhere").into());
        }
        messages.push(made);
    }
    let mut doc = json!({
        "account_number": question.account_number,
        "chain_id": question.chain_id,
        "fee": question.fee,
        "memo": question.memo,
        "msgs": messages,
        "sequence": question.sequence,
    });
    if let Some(height) = &question.timeout_height {
        doc["timeout_height"] = Value::from(height.as_str());
    }
    Ok(AminoSignDoc::from_json(&doc)?)
}
