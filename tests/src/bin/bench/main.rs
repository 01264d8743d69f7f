//! `cargo xtask bench`: speed and size, each figure against what it has to reach.
//!
//! Whatever is compared is measured in the same run, in pairs that follow each other closely, so that a machine that is
//! busy with something else slows both. The server is the facade's, with redb and its fsync on both sides; memory is
//! read from a server in a process of its own.

mod alone;
mod child;
mod figures;
mod idle;
mod latency;
mod plan;
mod round_trips;
mod throughput;
mod wallet_making;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use maany_tests::Failure;
use maany_tests::report::say;
use tokio::runtime::Runtime;

use self::figures::Figures;
use self::plan::Plan;

/// Speed and size of the Maany MPC coordinator.
#[derive(Parser)]
struct Args {
    /// A short form: fewer samples, the same figures.
    #[arg(long)]
    quick: bool,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "target/bench.json")]
    out: PathBuf,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// The server whose memory is read; started by the bench itself.
    #[command(hide = true)]
    Serve {
        /// Wallets to make beforehand.
        #[arg(long, default_value_t = 0)]
        wallets: usize,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.role {
        Some(Role::Serve { wallets }) => child::serve(wallets).map(|()| true),
        None => bench(&args),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(format_args!("the bench could not run: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures everything; whether every figure was reached.
fn bench(args: &Args) -> Result<bool, Failure> {
    let plan = if args.quick { Plan::quick() } else { Plan::full() };
    let runtime = Runtime::new()?;
    let mut figures = Figures::new(args.quick, plan.cores, load());
    if figures.is_busy() {
        say(
            "this machine is busy with something else: what depends on how fast a thread is woken comes out too high",
        );
    }
    let shares = alone::measure(&plan, &mut figures)?;
    latency::measure(&plan, &runtime, &shares, &mut figures)?;
    round_trips::measure(&plan, &runtime, &mut figures)?;
    wallet_making::measure(&plan, &runtime, &mut figures)?;
    throughput::measure(&plan, &runtime, &shares, &mut figures)?;
    idle::sessions(&plan, &runtime, &mut figures)?;
    idle::many_signatures(&plan, &runtime, &mut figures)?;
    say(format_args!("\n{}", figures.table()));
    figures.write(&args.out)?;
    say(format_args!("written to {}", args.out.display()));
    for missed in figures.missed() {
        say(format_args!("MISSED: {missed}"));
    }
    Ok(figures.missed().next().is_none())
}

/// How many threads of the whole machine wanted to run in the last minute, on average (proc(5), `loadavg`).
fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
