//! The command line: what can be asked for, and the help that goes with it.

pub(crate) mod admin;
pub(crate) mod chain;
pub(crate) mod fragment_host;
pub(crate) mod tx;
pub(crate) mod wallet;

use clap::{Args, Parser, Subcommand};
use maany_coordinator::cosmos::Coin;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::coin;

/// Two-party wallets for Cosmos chains: the server, a device, and a demonstration of both.
#[derive(Debug, Parser)]
#[command(name = "maany", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print one JSON object a line, for machines.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a wallet's life, both sides in this process: key, signature, refresh, backup, restore.
    Demo,
    /// Make a server's data folder: configuration, key file, policy and a first API key.
    Init(Init),
    /// Run the server.
    Serve(Serve),
    /// Operate a server.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Hold fragments of backups: a third party's side.
    #[command(subcommand)]
    FragmentHost(fragment_host::FragmentHost),
    /// Hold wallets: the device's side.
    #[command(subcommand)]
    Wallet(wallet::Wallet),
    /// Look at transactions.
    #[command(subcommand)]
    Tx(tx::Tx),
}

/// Where a server keeps its data.
#[derive(Debug, Args)]
pub(crate) struct ServerFolder {
    /// The server's data folder [default: ~/.maany/server].
    #[arg(id = "data", long, value_name = "DIR", env = "MAANY_DATA")]
    pub(crate) path: Option<PathBuf>,
}

/// What a new server's configuration says.
#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) data: ServerFolder,
    /// A chain on which MsgSend may be signed; may be given several times. Without any, nothing may be signed.
    #[arg(long = "chain-id", value_name = "ID")]
    pub(crate) chain_ids: Vec<String>,
    /// The most that one transaction may send of a denom; may be given several times [default: 100 tokens of each chain's own denom].
    #[arg(long, value_name = "AMOUNT", value_parser = coin::parse)]
    pub(crate) max_per_tx: Vec<Coin>,
    /// The highest fee of one transaction; may be given several times [default: 1 token of each chain's own denom].
    #[arg(long, value_name = "AMOUNT", value_parser = coin::parse)]
    pub(crate) max_fee: Vec<Coin>,
    /// The tenant that the first API key belongs to.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) tenant: String,
    /// The owner, within the tenant, that the first API key speaks for.
    #[arg(long, value_name = "NAME", default_value = "owner")]
    pub(crate) owner: String,
}

/// How a server runs.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) data: ServerFolder,
    /// Where to listen, such as 127.0.0.1:8080 [default: the configuration's address, with the port of PORT where that is set].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Listen on an address that others can reach although nothing is encrypted. From there, only signing works.
    #[arg(long)]
    pub(crate) insecure_plaintext: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn json_may_stand_anywhere() {
        for line in [&["maany", "--json", "demo"][..], &["maany", "demo", "--json"]] {
            assert!(Cli::try_parse_from(line).unwrap().json);
        }
    }

    #[test]
    fn no_secret_is_taken_as_an_argument() {
        fn arguments(command: &clap::Command, found: &mut Vec<String>) {
            found.extend(command.get_arguments().map(|argument| argument.get_id().to_string()));
            command.get_subcommands().for_each(|command| arguments(command, found));
        }
        let mut found = Vec::new();
        arguments(&Cli::command(), &mut found);
        for secret in ["token", "passphrase", "key", "secret", "code", "step_up"] {
            assert!(!found.iter().any(|id| id == secret), "{secret}");
        }
    }
}
