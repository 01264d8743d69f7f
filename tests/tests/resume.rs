//! Whatever is lost on the way, and in whichever order: a session gives the bytes that it gives when nothing is lost, or it says why
//! not, and then the next one gives them. Real machines, drivers, channel and sockets on both sides, and lines on which the first
//! connections break at drawn frames in drawn directions, fall silent, or are not made.
//!
//! The engine takes no randomness from outside. A signature is compared to the byte with the undisturbed one where both sides play back
//! one recorded ceremony of it; where it runs, with the one that the server has stored, which is handed out ever after. What cannot
//! be compared so, a DKG and a refresh, must have both sides agree and sign.
//!
//! A failure shows its seed; `MAANY_RESUME_SEED` runs the same cases again, and `MAANY_RESUME_CASES` so many of them.
#![cfg(test)]

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use maany_coordinator::engine::{Dkls23, Engine};
use maany_coordinator::proto::session::SessionError;
use maany_coordinator::proto::{KeyId, Limits, RequestId};
use maany_coordinator::retry::Backoff;
use maany_coordinator::server::AbortLimits;
use maany_coordinator::storage::MemoryStore;
use maany_coordinator::{DeviceError, ServerLimits, SignOrder, WalletInfo};
use maany_coordinator_storage::record::{WalletRecord, WalletState};
use maany_coordinator_storage::{Owner, Row, WalletId};
use maany_tests::line::{Ailment, Cut, Sender};
use maany_tests::recorded_engine::Tape;
use maany_tests::running_server::{Setup, TENANT};
use maany_tests::{Failure, Holder, Line, RunningServer, order, planted};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::Runtime;

/// A device that comes back at once and often.
const EAGER: Backoff = Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(4), retries: 6 };

/// A line that falls silent is noticed by a deadline alone.
fn impatient() -> Limits {
    Limits { step_deadline: Duration::from_millis(700), ..Limits::default() }
}

/// New shares take their time, and a session whose device gave up is waited for.
fn unhurried() -> Limits {
    Limits { step_deadline: Duration::from_secs(5), ..Limits::default() }
}

/// Later connections hold.
fn ailments(with_silence: bool) -> impl Strategy<Value = Vec<Ailment>> {
    let sender = prop_oneof![Just(Sender::Device), Just(Sender::Server)];
    let cut = (sender, 0..14_usize).prop_map(|(sender, after)| Cut { sender, after });
    let ailment = prop_oneof![
        1 => Just(Ailment::None),
        2 => Just(Ailment::Unreachable),
        8 => cut.clone().prop_map(Ailment::Cut),
        u32::from(with_silence) => cut.prop_map(move |cut| if with_silence { Ailment::Silent(cut) } else { Ailment::Cut(cut) }),
    ];
    proptest::collection::vec(ailment, 1..6)
}

/// Runs the cases of a seed, and shows it with the smallest case that fails.
fn for_all<S: Strategy<Value: Debug>>(
    cases: u32,
    strategy: S,
    case: impl Fn(S::Value) -> Result<(), Failure>,
) {
    let given = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let seed: u64 = given("MAANY_RESUME_SEED").unwrap_or_else(|| RandomState::new().hash_one(cases));
    let cases = given("MAANY_RESUME_CASES").map_or(cases, |cases| u32::try_from(cases).expect("a count"));
    let bytes: Vec<u8> = [seed; 4].iter().flat_map(|seed| seed.to_le_bytes()).collect();
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let ran =
        runner.run(&strategy, |value| case(value).map_err(|error| TestCaseError::fail(error.to_string())));
    if let Err(error) = ran {
        panic!("{error}\nthe same cases again: MAANY_RESUME_SEED={seed}");
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn check(holds: bool, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(what().into()) }
}

struct World {
    server: RunningServer,
    holder: Holder,
}

impl World {
    async fn new(
        engine: Arc<dyn Engine>,
        at_device: Arc<dyn Engine>,
        session: Limits,
    ) -> Result<Self, Failure> {
        // Sick lines are the subject here, and how often a wallet may have one is another's.
        let aborts = AbortLimits { remembered: 0, ..AbortLimits::default() };
        let limits = ServerLimits { session, aborts, ..ServerLimits::default() };
        let store = Some(Arc::new(MemoryStore::new()) as _);
        let server = RunningServer::start_with(Setup { engine, limits, store, ..Setup::default() }).await?;
        let holder = Holder::in_memory(&server.url(), &server.token("alice").await?).await?;
        planted::acquainted(&server, &holder).await?;
        Ok(Self { server, holder: holder.with_engine(at_device).with_limits(session) })
    }

    async fn wallet(&self) -> Result<WalletInfo, Failure> {
        planted::proven_wallet(&self.server, "alice", &self.holder).await
    }

    /// The device on a line that fares so.
    async fn on(&self, ailments: &[Ailment]) -> Result<(Line, Holder), Failure> {
        let line = Line::ailing(self.server.address(), ailments.iter().copied()).await?;
        let holder = self.holder.through(&line.url()).with_backoff(EAGER);
        Ok((line, holder))
    }

    async fn row(&self, wallet: &WalletInfo) -> Result<Row<WalletRecord>, Failure> {
        let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
        let row = self.server.vault().wallet(&Owner::new(TENANT, "alice"), id).await?;
        row.ok_or_else(|| "the server has no such wallet".into())
    }

    /// Both sides hold the same share of the same key, in use.
    async fn agrees(&self, wallet: &WalletInfo) -> Result<(), Failure> {
        let (server, device) = (self.row(wallet).await?, self.holder.row(&wallet.wallet).await?);
        let of = |row: &WalletRecord| (row.public_key, row.active, row.pending, row.standing.state);
        check(of(&server) == of(&device) && server.standing.state == WalletState::Active, || {
            format!("{:?} and {:?}", of(&server), of(&device))
        })
    }
}

/// Whether it is one of the failures that a line may have: the peer or the time is gone, or the server says why.
fn is_the_lines(error: &DeviceError) -> bool {
    let mut error = match error {
        DeviceError::Connect(_) | DeviceError::Channel(_) => return true,
        DeviceError::Session(error) => error,
        _ => return false,
    };
    while let SessionError::Undecided { source, .. } = error {
        error = source;
    }
    matches!(
        error,
        SessionError::Closed { .. }
            | SessionError::Deadline { .. }
            | SessionError::Told { retryable: true, .. }
    )
}

fn check_failure(error: &DeviceError) -> Result<(), Failure> {
    check(is_the_lines(error), || format!("no failure of a line: {error:?}"))
}

/// One request: asked for on this line, then on one that holds, then again.
async fn sign(
    world: &World,
    wallet: &WalletInfo,
    order: &SignOrder,
    line: &[Ailment],
) -> Result<Vec<u8>, Failure> {
    let request = world.holder.device()?.request(&wallet.wallet, order).await?;
    let id = RequestId::from_hex(&request.id)?;
    let (sick_line, sick) = world.on(line).await?;
    let bytes = |signed: maany_coordinator::Signed| signed.signature.to_bytes().to_vec();
    let on_it = match sick.device()?.sign_request(&wallet.wallet, id, order).await {
        Ok(signed) => Some(bytes(signed.value)),
        Err(error) => check_failure(&error).map(|()| None)?,
    };
    let (cuts, sure) = (sick_line.cuts(), surely_cut(line));
    check(cuts >= sure, || format!("{cuts} connections were cut, not {sure}"))?;
    check(on_it.is_some() || !is_resumed(line), || "a device that resumes gets its signature".to_owned())?;
    let device = world.holder.patient().device()?;
    let after = bytes(device.sign_request(&wallet.wallet, id, order).await?.value);
    let again = bytes(device.sign_request(&wallet.wallet, id, order).await?.value);
    check(on_it.as_ref().is_none_or(|on_it| *on_it == after) && again == after, || "other bytes".to_owned())?;
    let stored = world.server.vault().request(&Owner::new(TENANT, "alice"), (*id.as_bytes()).into()).await?;
    let stored = stored.and_then(|row| row.signature).ok_or("the server has stored no signature")?;
    check(stored[..64] == after, || "the server has stored another signature".to_owned())?;
    let audit = world.server.vault().audit(None, 1_000).await?;
    let signed = audit.rows.iter().filter(|row| row.event == "sign-request-signed").count();
    check(signed == 1, || format!("{signed} signatures were stored"))?;
    world.agrees(wallet).await?;
    Ok(after)
}

/// Whether all that befalls the line is within the device's retries: then a session that has begun goes on, and is not run again.
fn is_resumed(line: &[Ailment]) -> bool {
    let within = u32::try_from(line.len()).is_ok_and(|count| count <= EAGER.retries);
    within && !line.iter().any(|ailment| matches!(ailment, Ailment::Silent(_)))
}

/// How many of the first connections fail whatever the session does: until there is a welcome and a proof, or a resumption and its
/// answer, no session is over.
fn surely_cut(line: &[Ailment]) -> usize {
    let sure = |ailment: &&Ailment| match ailment {
        Ailment::Cut(Cut { after, .. }) => *after <= 2,
        Ailment::Unreachable => true,
        Ailment::Silent(_) | Ailment::None => false,
    };
    line.iter().take_while(sure).count()
}

fn the_order() -> SignOrder {
    order::send_one(&planted::shares().unwrap().device.public_key(), 1).unwrap()
}

#[test]
fn any_drops_give_the_bytes_of_the_undisturbed_ceremony_or_a_typed_failure() {
    let (runtime, tapes) = (runtime(), (Tape::default(), Tape::default()));
    let undisturbed = runtime.block_on(async {
        let world = World::new(tapes.0.recording(), tapes.1.recording(), Limits::default()).await.unwrap();
        let wallet = world.wallet().await.unwrap();
        sign(&world, &wallet, &the_order(), &[]).await.unwrap()
    });
    assert!(tapes.0.len() >= 3 && tapes.1.len() >= 3, "both sides are on tape");
    for_all(64, ailments(true), |line| {
        runtime.block_on(async {
            // What is resumed is not to be cut short by a busy machine.
            let limits = if is_resumed(&line) { unhurried() } else { impatient() };
            let world = World::new(tapes.0.playing(), tapes.1.playing(), limits).await?;
            let wallet = world.wallet().await?;
            let before = (tapes.0.starts(), tapes.1.starts());
            let bytes = sign(&world, &wallet, &the_order(), &line).await?;
            check(bytes == undisturbed, || "not the bytes of the undisturbed ceremony".to_owned())?;
            let starts = (tapes.0.starts() - before.0, tapes.1.starts() - before.1);
            // The device asks three times, and its first message goes along with each proof; the server signs once.
            check(!is_resumed(&line) || starts == (1, 3), || {
                format!("the ceremony was begun {starts:?} times")
            })
        })
    });
}

#[test]
fn any_drops_give_the_one_signature_that_the_server_stored_or_a_typed_failure() {
    let runtime = runtime();
    for_all(32, ailments(true), |line| {
        runtime.block_on(async {
            let world = World::new(Arc::new(Dkls23), Arc::new(Dkls23), impatient()).await?;
            let wallet = world.wallet().await?;
            sign(&world, &wallet, &the_order(), &line).await.map(|_| ())
        })
    });
}

#[test]
fn any_drops_in_a_dkg_give_one_wallet_that_signs_or_a_typed_failure() {
    let runtime = runtime();
    for_all(4, ailments(false), |line| {
        runtime.block_on(async {
            let world = World::new(Arc::new(Dkls23), Arc::new(Dkls23), unhurried()).await?;
            let name = || Some(KeyId::new("main").expect("a key id"));
            let (_line, sick) = world.on(&line).await?;
            let made = match sick.device()?.create_wallet(name()).await {
                Ok(made) => made.value,
                Err(error) => {
                    check_failure(&error)?;
                    world.holder.patient().device()?.create_wallet(name()).await?.value
                }
            };
            world.agrees(&made).await?;
            check(world.holder.device()?.wallets().await?.len() == 1, || "two wallets".to_owned())?;
            world.holder.patient().sign(&made).await?;
            Ok(())
        })
    });
}

#[test]
fn any_drops_in_a_refresh_leave_both_sides_with_one_share_that_signs() {
    let runtime = runtime();
    for_all(5, ailments(false), |line| {
        runtime.block_on(async {
            let world = World::new(Arc::new(Dkls23), Arc::new(Dkls23), unhurried()).await?;
            let wallet = world.wallet().await?;
            let (_line, sick) = world.on(&line).await?;
            let renewed = match sick.device()?.refresh(&wallet.wallet).await {
                Ok(renewed) => Some(renewed.value.epoch),
                Err(error) => check_failure(&error).map(|()| None)?,
            };
            world.holder.patient().sign(&wallet).await?;
            world.agrees(&wallet).await?;
            let epoch = world.row(&wallet).await?.active.map_or(0, |share| share.epoch());
            check(renewed.is_none_or(|renewed| renewed == epoch && epoch > wallet.epoch), || {
                format!("told {renewed:?}, holds {epoch}")
            })
        })
    });
}

/// The end of a session is lost with its socket as any other frame: what both sides have committed to is not run again.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_loses_its_socket_behind_any_frame_of_the_server_runs_once() {
    let world = World::new(Arc::new(Dkls23), Arc::new(Dkls23), Limits::default()).await.unwrap();
    let wallet = world.wallet().await.unwrap();
    // From the welcome on: a session that has not begun is begun again.
    for (epoch, after) in (wallet.epoch..).zip(1..) {
        let line = [Ailment::Cut(Cut { sender: Sender::Server, after })];
        let (line, holder) = world.on(&line).await.unwrap();
        let renewed = holder.device().unwrap().refresh(&wallet.wallet).await;
        let renewed = renewed.unwrap_or_else(|error| panic!("behind frame {after}: {error:?}"));
        assert_eq!(renewed.value.epoch, epoch + 1, "behind frame {after}");
        assert_eq!(renewed.report.retries, 0, "behind frame {after}");
        world.agrees(&wallet).await.unwrap();
        if line.cuts() == 0 {
            assert!(after > 8, "six rounds, prepared, commit and done");
            return;
        }
    }
}
