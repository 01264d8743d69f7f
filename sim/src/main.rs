//! Server and devices in one simulated world: a seed says who wants what, how far apart everybody is and what goes wrong, and
//! everything else follows from it. `--seed S` shows one run, `--seeds N --first K` judges many.
//!
//! Everything but the engine, the disks and the network is what a deployment runs: server, sessions, channel, resumption,
//! leases, reconciliation, commit, vault, HTTP, devices.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod dice;
mod disk;
mod gate;
mod judge;
mod many;
mod order;
mod person;
mod plan;
mod road;
mod run;
mod sabotage;
mod seeds;
mod site;
mod toy;
mod trace;

use std::process::ExitCode;

use clap::Parser;

/// Any error, or a sentence.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Server and devices in one simulated world.
#[derive(Parser)]
#[command(name = "sim")]
struct Cli {
    /// How many seeds.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// One seed alone, with its trace; it is run twice, and both runs must be the same.
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// Threads; by default as many as there are cores.
    #[arg(long)]
    threads: Option<usize>,
    /// Break the server on purpose, to see that it is noticed.
    #[arg(long = "break", value_enum, default_value_t, value_name = "WHAT")]
    sabotage: sabotage::Sabotage,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    judge::watch_panics();
    let outcome = match cli.seed {
        Some(seed) => many::one(seed, cli.sabotage),
        None => many::many(cli.first, cli.seeds, cli.threads, cli.sabotage),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
