//! A real chain accepts it: MPC wallets, with the real engine over a real server, against a chain of one validator.
//!
//! Every transaction is included with code 0, and every balance is right to the last unit. Prints one line for each check and `N passed, N failed`
//! last; exits with 1 where one failed. `cargo xtask e2e --chain` builds the chain and runs this.

mod committee;
mod purse;
mod refusals;
mod story;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use maany_tests::tally::{Tally, say};

use self::world::World;

/// MPC wallets against a real chain.
#[derive(Parser)]
struct Options {
    /// The chain's binary.
    #[arg(long)]
    wasmd: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut tally = Tally::default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("FAILED no runtime: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(&options, &mut tally));
    tally.summary()
}

async fn run(options: &Options, tally: &mut Tally) {
    let mut world = match World::begin(&options.wasmd).await {
        Ok(world) => world,
        Err(failure) => return tally.failed("the chain starts", &failure.to_string()),
    };
    tally.passed("a chain of one validator makes blocks; its account 0 is an MPC wallet");
    let before = tally.failures();
    if let Err(failure) = story::tell(&mut world, tally).await {
        tally.failed("the run itself", &failure.to_string());
    }
    if tally.failures() > before {
        say(&format!("the chain's log: {}", world.chain.keep().display()));
    }
}
