//! The workspace's own tools. It only spawns processes and reads sources: no crate of the workspace
//! is linked in, so that it builds even when they do not.

mod advisories;
mod bench;
mod chain;
mod ci;
mod codegen;
mod crash_sweep;
mod deny;
mod e2e;
mod error;
mod features;
mod fuzz;
mod kill9;
mod layers;
mod model;
mod mutants;
mod node;
mod process;
mod report;
mod sim;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::Error;
use workspace::Workspace;

/// Tests, checks, benches and proofs of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test: Node cross-checks, then unit, integration and documentation tests of all crates.
    ///
    /// Installs the Node packages of tests/node by their lockfile; needs node 20 or later and npm.
    Test,
    /// Everything that a change must pass, cheapest first, the tests last.
    ///
    /// fmt, layers, clippy, cargo-deny (bans, licences, sources), documentation, each feature alone, packaging,
    /// model, sim, crash-sweep, e2e, chain, kill9, test. Installs cargo-deny into the target directory when the right version is missing.
    Ci {
        /// Begin at this step.
        #[arg(long, value_name = "STEP")]
        from: Option<String>,
    },
    /// Check the arrows between crates and that the pure crates do no I/O.
    Layers,
    /// Write the message tables of maany-coordinator-cosmos from the chains' .proto files. Needs Go.
    Codegen {
        /// Compare what is committed instead; says so where Go or the module proxy is missing.
        #[arg(long)]
        check: bool,
    },
    /// Remove each hardening in turn and expect its tests to fail.
    Mutants {
        /// Only the mutants whose name contains this.
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
        /// Print the table without running anything.
        #[arg(long)]
        list: bool,
    },
    /// Drive the release binary from outside: CLI device, plain Node device, CosmJS, malformed input.
    E2e {
        /// MPC wallets against a real chain of one validator instead; needs Go 1.24 or later and a C compiler, and builds the
        /// chain once.
        #[arg(long)]
        chain: bool,
        /// Arguments handed on to the runner.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Search every crash of the commit and the reconciliation, by the coordinator's own code.
    Model,
    /// Run server and devices in a simulated world, once for each seed: delays, cuts, partitions, crashes, lost writes.
    ///
    /// `--seeds N --first K` judges many, 10,000 by default; `--seed S` replays one and shows what happened. A release check
    /// takes 100,000.
    Sim {
        /// Arguments handed on to the simulation.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Kill the release server and its devices at random moments under load; every wallet signs afterwards.
    Kill9 {
        /// How often something is killed; a release check takes 200.
        #[arg(long, default_value_t = kill9::ROUNDS)]
        rounds: u32,
        /// What all choices come from; by default the clock. A run prints its own.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Kill, cut and lose at every durable write and every message of every verb: no wallet lost, nothing signed twice.
    ///
    /// `--list` names the cases, `--case NAME` runs one, `--only TEXT` those whose name contains the text.
    CrashSweep {
        /// Arguments handed on to the sweep.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run the fuzz targets of the decoders: under libFuzzer where it is at hand, else under a seeded mutator.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = fuzz::SECONDS)]
        seconds: u32,
    },
    /// Measure speed and size in release mode; fails where a figure to reach is missed.
    ///
    /// `--cosmos` measures the reading of sign docs beside cosmrs instead.
    Bench {
        /// Arguments handed on to the bench.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Release check: known advisories against the dependencies. Needs the network.
    Advisories,
}

fn main() -> ExitCode {
    let outcome = Workspace::find().and_then(|workspace| run(Cli::parse().task, &workspace));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The runner's own summary stays the last thing on the screen.
        Err(Error::TestsFailed) => ExitCode::FAILURE,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task, workspace: &Workspace) -> Result<(), Error> {
    match task {
        Task::Test => test::run(workspace),
        Task::Ci { from } => ci::run(workspace, from.as_deref()),
        Task::Layers => layers::run(workspace),
        Task::Codegen { check: true } => codegen::check(workspace),
        Task::Codegen { check: false } => codegen::run(workspace, &[]),
        Task::Mutants { only, list } => mutants::run(workspace, only.as_deref(), list),
        Task::E2e { chain: true, args } => chain::run(workspace, &args),
        Task::E2e { chain: false, args } => e2e::run(workspace, &args),
        Task::Model => model::run(workspace),
        Task::Sim { args } => sim::run(workspace, &args),
        Task::Kill9 { rounds, seed } => kill9::run(workspace, rounds, seed),
        Task::CrashSweep { args } => crash_sweep::run(workspace, &args),
        Task::Fuzz { seconds } => fuzz::run(workspace, seconds),
        Task::Bench { args } => bench::run(workspace, &args),
        Task::Advisories => advisories::run(workspace),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
