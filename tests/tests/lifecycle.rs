//! The life of a wallet over a real socket: made, signing, refreshed, lost, restored.
#![cfg(test)]

use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::policy::RefuseAll;
use maany_coordinator::proto::RequestId;
use maany_coordinator::proto::session::SessionError;
use maany_coordinator::{DeviceError, Signed, WalletInfo};
use maany_coordinator_cosmos::SignMode;
use maany_coordinator_proto::KeyId;
use maany_coordinator_storage::{Owner, WalletId};
use maany_tests::running_server::{Setup, TENANT};
use maany_tests::{Failure, Holder, RunningServer, order, planted};

/// A server, a device of alice, and a wallet that was made between them.
async fn wallet() -> Result<(RunningServer, Holder, WalletInfo), Failure> {
    let server = RunningServer::start().await?;
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await?).await?;
    let wallet = holder.create().await?;
    Ok((server, holder, wallet))
}

/// The same with a wallet whose making is not the subject.
async fn planted_wallet(setup: Setup) -> Result<(RunningServer, Holder, WalletInfo), Failure> {
    let server = RunningServer::start_with(setup).await?;
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await?).await?;
    let wallet = planted::wallet(&server, "alice", &holder).await?;
    Ok((server, holder, wallet))
}

/// The signature, checked by an implementation that is not the engine's.
fn verify(signed: &Signed, wallet: &WalletInfo, sign_doc: &[u8]) {
    use k256::ecdsa::signature::Verifier;
    let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(wallet.public_key.as_bytes()).unwrap();
    let signature = k256::ecdsa::Signature::from_slice(&signed.signature.to_bytes()).unwrap();
    key.verify(sign_doc, &signature).unwrap();
    assert_eq!(signature.normalize_s(), signature, "low-s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_keeps_its_key_and_signs_through_refresh_loss_and_restore() {
    let (server, holder, wallet) = wallet().await.unwrap();
    let device = holder.device().unwrap();
    assert_eq!(wallet.epoch, 1);

    let sign = async |holder: &Holder, sequence| {
        let order = order::send_one(&wallet.public_key, sequence).unwrap();
        let signed = holder.device().unwrap().sign(&wallet.wallet, &order).await.unwrap().value;
        verify(&signed, &wallet, &order.sign_doc);
    };
    sign(&holder, 1).await;

    let refreshed = device.refresh(&wallet.wallet).await.unwrap().value;
    assert_eq!((refreshed.public_key, refreshed.epoch), (wallet.public_key, 2));
    sign(&holder, 2).await;

    let documents = device.backup(&wallet.wallet, Threshold::default()).await.unwrap();
    let new_device = Holder::in_memory(&server.url(), holder.token()).await.unwrap();
    let code = server.step_up(&wallet.wallet).await.unwrap();
    let two_of_three = documents.into_iter().skip(1).collect();
    let restored = new_device.device().unwrap().restore(two_of_three, &code).await.unwrap().value;
    assert_eq!((restored.public_key, restored.epoch), (wallet.public_key, 3));
    sign(&new_device, 3).await;

    // What the lost phone holds signs no more, and its identity opens no session.
    let order = order::send_one(&wallet.public_key, 4).unwrap();
    let lost = device.sign(&wallet.wallet, &order).await.unwrap_err();
    let told = matches!(lost, DeviceError::Session(SessionError::Told { code: 4403, retryable: false, .. }));
    assert!(told, "{lost:?}");
    sign(&new_device, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_of_a_wallet_sign_in_either_form_of_a_sign_doc() {
    let (_server, holder, wallet) = planted_wallet(Setup::default()).await.unwrap();
    let device = holder.device().unwrap();
    for (path, mode) in [("m/44/118/0/0/5", SignMode::Direct), ("m/44/118/0/0/6", SignMode::AminoJson)] {
        let path = path.parse().unwrap();
        let child = WalletInfo { public_key: wallet.child(&path).unwrap(), ..wallet.clone() };
        assert_ne!(child.public_key, wallet.public_key);
        let mut order = order::send(&child.public_key, "5", 1, mode).unwrap();
        order.path = path;
        let signed = device.sign(&wallet.wallet, &order).await.unwrap().value;
        assert_eq!(signed.public_key, child.public_key);
        verify(&signed, &child, &order.sign_doc);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_dkg_for_a_key_id_is_none_and_the_wallet_untouched() {
    let server = RunningServer::start().await.unwrap();
    let alice = server.token("alice").await.unwrap();
    let first = Holder::in_memory(&server.url(), &alice).await.unwrap();
    let name = || Some(KeyId::new("main").unwrap());
    let wallet = first.device().unwrap().create_wallet(name()).await.unwrap().value;
    let row = async || {
        let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
        let row = server.vault().wallet(&Owner::new(TENANT, "alice"), id).await.unwrap().unwrap();
        let share = server.vault().share(&row, row.active.unwrap()).await.unwrap();
        (row, share.bytes.dangerous_expose().to_vec())
    };
    let before = row().await;

    // This device holds it: whoever died before they could tell anybody asks again.
    let again = first.device().unwrap().create_wallet(name()).await.unwrap();
    assert_eq!((again.value, again.report.frames), (wallet.clone(), 0));
    // Another of the same owner hears it from the server.
    let second = Holder::in_memory(&server.url(), &alice).await.unwrap();
    let refused = second.device().unwrap().create_wallet(name()).await.unwrap_err();
    assert!(matches!(refused, DeviceError::KeyIdTaken), "{refused:?}");
    assert!(row().await == before, "the wallet was touched");
    assert!(second.device().unwrap().wallets().await.unwrap().is_empty());
    first.sign(&wallet).await.unwrap();

    // Another owner's same name is another wallet.
    let bob = Holder::in_memory(&server.url(), &server.token("bob").await.unwrap()).await.unwrap();
    let other = bob.device().unwrap().create_wallet(name()).await.unwrap().value;
    assert_ne!(other.public_key, wallet.public_key);
    assert!(row().await.1 == before.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_twice_gives_the_same_bytes_and_no_second_ceremony() {
    let (server, holder, wallet) = planted_wallet(Setup::default()).await.unwrap();
    let device = holder.device().unwrap();
    let order = order::send_one(&wallet.public_key, 1).unwrap();
    let request = RequestId::from_hex(&device.request(&wallet.wallet, &order).await.unwrap().id).unwrap();
    let first = device.sign_request(&wallet.wallet, request, &order).await.unwrap();
    let again = device.sign_request(&wallet.wallet, request, &order).await.unwrap();
    assert_eq!(first.value.signature.to_bytes(), again.value.signature.to_bytes());
    assert_eq!(first.value.signature.recovery_id(), again.value.signature.recovery_id());
    assert_eq!(again.report.frames, 1, "a hello and nothing after it");
    let audit = server.vault().audit(None, 1000).await.unwrap();
    assert_eq!(audit.rows.iter().filter(|row| row.event == "sign-request-signed").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_refuses_is_not_signed_and_the_reason_is_named() {
    let (server, holder, wallet) = planted_wallet(Setup::default()).await.unwrap();
    let device = holder.device().unwrap();
    let too_much = (order::MAXIMUM + 1).to_string();
    let order = order::send(&wallet.public_key, &too_much, 1, SignMode::Direct).unwrap();
    let refused = device.sign(&wallet.wallet, &order).await.unwrap_err();
    assert!(
        matches!(&refused, DeviceError::PolicyRefused { reason } if reason == "amount_over_maximum"),
        "{refused:?}"
    );
    let audit = server.vault().audit(None, 1000).await.unwrap();
    assert!(audit.rows.iter().any(|row| row.event == "sign-request-refused"));
    assert!(!audit.rows.iter().any(|row| row.event == "sign-request-signed"));

    let (_server, holder, wallet) =
        planted_wallet(Setup { policy: Some(std::sync::Arc::new(RefuseAll)), ..Setup::default() })
            .await
            .unwrap();
    let refused = holder.sign(&wallet).await.unwrap_err();
    assert!(refused.to_string().contains("refuse_all"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_restarted_keeps_its_wallets() {
    let (server, holder, wallet) = planted_wallet(Setup::default()).await.unwrap();
    let refreshed = holder.device().unwrap().refresh(&wallet.wallet).await.unwrap().value;
    let order = order::send_one(&wallet.public_key, 1).unwrap();
    let signed = holder.device().unwrap().sign(&wallet.wallet, &order).await.unwrap().value;
    let folder = server.stop().await.unwrap();

    let server = RunningServer::start_with(Setup { folder: Some(folder), ..Setup::default() }).await.unwrap();
    let holder = holder.through(&server.url());
    assert_eq!(holder.device().unwrap().wallet(&wallet.wallet.to_string()).await.unwrap(), refreshed);
    holder.sign(&wallet).await.unwrap();
    let again = holder.device().unwrap().sign_request(&wallet.wallet, signed.request, &order).await.unwrap();
    assert_eq!(again.value.signature.to_bytes(), signed.signature.to_bytes(), "the stored one");
    holder.device().unwrap().refresh(&wallet.wallet).await.unwrap();
    holder.sign(&wallet).await.unwrap();
}
