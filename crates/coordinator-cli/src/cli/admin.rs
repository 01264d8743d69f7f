//! The operator's side of the command line, beside running the server.

use clap::{Args, Subcommand};
use std::path::PathBuf;

use crate::archive_file::Recipient;
use crate::cli::ServerFolder;

/// What an operator does beside running the server.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Make a single-use code that lets a wallet be restored within ten minutes.
    StepUp(StepUp),
    /// Write the whole store into one encrypted file, while no server runs.
    Export(Export),
    /// Put the store of an archive where there is none.
    Import(Import),
    /// See which API keys are accepted, and revoke one.
    #[command(subcommand)]
    ApiKey(ApiKey),
    /// See which wallets are locked, and let one be led out.
    #[command(subcommand)]
    Quarantine(Quarantine),
}

/// What an operator does about API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKey {
    /// List the keys by their public halves, with their owners and scopes.
    List(ListApiKeys),
    /// Accept a key no more, in a running server too.
    Revoke(RevokeApiKey),
    /// Make a new key for the operator, in admin.token, while no server runs.
    Operator(OperatorKey),
}

/// Whose folder gets the key.
#[derive(Debug, Args)]
pub(crate) struct OperatorKey {
    /// The tenant that the key belongs to.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) tenant: String,
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}

/// Where to look.
#[derive(Debug, Args)]
pub(crate) struct ListApiKeys {
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}

/// Which key.
#[derive(Debug, Args)]
pub(crate) struct RevokeApiKey {
    /// The key's public half: what is before its dot.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}

/// What an operator does about locked wallets.
#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// List the wallets that are quarantined or frozen.
    List(ListLocked),
    /// Make a single-use code with which the wallet's device leads it out. The wallet stays locked until then.
    Clear(ClearLock),
}

/// Where to look.
#[derive(Debug, Args)]
pub(crate) struct ListLocked {
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}

/// Which wallet.
#[derive(Debug, Args)]
pub(crate) struct ClearLock {
    /// The wallet's id, 32 hexadecimal digits.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    /// For a wallet that came from an archive: answer for what it may have signed since. A second transaction of a sequence that
    /// was signed then may be signed.
    #[arg(long)]
    pub(crate) accept_forgotten: bool,
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}

/// Whom a step-up code is for.
#[derive(Debug, Args)]
pub(crate) struct StepUp {
    /// The wallet's id, 32 hexadecimal digits.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}

/// An archive to write. Without a recipient the passphrase comes from MAANY_ARCHIVE_PASSPHRASE or the terminal.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The file to make; it must not exist.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Encrypt to this age recipient (age1...) in place of a passphrase; may be given several times.
    #[arg(long = "recipient", value_name = "RECIPIENT", conflicts_with = "passphrase_file")]
    pub(crate) recipients: Vec<Recipient>,
    /// Read the archive's passphrase from this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}

/// An archive to import. Without an identity file the passphrase comes from MAANY_ARCHIVE_PASSPHRASE or the terminal.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The archive.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The age identity that the archive was encrypted to.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) identity_file: Option<PathBuf>,
    /// Read the archive's passphrase from this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The store that the archive replaces, moved away, or what is left of it: what it has learnt since the archive was made
    /// is carried forward. Without it every wallet comes up locked.
    #[arg(long, value_name = "OLD-STORE")]
    pub(crate) over: Option<PathBuf>,
    /// State that no server has run since OLD-STORE was last written to. Without that, or where it was not in use after the
    /// archive was made, every wallet comes up locked all the same.
    #[arg(long, requires = "over")]
    pub(crate) was_last_in_use: bool,
    #[command(flatten)]
    pub(crate) data: ServerFolder,
}
