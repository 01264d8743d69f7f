#![doc = include_str!("../README.md")]

mod archive_file;
mod chains;
mod channel_key;
mod cli;
mod clock;
mod coin;
mod commands;
mod data_folder;
mod error;
mod key_file;
mod logging;
mod output;
mod paper;
mod passphrase;
mod private_file;
mod process;
mod settings;
mod timeline;
mod tx_input;
mod units;

use clap::Parser;
use std::process::ExitCode;

use crate::cli::Cli;
use crate::error::CliError;
use crate::output::{Mode, Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mode = if cli.json { Mode::Json } else { Mode::Text };
    match run(cli, mode) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(error) if error.is_broken_pipe() => ExitCode::FAILURE,
        Err(error) => {
            // Where not even the error can be written, the exit code is all that is left.
            let _ = error::report(&error, mode == Mode::Json);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, mode: Mode) -> Result<(), CliError> {
    process::without_core_dumps()?;
    process::runtime()?.block_on(async {
        process::outlive_file_size_limit()?;
        commands::run(cli.command, &mut Output::new(mode)).await
    })
}
