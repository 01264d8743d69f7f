//! The commands, one file each. They wire the facade up and tell what it did; the rules are in the libraries.

mod admin;
pub(crate) mod demo;
mod fragment_host;
mod init;
mod serve;
mod server_store;
mod tx;
mod wallet;

use crate::cli::Command;
use crate::error::CliError;
use crate::output::{Mode, Output};

pub(crate) use demo::DemoError;

/// Runs a command.
pub(crate) async fn run(command: Command, output: &mut Output) -> Result<(), CliError> {
    match command {
        // It ends its own telling.
        Command::Demo => return Ok(demo::run(output.mode() == Mode::Json).await?),
        Command::Init(args) => init::run(args, output).await?,
        Command::Serve(args) => serve::run(args, output).await?,
        Command::Admin(command) => admin::run(command, output).await?,
        Command::FragmentHost(command) => fragment_host::run(command, output).await?,
        Command::Wallet(command) => wallet::run(command, output).await?,
        Command::Tx(command) => tx::run(command, output)?,
    }
    Ok(output.done()?)
}
