//! The calls of an ordinary device: the one that the trouble meets, and the ones that a person makes after it.

use std::time::Duration;

use maany_coordinator::device::{BackupPlan, BackupStatus, Holder as FragmentHolder};
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::proto::RequestId;
use maany_coordinator::retry::Backoff;
use maany_coordinator::{DeviceError, WalletInfo};
use maany_coordinator_proto::KeyId;
use maany_coordinator_storage::record::WalletState;
use maany_tests::running_server::{self, Folder};
use maany_tests::{Failure, Holder};
use zeroize::Zeroizing;

use crate::template::NAME;
use crate::trouble::{Side, Trouble};
use crate::user::User;
use crate::verb::{Again, Ask, Split, Verb};
use crate::world::World;

/// The sequence number of the transaction of the call that the trouble meets.
pub(crate) const SEQUENCE: u64 = 1;
/// Retries close together: nothing is far away here.
const CLOSE: Backoff =
    Backoff { base: Duration::from_millis(10), cap: Duration::from_millis(200), retries: 100 };

/// What the person has beside the device.
pub(crate) struct Belongings {
    pub(crate) user: User,
    /// A backup that was made before.
    pub(crate) documents: Vec<Zeroizing<Vec<u8>>>,
    /// Where fragments go that stay in the house.
    pub(crate) drawer: Folder,
}

impl Belongings {
    fn wallet(&self) -> Result<WalletInfo, Failure> {
        self.user.seen().wallet.clone().ok_or_else(|| "no wallet was shown".into())
    }

    fn documents(&self) -> Result<Vec<FragmentDocument>, Failure> {
        let two = self.documents.iter().skip(1);
        Ok(two.map(|bytes| FragmentDocument::from_bytes(bytes)).collect::<Result<_, _>>()?)
    }

    /// Two of three, or three of four; enough of them can be reached.
    fn plan(&self, split: Split) -> Result<BackupPlan, Failure> {
        let drawer = |name: &str| FragmentHolder::Folder(self.drawer.path().join(name));
        Ok(match split {
            Split::TwoOfThree => BackupPlan::new(
                2,
                vec![FragmentHolder::Coordinator, drawer("first"), FragmentHolder::ByHand],
            )?,
            Split::ThreeOfFour => BackupPlan::new(
                3,
                vec![FragmentHolder::Coordinator, drawer("first"), drawer("second"), FragmentHolder::ByHand],
            )?,
        })
    }
}

/// The holder, who tries again and again.
pub(crate) fn patient(holder: &Holder) -> Holder {
    holder.with_backoff(CLOSE)
}

/// What has to be there before the call: the operator's code, where it takes one.
pub(crate) fn prepare(
    world: &World<'_>,
    verb: Verb,
    belongings: &Belongings,
) -> Result<Option<String>, Failure> {
    if verb == Verb::Restore { step_up(world, belongings).map(Some) } else { Ok(None) }
}

/// Begins the call that the trouble meets.
pub(crate) fn begin(
    world: &World<'_>,
    verb: Verb,
    trouble: Option<Trouble>,
    belongings: &Belongings,
    code: Option<String>,
) -> Result<tokio::task::JoinHandle<Result<(), Failure>>, Failure> {
    let carries_on = matches!(verb, Verb::Resume(_, _)) || matches!(trouble, Some(Trouble::CutAndResumed(_)));
    let holder = world.device.holder()?;
    let holder = if carries_on { patient(holder) } else { holder.clone() };
    let user = belongings.user.clone();
    match verb {
        Verb::Dkg => world.device.spawn(async move {
            let made = holder.device()?.create_wallet(Some(KeyId::new(NAME)?)).await?;
            user.ended(&made.report);
            user.seen().wallet = Some(made.value);
            Ok(())
        }),
        Verb::Sign(ask) | Verb::Resume(ask, _) => {
            let wallet = belongings.wallet()?;
            world.device.spawn(async move { sign(&holder, &user, ask, &wallet).await })
        }
        Verb::Refresh => {
            let wallet = belongings.wallet()?.wallet;
            world.device.spawn(async move {
                user.ended(&holder.device()?.refresh(&wallet).await?.report);
                Ok(())
            })
        }
        Verb::Backup(split) => {
            let (wallet, plan) = (belongings.wallet()?.wallet, belongings.plan(split)?);
            world.device.spawn(async move {
                holder.device()?.back_up(&wallet, plan).await?;
                Ok(())
            })
        }
        Verb::Restore => {
            let documents = belongings.documents()?;
            let code = code.ok_or("a restore takes a code")?;
            world.device.spawn(async move {
                user.ended(&holder.device()?.restore(documents, &code).await?.report);
                Ok(())
            })
        }
    }
}

/// What a person does after the trouble until the wallet is theirs again.
pub(crate) fn again(
    world: &World<'_>,
    verb: Verb,
    trouble: Option<Trouble>,
    belongings: &Belongings,
) -> Result<(), Failure> {
    let holder = patient(world.device.holder()?);
    match verb {
        Verb::Dkg => create_again(world, &holder, trouble, &belongings.user),
        Verb::Sign(ask) | Verb::Resume(ask, _) => {
            let wallet = belongings.wallet()?;
            world.device.run(sign_again(&holder, &belongings.user, ask, &wallet, trouble))?
        }
        Verb::Refresh => Ok(()),
        Verb::Backup(split) => back_up_again(world, &holder, split, belongings),
        Verb::Restore => restore_again(world, &holder, belongings),
    }
}

async fn sign(holder: &Holder, user: &User, ask: Ask, wallet: &WalletInfo) -> Result<(), Failure> {
    let (device, order) = (holder.device()?, ask.order(wallet, SEQUENCE)?);
    let request = RequestId::from_hex(&device.request(&wallet.wallet, &order).await?.id)?;
    user.seen().request.get_or_insert(request);
    let signed = device.sign_request(&wallet.wallet, request, &order).await?;
    user.ended(&signed.report);
    user.seen().signatures.push(signed.value);
    Ok(())
}

async fn sign_again(
    holder: &Holder,
    user: &User,
    ask: Ask,
    wallet: &WalletInfo,
    trouble: Option<Trouble>,
) -> Result<(), Failure> {
    let request = user.seen().request.filter(|_| ask.again == Again::ById);
    let Some(request) = request else { return sign(holder, user, ask, wallet).await };
    let order = ask.order(wallet, SEQUENCE)?;
    match holder.device()?.sign_request(&wallet.wallet, request, &order).await {
        Ok(signed) => {
            user.seen().signatures.push(signed.value);
            Ok(())
        }
        // A disk that lost the request makes the server forget it, and nothing worse.
        Err(_) if trouble.and_then(|trouble| trouble.losing()) == Some(Side::Server) => {
            user.seen().request = None;
            sign(holder, user, ask, wallet).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The same call, with the same name, ends with the wallet of that name.
fn create_again(
    world: &World<'_>,
    holder: &Holder,
    trouble: Option<Trouble>,
    user: &User,
) -> Result<(), Failure> {
    if user.seen().wallet.is_some() {
        return Ok(());
    }
    let device = holder.device()?;
    let named = |name: &str| KeyId::new(name).map_err(Failure::from);
    let made = match world.device.run(device.create_wallet(Some(named(NAME)?)))? {
        // A disk that lost its share before its address was shown to anybody loses a name, not a wallet.
        Err(DeviceError::KeyIdTaken)
            if trouble.and_then(|trouble| trouble.losing()) == Some(Side::Device) =>
        {
            world.device.run(device.create_wallet(Some(named("second")?)))??.value
        }
        other => other?.value,
    };
    user.seen().wallet = Some(made);
    Ok(())
}

/// A new device restores with a fresh code, unless it holds the wallet already and signs.
fn restore_again(world: &World<'_>, holder: &Holder, belongings: &Belongings) -> Result<(), Failure> {
    let wallet = belongings.wallet()?;
    let held = world.device.run(holder.device()?.wallets())??;
    if held.iter().any(|held| held.wallet == wallet.wallet && held.state == WalletState::Active) {
        return Ok(());
    }
    restore(world, holder, belongings)
}

/// Restores from the backup that was made before.
pub(crate) fn restore(world: &World<'_>, holder: &Holder, belongings: &Belongings) -> Result<(), Failure> {
    let code = step_up(world, belongings)?;
    world.device.run(holder.device()?.restore(belongings.documents()?, &code))??;
    Ok(())
}

/// A code from the operator.
pub(crate) fn step_up(world: &World<'_>, belongings: &Belongings) -> Result<String, Failure> {
    let wallet = belongings.wallet()?.wallet;
    world.server.run(world.server.running()?.step_up(&wallet))?
}

/// The backup is completed, or made where there is none yet; then its holders are asked for it.
fn back_up_again(
    world: &World<'_>,
    holder: &Holder,
    split: Split,
    belongings: &Belongings,
) -> Result<(), Failure> {
    let wallet = belongings.wallet()?.wallet;
    let device = holder.device()?;
    let plan = belongings.plan(split)?;
    let status = world.device.run(async {
        match device.complete_backup(&wallet).await {
            Err(DeviceError::NoBackup) => device.back_up(&wallet, plan).await,
            other => other,
        }
    })??;
    if !status.is_complete {
        return Err(format!("not backed up: {status:?}").into());
    }
    drill(world, belongings, &status)
}

/// The backup as its holders have it: the server's part and the drawer's restore the wallet.
fn drill(world: &World<'_>, belongings: &Belongings, status: &BackupStatus) -> Result<(), Failure> {
    let wallet = belongings.wallet()?;
    // Fetching a fragment takes the operator's grant.
    step_up(world, belongings)?;
    let device = world.device.holder()?.device()?;
    let mut documents = vec![world.device.run(device.fetch_fragment(&wallet.wallet))??];
    for file in &status.files {
        documents.push(FragmentDocument::from_bytes(&Zeroizing::new(std::fs::read(file)?))?);
    }
    let found = world.device.run(device.verify_backup(&wallet.wallet, &documents))??;
    if found.public_key == wallet.public_key { Ok(()) } else { Err("another wallet's backup".into()) }
}

/// What the person has at the beginning.
pub(crate) fn belongings(
    verb: Verb,
    wallet: &WalletInfo,
    documents: &[Zeroizing<Vec<u8>>],
) -> Result<Belongings, Failure> {
    let user = if verb == Verb::Dkg { User::default() } else { User::of(wallet.clone()) };
    Ok(Belongings { user, documents: documents.to_vec(), drawer: running_server::folder()? })
}
