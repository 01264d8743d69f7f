//! Signing, refresh, backup, loss, restore: one wallet through all of it.

use maany_coordinator::{
    cosmos, device::Protocol, engine::backup::Threshold, step_up::StepUps, storage::WalletId,
};

use crate::world::{order, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_lives_through_signing_refresh_loss_and_restore() {
    live(Protocol::Two).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_of_the_older_profile_lives_as_well() {
    live(Protocol::Plain).await;
}

async fn live(protocol: Protocol) {
    let world = world().await;
    let device = world.device(protocol).await;
    let wallet = device.create_wallet(None).await.unwrap().value;
    assert_eq!(wallet.epoch, 1);
    let signed = device.sign(&wallet.wallet, &order(&wallet, 0)).await.unwrap().value;
    assert!(signed.signature.verify(&wallet.public_key, signed.digest.as_bytes()));

    let again = device.sign_request(&wallet.wallet, signed.request, &order(&wallet, 0)).await.unwrap().value;
    assert_eq!(again.signature.to_bytes(), signed.signature.to_bytes());

    let refreshed = device.refresh(&wallet.wallet).await.unwrap().value;
    assert_eq!((refreshed.epoch, refreshed.public_key), (2, wallet.public_key));
    device.sign(&wallet.wallet, &order(&wallet, 1)).await.unwrap();

    let documents = device.backup(&wallet.wallet, Threshold::default()).await.unwrap();
    device.upload_fragment(&wallet.wallet, &documents[0], 3).await.unwrap();
    let lost = device;

    let device = world.device(protocol).await;
    let step_ups = StepUps::new(world.vault.clone());
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let code = step_ups.create(id, "operator").await.unwrap();
    let kept = device.fetch_fragment(&wallet.wallet).await.unwrap();
    let mut documents = documents;
    let restored =
        device.restore(vec![kept, documents.remove(1)], code.code.dangerous_expose()).await.unwrap().value;
    assert_eq!((restored.epoch, restored.public_key), (3, wallet.public_key));
    let signed = device.sign(&wallet.wallet, &order(&wallet, 2)).await.unwrap().value;
    assert!(signed.signature.verify(&wallet.public_key, &cosmos::digest(&order(&wallet, 2).sign_doc)));
    let late = lost.sign(&wallet.wallet, &order(&wallet, 3)).await;
    assert!(late.is_err(), "the lost device signs no more");
    world.shutdown.cancel();
}
