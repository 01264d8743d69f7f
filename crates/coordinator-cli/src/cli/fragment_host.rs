//! A third party's side of the command line: a server that holds fragments.

use clap::{Args, Subcommand};
use maany_coordinator::proto::KeyId;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a third party does that holds fragments of backups.
#[derive(Debug, Subcommand)]
pub(crate) enum FragmentHost {
    /// Make a fragment host's data folder: key file, store and a first API key.
    Init(Init),
    /// Run the fragment host.
    Serve(Serve),
    /// Operate a fragment host.
    #[command(subcommand)]
    Admin(Admin),
}

/// Where a fragment host keeps its data.
#[derive(Debug, Args)]
pub(crate) struct HostFolder {
    /// The fragment host's data folder [default: ~/.maany/fragment-host].
    #[arg(id = "data", long, value_name = "DIR", env = "MAANY_FRAGMENT_HOST_DATA")]
    pub(crate) path: Option<PathBuf>,
}

/// A new fragment host.
#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) data: HostFolder,
    /// Whom the first API key speaks for.
    #[arg(long, value_name = "NAME", default_value = "owner")]
    pub(crate) owner: String,
}

/// How a fragment host runs.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) data: HostFolder,
    /// Where to listen: an address of this machine's own (loopback); from elsewhere it is reached through a tunnel.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
}

/// What an operator does beside running the fragment host.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Make a single-use code that has a wallet's fragment released within ten minutes.
    Release(Release),
    /// Remove a wallet's fragment of one epoch: one that its owner does not know, or that is in the way of another backup.
    Drop(Drop),
    /// Make an API key for another owner. The fragment host must not be running.
    AddOwner(AddOwner),
}

/// Which fragment to release.
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The id that the fragment is held under: the wallet's.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: KeyId,
    /// Whose fragment, where several owners have one of this id.
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    /// Release it to the owner's next request, for a device that can send no code.
    #[arg(long)]
    pub(crate) without_code: bool,
    #[command(flatten)]
    pub(crate) data: HostFolder,
}

/// Which fragment to remove.
#[derive(Debug, Args)]
pub(crate) struct Drop {
    /// The id that the fragment is held under: the wallet's.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: KeyId,
    /// The epoch that goes.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) epoch: u64,
    /// Whose fragment, where several owners have one of this id.
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    #[command(flatten)]
    pub(crate) data: HostFolder,
}

/// Another owner.
#[derive(Debug, Args)]
pub(crate) struct AddOwner {
    /// Whom the API key speaks for.
    #[arg(value_name = "NAME")]
    pub(crate) owner: String,
    #[command(flatten)]
    pub(crate) data: HostFolder,
}
