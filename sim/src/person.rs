//! A person with a wallet: what they want, what they were told, what they keep. It outlives every phone.

mod errands;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maany_coordinator::engine_pool::EnginePool;
use maany_coordinator::proto::{RequestId, Token, WalletId};
use maany_coordinator::retry::{Backoff, Jitter};
use maany_coordinator::{Device, SignOrder, Signed, WalletInfo};
use maany_coordinator_storage::record::WalletRecord;
use maany_coordinator_storage::{Owner, Role, Row, ShareStore, StaticKeyProvider, Vault};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::Failure;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::order;
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
    /// Every signature that was given, also once more.
    pub(crate) signatures: Vec<Signed>,
    /// Fragments on paper, by backup, the newest last.
    paper: Vec<Backup>,
    /// The present phone's disk is the last.
    pub(crate) phones: Vec<Disk>,
    /// Whether the last phone is being restored and does not count yet.
    is_restoring: bool,
    /// Whether everything wanted is done.
    pub(crate) is_done: bool,
    /// What cannot be.
    pub(crate) broken: Option<String>,
    /// Whether a person had to do more than ask once more, before the end.
    has_done_more: bool,
    /// How the wallet came to sign at the end.
    way: Option<Way>,
}

impl State {
    /// Whether asking was not enough for something.
    pub(crate) fn has_done_more(&self) -> bool {
        self.has_done_more || matches!(self.way, Some(Way::Refreshed | Way::Restored))
    }
}

struct Backup {
    epoch: u64,
    /// Of which share, as text; two backups of a share do not mix.
    set: Vec<u8>,
    fragments: Vec<Zeroizing<Vec<u8>>>,
}

/// How a wallet came to sign at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Asked,
    Refreshed,
    Restored,
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
            signatures: Vec::new(),
            paper: Vec::new(),
            phones: vec![Disk::default()],
            is_restoring: false,
            is_done: false,
            broken: None,
            has_done_more: false,
            way: None,
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
        self.state().phones.iter().for_each(Disk::close);
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

    /// Whether asking again has not been enough although nothing goes wrong any more. The judge allows it where a disk has lied.
    fn has_to_do_more(&self) -> bool {
        let mut state = self.state();
        let has_to = state.is_calm && state.tries % 4 == 3;
        state.has_done_more |= has_to;
        has_to
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

    /// The device that the wallet is on. A phone that is being restored is not it yet.
    async fn device(&self) -> Result<Device, Failure> {
        let disk = {
            let state = self.state();
            let at = state.phones.len().saturating_sub(1 + usize::from(state.is_restoring));
            state.phones.get(at).cloned().ok_or("no phone")?
        };
        self.device_over(&disk).await
    }

    async fn run(&self, errand: Errand) -> Result<(), Failure> {
        match errand {
            Errand::Sign => {
                if self.has_to_do_more() {
                    // Over HTTP a server does not find out that its disk has lost a decision; a session settles it.
                    let (wallet, device) = (self.wallet()?, self.device().await?);
                    device.refresh(&wallet.wallet).await?;
                }
                self.sign().await?;
            }
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
            Errand::Restore => {
                self.settle_before_restore().await?;
                self.restore().await?;
            }
            Errand::RestoreWhileFound => {
                self.settle_before_restore().await?;
                let found = self.device().await?;
                let wallet = self.wallet()?;
                let sequence = self.sequence();
                let order = order::send_one(&wallet.public_key, sequence)?;
                let finder = async {
                    // Whether it works is a matter of who comes first; that it does not afterwards is asked at the end.
                    let signed = found.sign(&wallet.wallet, &order).await;
                    self.say(format_args!("the finder has signed: {}", signed.is_ok()));
                    if let Ok(signed) = signed {
                        self.state().signatures.push(signed.value);
                    }
                };
                let (restored, ()) = futures::join!(self.restore(), finder);
                restored?;
            }
        }
        self.done();
        Ok(())
    }

    /// A server whose disk has lost that a wallet was committed restores it to nobody, until the phone that it was made with
    /// settles that.
    async fn settle_before_restore(&self) -> Result<(), Failure> {
        if self.has_to_do_more() {
            let (wallet, device) = (self.wallet()?, self.device().await?);
            device.refresh(&wallet.wallet).await?;
        }
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
