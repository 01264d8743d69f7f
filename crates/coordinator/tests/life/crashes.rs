//! What a disk that lied to its server costs a wallet.

use std::sync::Arc;

use maany_coordinator::{
    Device,
    engine::Dkls23,
    proto::{KeyId, Token},
    storage::{
        MemoryStore, Role,
        fault::{Fault, FaultStore},
        record::WalletState,
    },
};

use crate::world::{World, order, vault, vault_over, world_over};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_whose_activation_the_server_lost_is_active_again_with_its_first_signature() {
    let disk = Arc::new(MemoryStore::new());
    let store = Arc::new(FaultStore::new(Arc::clone(&disk)));
    let own = vault(Role::Device).await;
    let device = |world: &World| {
        Device::builder()
            .server(&world.url)
            .token(Token::new(&world.token).unwrap())
            .vault(own.clone())
            .engine(Arc::new(Dkls23))
            .build()
            .unwrap()
    };
    let name = KeyId::new("main").unwrap();
    {
        let world = world_over(vault_over(store.clone(), Role::Server).await).await;
        let device = device(&world);
        // The second of a DKG's writes is the decision.
        store.arm(Fault::Lose(store.commits().asked + 2));
        tokio::select! {
            _ = device.create_wallet(Some(name.clone())) => panic!("the server lives on"),
            () = store.died() => {}
        }
        world.shutdown.cancel();
    }

    let world = world_over(vault_over(disk, Role::Server).await).await;
    let state = async || world.vault.all_wallets(None, 10).await.unwrap().rows[0].standing.state;
    assert_eq!(state().await, WalletState::Provisional);
    let device = device(&world);
    // The device had the commit: it gives its wallet to who asks for it by its name.
    let wallet = device.create_wallet(Some(name)).await.unwrap().value;
    device.sign(&wallet.wallet, &order(&wallet, 0)).await.unwrap();
    assert_eq!(state().await, WalletState::Active);
}
