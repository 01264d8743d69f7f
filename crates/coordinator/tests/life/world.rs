//! A server on loopback, and devices for it.

use std::sync::Arc;

use maany_coordinator::{
    AllowList, ApiKeyAuthenticator, ApiKeys, Device, Scopes, Server, SignOrder, WalletInfo,
    cosmos::{Address, Coin, Fee, Hrp, MsgSend, SignMode, TxDraft},
    device::Protocol,
    engine::Dkls23,
    proto::Token,
    storage::{MemoryStore, Role, ShareStore, StaticKeyProvider, Vault},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// A listening server, its vault and an owner's key.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) vault: Vault,
    pub(crate) shutdown: CancellationToken,
}

pub(crate) async fn vault(role: Role) -> Vault {
    vault_over(Arc::new(MemoryStore::new()), role).await
}

pub(crate) async fn vault_over(store: Arc<dyn ShareStore>, role: Role) -> Vault {
    let keys = Arc::new(StaticKeyProvider::new("test", Zeroizing::new([7; 32])).unwrap());
    Vault::open(store, keys, role).await.unwrap()
}

/// A server over a fresh vault.
pub(crate) async fn world() -> World {
    world_over(vault(Role::Server).await).await
}

/// A server over this vault, as after a restart.
pub(crate) async fn world_over(vault: Vault) -> World {
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
    World { url, token: key.token.dangerous_expose().to_owned(), vault, shutdown }
}

impl World {
    /// A device with an empty vault.
    pub(crate) async fn device(&self, protocol: Protocol) -> Device {
        Device::builder()
            .protocol(protocol)
            .server(&self.url)
            .token(Token::new(&self.token).unwrap())
            .vault(vault(Role::Device).await)
            .engine(Arc::new(Dkls23))
            .build()
            .unwrap()
    }
}

/// One stake from the wallet to itself.
pub(crate) fn order(wallet: &WalletInfo, sequence: u64) -> SignOrder {
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
