//! Sessions side by side and one after the other: one at a time for each wallet, and none that outlives its end.
#![cfg(test)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use maany_coordinator::proto::{CloseCode, Hello, Intent, RequestId};
use maany_coordinator::server::{ReadySession, SessionContext};
use maany_coordinator::transport::{Message, Participant};
use maany_coordinator::{DeviceError, ServerLimits, SessionHandler, WalletInfo};
use maany_tests::raw_device::{key_id, session_id, token};
use maany_tests::running_server::Setup;
use maany_tests::{Failure, Holder, Line, RawDevice, RunningServer, order, planted};

async fn wallet_with(setup: Setup) -> Result<(RunningServer, Holder, WalletInfo), Failure> {
    let server = RunningServer::start_with(setup).await?;
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await?).await?;
    let wallet = planted::wallet(&server, "alice", &holder).await?;
    Ok((server, holder, wallet))
}

/// A refresh that the server has answered and whose device says nothing more.
async fn held(server: &RunningServer, holder: &Holder, wallet: &WalletInfo) -> RawDevice {
    let hello = Hello::refresh(session_id(), key_id(&wallet.wallet.to_string()).unwrap());
    let mut held =
        RawDevice::hello(&server.url(), hello.with_token(token(holder.token()).unwrap())).await.unwrap();
    held.next_binary().await.unwrap();
    held
}

/// The wallet signs within this time, however often it has to be asked.
async fn signs_within(limit: Duration, holder: &Holder, wallet: &WalletInfo) {
    let begin = Instant::now();
    loop {
        match holder.sign(wallet).await {
            Ok(_) => break,
            Err(error) => assert!(begin.elapsed() < limit, "after {:?}: {error}", begin.elapsed()),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_session_of_a_wallet_closes_4409_and_the_first_goes_on() {
    let (server, holder, wallet) = wallet_with(Setup::default()).await.unwrap();
    let other = planted::wallet(&server, "alice", &holder).await.unwrap();
    let mut first = held(&server, &holder, &wallet).await;
    let order = order::send_one(&wallet.public_key, 1).unwrap();
    let refused = holder.device().unwrap().sign(&wallet.wallet, &order).await.unwrap_err();
    assert_eq!(refused.close_code(), Some(CloseCode::Busy), "{refused:?}");
    // Another wallet is not held up.
    holder.sign(&other).await.unwrap();
    // The first one still waits: it is closed only for what it says next.
    first.binary(vec![0; 3]).await.unwrap();
    assert_eq!(first.closed().await.unwrap().code, Some(1002));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_is_free_when_its_device_has_the_signature() {
    let (server, holder, wallet) = wallet_with(Setup::default()).await.unwrap();
    // On a slow line the closing takes a round trip longer than the signature.
    let line = Line::delaying(server.address(), Duration::from_millis(40)).await.unwrap();
    let far = holder.through(&line.url());
    for _ in 0..3 {
        far.sign(&wallet).await.unwrap();
        holder.sign(&wallet).await.unwrap();
    }
    let far = far.device().unwrap();
    far.refresh(&wallet.wallet).await.unwrap();
    holder.sign(&wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_vanishes_frees_its_wallet_within_a_second() {
    let (server, holder, wallet) = wallet_with(Setup::default()).await.unwrap();
    drop(held(&server, &holder, &wallet).await);
    signs_within(Duration::from_secs(1), &holder, &wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_device_is_closed_4408_and_its_wallet_free_within_a_second() {
    let mut limits = ServerLimits::default();
    limits.session.step_deadline = Duration::from_millis(500);
    let (server, holder, wallet) = wallet_with(Setup { limits, ..Setup::default() }).await.unwrap();
    let begin = Instant::now();
    let mut silent = held(&server, &holder, &wallet).await;
    assert_eq!(silent.closed().await.unwrap().code, Some(4408));
    assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
    // The peer is not even there to hear it.
    signs_within(Duration::from_secs(1), &holder, &wallet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_never_answers_the_close_holds_its_wallet_no_longer_than_a_second() {
    let mut limits = ServerLimits::default();
    limits.session.step_deadline = Duration::from_millis(300);
    let (server, holder, wallet) = wallet_with(Setup { limits, ..Setup::default() }).await.unwrap();
    let mute = held(&server, &holder, &wallet).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Nobody reads from this socket: the server's close is never answered.
    signs_within(Duration::from_secs(1), &holder, &wallet).await;
    drop(mute);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_lets_a_running_signature_finish_and_takes_no_new_one() {
    let (server, holder, wallet) = wallet_with(Setup::default()).await.unwrap();
    let line = Line::delaying(server.address(), Duration::from_millis(100)).await.unwrap();
    let far = holder.through(&line.url()).device().unwrap();
    let order = order::send_one(&wallet.public_key, 1).unwrap();
    let request = holder.device().unwrap().request(&wallet.wallet, &order).await.unwrap();
    let request = RequestId::from_hex(&request.id).unwrap();
    let id = wallet.wallet;
    let signing = tokio::spawn(async move { far.sign_request(&id, request, &order).await });
    // Half-way: the hello has arrived and the signature, three round trips away, has not.
    tokio::time::sleep(Duration::from_millis(450)).await;
    let begin = Instant::now();
    server.shutdown().cancel();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let refused = holder.sign(&wallet).await.unwrap_err();
    assert!(refused.to_string().contains("reached"), "{refused}");
    signing.await.unwrap().expect("the signature that was under way");
    server.stop().await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_what_outlasts_the_drain_and_frees_it_within_a_second() {
    let limits = ServerLimits { drain: Duration::from_millis(300), ..ServerLimits::default() };
    let (server, holder, wallet) = wallet_with(Setup { limits, ..Setup::default() }).await.unwrap();
    let mut lasting = held(&server, &holder, &wallet).await;
    let begin = Instant::now();
    let folder = server.stop().await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(1300), "{:?}", begin.elapsed());
    assert_eq!(lasting.closed().await.unwrap().code, Some(1001));
    let server = RunningServer::start_with(Setup { folder: Some(folder), ..Setup::default() }).await.unwrap();
    holder.through(&server.url()).sign(&wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_that_was_recorded_opens_no_second_session() {
    let (server, holder, wallet) = wallet_with(Setup::default()).await.unwrap();
    let session = session_id();
    let hello = || {
        let hello = Hello::refresh(session.clone(), key_id(&wallet.wallet.to_string()).unwrap());
        hello.with_token(token(holder.token()).unwrap())
    };
    let mut first = RawDevice::hello(&server.url(), hello()).await.unwrap();
    first.next_binary().await.unwrap();
    drop(first);
    signs_within(Duration::from_secs(1), &holder, &wallet).await;
    let mut replayed = RawDevice::hello(&server.url(), hello()).await.unwrap();
    assert_eq!(replayed.closed().await.unwrap().code, Some(4409));
    let folder = server.stop().await.unwrap();
    let server = RunningServer::start_with(Setup { folder: Some(folder), ..Setup::default() }).await.unwrap();
    let mut replayed = RawDevice::hello(&server.url(), hello()).await.unwrap();
    assert_eq!(replayed.closed().await.unwrap().code, Some(4409));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_an_error_that_names_the_address() {
    let server = RunningServer::start().await.unwrap();
    let setup = Setup { address: server.address(), ..Setup::default() };
    let refused = RunningServer::start_with(setup).await.err().expect("two servers on one port");
    assert!(refused.to_string().contains(&server.address().to_string()), "{refused}");
    assert!(!server.is_over());
}

/// A host that looks at every session, runs those that it knows, and takes over the rest.
#[derive(Default)]
struct Host {
    seen: Mutex<Vec<SessionContext>>,
}

#[async_trait]
impl SessionHandler for Host {
    async fn ready(&self, session: ReadySession) {
        let context = session.context().clone();
        let runs = context.intent == Intent::Sign;
        self.seen.lock().unwrap().push(context);
        if runs {
            session.run().await.expect("a signature");
            return;
        }
        let mut taken = session.into_transport();
        let transport = &mut taken.transport;
        let heard = transport.recv(Participant::Device).await.unwrap();
        transport.send(Participant::Device, heard).await.unwrap();
        transport.close(CloseCode::Finished, "thank you").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_sees_every_session_and_may_take_its_transport() {
    let host = Arc::new(Host::default());
    let setup = Setup { handler: Some(Arc::clone(&host) as Arc<dyn SessionHandler>), ..Setup::default() };
    let (server, holder, wallet) = wallet_with(setup).await.unwrap();
    holder.sign(&wallet).await.unwrap();

    // A DKG is ready with its hello; the host echoes what comes then.
    let session = session_id();
    let name = key_id("own-protocol").unwrap();
    let hello = Hello::dkg(session.clone(), Some(name.clone())).with_token(token(holder.token()).unwrap());
    let mut raw = RawDevice::hello(&server.url(), hello).await.unwrap();
    raw.binary(b"of the host's own".to_vec()).await.unwrap();
    assert_eq!(raw.next().await.unwrap(), Message::from(b"of the host's own".to_vec()));
    let closed = raw.closed().await.unwrap();
    assert_eq!((closed.code, closed.reason.as_str()), (Some(1000), "thank you"));

    let seen = host.seen.lock().unwrap();
    let [sign, dkg] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((sign.intent, sign.wallet), (Intent::Sign, Some(wallet.wallet)));
    assert_eq!((dkg.intent, dkg.wallet), (Intent::Dkg, None));
    assert_eq!((&dkg.session_id, dkg.key_id.as_ref()), (&session, Some(&name)));
    for context in [sign, dkg] {
        assert_eq!((context.principal.tenant.as_str(), context.principal.owner.as_str()), ("tests", "alice"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_patient_outlasts_a_busy_wallet() {
    let (server, holder, wallet) = wallet_with(Setup::default()).await.unwrap();
    let first = held(&server, &holder, &wallet).await;
    let order = order::send_one(&wallet.public_key, 1).unwrap();
    let device = holder.patient().device().unwrap();
    let id = wallet.wallet;
    let signing = tokio::spawn(async move { device.sign(&id, &order).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    drop(first);
    let done = signing.await.unwrap().unwrap();
    assert!(done.report.retries > 0);
    // Without patience the same is an error at once.
    let _first = held(&server, &holder, &wallet).await;
    let begin = Instant::now();
    let order = order::send_one(&wallet.public_key, 2).unwrap();
    let refused = holder.device().unwrap().sign(&wallet.wallet, &order).await.unwrap_err();
    assert!(matches!(refused, DeviceError::Session(_)) && begin.elapsed() < Duration::from_secs(1));
}
