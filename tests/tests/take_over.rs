//! A newer session of the same device ends an older one that hangs, at every frame of it, unless that one has promoted or
//! signed: then it is refused until the older one is over.
#![cfg(test)]

use std::time::{Duration, Instant};

use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::proto::{CloseCode, Limits};
use maany_coordinator::retry::Backoff;
use maany_coordinator::{DeviceError, ServerLimits, WalletInfo};
use maany_tests::line::{Cut, Sender};
use maany_tests::running_server::Setup;
use maany_tests::{Holder, Line, RunningServer, order, planted};

/// More frames than any verb has in one direction.
const MOST: usize = 40;

/// Longer than a step of the engine takes on a busy machine, and well below the deadline at which a silent session ends by itself.
const STEP: Duration = Duration::from_secs(8);

/// How often each answer came.
#[derive(Default, Debug)]
struct Answers {
    let_in: usize,
    refused: usize,
}

struct World {
    server: RunningServer,
    holder: Holder,
    wallet: WalletInfo,
}

impl World {
    async fn new() -> Self {
        Self::of(RunningServer::start().await.unwrap()).await
    }

    async fn of(server: RunningServer) -> Self {
        let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
        planted::acquainted(&server, &holder).await.unwrap();
        let wallet = planted::proven_wallet(&server, "alice", &holder).await.unwrap();
        Self { server, holder, wallet }
    }

    /// A line on which the sender falls silent behind that many frames, and nobody sees a socket close.
    async fn falling_silent(&self, sender: Sender, after: usize) -> Line {
        Line::meddling(self.server.address(), Cut { sender, after }, Vec::new()).await.unwrap()
    }

    /// A signature, asked for until the older session's engine has finished the step that it may be in.
    async fn signs(&self) -> Result<(), DeviceError> {
        let order = order::send_one(&self.wallet.public_key, maany_tests::holder::fresh()).unwrap();
        let device = self.holder.device().unwrap();
        let begin = Instant::now();
        loop {
            match device.sign(&self.wallet.wallet, &order).await {
                Ok(_) => return Ok(()),
                Err(error) if begin.elapsed() > STEP => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn epoch_on_the_server(&self) -> u64 {
        let id = maany_coordinator_storage::WalletId::from_bytes(*self.wallet.wallet.as_bytes());
        let row = self.server.vault().find_wallet(id).await.unwrap().unwrap();
        row.active.map_or(0, |share| share.epoch())
    }
}

/// Waits until the line's sender has fallen silent.
async fn silent(line: &Line) {
    while line.cuts() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Has refreshes hang behind one frame after the other, and a signature come meanwhile.
async fn sweep(sender: Sender) -> Answers {
    let world = World::new().await;
    let mut answers = Answers::default();
    for after in 1..MOST {
        let before = world.epoch_on_the_server().await;
        let line = world.falling_silent(sender, after).await;
        let (device, id) = (world.holder.through(&line.url()).device().unwrap(), world.wallet.wallet);
        let mut hanging = tokio::spawn(async move { device.refresh(&id).await });
        let came_through = loop {
            tokio::select! {
                ended = &mut hanging => break Some(ended.unwrap()),
                () = tokio::time::sleep(Duration::from_millis(5)) => if line.cuts() > 0 { break None },
            }
        };
        if let Some(ended) = came_through {
            ended.unwrap();
            return answers;
        }
        match world.signs().await {
            Ok(()) => answers.let_in += 1,
            Err(error) => {
                assert_eq!(error.close_code(), Some(CloseCode::Busy), "{sender:?} {after}: {error:?}");
                assert_eq!(world.epoch_on_the_server().await, before + 1, "{sender:?} {after}: not promoted");
                answers.refused += 1;
            }
        }
        hanging.abort();
        // The silent session ends at its deadline at the latest, and has cost nothing.
        let patient = world.holder.patient();
        patient.sign(&world.wallet).await.unwrap_or_else(|error| panic!("{sender:?} {after}: {error}"));
    }
    panic!("a session of more than {MOST} frames");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_whose_device_falls_silent_gives_way_until_it_has_promoted() {
    let answers = sweep(Sender::Device).await;
    assert!(answers.let_in >= 3, "hello, proof, rounds: {answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_whose_server_is_not_heard_gives_way_until_it_has_promoted() {
    let answers = sweep(Sender::Server).await;
    assert!(answers.let_in >= 3 && answers.refused >= 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_with_the_same_token_ends_nobodys_session() {
    let world = World::new().await;
    let stranger = Holder::in_memory(&world.server.url(), world.holder.token()).await.unwrap();
    planted::acquainted(&world.server, &stranger).await.unwrap();
    let id = world.wallet.wallet;
    planted::on_device(&stranger, id).await.unwrap();
    let line = world.falling_silent(Sender::Device, 3).await;
    let device = world.holder.through(&line.url()).device().unwrap();
    let hanging = tokio::spawn(async move { device.refresh(&id).await });
    silent(&line).await;
    // A thief's copy of the share has not the identity that goes with it.
    let order = order::send_one(&world.wallet.public_key, maany_tests::holder::fresh()).unwrap();
    let refused = stranger.device().unwrap().sign(&id, &order).await.unwrap_err();
    let code = refused.close_code();
    assert!(matches!(code, Some(CloseCode::NotAllowed | CloseCode::Busy)), "{refused:?}");
    assert!(!hanging.is_finished(), "the session was ended");
    hanging.abort();
}

/// A device that was bought today, with the backup of the lost one.
async fn successor(world: &World) -> Holder {
    let successor = Holder::in_memory(&world.server.url(), world.holder.token()).await.unwrap();
    planted::acquainted(&world.server, &successor).await.unwrap();
    successor
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_does_not_end_the_stepped_up_restore_that_replaces_it() {
    let world = World::new().await;
    let id = world.wallet.wallet;
    let documents = world.holder.device().unwrap().backup(&id, Threshold::default()).await.unwrap();
    let code = world.server.step_up(&id).await.unwrap();
    let successor = successor(&world).await;
    let line = world.falling_silent(Sender::Device, 3).await;
    let device = successor.through(&line.url()).device().unwrap();
    let restoring = tokio::spawn(async move { device.restore(documents, &code).await });
    silent(&line).await;
    // The server reads the last frame that passed.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let order = order::send_one(&world.wallet.public_key, maany_tests::holder::fresh()).unwrap();
    let refused = world.holder.device().unwrap().sign(&id, &order).await.unwrap_err();
    assert_eq!(refused.close_code(), Some(CloseCode::Busy), "{refused:?}");
    assert!(!restoring.is_finished(), "the restore was ended");
    restoring.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_that_hangs_does_not_keep_a_stepped_up_restore_out() {
    let world = World::new().await;
    let id = world.wallet.wallet;
    let documents = world.holder.device().unwrap().backup(&id, Threshold::default()).await.unwrap();
    let code = world.server.step_up(&id).await.unwrap();
    let successor = successor(&world).await;
    let line = world.falling_silent(Sender::Device, 3).await;
    let device = world.holder.through(&line.url()).device().unwrap();
    let hanging = tokio::spawn(async move { device.refresh(&id).await });
    silent(&line).await;
    tokio::time::sleep(STEP / 4).await;
    let restored = successor.device().unwrap().restore(documents, &code).await;
    hanging.abort();
    assert!(restored.is_ok(), "{:?}", restored.err());
}

/// The same relation as that of the defaults: a backoff of a few seconds, and a step of fifteen.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_died_after_the_decision_signs_without_being_asked_twice() {
    let step_deadline = Duration::from_secs(4);
    let session = Limits { step_deadline, ..Limits::default() };
    let setup = Setup { limits: ServerLimits { session, ..ServerLimits::default() }, ..Setup::default() };
    let world = World::of(RunningServer::start_with(setup).await.unwrap()).await;
    let before = world.epoch_on_the_server().await;
    // Whichever frame it is that the server answers with its decision: what comes after it is not heard.
    for after in 1..MOST {
        let line = world.falling_silent(Sender::Server, after).await;
        let (device, id) = (world.holder.through(&line.url()).device().unwrap(), world.wallet.wallet);
        let refreshing = tokio::spawn(async move { device.refresh(&id).await });
        silent(&line).await;
        let begin = Instant::now();
        while world.epoch_on_the_server().await == before && begin.elapsed() < step_deadline / 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The device dies, with what it had heard.
        refreshing.abort();
        let _ = refreshing.await;
        if world.epoch_on_the_server().await > before {
            break;
        }
        world.holder.patient().sign(&world.wallet).await.unwrap();
    }
    assert_eq!(world.epoch_on_the_server().await, before + 1, "the server has decided");
    let backoff = Backoff { base: Duration::from_millis(10), cap: Duration::from_millis(200), retries: 3 };
    let begin = Instant::now();
    let device = world.holder.with_backoff(backoff);
    device.sign(&world.wallet).await.unwrap();
    let longest = (0..backoff.retries).map(|n| backoff.ceiling(n)).sum::<Duration>();
    assert!(begin.elapsed() > longest, "nothing was in the way");
    device.device().unwrap().refresh(&world.wallet.wallet).await.unwrap();
}
