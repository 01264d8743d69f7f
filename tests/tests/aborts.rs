//! What an abort of the engine leaves on disk, on either side: the count, the quarantine, and the one way out.
#![cfg(test)]

use std::sync::Arc;

use maany_coordinator::engine::AbortClass;
use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::http::client::ClientError;
use maany_coordinator::proto::CloseCode;
use maany_coordinator::proto::session::SessionError;
use maany_coordinator::{Device, DeviceError, WalletInfo};
use maany_coordinator_storage::record::WalletState;
use maany_coordinator_storage::{Owner, WalletId};
use maany_tests::armed_engine::ArmedEngine;
use maany_tests::running_server::{Setup, TENANT};
use maany_tests::{Holder, RunningServer, holder, order, planted};

struct World {
    server: RunningServer,
    holder: Holder,
    wallet: WalletInfo,
    at_server: ArmedEngine,
    at_device: ArmedEngine,
}

async fn world() -> World {
    let (at_server, at_device) = (ArmedEngine::default(), ArmedEngine::default());
    let setup = Setup { engine: Arc::new(at_server.clone()), ..Setup::default() };
    let server = RunningServer::start_with(setup).await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    let holder = holder.with_engine(Arc::new(at_device.clone()));
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    World { server, holder, wallet, at_server, at_device }
}

impl World {
    fn device(&self) -> Device {
        self.holder.device().unwrap()
    }

    async fn fails_to_sign(&self) -> DeviceError {
        let order = order::send_one(&self.wallet.public_key, holder::fresh()).unwrap();
        self.device().sign(&self.wallet.wallet, &order).await.unwrap_err()
    }

    async fn state_on_server(&self) -> WalletState {
        let id = WalletId::from_bytes(*self.wallet.wallet.as_bytes());
        let row = self.server.vault().wallet(&Owner::new(TENANT, "alice"), id).await.unwrap();
        row.unwrap().standing.state
    }

    async fn state_on_device(&self) -> WalletState {
        self.holder.row(&self.wallet.wallet).await.unwrap().standing.state
    }

    async fn leads_out(&self) {
        let refused = self.device().refresh(&self.wallet.wallet).await.unwrap_err();
        assert!(
            refused.close_code() == Some(CloseCode::Quarantined)
                || matches!(refused, DeviceError::Session(SessionError::Locked)),
            "a refresh alone does not: {refused:?}"
        );
        let code = self.server.step_up(&self.wallet.wallet).await.unwrap();
        let renewed = self.device().refresh_stepped_up(&self.wallet.wallet, &code).await.unwrap().value;
        assert_eq!(
            (renewed.public_key, renewed.epoch),
            (self.wallet.public_key, self.wallet.epoch + 1),
            "the same key, new shares"
        );
        assert_eq!(self.state_on_server().await, WalletState::Active);
        assert_eq!(self.state_on_device().await, WalletState::Active);
        self.holder.sign(&self.wallet).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheating_device_quarantines_the_wallet_until_a_stepped_up_refresh() {
    let world = world().await;
    world.at_server.arm(AbortClass::C, || ());
    assert_eq!(world.fails_to_sign().await.close_code(), Some(CloseCode::Quarantined));
    assert_eq!(world.state_on_server().await, WalletState::Quarantined);
    let refused = world.fails_to_sign().await;
    let DeviceError::Http(ClientError::Refused { status: 409, error }) = &refused else {
        panic!("not even a request is taken: {refused:?}")
    };
    assert_eq!(error.code, "wallet_locked");
    world.leads_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheating_server_quarantines_the_wallet_on_the_device() {
    let world = world().await;
    world.at_device.arm(AbortClass::C, || ());
    world.fails_to_sign().await;
    assert_eq!(world.state_on_device().await, WalletState::Quarantined);
    let refused = world.fails_to_sign().await;
    assert!(matches!(refused, DeviceError::Session(SessionError::Locked)), "{refused:?}");
    world.leads_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_failed_checks_in_one_epoch_quarantine() {
    let world = world().await;
    for expected in [WalletState::Active, WalletState::Active, WalletState::Quarantined] {
        world.at_server.arm(AbortClass::B, || ());
        world.fails_to_sign().await;
        assert_eq!(world.state_on_server().await, expected);
    }
    world.leads_out().await;
}

/// A device that changes the wallet's row in the middle of its own session does not talk the abort away.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_beside_the_session_does_not_hide_an_abort() {
    let world = world().await;
    let documents = world.device().backup(&world.wallet.wallet, Threshold::default()).await.unwrap();
    let (device, wallet) = (world.device(), world.wallet.wallet);
    let runtime = tokio::runtime::Handle::current();
    world.at_server.arm(AbortClass::C, move || {
        runtime.block_on(device.upload_fragment(&wallet, &documents[0], 3)).unwrap();
    });
    assert_eq!(world.fails_to_sign().await.close_code(), Some(CloseCode::Quarantined));
    assert_eq!(world.state_on_server().await, WalletState::Quarantined);
}
