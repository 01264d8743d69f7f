//! What is done on a chain: the node that is asked, what is paid, and the commands.

use clap::Args;
use maany_coordinator::cosmos::{Address, Coin, GasPrice, SignMode};
use maany_coordinator::proto::RequestId;
use std::path::PathBuf;

use super::wallet::{Connected, DeviceFolder, KeyPlace};
use crate::coin;

/// Which chain, and who speaks for it.
#[derive(Debug, Args)]
pub(crate) struct NodeAccess {
    /// The chain, as transactions name it, such as cosmoshub-4. A node of another one is not used.
    #[arg(long, value_name = "ID")]
    pub(crate) chain_id: String,
    /// The REST address of a node; may be given several times, then the next one is asked where one does not answer.
    #[arg(
        long,
        value_name = "URL",
        env = "MAANY_NODE",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:1317"
    )]
    pub(crate) node: Vec<String>,
}

/// What an account has.
#[derive(Debug, Args)]
pub(crate) struct Balance {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    #[command(flatten)]
    pub(crate) chain: NodeAccess,
    #[command(flatten)]
    pub(crate) key: KeyPlace,
    #[command(flatten)]
    pub(crate) folder: DeviceFolder,
}

/// What goes with every transaction.
#[derive(Debug, Args)]
pub(crate) struct Transaction {
    #[command(flatten)]
    pub(crate) chain: NodeAccess,
    /// What a unit of gas is paid, such as 0.025uatom.
    #[arg(long, value_name = "PRICE")]
    pub(crate) gas_price: GasPrice,
    /// The gas limit [default: what a simulation uses, and three tenths more].
    #[arg(long, value_name = "UNITS")]
    pub(crate) gas: Option<u64>,
    /// An account whose fee grant pays. The server's policy has to allow it.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) fee_granter: Option<Address>,
    /// A remark that everyone can read.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) memo: String,
    /// The last block at which the transaction may run.
    #[arg(long, value_name = "HEIGHT")]
    pub(crate) timeout_height: Option<u64>,
    /// Take the place of this sign request of the same account and sequence. One that is signed may still be broadcast, and of
    /// the two the chain runs one.
    #[arg(long, value_name = "REQUEST")]
    pub(crate) replaces: Option<RequestId>,
    /// How the transaction is encoded for signing: direct or amino-json.
    #[arg(long, value_name = "MODE", default_value = "direct")]
    pub(crate) mode: SignMode,
    /// How long the block is waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) key: KeyPlace,
    #[command(flatten)]
    pub(crate) connected: Connected,
}

/// A transfer that is signed and sent.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    /// Who receives.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) to: Address,
    /// What to send, such as 1000000uatom; may be given several times.
    #[arg(long, value_name = "AMOUNT", value_parser = coin::parse, required = true)]
    pub(crate) amount: Vec<Coin>,
    #[command(flatten)]
    pub(crate) transaction: Transaction,
}

/// A delegation that is signed and sent.
#[derive(Debug, Args)]
pub(crate) struct Delegate {
    /// The wallet's id, or the name that it was made with.
    #[arg(value_name = "WALLET")]
    pub(crate) wallet: String,
    /// The validator's address, such as cosmosvaloper1...
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) validator: Address,
    /// What to bond, such as 1000000uatom.
    #[arg(long, value_name = "AMOUNT", value_parser = coin::parse)]
    pub(crate) amount: Coin,
    #[command(flatten)]
    pub(crate) transaction: Transaction,
}

/// A signed transaction that is sent as it is.
#[derive(Debug, Args)]
pub(crate) struct Broadcast {
    /// The transaction as `maany wallet sign` shows it, base64 or hexadecimal; without it and --file, from standard input.
    #[arg(value_name = "TX")]
    pub(crate) tx: Option<String>,
    /// Read it from this file: base64, hexadecimal or the bytes themselves.
    #[arg(long, value_name = "FILE", conflicts_with = "tx")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) chain: NodeAccess,
    /// How long the block is waited for.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
}
