//! A device process: its own folder, its own vault, and work without end until it is killed. With questions on its
//! standard input it answers them, signs once with every wallet, and ends.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use maany_coordinator::cosmos::SignMode;
use maany_coordinator::http::client::ClientError;
use maany_coordinator::proto::{KeyId, RequestId};
use maany_coordinator::storage::{RedbStore, record::WalletState};
use maany_coordinator::{Device, DeviceError, SignOrder, WalletInfo};
use maany_mpc_core::backup::Threshold;
use maany_tests::{Failure, Holder, order};

use crate::dice::Dice;
use crate::telling::{Question, Told};

/// Wallets that a device makes at most.
const WALLETS: usize = 3;
/// Sequences that a wallet's documents are drawn from.
const SEQUENCES: u64 = 24;
/// Amounts that they are drawn from.
const AMOUNTS: u64 = 3;
/// Between two attempts while the server is away.
const PAUSE: Duration = Duration::from_millis(30);

#[derive(Args)]
pub(crate) struct Options {
    /// Where its store is.
    #[arg(long)]
    folder: PathBuf,
    /// The server's address.
    #[arg(long)]
    server: String,
    /// What it proves itself with.
    #[arg(long)]
    token_file: PathBuf,
    /// What its choices come from.
    #[arg(long)]
    seed: u64,
    /// Answer the questions on standard input, check every wallet, and end.
    #[arg(long)]
    last: bool,
}

/// Runs until it is killed, or until the questions are answered.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let token = std::fs::read_to_string(&options.token_file)?;
        let store = RedbStore::open(options.folder.join("device.redb")).await?;
        let holder = Holder::over_store(std::sync::Arc::new(store), &options.server, &token).await?.patient();
        let device = holder.device()?;
        let name = options.folder.file_name().and_then(|name| name.to_str()).unwrap_or("device");
        if options.last { answer(&device).await } else { work(&device, name, Dice::new(options.seed)).await }
    })
}

async fn work(device: &Device, name: &str, mut dice: Dice) -> Result<(), Failure> {
    loop {
        let wallets = active(device).await?;
        for wallet in &wallets {
            Told::Shown { wallet: wallet.wallet.to_string() }.say()?;
        }
        let choice = dice.below(100);
        let chosen = usize::try_from(dice.roll())?.checked_rem(wallets.len()).and_then(|at| wallets.get(at));
        let (what, done) = match chosen {
            Some(wallet) if choice < 65 => ("sign", sign(device, wallet, &mut dice).await),
            Some(wallet) if choice < 80 => ("refresh", refresh(device, wallet).await),
            Some(wallet) if choice < 92 || wallets.len() >= WALLETS => {
                ("back up", back_up(device, wallet).await)
            }
            _ => ("create", create(device, &format!("{name}-{}", wallets.len())).await),
        };
        if let Err(error) = done {
            Told::Failed { what: what.to_owned(), error: error.to_string() }.say()?;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn active(device: &Device) -> Result<Vec<WalletInfo>, Failure> {
    let mut wallets = device.wallets().await?;
    wallets.retain(|wallet| wallet.state != WalletState::Provisional);
    Ok(wallets)
}

/// The name is the same until the wallet is there, so that an attempt that was killed is taken up.
async fn create(device: &Device, name: &str) -> Result<(), Failure> {
    let made = device.create_wallet(Some(KeyId::new(name)?)).await?;
    Told::Shown { wallet: made.value.wallet.to_string() }.say()
}

/// Few sequences and few amounts, so that documents meet: equal ones, and ones that exclude each other.
async fn sign(device: &Device, wallet: &WalletInfo, dice: &mut Dice) -> Result<(), Failure> {
    let (sequence, amount) = (dice.below(SEQUENCES), 1 + dice.below(AMOUNTS));
    let order = order(wallet, sequence, amount)?;
    let (view, replaces) = match device.request(&wallet.wallet, &order).await {
        Ok(view) => (view, None),
        Err(error) => {
            let Some(holder) = holder(&error) else { return Err(error.into()) };
            Told::Taken.say()?;
            if dice.below(3) > 0 {
                return Ok(());
            }
            let replaced = RequestId::from_hex(&holder)?;
            (device.request_replacing(&wallet.wallet, &order, replaced).await?, Some(holder))
        }
    };
    let question = Question { wallet: wallet.wallet.to_string(), request: view.id, sequence, amount };
    Told::Requested { question: question.clone(), replaces }.say()?;
    ask(device, wallet, &question, false).await?;
    if dice.below(4) == 0 {
        ask(device, wallet, &question, true).await?;
    }
    Ok(())
}

fn order(wallet: &WalletInfo, sequence: u64, amount: u64) -> Result<SignOrder, Failure> {
    order::send(&wallet.public_key, &amount.to_string(), sequence, SignMode::Direct)
}

/// Whose the sequence is, where that is why a request was refused.
fn holder(error: &DeviceError) -> Option<String> {
    match error {
        DeviceError::Http(ClientError::Refused { error, .. }) if error.code == "sequence_taken" => {
            error.request.clone()
        }
        _ => None,
    }
}

async fn ask(device: &Device, wallet: &WalletInfo, question: &Question, asked: bool) -> Result<(), Failure> {
    let order = order(wallet, question.sequence, question.amount)?;
    let id = RequestId::from_hex(&question.request)?;
    let signed = device.sign_request(&wallet.wallet, id, &order).await?.value;
    let Question { wallet, request, .. } = question.clone();
    Told::Signed { wallet, request, signature: hex::encode(signed.signature.to_bytes()), asked }.say()
}

async fn refresh(device: &Device, wallet: &WalletInfo) -> Result<(), Failure> {
    device.refresh(&wallet.wallet).await?;
    Told::Refreshed.say()
}

async fn back_up(device: &Device, wallet: &WalletInfo) -> Result<(), Failure> {
    let documents = device.backup(&wallet.wallet, Threshold::default()).await?;
    let first = documents.first().ok_or("a backup has documents")?;
    // The owner's copy counts as kept: what is tried here is what the two stores make of it.
    match device.upload_fragment(&wallet.wallet, first, 2).await {
        Ok(()) => Told::BackedUp.say(),
        // One backup of these shares is complete, and no other takes its place.
        Err(error) if is_complete(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_complete(error: &DeviceError) -> bool {
    matches!(error, DeviceError::Http(ClientError::Refused { error, .. }) if error.code == "backup_complete")
}

/// The wallet signs with the share that it has, lets it be backed up and refreshed, and signs with the new one.
async fn prove(device: &Device, wallet: &WalletInfo, dice: &mut Dice) -> Result<(), Failure> {
    let mut order = || order::send_one(&wallet.public_key, (1 << 48) + dice.below(1 << 48));
    device.sign(&wallet.wallet, &order()?).await?;
    back_up(device, wallet).await?;
    refresh(device, wallet).await?;
    device.sign(&wallet.wallet, &order()?).await?;
    Ok(())
}

async fn answer(device: &Device) -> Result<(), Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let questions: Vec<Question> = serde_json::from_str(&text)?;
    let wallets = active(device).await?;
    let mut dice = Dice::new(0);
    for wallet in &wallets {
        let name = wallet.wallet.to_string();
        Told::Shown { wallet: name.clone() }.say()?;
        match prove(device, wallet, &mut dice).await {
            Ok(()) => Told::Signs { wallet: name }.say()?,
            Err(error) => {
                Told::Failed { what: "the last signature".to_owned(), error: error.to_string() }.say()?
            }
        }
    }
    for question in questions {
        let Some(wallet) = wallets.iter().find(|wallet| wallet.wallet.to_string() == question.wallet) else {
            continue;
        };
        if let Err(error) = ask(device, wallet, &question, true).await {
            Told::Unanswered { request: question.request, error: error.to_string() }.say()?;
        }
    }
    Ok(())
}
