//! A wallet's life over a real WebSocket: DKG, signature, refresh, backup, loss, restore.

#![cfg(test)]

use std::sync::Arc;

use maany_coordinator::{
    AllowList, ApiKeyAuthenticator, ApiKeys, Device, Scopes, Server, SignOrder, WalletInfo,
    cosmos::{self, Address, Coin, Fee, Hrp, MsgSend, SignMode, TxDraft},
    engine::{Dkls23, backup::Threshold},
    proto::Token,
    step_up::StepUps,
    storage::{MemoryStore, Role, StaticKeyProvider, Vault},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

struct World {
    url: String,
    token: String,
    server_vault: Vault,
    shutdown: CancellationToken,
}

async fn vault(role: Role) -> Vault {
    let keys = Arc::new(StaticKeyProvider::new("test", Zeroizing::new([7; 32])).unwrap());
    Vault::open(Arc::new(MemoryStore::new()), keys, role).await.unwrap()
}

async fn world() -> World {
    let vault = vault(Role::Server).await;
    let keys = Arc::new(ApiKeys::load(vault.clone()).await.unwrap());
    let key = keys.create("acme", "alice", Scopes::DEVICE).await.unwrap();
    let policy: AllowList = serde_json::from_str(
        r#"{"chains":["test-1"],"messages":["/cosmos.bank.v1beta1.MsgSend"],"max_fee":{"stake":"1000000"},"max_per_tx":{"stake":"1000000"}}"#,
    )
    .unwrap();
    let server = Server::builder()
        .vault(vault.clone())
        .authenticator(Arc::new(ApiKeyAuthenticator::new(keys)))
        .policy(Arc::new(policy))
        .engine(Arc::new(Dkls23))
        .build()
        .unwrap();
    let listening = server.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("ws://{}", listening.local_addr());
    let shutdown = CancellationToken::new();
    tokio::spawn(listening.serve(shutdown.clone()));
    World { url, token: key.token.dangerous_expose().to_owned(), server_vault: vault, shutdown }
}

impl World {
    async fn device(&self) -> Device {
        Device::builder()
            .server(&self.url)
            .token(Token::new(&self.token).unwrap())
            .vault(vault(Role::Device).await)
            .engine(Arc::new(Dkls23))
            .build()
            .unwrap()
    }
}

fn order(wallet: &WalletInfo, sequence: u64) -> SignOrder {
    let key = *wallet.public_key.as_bytes();
    let from = Address::from_public_key(&key, &Hrp::parse("cosmos").unwrap()).unwrap();
    let draft = TxDraft {
        chain_id: "test-1".into(),
        account_number: 0,
        sequence,
        public_key: key,
        messages: vec![MsgSend::new(from.clone(), from, vec![Coin::parse("1", "stake").unwrap()]).unwrap()],
        fee: Fee {
            amounts: vec![Coin::parse("10", "stake").unwrap()],
            gas: 100_000,
            payer: None,
            granter: None,
        },
        memo: String::new(),
        timeout_height: None,
    };
    SignOrder {
        chain_id: "test-1".into(),
        path: "m".parse().unwrap(),
        mode: SignMode::Direct,
        sign_doc: draft.sign_doc(SignMode::Direct).unwrap().sign_bytes().to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_lives_through_signing_refresh_loss_and_restore() {
    let world = world().await;
    let device = world.device().await;
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
    drop(device);

    let device = world.device().await;
    let step_ups = StepUps::new(world.server_vault.clone());
    let id = maany_coordinator::storage::WalletId::from_bytes(*wallet.wallet.as_bytes());
    let code = step_ups.create(id, "operator").await.unwrap();
    let kept = device.fetch_fragment(&wallet.wallet).await.unwrap();
    let mut documents = documents;
    let restored =
        device.restore(vec![kept, documents.remove(1)], code.code.dangerous_expose()).await.unwrap().value;
    assert_eq!((restored.epoch, restored.public_key), (3, wallet.public_key));
    let signed = device.sign(&wallet.wallet, &order(&wallet, 2)).await.unwrap().value;
    assert!(signed.signature.verify(&wallet.public_key, &cosmos::digest(&order(&wallet, 2).sign_doc)));
    world.shutdown.cancel();
}
