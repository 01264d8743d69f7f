//! How often a wallet's life in protocol 2 makes either side wait for its disk.

use std::sync::Arc;

use maany_coordinator::{
    Device,
    engine::{Dkls23, backup::Threshold},
    proto::Token,
    step_up::StepUps,
    storage::{MemoryStore, Role, WalletId, fault::FaultStore},
};

use crate::world::{order, vault_over, world_over};

type Counted = Arc<FaultStore<MemoryStore>>;

fn counted() -> Counted {
    Arc::new(FaultStore::new(Arc::new(MemoryStore::new())))
}

/// What was written on the server and on the device since the last look.
struct Count {
    server: Counted,
    device: Counted,
    seen: (u64, u64),
}

impl Count {
    fn now(&self) -> (u64, u64) {
        (self.server.commits().written, self.device.commits().written)
    }

    fn since(&mut self) -> (u64, u64) {
        let (before, now) = (self.seen, self.now());
        self.seen = now;
        (now.0 - before.0, now.1 - before.1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dkg_refresh_and_restore_write_three_and_two_times_and_a_signature_once() {
    let (server, own) = (counted(), counted());
    let world = world_over(vault_over(server.clone(), Role::Server).await).await;
    let device = Device::builder()
        .server(&world.url)
        .token(Token::new(&world.token).unwrap())
        .vault(vault_over(own.clone(), Role::Device).await)
        .engine(Arc::new(Dkls23))
        .build()
        .unwrap();
    let mut count = Count { server, device: own, seen: (0, 0) };
    count.since();
    let wallet = device.create_wallet(None).await.unwrap().value;
    assert_eq!(count.since(), (3, 2), "dkg, and with it the server's key on the device");
    let request = device.request(&wallet.wallet, &order(&wallet, 0)).await.unwrap();
    assert_eq!(count.since(), (1, 0), "a request");
    let id = request.id.parse().unwrap();
    device.sign_request(&wallet.wallet, id, &order(&wallet, 0)).await.unwrap();
    assert_eq!(count.since(), (1, 0), "a signature");
    device.sign_request(&wallet.wallet, id, &order(&wallet, 0)).await.unwrap();
    assert_eq!(count.since(), (0, 0), "the stored signature");
    device.refresh(&wallet.wallet).await.unwrap();
    assert_eq!(count.since(), (3, 2), "refresh");
    let documents = device.backup(&wallet.wallet, Threshold::default()).await.unwrap();
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let code = StepUps::new(world.vault.clone()).create(id, "operator").await.unwrap().code;
    assert_eq!(count.since(), (1, 0), "the operator's code");
    device.restore(documents, code.dangerous_expose()).await.unwrap();
    assert_eq!(count.since(), (3, 2), "restore, which uses the code up");
}
