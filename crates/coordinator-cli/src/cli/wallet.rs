//! The device's side of the command line.

use clap::{Args, Subcommand};
use maany_coordinator::cosmos::{Address, Coin, Hrp, SignMode};
use maany_coordinator::engine::DerivationPath;
use maany_coordinator::proto::{KeyId, RequestId};
use std::path::PathBuf;

use super::chain::{Balance, Broadcast, Delegate, Send};
use crate::coin;

/// What a device does with its wallets.
#[derive(Debug, Subcommand)]
pub(crate) enum Wallet {
    /// Make a new wallet, together with the server.
    Create(Create),
    /// List the wallets that this device holds.
    List(List),
    /// Show how wallets stand, on this device and on the server.
    Status(Status),
    /// Show a wallet's address on a chain.
    Address(ShowAddress),
    /// Sign a transfer, and send nothing.
    Sign(Box<Sign>),
    /// Sign data that is no transaction (ADR-036). The server's policy has to allow it, with allow_arbitrary.
    SignArbitrary(Box<SignArbitrary>),
    /// Show what a wallet's account has on a chain.
    Balance(Balance),
    /// Sign a transfer and send it: number, sequence and gas come from a node.
    Send(Box<Send>),
    /// Sign a delegation and send it. The server's policy has to allow /cosmos.staking.v1beta1.MsgDelegate.
    Delegate(Box<Delegate>),
    /// Send a signed transaction and wait for its block.
    Broadcast(Broadcast),
    /// Make new key shares for a wallet: same address, and the old shares are worth nothing.
    Refresh(Refresh),
    /// Make a backup: several fragments with several holders, of which some restore the wallet.
    Backup(Box<Backup>),
    /// Bring a wallet back from its backup.
    Restore(Restore),
}

/// Where a device keeps its data, and how its key is opened.
#[derive(Debug, Args)]
pub(crate) struct DeviceFolder {
    /// The device's data folder [default: ~/.maany/wallet].
    #[arg(id = "data", long, value_name = "DIR", env = "MAANY_WALLET_DATA")]
    pub(crate) path: Option<PathBuf>,
    /// Read the passphrase from this file; without it, from MAANY_PASSPHRASE or the terminal.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// How the server is reached.
#[derive(Debug, Args)]
pub(crate) struct ServerAccess {
    /// The server's address.
    #[arg(long, value_name = "URL", env = "MAANY_SERVER", default_value = "ws://127.0.0.1:8080")]
    pub(crate) server: String,
    /// Read the API key from this file; without it, from MAANY_TOKEN, the file `token` in the data folder, or the terminal.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Reach a server on another machine although what goes over HTTP is not encrypted.
    #[arg(long)]
    pub(crate) insecure_plaintext: bool,
    /// Speak the profile of first-generation devices: no end-to-end channel, and a wallet that is made so has no device
    /// identity, so that those devices can use it.
    #[arg(long)]
    pub(crate) older_profile: bool,
}

/// What a command needs that works with the server.
#[derive(Debug, Args)]
pub(crate) struct Connected {
    #[command(flatten)]
    pub(crate) folder: DeviceFolder,
    #[command(flatten)]
    pub(crate) access: ServerAccess,
}

/// A new wallet.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// A name of your own for the wallet: 1 to 128 characters of A-Z a-z 0-9 . _ : -
    #[arg(long, value_name = "NAME")]
    pub(crate) key_id: Option<KeyId>,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// The list of wallets.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) folder: DeviceFolder,
}

/// How wallets stand.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The wallet's id, or the name that it was made with [default: all of them].
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: Option<String>,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// An address.
#[derive(Debug, Args)]
pub(crate) struct ShowAddress {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    #[command(flatten)]
    pub(crate) key: KeyPlace,
    /// The chain whose prefix to use.
    #[arg(long, value_name = "ID")]
    pub(crate) chain_id: Option<String>,
    #[command(flatten)]
    pub(crate) folder: DeviceFolder,
}

/// Which of a wallet's keys, and how its address begins.
#[derive(Debug, Args)]
pub(crate) struct KeyPlace {
    /// Where the key hangs below the wallet's key, without hardened steps, such as m/44/118/0/0/0.
    #[arg(long, value_name = "PATH", default_value = "m")]
    pub(crate) path: DerivationPath,
    /// The address prefix [default: the chain's, where it is a known one, else cosmos].
    #[arg(long, value_name = "PREFIX", value_parser = Hrp::parse)]
    pub(crate) hrp: Option<Hrp>,
}

/// A transfer to sign.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    /// The chain, as transactions name it, such as cosmoshub-4.
    #[arg(long, value_name = "ID")]
    pub(crate) chain_id: String,
    /// Who receives.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) to: Address,
    /// What to send, such as 1000000uatom; may be given several times.
    #[arg(long, value_name = "AMOUNT", value_parser = coin::parse, required = true)]
    pub(crate) amount: Vec<Coin>,
    /// What is paid for the transaction; may be given several times.
    #[arg(long, value_name = "AMOUNT", value_parser = coin::parse)]
    pub(crate) fee: Vec<Coin>,
    /// The gas limit.
    #[arg(long, value_name = "UNITS", default_value_t = 200_000)]
    pub(crate) gas: u64,
    /// The number of the account on the chain.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) account_number: u64,
    /// How many transactions the account has sent.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) sequence: u64,
    /// A remark that everyone can read.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) memo: String,
    /// The last block at which the transaction may run.
    #[arg(long, value_name = "HEIGHT")]
    pub(crate) timeout_height: Option<u64>,
    /// Take the place of this sign request of the same account and sequence. One that is open is not signed any more; one
    /// that is signed may still be broadcast, and of the two the chain runs one.
    #[arg(long, value_name = "REQUEST")]
    pub(crate) replaces: Option<RequestId>,
    /// How the transaction is encoded for signing: direct or amino-json.
    #[arg(long, value_name = "MODE", default_value = "direct")]
    pub(crate) mode: SignMode,
    #[command(flatten)]
    pub(crate) key: KeyPlace,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// Data to sign.
#[derive(Debug, Args)]
pub(crate) struct SignArbitrary {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    /// The data, as text; without it and --file, from standard input, byte for byte.
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Sign what is in this file, byte for byte.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub(crate) file: Option<PathBuf>,
    /// The chain whose prefix to use.
    #[arg(long, value_name = "ID")]
    pub(crate) chain_id: Option<String>,
    #[command(flatten)]
    pub(crate) key: KeyPlace,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// New shares.
#[derive(Debug, Args)]
pub(crate) struct Refresh {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    /// Lead a quarantined wallet out: the operator's step-up code comes from MAANY_STEP_UP or the terminal.
    #[arg(long)]
    pub(crate) stepped_up: bool,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// A backup, or its drill.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Backup {
    #[command(subcommand)]
    pub(crate) command: Option<BackupCommand>,
    #[command(flatten)]
    pub(crate) make: MakeBackup,
}

/// What is done with a backup beside making it.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Show that fragments restore a wallet as it is now, and restore nothing: a drill.
    Verify(VerifyBackup),
}

/// A backup to make, or to go on with.
#[derive(Debug, Args)]
pub(crate) struct MakeBackup {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET", required = true)]
    pub(crate) wallet: Option<String>,
    /// Write the fragments that are neither the server's nor a third party's to files in this folder; give each to another
    /// holder. Without this, --qr and --third-party, the wallet's backup is gone on with as it was made. Where the wallet has a
    /// complete backup by another plan, it gets new shares first, and the earlier fragments restore nothing any more.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Show those fragments as QR codes instead, to be printed or copied.
    #[arg(long, conflicts_with = "out")]
    pub(crate) qr: bool,
    #[command(flatten)]
    pub(crate) third_party: ThirdParty,
    /// How many fragments restore the wallet; at least 2.
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub(crate) threshold: u8,
    /// How many fragments there are, the server's among them.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) shares: u8,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// A third party's fragment host. Its API key comes from the file, from MAANY_THIRD_PARTY_KEY or the terminal.
#[derive(Debug, Args)]
pub(crate) struct ThirdParty {
    /// A fragment host that holds one of the fragments, such as http://127.0.0.1:8090.
    #[arg(long = "third-party", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Read the fragment host's API key from this file; without it, from MAANY_THIRD_PARTY_KEY or the terminal.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) third_party_key_file: Option<PathBuf>,
}

/// A drill.
#[derive(Debug, Args)]
pub(crate) struct VerifyBackup {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    /// Fragment files, as they were written or with the text of a QR code in them.
    #[arg(value_name = "FILE")]
    pub(crate) fragments: Vec<PathBuf>,
    /// Fetch the server's fragment too, while a step-up code of its operator is open.
    #[arg(long)]
    pub(crate) from_server: bool,
    #[command(flatten)]
    pub(crate) third_party: ThirdParty,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// A backup to restore. The step-up code comes from MAANY_STEP_UP or the terminal, a third party's release code from
/// MAANY_RELEASE or the terminal.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// Fragment files, as they were written or with the text of a QR code in them.
    #[arg(value_name = "FILE", required_unless_present = "from_server")]
    pub(crate) fragments: Vec<PathBuf>,
    /// Fetch the server's fragment of this wallet too; the operator's step-up code opens it.
    #[arg(long, value_name = "WALLET")]
    pub(crate) from_server: Option<String>,
    #[command(flatten)]
    pub(crate) third_party: ThirdParty,
    #[command(flatten)]
    pub(crate) connected: Connected,
}
