//! A person with a wallet: what they want, what they were told, what they keep. It outlives every phone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maany_coordinator::device::{BackupPlan, Holder};
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::engine_pool::EnginePool;
use maany_coordinator::proto::{KeyId, RequestId, Token, WalletId};
use maany_coordinator::retry::{Backoff, Jitter};
use maany_coordinator::{Device, DeviceError, SignOrder, Signed, WalletInfo};
use maany_coordinator_storage::{
    Owner, Role, Row, ShareStore, StaticKeyProvider, Vault, record::WalletRecord,
};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::Failure;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::order;
use crate::plan::Errand;
use crate::road::{Hop, Road, URL};
use crate::site::{self, Site};
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

    /// The wallet is made, or found where it was made already.
    async fn create(&self) -> Result<(), Failure> {
        let names = self.state().names;
        let name = KeyId::new(&format!("main-{}-{names}", self.0.index))?;
        let device = self.device().await?;
        let wallet = match device.create_wallet(Some(name.clone())).await {
            Ok(done) => done.value,
            Err(DeviceError::KeyIdTaken) => match device.wallet(name.as_str()).await {
                Ok(wallet) => wallet,
                // A disk that lost the share before anybody was told of the wallet loses a name, not a wallet.
                Err(error) => {
                    self.state().names += 1;
                    return Err(error.into());
                }
            },
            Err(error) => return Err(error.into()),
        };
        let mut state = self.state();
        state.wallet = Some(wallet);
        state.tries = 0;
        Ok(())
    }

    fn sequence(&self) -> u64 {
        let mut state = self.state();
        state.sequence += 1;
        state.sequence
    }

    async fn sign(&self) -> Result<(), Failure> {
        let (wallet, device) = (self.wallet()?, self.device().await?);
        let pending = self.state().pending.clone();
        let (order, request) = match pending {
            Some(pending) => pending,
            None => {
                let order = order::send_one(&wallet.public_key, self.sequence())?;
                self.state().pending = Some((order.clone(), None));
                (order, None)
            }
        };
        let request = match request {
            Some(request) => request,
            None => {
                let view = device.request(&wallet.wallet, &order).await?;
                let request = RequestId::from_hex(&view.id)?;
                self.state().pending = Some((order.clone(), Some(request)));
                request
            }
        };
        match device.sign_request(&wallet.wallet, request, &order).await {
            Ok(signed) => {
                let mut state = self.state();
                state.signatures.push(signed.value);
                state.pending = None;
                state.last = Some((order, request));
                Ok(())
            }
            Err(error) => {
                let mut state = self.state();
                // A disk that lost the request makes the server forget it: it is asked for anew.
                if state.tries % 3 == 2 {
                    state.pending = Some((order, None));
                }
                Err(error.into())
            }
        }
    }

    async fn ask_again(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        let Some((order, request)) = self.state().last.clone() else { return Ok(()) };
        let device = self.device().await?;
        match device.sign_request(&wallet.wallet, request, &order).await {
            Ok(signed) => {
                self.state().signatures.push(signed.value);
                Ok(())
            }
            Err(error) => {
                // As in `sign`.
                if self.state().tries % 3 == 2 {
                    self.state().last = None;
                }
                Err(error.into())
            }
        }
    }

    /// Two of three: the coordinator, and two on paper.
    async fn back_up(&self) -> Result<(), Failure> {
        let (wallet, device) = (self.wallet()?, self.device().await?);
        let plan = BackupPlan::new(2, vec![Holder::Coordinator, Holder::ByHand, Holder::ByHand])?;
        device.back_up(&wallet.wallet, plan).await?;
        self.collect(&device, &wallet.wallet).await?;
        let status = device.complete_backup(&wallet.wallet).await?;
        if status.is_complete {
            return Ok(());
        }
        if self.has_to_do_more() {
            // A server whose disk has lost its decision is behind the phone, and takes no backup of the phone's share, until a
            // session settles it.
            self.sign().await?;
        }
        Err("the backup is not complete".into())
    }

    /// Writes what is to go by hand on paper, and says so to the device.
    async fn collect(&self, device: &Device, wallet: &WalletId) -> Result<(), Failure> {
        for document in device.fragments_by_hand(wallet).await? {
            let id = document.context().share_id;
            let set = document.ciphertext().to_vec();
            {
                let mut state = self.state();
                let at = match state.paper.iter().position(|backup| backup.set == set) {
                    Some(at) => at,
                    None => {
                        state.paper.push(Backup { epoch: id.epoch, set, fragments: Vec::new() });
                        state.paper.len() - 1
                    }
                };
                let bytes = Zeroizing::new(document.dangerous_to_bytes().to_vec());
                let fragments = &mut state.paper[at].fragments;
                if !fragments.contains(&bytes) {
                    fragments.push(bytes);
                }
            }
            device.handed_over(wallet, document.index()).await?;
        }
        Ok(())
    }

    /// The documents of a backup, the newest that is whole first; every second try the one before.
    fn documents(&self) -> Result<Vec<FragmentDocument>, Failure> {
        let state = self.state();
        let whole: Vec<_> = state.paper.iter().rev().filter(|backup| backup.fragments.len() >= 2).collect();
        let turn = usize::try_from(state.tries)? % whole.len().clamp(1, 3);
        let backup = whole.get(turn).ok_or("no backup on paper")?;
        self.0.trace.say(format_args!(
            "{}: from the backup of epoch {}",
            Self::owner(self.0.index),
            backup.epoch
        ));
        Ok(backup
            .fragments
            .iter()
            .map(|bytes| FragmentDocument::from_bytes(bytes))
            .collect::<Result<_, _>>()?)
    }

    async fn restore(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        if self.state().paper.is_empty() {
            return Ok(());
        }
        {
            let mut state = self.state();
            if !state.is_restoring {
                state.is_restoring = true;
                state.phones.push(Disk::default());
            }
        }
        let documents = self.documents()?;
        let code = self.0.site.step_up(&wallet.wallet).await?;
        let device = self.device_over(&self.disk()).await?;
        device.restore(documents, &code).await?;
        self.state().is_restoring = false;
        Ok(())
    }

    /// What is asked of every wallet at the end: it signs, whoever has had it before does not, and both sides agree.
    async fn last(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        let way = self.signs_somehow().await?;
        let device = self.device().await?;
        let signed = self.state().signatures.last().cloned();
        let signed = signed.ok_or("nothing was signed")?;
        if signed.public_key != wallet.public_key {
            self.broken("it signs with another key");
        }
        let row = device_row(&self.disk(), &wallet.wallet).await?;
        let there = self.0.site.row(&Self::owner(self.0.index), &wallet.wallet).await?;
        let there = there.ok_or("the server has no such wallet")?;
        if row.active != there.active || row.public_key != there.public_key {
            self.broken("the two sides hold shares of different generations");
        }
        drop(device);
        self.only_here(&wallet).await?;
        let mut state = self.state();
        state.way = Some(way);
        state.is_done = true;
        Ok(())
    }

    /// By being asked, else after a refresh, else after a restore: a person whose machine's disk has lied may have to do more
    /// than ask.
    async fn signs_somehow(&self) -> Result<Way, Failure> {
        let tries = self.state().tries;
        if tries == 4 || tries == 6 {
            let (wallet, device) = (self.wallet()?, self.device().await?);
            let refreshed = device.refresh(&wallet.wallet).await;
            self.say(format_args!("refreshed to sign: {}", refreshed.is_ok()));
            self.sign().await?;
            return Ok(Way::Refreshed);
        }
        if tries > 6 && !self.state().paper.is_empty() {
            self.restore().await?;
            self.sign().await?;
            return Ok(Way::Restored);
        }
        self.sign().await?;
        Ok(Way::Asked)
    }

    /// No phone from before a restore signs.
    async fn only_here(&self, wallet: &WalletInfo) -> Result<(), Failure> {
        let before: Vec<Disk> = {
            let state = self.state();
            state.phones.iter().rev().skip(1).cloned().collect()
        };
        for disk in before {
            let order = order::send_one(&wallet.public_key, self.sequence())?;
            let device = self.device_over(&disk).await?;
            if device.sign(&wallet.wallet, &order).await.is_ok() {
                self.broken("a phone signs that the wallet was restored from");
            }
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
