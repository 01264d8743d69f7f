//! No token, no share, no fragment and no code in anything that is logged, at whatever level, or in a store's file.
//!
//! A test binary of its own: it records every event of the process.
#![cfg(test)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::proto::Hello;
use maany_coordinator::{Scopes, WalletInfo};
use maany_coordinator_storage::{Owner, WalletId};
use maany_tests::journal::Journal;
use maany_tests::raw_device::{session_id, token};
use maany_tests::running_server::{TENANT, database};
use maany_tests::secrets::Secrets;
use maany_tests::{Failure, Holder, RawDevice, RunningServer};

/// An API key: the secret behind the dot, as text and as bytes.
fn add_token(secrets: &mut Secrets, token: &str) {
    let (_, secret) = token.split_once('.').unwrap();
    secrets.add(secret.as_bytes());
    secrets.add(&URL_SAFE_NO_PAD.decode(secret).unwrap());
}

/// Both sides' shares of a wallet as they are now.
async fn add_shares(
    secrets: &mut Secrets,
    server: &RunningServer,
    holder: &Holder,
    wallet: &WalletInfo,
) -> Result<(), Failure> {
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let servers = server.vault().wallet(&Owner::new(TENANT, "alice"), id).await?.ok_or("no such wallet")?;
    let devices = holder.row(&wallet.wallet).await?;
    for (vault, row) in [(server.vault(), servers), (holder.vault(), devices)] {
        let share = vault.share(&row, row.active.ok_or("no share")?).await?;
        secrets.add(share.bytes.dangerous_expose());
        // What everyone may see is part of a share's bytes as well.
        let share = maany_coordinator::engine::Engine::import_share(
            &maany_coordinator::engine::Dkls23,
            share.bytes.dangerous_expose(),
        )?;
        let [one, other] = share.verifying_shares();
        for public in [share.public_key(), one, other] {
            secrets.except(public.as_bytes());
        }
        secrets.except(&share.chain_code());
        secrets.except(&share.share_id().to_bytes());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_reaches_a_log_or_a_file() {
    let journal = Journal::of_this_process();
    let mut secrets = Secrets::default();
    let server = RunningServer::start().await.unwrap();
    let alice = server.token("alice").await.unwrap();
    let admin =
        server.token_for("operator", Scopes::from([maany_coordinator::auth::Scope::Admin])).await.unwrap();
    add_token(&mut secrets, &alice);
    add_token(&mut secrets, &admin);

    // A whole life, and what goes wrong in one.
    let holder = Holder::on_disk(&server.url(), &alice).await.unwrap();
    let device = holder.device().unwrap();
    let made = device.create_wallet_with_backup(None, Threshold::default()).await.unwrap().value;
    let (wallet, documents) = made;
    for document in &documents {
        secrets.add(document.fragment().dangerous_expose_bytes());
    }
    add_shares(&mut secrets, &server, &holder, &wallet).await.unwrap();
    holder.sign(&wallet).await.unwrap();
    device.refresh(&wallet.wallet).await.unwrap();
    add_shares(&mut secrets, &server, &holder, &wallet).await.unwrap();
    holder.patient().sign(&wallet).await.unwrap();

    let code = server.step_up(&wallet.wallet).await.unwrap();
    secrets.add(code.as_bytes());
    let documents = device.backup(&wallet.wallet, Threshold::default()).await.unwrap();
    for document in &documents {
        secrets.add(document.fragment().dangerous_expose_bytes());
    }
    device.upload_fragment(&wallet.wallet, &documents[0], 2).await.unwrap();
    let successor = Holder::on_disk(&server.url(), &alice).await.unwrap();
    successor.device().unwrap().fetch_fragment(&wallet.wallet).await.unwrap();
    successor.device().unwrap().restore(documents, &code).await.unwrap();
    add_shares(&mut secrets, &server, &successor, &wallet).await.unwrap();
    successor.sign(&wallet).await.unwrap();
    holder.sign(&wallet).await.unwrap_err();

    // Tokens and ids of peers that are not let in; an id that is none may be anything, a share of its sender even.
    let canary = "canary-token-0f3c9a7b5d1e";
    let share_as_id = STANDARD.encode([0xc5, 0x17, 0x88, 0x2e, 0x9b, 0x40, 0x6d, 0xf1].repeat(4));
    for secret in [canary, share_as_id.as_str()] {
        secrets.add(secret.as_bytes());
        let hello = Hello::dkg(session_id(), None).with_token(token(secret).unwrap());
        let mut raw = RawDevice::hello(&server.url(), hello).await.unwrap();
        assert_eq!(raw.closed().await.unwrap().code, Some(4401));
        for field in ["keyId", "sessionId", "sessionIdHint", "message", "stepUp", "intent", "role"] {
            let hello = format!(
                r#"{{"type":"hello","sessionId":"s","role":"device","intent":"sign","keyId":"k","token":"t","{field}":"{secret}+/="}}"#
            );
            let mut raw = RawDevice::connect(&server.url()).await.unwrap();
            raw.text(&hello).await.unwrap();
            raw.closed().await.unwrap();
        }
        let url = format!("http://{}/wallets/{}%2B", server.address(), secret.replace(['+', '/', '='], "~"));
        let client = reqwest::Client::new();
        let answer = client.get(&url).bearer_auth(secret).send().await.unwrap();
        assert!(secrets.in_text(&answer.text().await.unwrap()).is_none(), "echoed");
    }

    assert!(secrets.len() > 50_000, "the shares are looked for: {}", secrets.len());
    let text = journal.text();
    for expected in [wallet.wallet.to_string().as_str(), "session", "intent=\"dkg\"", "TRACE"] {
        assert!(text.contains(expected), "the journal records nothing of {expected}");
    }
    if let Some(found) = secrets.in_text(&text) {
        panic!("logged: {found}");
    }
    let folder = server.stop().await.unwrap();
    let file = std::fs::read(database(folder.path())).unwrap();
    assert_eq!(secrets.in_bytes(&file), None, "in the server's database");
}
