//! A person with a wallet: what they want, what they were told, what they keep. It outlives every phone.

mod contest;
mod errands;
mod last;
mod memory;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maany_coordinator::engine_pool::EnginePool;
use maany_coordinator::proto::{RequestId, Token, WalletId};
use maany_coordinator::retry::{Backoff, Jitter};
use maany_coordinator::{Device, SignOrder, WalletInfo};
use maany_coordinator_storage::record::WalletRecord;
use maany_coordinator_storage::{Owner, Role, Row, ShareStore, StaticKeyProvider, Vault};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use self::contest::Contest;
pub(crate) use self::memory::Memory;
use crate::Failure;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::plan::Errand;
use crate::road::{Hop, Road, URL};
use crate::site;
use crate::site::Site;
use crate::toy::Toy;
use crate::trace::Trace;

/// How often a call of a device tries again by itself, and how long a lost socket is tried to be resumed.
const BACKOFF: Backoff =
    Backoff { base: Duration::from_millis(50), cap: Duration::from_millis(800), retries: 5 };
/// Longer than any call that comes to an end: each of its attempts is a session of [`site::limits`], a connection and an
/// answer over HTTP at most.
const ENDLESS: Duration = Duration::from_secs(300);
/// How often a person tries again once nothing goes wrong any more.
const TRIES: u32 = 12;

/// One person. Clones are the same.
#[derive(Clone)]
pub(crate) struct Person(Arc<Inner>);

struct Inner {
    index: usize,
    token: String,
    engine: Arc<Toy>,
    site: Site,
    trace: Trace,
    hop: Hop,
    state: Mutex<State>,
    dice: Arc<Mutex<Dice>>,
}

/// What a person knows and has.
pub(crate) struct State {
    errands: Vec<Errand>,
    at: usize,
    /// Whether what goes wrong has ended.
    is_calm: bool,
    /// How often the present errand was tried since.
    tries: u32,
    /// The wallet that the person was told of.
    pub(crate) wallet: Option<WalletInfo>,
    /// How often a wallet's name was given up before anybody was told of the wallet.
    names: u32,
    sequence: u64,
    /// What is being signed, and its request.
    pending: Option<(SignOrder, Option<RequestId>)>,
    /// The last that was signed.
    last: Option<(SignOrder, RequestId)>,
    /// What is being contested.
    contest: Option<Contest>,
    /// What was asked and what was given.
    pub(crate) memory: Memory,
    /// Fragments on paper, by backup, the newest last.
    paper: Vec<Backup>,
    /// The present phone's disk is the last.
    pub(crate) phones: Vec<Disk>,
    /// A phone that has no share, and asks for signatures that the other one makes.
    pub(crate) second: Disk,
    /// Whether the last phone is being restored and does not count yet.
    is_restoring: bool,
    /// Whether everything wanted is done.
    pub(crate) is_done: bool,
    /// Whether phone and server have ever been found without a share in common.
    pub(crate) has_parted: bool,
    /// What cannot be.
    pub(crate) broken: Option<String>,
}

/// The fragments of one backup; two backups of a share do not mix.
struct Backup {
    epoch: u64,
    /// Of which share.
    share: Vec<u8>,
    /// Its ciphertext.
    set: Vec<u8>,
    fragments: Vec<Zeroizing<Vec<u8>>>,
}

impl Person {
    pub(crate) fn new(
        index: usize,
        seed: u64,
        token: String,
        errands: Vec<Errand>,
        engine: Arc<Toy>,
        site: Site,
        trace: Trace,
    ) -> Self {
        let state = State {
            errands,
            at: 0,
            is_calm: false,
            tries: 0,
            wallet: None,
            names: 0,
            sequence: 0,
            pending: None,
            last: None,
            contest: None,
            memory: Memory::default(),
            paper: Vec::new(),
            phones: vec![Disk::default()],
            second: Disk::default(),
            is_restoring: false,
            is_done: false,
            has_parted: false,
            broken: None,
        };
        Self(Arc::new(Inner {
            index,
            token,
            engine,
            site,
            trace,
            hop: Hop::default(),
            state: Mutex::new(state),
            dice: Arc::new(Mutex::new(Dice::of(seed, &format!("person {index}")))),
        }))
    }

    /// The name of the host that the phones are.
    pub(crate) fn host(index: usize) -> String {
        format!("phone-{index}")
    }

    /// The name that the server knows the person by.
    pub(crate) fn owner(index: usize) -> String {
        format!("person-{index}")
    }

    pub(crate) fn index(&self) -> usize {
        self.0.index
    }

    pub(crate) fn hop(&self) -> &Hop {
        &self.0.hop
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything that was wanted is there, and only the last question is left.
    pub(crate) fn has_everything(&self) -> bool {
        let state = self.state();
        state.wallet.is_some() && state.at >= state.errands.len()
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn calm_down(&self) {
        let mut state = self.state();
        state.is_calm = true;
        state.tries = 0;
    }

    /// The disk that the present phone writes on.
    pub(crate) fn disk(&self) -> Disk {
        self.state().phones.last().cloned().unwrap_or_default()
    }

    /// The phones' process has ended.
    pub(crate) fn end(&self) {
        let state = self.state();
        state.phones.iter().for_each(Disk::close);
        state.second.close();
    }

    /// Whether the phones' process has died of a disk.
    pub(crate) fn is_dead(&self) -> bool {
        let state = self.state();
        state.phones.iter().chain([&state.second]).any(Disk::is_dead)
    }

    fn say(&self, line: impl std::fmt::Display) {
        self.0.trace.say(format_args!("{}: {line}", Self::owner(self.0.index)));
    }

    fn roll(&self, from: u64, end: u64) -> u64 {
        self.0.dice.lock().unwrap_or_else(PoisonError::into_inner).between(from, end)
    }

    /// Lives until everything wanted is done, or something cannot be.
    pub(crate) async fn live(self) {
        loop {
            let next = {
                let state = self.state();
                if state.broken.is_some() || state.is_done {
                    return;
                }
                match (&state.wallet, state.errands.get(state.at)) {
                    (None, _) => Next::Create,
                    (Some(_), Some(errand)) => Next::Errand(*errand),
                    // The last of all is asked when nothing goes wrong any more.
                    (Some(_), None) if state.is_calm => Next::Last,
                    (Some(_), None) => Next::Wait,
                }
            };
            if let Next::Wait = next {
                sleep(Duration::from_millis(100)).await;
                continue;
            }
            self.say(format_args!("{next:?}"));
            let trying = async {
                match next {
                    Next::Create => self.create().await,
                    Next::Errand(errand) => self.run(errand).await,
                    Next::Last => self.last().await,
                    Next::Wait => Ok(()),
                }
            };
            let Ok(outcome) = timeout(ENDLESS, trying).await else {
                self.broken(format_args!("{next:?} does not come to an end"));
                return;
            };
            match outcome {
                Ok(()) => self.say(format_args!("{next:?}: done")),
                Err(error) => {
                    let text = told(&*error);
                    self.say(format_args!("{next:?}: {text}"));
                    if self.is_out_of_tries() {
                        self.broken(format_args!("{next:?}: {text}"));
                        return;
                    }
                    sleep(Duration::from_millis(self.roll(50, 800))).await;
                }
            }
        }
    }

    fn is_out_of_tries(&self) -> bool {
        let mut state = self.state();
        state.tries += 1;
        state.is_calm && state.tries >= TRIES
    }

    fn broken(&self, what: impl std::fmt::Display) {
        let text = format!("{}: {what}", Self::owner(self.0.index));
        self.state().broken.get_or_insert(text);
    }

    fn done(&self) {
        let mut state = self.state();
        state.at += 1;
        state.tries = 0;
    }

    fn wallet(&self) -> Result<WalletInfo, Failure> {
        self.state().wallet.clone().ok_or_else(|| "no wallet".into())
    }

    /// A device over the disk of a phone.
    async fn device_over(&self, disk: &Disk) -> Result<Device, Failure> {
        let dice = Arc::clone(&self.0.dice);
        Ok(Device::builder()
            .server(URL)
            .token(Token::new(&self.0.token).map_err(|_| "no token")?)
            .vault(vault(disk).await?)
            .engine(Arc::clone(&self.0.engine) as _)
            .pool(Arc::new(EnginePool::inline()))
            .limits(site::limits())
            .backoff(BACKOFF)
            .jitter(Jitter::from_fn(move || dice.lock().unwrap_or_else(PoisonError::into_inner).roll()))
            .network(Arc::new(Road(self.0.hop.clone())))
            .build()?)
    }

    /// The phone that the wallet is on. One that is being restored is not it yet.
    fn phone(&self) -> Result<Disk, Failure> {
        let state = self.state();
        let at = state.phones.len().saturating_sub(1 + usize::from(state.is_restoring));
        state.phones.get(at).cloned().ok_or_else(|| "no phone".into())
    }

    /// The device that the wallet is on.
    async fn device(&self) -> Result<Device, Failure> {
        self.device_over(&self.phone()?).await
    }

    /// A server whose disk has lost the decision of a restore cannot know of it; where the phone before comes first, it presumes
    /// that the restore came to nothing. Then the two sides have no share in common, and whoever has a backup of a share that
    /// the server holds restores the wallet once more.
    async fn come_back(&self) -> Result<(), Failure> {
        // Whoever is restoring already goes on with that.
        let has_time = {
            let state = self.state();
            state.is_calm && !state.is_restoring
        };
        if !has_time {
            return Ok(());
        }
        let wallet = self.wallet()?;
        let there = self.0.site.row(&Self::owner(self.0.index), &wallet.wallet).await?;
        let Some(there) = there else { return Ok(()) };
        let Ok(here) = device_row(&self.phone()?, &wallet.wallet).await else { return Ok(()) };
        let there = [there.active, there.pending, there.retired];
        let is_parted =
            [here.active, here.pending].iter().flatten().all(|share| !there.contains(&Some(*share)));
        if is_parted {
            self.say("the two sides have no share in common");
            self.state().has_parted = true;
            self.restore().await?;
        }
        Ok(())
    }

    async fn run(&self, errand: Errand) -> Result<(), Failure> {
        self.come_back().await?;
        match errand {
            Errand::Sign => self.sign().await?,
            Errand::Contest => self.contest().await?,
            Errand::AskAgain => self.ask_again().await?,
            Errand::Refresh => {
                let wallet = self.wallet()?;
                let device = self.device().await?;
                if !self.state().paper.is_empty() {
                    // The server keeps the share before this one until the backup of this one is complete, and makes no
                    // third.
                    self.back_up().await?;
                }
                device.refresh(&wallet.wallet).await?;
                self.collect(&device, &wallet.wallet).await?;
            }
            Errand::BackUp => self.back_up().await?,
            Errand::Restore => self.restore().await?,
            Errand::RestoreWhileFound => {
                let found = self.device().await?;
                let wallet = self.wallet()?;
                let order = self.order(&wallet, self.sequence(), 1)?;
                let finder = async {
                    // Whether it works is a matter of who comes first; that it does not afterwards is asked at the end.
                    let signed = found.sign(&wallet.wallet, &order).await;
                    self.say(format_args!("the finder has signed: {}", signed.is_ok()));
                    if let Ok(signed) = signed {
                        self.state().memory.give(order.clone(), signed.value);
                    }
                };
                let (restored, ()) = futures::join!(self.restore(), finder);
                restored?;
            }
        }
        self.done();
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Create,
    Errand(Errand),
    Last,
    Wait,
}

async fn vault(disk: &Disk) -> Result<Vault, Failure> {
    let key = StaticKeyProvider::new("phone", Zeroizing::new([0x4d; 32]))?;
    Ok(Vault::open(disk.open() as Arc<dyn ShareStore>, Arc::new(key), Role::Device).await?)
}

async fn device_row(disk: &Disk, wallet: &WalletId) -> Result<Row<WalletRecord>, Failure> {
    let id = maany_coordinator_storage::WalletId::from_bytes(*wallet.as_bytes());
    let row = vault(disk).await?.wallet(&Owner::new("device", "self"), id).await?;
    row.ok_or_else(|| "the phone has no such wallet".into())
}

/// An error with its causes.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
