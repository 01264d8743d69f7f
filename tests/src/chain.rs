//! A chain of the tests: one validator of `wasmd` (Cosmos SDK, IBC and CosmWasm) in a folder of its own, a block every 200 ms, on free ports of
//! loopback.
//!
//! Its genesis is the chain's own, made by the chain's own commands, with the accounts that a test names. It ends with the value, by its process id;
//! its log stays where a test fails.

mod command;
mod genesis;
mod ports;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use maany_coordinator_cosmos::node::{NodeClient, NodeConfig, NodeError};
use maany_coordinator_cosmos::{Address, Coin};
use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;
use command::{Commands, VALIDATOR};
use ports::Ports;

/// The chain's id.
pub const CHAIN: &str = "maany-local-1";
/// The prefix of its addresses.
pub const PREFIX: &str = "wasm";
/// Its coin.
pub const DENOM: &str = "stake";
/// What a unit of gas costs at least, in [`DENOM`].
pub const GAS_PRICE: &str = "0.025";

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_secs(90);

/// A running chain.
pub struct Chain {
    process: Child,
    commands: Commands,
    ports: Ports,
    home: Option<TempDir>,
}

impl Chain {
    /// Makes a chain in which these accounts have these coins, numbered from 0 in this order, and waits for its first block.
    ///
    /// # Errors
    /// What a command answers, or the chain's log where it makes no block.
    pub async fn start(binary: &Path, accounts: &[(Address, Vec<Coin>)]) -> Result<Self, Failure> {
        let home = tempfile::Builder::new().prefix("maany-chain-").tempdir()?;
        let ports = Ports::free()?;
        let commands = Commands::new(binary, home.path(), ports.rpc);
        genesis::make(&commands, home.path(), accounts)?;
        let log = File::create(home.path().join(LOG))?;
        let process =
            commands.start(&ports).stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).spawn()?;
        let mut chain = Self { process, commands, ports, home: Some(home) };
        match chain.first_block().await {
            Ok(()) => Ok(chain),
            Err(error) => Err(format!("{error}; its log: {}", chain.keep().display()).into()),
        }
    }

    async fn first_block(&mut self) -> Result<(), Failure> {
        let client = self.client()?;
        let begin = Instant::now();
        loop {
            let error = match client.height().await {
                Ok(1..) => return Ok(()),
                Ok(0) => "no block yet".into(),
                Err(error) => Failure::from(error),
            };
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the chain ended with {status}").into());
            }
            if begin.elapsed() > START {
                return Err(format!("the chain made no block: {error}").into());
            }
            // A node says nowhere else that it has come up: it is asked again.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A client of its node.
    ///
    /// # Errors
    /// Never for an address of its own.
    pub fn client(&self) -> Result<NodeClient, NodeError> {
        NodeClient::new(NodeConfig {
            endpoints: vec![self.url()],
            chain_id: Some(CHAIN.to_owned()),
            poll: Duration::from_millis(50),
            ..NodeConfig::default()
        })
    }

    /// The address of its REST.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.rest)
    }

    /// The address of its validator, `wasmvaloper1...`.
    ///
    /// # Errors
    /// What the command answers.
    pub fn validator(&self) -> Result<Address, Failure> {
        let shown = self.commands.run(&["keys", "show", VALIDATOR, "--bech", "val", "--address"])?;
        Ok(Address::parse(shown.trim())?)
    }

    /// Lets the validator propose something, with the deposit that a vote needs. Gives the proposal's number.
    ///
    /// # Errors
    /// What the command or the chain answers.
    pub async fn propose(&self) -> Result<u64, Failure> {
        let file = self.commands.home().join("proposal.json");
        std::fs::write(&file, genesis::PROPOSAL)?;
        let file = file.to_string_lossy();
        let printed = self.commands.run_tx(&["tx", "gov", "submit-proposal", &file])?;
        let answer: Value = serde_json::from_str(&printed)?;
        let hash = answer["txhash"].as_str().ok_or_else(|| format!("no hash in {answer}"))?;
        let hash: [u8; 32] = hex::decode(hash)?.try_into().map_err(|_| "no hash")?;
        let included = self.client()?.wait(hash, Duration::from_secs(30)).await?;
        let tx = self.tx(included.hash).await?;
        let number = attribute(&tx, "submit_proposal", "proposal_id").ok_or("the proposal has no number")?;
        Ok(number.parse()?)
    }

    /// A transaction as the node shows it, with its events.
    ///
    /// # Errors
    /// What the node answers.
    pub async fn tx(&self, hash: [u8; 32]) -> Result<Value, Failure> {
        self.rest(&format!("cosmos/tx/v1beta1/txs/{}", hex::encode_upper(hash))).await
    }

    /// What the node answers at a path of its REST.
    ///
    /// # Errors
    /// What the node answers.
    pub async fn rest(&self, path: &str) -> Result<Value, Failure> {
        let answer = reqwest::get(format!("{}/{path}", self.url())).await?;
        Ok(serde_json::from_str(&answer.error_for_status()?.text().await?)?)
    }

    /// Leaves the chain's folder behind, and says where its log is.
    #[must_use]
    pub fn keep(&mut self) -> PathBuf {
        match self.home.take() {
            Some(home) => home.keep().join(LOG),
            None => self.commands.home().join(LOG),
        }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The file with what the chain says.
const LOG: &str = "chain.log";

/// The first attribute of this name in the first event of this type.
#[must_use]
pub fn attribute(tx: &Value, event: &str, name: &str) -> Option<String> {
    let events = tx["tx_response"]["events"].as_array()?;
    let mut found = events.iter().filter(|one| one["type"] == event);
    found.find_map(|one| {
        let attributes = one["attributes"].as_array()?;
        let attribute = attributes.iter().find(|attribute| attribute["key"] == name)?;
        attribute["value"].as_str().map(str::to_owned)
    })
}
