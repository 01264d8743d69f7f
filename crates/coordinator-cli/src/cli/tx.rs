//! What is done with transactions alone, without a wallet, a server or a node.

use clap::{Args, Subcommand};
use maany_coordinator::cosmos::SignMode;
use std::path::PathBuf;

/// What can be done with a transaction.
#[derive(Debug, Subcommand)]
pub(crate) enum Tx {
    /// Show what a transaction says, every message of it, and what could not be decoded.
    Decode(Decode),
}

/// A transaction to look at.
#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// The transaction, base64 or hexadecimal; without it and --file, from standard input.
    #[arg(value_name = "TX")]
    pub(crate) tx: Option<String>,
    /// Read it from this file: base64, hexadecimal or the bytes themselves.
    #[arg(long, value_name = "FILE", conflicts_with = "tx")]
    pub(crate) file: Option<PathBuf>,
    /// It is no signed transaction but the document that is signed, in this form: direct or amino-json.
    #[arg(long, value_name = "MODE")]
    pub(crate) sign_doc: Option<SignMode>,
}
