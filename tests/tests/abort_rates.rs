//! Sessions that come to nothing: a flood of them makes its wallet wait, and nobody else, and not for long.
#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use maany_coordinator::channel::{ConnectError, Pin, Route, WebSocketDialer, connect};
use maany_coordinator::proto::{CloseCode, Hello, StepUp};
use maany_coordinator::retry::{Backoff, Jitter};
use maany_coordinator::server::{AbortLimits, AbortRate};
use maany_coordinator::transport::{Message, Participant, Transport};
use maany_coordinator::{Scope, Scopes, ServerLimits, WalletInfo};
use maany_tests::line::{Ailment, Cut, Sender};
use maany_tests::raw_device::{key_id, session_id, token};
use maany_tests::running_server::Setup;
use maany_tests::{Holder, Line, RawDevice, RunningServer, order, planted};

/// How many sessions of a wallet may come to nothing here.
const BURST: u32 = 3;
const EVERY: Duration = Duration::from_secs(10);

async fn world() -> (RunningServer, Holder) {
    let wallet = AbortRate { burst: BURST, every: EVERY };
    let limits =
        ServerLimits { aborts: AbortLimits { wallet, ..AbortLimits::default() }, ..ServerLimits::default() };
    let server = RunningServer::start_with(Setup { limits, ..Setup::default() }).await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    (server, holder)
}

/// A refresh that the server has answered, and then a frame that is none.
async fn aborted(server: &RunningServer, holder: &Holder, wallet: &WalletInfo) -> Option<u16> {
    let hello = Hello::refresh(session_id(), key_id(&wallet.wallet.to_string()).unwrap());
    let hello = hello.with_token(token(holder.token()).unwrap());
    let mut device = RawDevice::hello(&server.url(), hello).await.unwrap();
    // The server may have closed by now: that is what is asked for below.
    let _ = device.binary(vec![0; 3]).await;
    device.closed().await.unwrap().code
}

/// Aborts sessions until one is held back; gives how many came to nothing before.
async fn flood(server: &RunningServer, holder: &Holder, wallet: &WalletInfo) -> u32 {
    for aborts in 0..20 {
        match aborted(server, holder, wallet).await {
            Some(1002) => {}
            Some(4429) => return aborts,
            other => panic!("{other:?}"),
        }
    }
    panic!("nobody is held back");
}

/// Lets so much time pass, for timers alone.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_flood_of_aborted_sessions_makes_its_wallet_wait_and_no_other() {
    let (server, holder) = world().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    let other = planted::wallet(&server, "alice", &holder).await.unwrap();
    let before = flood(&server, &holder, &wallet).await;
    // A session is remembered when its close is out: one more may have begun before that.
    assert!((BURST..=BURST + 1).contains(&before), "{before}");

    let order = order::send_one(&wallet.public_key, maany_tests::holder::fresh()).unwrap();
    let refused = holder.device().unwrap().sign(&wallet.wallet, &order).await.unwrap_err();
    assert_eq!(
        refused.close_code(),
        Some(CloseCode::TooMany),
        "the request is made, and its session waits: {refused:?}"
    );
    let refused = holder.device().unwrap().refresh(&wallet.wallet).await.unwrap_err();
    assert_eq!(refused.close_code(), Some(CloseCode::TooMany), "{refused:?}");
    holder.sign(&other).await.unwrap();

    pass(EVERY).await;
    holder.sign(&wallet).await.unwrap();
}

#[tokio::test]
async fn the_owner_with_a_step_up_code_is_not_held_back() {
    let (server, holder) = world().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    flood(&server, &holder, &wallet).await;
    let code = server.step_up(&wallet.wallet).await.unwrap();
    holder.device().unwrap().refresh_stepped_up(&wallet.wallet, &code).await.unwrap();
}

/// In protocol 2 a lost socket is no lost session.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_on_a_sick_line_that_resumes_is_not_held_back() {
    let (server, holder) = world().await;
    planted::acquainted(&server, &holder).await.unwrap();
    let wallet = planted::proven_wallet(&server, "alice", &holder).await.unwrap();
    for after in 0..3 * BURST as usize {
        let cut = Cut { sender: Sender::Device, after: 1 + after % 3 };
        let line = Line::ailing(server.address(), [Ailment::Cut(cut)]).await.unwrap();
        holder.patient().through(&line.url()).sign(&wallet).await.unwrap();
        assert_eq!(line.cuts(), 1);
    }
}

/// A session of protocol 2 whose channel is opened with this token, and whose proof is none. Gives the code that it is closed with.
async fn unproven(server: &RunningServer, token: &str, wallet: &WalletInfo) -> Option<u16> {
    let hello = Hello::refresh(session_id(), key_id(&wallet.wallet.to_string()).unwrap());
    let route = Route {
        dial: Arc::new(WebSocketDialer::new(server.url())),
        pin: Pin::Learn,
        backoff: Backoff::ONCE,
        jitter: Jitter::default(),
        deadline: tokio::time::Instant::now() + Duration::from_secs(20),
    };
    let mut transport = match connect(route, hello.with_token(self::token(token).unwrap())).await {
        Ok(connected) => connected.transport,
        Err(ConnectError::Closed { code }) => return code,
        Err(other) => panic!("{other:?}"),
    };
    transport.send(Participant::Server, Message::from(vec![0; 40])).await.unwrap();
    loop {
        if let Message::Closed { code, .. } = transport.recv(Participant::Server).await.unwrap() {
            return code;
        }
    }
}

/// Whoever has stolen a key of the owner, one that only reads, makes that key wait: no wallet, and none of the owner's other keys.
#[tokio::test]
async fn a_flood_of_bad_proofs_with_a_stolen_key_does_not_hold_its_owner_out() {
    let rate = AbortRate { burst: BURST, every: EVERY };
    let aborts = AbortLimits { wallet: rate, principal: rate, token: rate, ..AbortLimits::default() };
    let limits = ServerLimits { aborts, ..ServerLimits::default() };
    let server = RunningServer::start_with(Setup { limits, ..Setup::default() }).await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    planted::acquainted(&server, &holder).await.unwrap();
    let wallet = planted::proven_wallet(&server, "alice", &holder).await.unwrap();
    let stolen = server.token_for("alice", Scopes::from([Scope::Read])).await.unwrap();
    let mut closed = Vec::new();
    while closed.last() != Some(&4429) {
        assert!(closed.len() < 20, "nobody is held back: {closed:?}");
        closed.push(unproven(&server, &stolen, &wallet).await.unwrap());
        // The owner goes on with another key, over HTTP and in sessions.
        holder.sign(&wallet).await.unwrap();
    }
    assert!(closed.len() > BURST as usize, "{closed:?}");
    holder.device().unwrap().refresh(&wallet.wallet).await.unwrap();

    // A right code is let in with the stolen key as well, as far as its scope goes; a wrong one is not.
    let hello = |code: &str| {
        let hello = Hello::refresh(session_id(), key_id(&wallet.wallet.to_string()).unwrap());
        hello.with_token(token(&stolen).unwrap()).with_step_up(StepUp::new(code).unwrap())
    };
    let code = server.step_up(&wallet.wallet).await.unwrap();
    for (code, held_back) in [("wrong", true), (&*code, false)] {
        let route = Route {
            dial: Arc::new(WebSocketDialer::new(server.url())),
            pin: Pin::Learn,
            backoff: Backoff::ONCE,
            jitter: Jitter::default(),
            deadline: tokio::time::Instant::now() + Duration::from_secs(20),
        };
        let opened = connect(route, hello(code)).await;
        assert_eq!(matches!(opened, Err(ConnectError::Closed { code: Some(4429) })), held_back);
        assert_eq!(opened.is_err(), held_back);
    }
}
