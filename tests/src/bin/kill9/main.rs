//! Kills real processes with SIGKILL at random moments under load: the server of the release binary on its own folder,
//! and devices that make wallets, sign, refresh and back up. Afterwards every wallet whose address was ever shown signs,
//! no request has two signatures, no sequence of an account is signed for two documents of which none was named to be replaced, what
//! was signed is given again, and no signature is without its audit row.

mod audit;
mod device;
mod dice;
mod ledger;
mod processes;
mod telling;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand};
use maany_tests::Failure;
use maany_tests::report::say;

use dice::Dice;
use ledger::Ledger;
use processes::{Lab, Process};

/// The questions that each device asks again at the end.
const QUESTIONS: usize = 40;
/// The longest that a round runs before something is killed, in milliseconds.
const ROUND: u64 = 3000;
/// The longest that the first wallets take on a busy machine.
const FIRST_WALLETS: Duration = Duration::from_secs(180);

/// Kill the server and its devices at random moments.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Run the rounds and check what is left.
    Run(Run),
    /// Be a device.
    #[command(hide = true)]
    Device(device::Options),
}

#[derive(Args)]
struct Run {
    /// The binary `maany`.
    #[arg(long)]
    maany: PathBuf,
    /// How often something is killed.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// How many devices there are.
    #[arg(long, default_value_t = 4)]
    devices: usize,
    /// What all choices come from; by default the clock, and printed.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().role {
        Role::Device(options) => device::run(&options),
        Role::Run(options) => run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(format_args!("FAILED: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Run) -> Result<(), Failure> {
    let begin = Instant::now();
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_nanos().into());
    let seed = options.seed.unwrap_or_else(clock);
    say(format_args!("seed {seed}, {} rounds, {} devices", options.rounds, options.devices));
    let mut dice = Dice::new(seed);
    let lab = Lab::new(&options.maany, options.devices)?;
    let mut kills = Kills::default();
    let (server, devices) = rounds(&lab, options, &mut dice, &mut kills)?;
    for device in devices {
        device.kill().map_err(|failure| format!("{failure}: {}", lab.device_log()))?;
    }
    for device in 0..options.devices {
        let questions = serde_json::to_string(&read(&lab, |ledger| ledger.questions(device, QUESTIONS)))?;
        lab.last_words(device, &questions).map_err(|failure| format!("{failure}: {}", lab.device_log()))?;
    }
    server.stop()?;
    let audited = audit::signatures(&lab.server_folder())?;
    read(&lab, |ledger| verdict(ledger, &audited, &kills, begin.elapsed()))
}

#[derive(Default)]
struct Kills {
    server: u32,
    devices: u32,
}

/// Each round kills the server, a device or both, and starts again on the same folders what it killed.
fn rounds(
    lab: &Lab,
    options: &Run,
    dice: &mut Dice,
    kills: &mut Kills,
) -> Result<(Process, Vec<Process>), Failure> {
    let mut server = lab.serve()?;
    let mut devices = Vec::new();
    for device in 0..options.devices {
        devices.push(Some(lab.device(device, dice.roll())?));
    }
    lab.wait_for_wallets(options.devices, FIRST_WALLETS)?;
    for round in 1..=options.rounds {
        let wait = dice.below(ROUND);
        let victim = dice.below(10);
        // The moment is what is tried: nothing is waited for.
        std::thread::sleep(Duration::from_millis(wait));
        if victim < 7 {
            server.kill().map_err(|failure| format!("round {round}: {failure}"))?;
            server = lab.serve()?;
            kills.server += 1;
        }
        if victim >= 6 {
            let number = usize::try_from(dice.below(options.devices as u64))?;
            let device = devices.get_mut(number).ok_or("a device")?;
            if let Some(alive) = device.take() {
                alive.kill().map_err(|failure| format!("round {round}: {failure}: {}", lab.device_log()))?;
            }
            *device = Some(lab.device(number, dice.roll())?);
            kills.devices += 1;
        }
    }
    Ok((server, devices.into_iter().flatten().collect()))
}

fn read<T>(lab: &Lab, look: impl FnOnce(&Ledger) -> T) -> T {
    look(&lab.ledger.0.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Prints the figures, and what is wrong.
fn verdict(
    ledger: &Ledger,
    audited: &BTreeMap<String, usize>,
    kills: &Kills,
    elapsed: Duration,
) -> Result<(), Failure> {
    let shown: usize = ledger.shown.values().map(std::collections::BTreeSet::len).sum();
    let lost = ledger.lost();
    let twice = ledger.signed_twice();
    let (sequences, withheld) = (ledger.sequences_twice(), ledger.not_given_again());
    let without_row: Vec<_> = ledger.signatures.keys().filter(|id| !audited.contains_key(*id)).collect();
    let more_rows = audited.values().filter(|count| **count > 1).count();
    for (what, count) in &ledger.failures {
        say(format_args!("{what}: failed {count} times while something was down"));
    }
    for error in &ledger.last_failures {
        say(format_args!("the last signature of a wallet failed: {error}"));
    }
    say(format_args!(
        "{} SIGKILLs ({} of the server, {} of devices) in {:.0} s: {} requests, {} signed, {} asked again, {} \
         refreshes, {} backups",
        kills.server + kills.devices,
        kills.server,
        kills.devices,
        elapsed.as_secs_f64(),
        ledger.requests(),
        ledger.signatures.len(),
        ledger.asked_again,
        ledger.refreshes,
        ledger.backups,
    ));
    say(format_args!(
        "{} refused, as the sequence was another document's, {} made in another's place",
        ledger.taken,
        ledger.replaces.len(),
    ));
    say(format_args!(
        "{shown} wallets shown, {} sign, {} lost; {} requests with two signatures, {} sequences signed twice, {} \
         signatures not given again; {} without an audit row, {more_rows} with more than one",
        ledger.sign_at_the_end.len(),
        lost.len(),
        twice.len(),
        sequences.len(),
        withheld.len(),
        without_row.len(),
    ));
    // Without load nothing was shown.
    let idle = shown == 0
        || ledger.signatures.is_empty()
        || ledger.refreshes == 0
        || ledger.taken == 0
        || ledger.replaces.is_empty();
    let kept = lost.is_empty()
        && twice.is_empty()
        && sequences.is_empty()
        && withheld.is_empty()
        && without_row.is_empty();
    if idle || more_rows > 0 || !kept {
        return Err(format!(
            "idle {idle}, lost {lost:?}, signed twice {twice:?} and {sequences:?}, not given again {withheld:?}, \
             without a row {without_row:?}"
        )
        .into());
    }
    Ok(())
}
