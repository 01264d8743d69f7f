//! A connection that breaks behind every frame of every verb, in either direction: the wallet still signs.
//!
//! Each sweep goes on until a session comes through without having been cut, so it finds the number of frames by itself.
#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use maany_coordinator::WalletInfo;
use maany_coordinator::engine::backup::Threshold;
use maany_coordinator_proto::KeyId;
use maany_coordinator_storage::ShareStore;
use maany_coordinator_storage::record::WalletState;
use maany_tests::line::{Cut, Sender};
use maany_tests::running_server::Setup;
use maany_tests::slow_store::SlowStore;
use maany_tests::{Failure, Holder, Line, RunningServer, order, planted};

/// More frames than any verb has in one direction.
const MOST: usize = 40;

/// Runs `attempt` on lines that break later and later, until one does not break; gives how many did.
async fn sweep(
    server: &RunningServer,
    sender: Sender,
    mut attempt: impl AsyncFnMut(&Line, Cut) -> Result<(), Failure>,
) -> usize {
    for after in 0..MOST {
        let cut = Cut { sender, after };
        let line = Line::cutting(server.address(), cut).await.unwrap();
        attempt(&line, cut).await.unwrap_or_else(|error| panic!("{cut:?}: {error}"));
        if line.cuts() == 0 {
            return after;
        }
    }
    panic!("a session of more than {MOST} frames");
}

async fn server_and_holder() -> (RunningServer, Holder) {
    let server = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    (server, holder)
}

async fn signing(sender: Sender) -> usize {
    let (server, holder) = server_and_holder().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    sweep(&server, sender, async |line, _| {
        // The broken session may have brought its signature or not; a patient device always gets it.
        let _ = holder.through(&line.url()).sign(&wallet).await;
        holder.patient().sign(&wallet).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_signs_after_a_signature_was_cut_behind_any_frame() {
    assert!(signing(Sender::Device).await >= 3, "hello and two rounds");
    assert!(signing(Sender::Server).await >= 4, "two rounds, the signature and the close");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_tries_again_gets_the_one_signature_of_its_request() {
    let (server, holder) = server_and_holder().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    for sender in [Sender::Device, Sender::Server] {
        sweep(&server, sender, async |line, _| {
            holder.patient().through(&line.url()).sign(&wallet).await?;
            Ok(())
        })
        .await;
    }
    let audit = server.vault().audit(None, 1000).await.unwrap();
    let count = |event: &str| audit.rows.iter().filter(|row| row.event == event).count();
    assert_eq!(count("sign-request-signed"), count("sign-request-made"));
}

async fn making(sender: Sender) -> usize {
    let (server, holder) = server_and_holder().await;
    let cuts = sweep(&server, sender, async |line, cut| {
        let name = || Some(KeyId::new(&format!("{:?}-{}", cut.sender, cut.after)).unwrap());
        let wallet = match holder.through(&line.url()).device()?.create_wallet(name()).await {
            Ok(made) => made.value,
            // The same call on a line that holds ends with a wallet under this name, made now or then.
            Err(_) => holder.patient().device()?.create_wallet(name()).await?.value,
        };
        assert_eq!(wallet.state, WalletState::Active);
        holder.patient().sign(&wallet).await?;
        Ok(())
    })
    .await;
    assert_eq!(holder.device().unwrap().wallets().await.unwrap().len(), cuts + 1, "one wallet for each name");
    cuts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dkg_that_a_device_left_behind_any_frame_ends_in_one_wallet_that_signs() {
    assert!(making(Sender::Device).await >= 9, "hello, six rounds, prepared, committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dkg_that_a_server_left_behind_any_frame_ends_in_one_wallet_that_signs() {
    assert!(making(Sender::Server).await >= 8, "six rounds, prepared, commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_is_not_given_up_while_its_server_is_about_to_commit() {
    let store = Arc::new(SlowStore::default());
    let setup = Setup { store: Some(Arc::clone(&store) as Arc<dyn ShareStore>), ..Setup::default() };
    let server = RunningServer::start_with(setup).await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    // In protocol 2 the device would take the cut line up again.
    let holder = holder.plain();
    store.delay(Duration::from_millis(500));
    // Hello, six rounds, prepared: from here on the server decides, and takes its time for it.
    let cut = Cut { sender: Sender::Device, after: 8 };
    let line = Line::cutting(server.address(), cut).await.unwrap();
    let name = || Some(KeyId::new("main").unwrap());
    holder.through(&line.url()).device().unwrap().create_wallet(name()).await.unwrap_err();
    assert_eq!(line.cuts(), 1);
    let [left] = &holder.device().unwrap().wallets().await.unwrap()[..] else {
        panic!("one provisional wallet")
    };
    assert_eq!(left.state, WalletState::Provisional);
    // At once: the server's own row is still provisional.
    let wallet = holder.patient().device().unwrap().create_wallet(name()).await.unwrap().value;
    assert_eq!(
        (wallet.wallet, wallet.public_key),
        (left.wallet, left.public_key),
        "the wallet that was decided"
    );
    store.delay(Duration::ZERO);
    holder.patient().sign(&wallet).await.unwrap();
}

async fn refreshing(sender: Sender) -> usize {
    let (server, holder) = server_and_holder().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    let cuts = sweep(&server, sender, async |line, _| {
        let _ = holder.through(&line.url()).device()?.refresh(&wallet.wallet).await;
        holder.patient().sign(&wallet).await?;
        Ok(())
    })
    .await;
    // And after all that a refresh still comes through.
    let epoch = async |holder: &Holder| holder.row(&wallet.wallet).await.unwrap().active.unwrap().epoch();
    let before = epoch(&holder).await;
    holder.patient().device().unwrap().refresh(&wallet.wallet).await.unwrap();
    assert_eq!(epoch(&holder).await, before + 1);
    holder.patient().sign(&wallet).await.unwrap();
    cuts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_signs_after_a_refresh_that_its_device_left_behind_any_frame() {
    assert!(refreshing(Sender::Device).await >= 10, "hello, holding, six rounds, prepared, committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_signs_after_a_refresh_that_its_server_left_behind_any_frame() {
    assert!(refreshing(Sender::Server).await >= 9, "status, six rounds, prepared, commit");
}

/// Each round: the phone is lost, its successor restores on a line that breaks, and again on one that holds.
async fn restoring(sender: Sender) -> usize {
    let (server, mut holder) = server_and_holder().await;
    let wallet: WalletInfo = planted::wallet(&server, "alice", &holder).await.unwrap();
    sweep(&server, sender, async |line, _| {
        let documents = async || {
            holder.device()?.backup(&wallet.wallet, Threshold::default()).await.map_err(Failure::from)
        };
        let (first, second) = (documents().await?, documents().await?);
        // In protocol 2 a restore waits until the server gives a lost session up, which is another test's matter.
        let successor = Holder::in_memory(&server.url(), holder.token()).await?.plain();
        let code = server.step_up(&wallet.wallet).await?;
        let broken = successor.through(&line.url()).device()?.restore(first, &code).await;
        if broken.is_err() {
            let code = server.step_up(&wallet.wallet).await?;
            successor.patient().device()?.restore(second, &code).await?;
        }
        successor.patient().sign(&wallet).await?;
        // The device that was lost signs no more.
        let order = order::send_one(&wallet.public_key, maany_tests::holder::fresh())?;
        if holder.device()?.sign(&wallet.wallet, &order).await.is_ok() {
            return Err("the lost device still signs".into());
        }
        holder = successor;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_its_device_left_behind_any_frame_is_done_again_and_signs() {
    assert!(restoring(Sender::Device).await >= 10, "hello, holding, six rounds, prepared, committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_its_server_left_behind_any_frame_is_done_again_and_signs() {
    assert!(restoring(Sender::Server).await >= 9, "status, six rounds, prepared, commit");
}
