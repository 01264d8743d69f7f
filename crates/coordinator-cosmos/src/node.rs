//! A client for a chain's nodes: what a wallet asks before it signs, and where it sends what it signed.
//!
//! It speaks the REST of grpc-gateway (port 1317 of a node), follows no redirect, uses no proxy of the environment and believes nothing: answers are
//! bounded, every field is parsed, and an endpoint is asked for its chain id before anything else. It does not sign, and it does not verify what a
//! node says against the chain's consensus: a lying node can make a transaction fail, it cannot change what is signed and shown.
//!
//! Questions go to the endpoints in turn until one answers. A broadcast goes to one endpoint, and to another only where it is certain that it never
//! left; where that is not certain the error is [`NodeError::Undecided`]. A transaction is identified by its bytes and runs at most once, so that
//! waiting for its hash is what settles it.

mod account;
mod answer;
mod attempts;
mod endpoint;
mod error;
mod prepare;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::redirect;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

pub use self::account::Account;
pub use self::answer::{DenomInfo, Included, NodeInfo};
pub use self::error::NodeError;
pub use self::prepare::{PrepareError, TxOrder};

use self::answer::{Fault, NodeInfoAnswer, TxAnswer};
use self::attempts::Attempts;
use self::endpoint::{Endpoint, Question};
use crate::visible::excerpt;
use crate::{Address, Amount, Cause, Coin, Denom, TxRaw};

/// Pages of a list that are read.
const PAGES: usize = 100;

/// Which nodes, and how patiently they are asked.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// REST addresses, `http://host:1317` for example; the first is asked first. A path may follow.
    pub endpoints: Vec<String>,
    /// The chain that they must be of. An endpoint of another one is not asked.
    pub chain_id: Option<String>,
    /// How long one request may take, connecting included.
    pub timeout: Duration,
    /// How often a question is put to each endpoint.
    pub rounds: usize,
    /// How long is waited between two looks for a transaction.
    pub poll: Duration,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            chain_id: None,
            timeout: Duration::from_secs(10),
            rounds: 2,
            poll: Duration::from_millis(500),
        }
    }
}

/// A client for the nodes of one chain.
pub struct NodeClient {
    client: reqwest::Client,
    endpoints: Vec<Endpoint>,
    config: NodeConfig,
    /// The endpoint that answered last.
    last: AtomicUsize,
}

impl std::fmt::Debug for NodeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hosts: Vec<_> = self.endpoints.iter().map(Endpoint::host).collect();
        f.debug_struct("NodeClient").field("hosts", &hosts).finish_non_exhaustive()
    }
}

impl NodeClient {
    /// A client for these nodes. It connects to nothing yet.
    ///
    /// # Errors
    /// [`NodeError::NoEndpoint`], [`NodeError::Endpoint`], [`NodeError::SetUp`].
    pub fn new(config: NodeConfig) -> Result<Self, NodeError> {
        let endpoints: Vec<_> =
            config.endpoints.iter().map(|e| Endpoint::parse(e)).collect::<Result<_, _>>()?;
        if endpoints.is_empty() {
            return Err(NodeError::NoEndpoint);
        }
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(config.timeout)
            .build()
            .map_err(|error| NodeError::SetUp(error.into()))?;
        Ok(Self { client, endpoints, config, last: AtomicUsize::new(0) })
    }

    /// Which chain the nodes are of, and what they run.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn node_info(&self) -> Result<NodeInfo, NodeError> {
        self.ask(&node_info_question(), node_info).await
    }

    /// The height of the latest block.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn height(&self) -> Result<u64, NodeError> {
        let path = "cosmos/base/tendermint/v1beta1/blocks/latest";
        self.ask(&Question::get("the latest block", path), answer::height).await
    }

    /// An account's number and sequence; `None` where the chain has no account of that address.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn account(&self, address: &Address) -> Result<Option<Account>, NodeError> {
        let question = Question::get("the account", "cosmos/auth/v1beta1/accounts").part(address.as_str());
        match self.ask(&question, answer::account).await {
            Err(NodeError::Refused { code: NOT_FOUND, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// All that an account has.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn balances(&self, address: &Address) -> Result<Vec<Coin>, NodeError> {
        let question = || Question::get("balances", "cosmos/bank/v1beta1/balances").part(address.as_str());
        self.pages("balances", question, answer::coins).await
    }

    /// All that an account can spend now, without what is still vesting.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn spendable(&self, address: &Address) -> Result<Vec<Coin>, NodeError> {
        let path = "cosmos/bank/v1beta1/spendable_balances";
        let question = || Question::get("spendable balances", path).part(address.as_str());
        self.pages("spendable balances", question, answer::coins).await
    }

    /// What an account has of one denom.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn balance(&self, address: &Address, denom: &Denom) -> Result<Amount, NodeError> {
        let question = Question::get("a balance", "cosmos/bank/v1beta1/balances").part(address.as_str());
        let question = question.part("by_denom").with("denom", denom.as_str());
        let read = |bytes: &[u8]| answer::coin(bytes).and_then(|coin| of(coin, denom));
        self.ask(&question, read).await
    }

    /// What the chain says of its denoms. Many chains say nothing.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn denoms(&self) -> Result<Vec<DenomInfo>, NodeError> {
        let question = || Question::get("denoms", "cosmos/bank/v1beta1/denoms_metadata");
        self.pages("denoms", question, answer::denoms).await
    }

    /// The gas that a transaction would use now. Signatures are not checked, their number and the sequence are.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with the chain's words where it would not run.
    pub async fn simulate(&self, tx: &TxRaw) -> Result<u64, NodeError> {
        let body = json!({ "tx_bytes": STANDARD.encode(tx.as_bytes()) });
        let question = Question::get("a simulation", "cosmos/tx/v1beta1/simulate").post(&body);
        self.ask(&question, answer::gas_used).await
    }

    /// Hands a transaction to a node, which checks it and keeps it for a block (`BROADCAST_MODE_SYNC`). Gives its hash.
    ///
    /// # Errors
    /// [`NodeError::Chain`] where the check refuses it, [`NodeError::Undecided`] where nobody knows whether the node has it.
    pub async fn broadcast(&self, tx: &TxRaw) -> Result<[u8; 32], NodeError> {
        let body = json!({ "tx_bytes": STANDARD.encode(tx.as_bytes()), "mode": "BROADCAST_MODE_SYNC" });
        let question = Question::get("a broadcast", "cosmos/tx/v1beta1/txs").post(&body);
        let hash = tx.hash();
        let mut failed = None;
        for attempt in Attempts::new(self.endpoints.len(), self.first(), 1) {
            let endpoint = &self.endpoints[attempt.endpoint];
            let answer = match self.verified(endpoint).await {
                Ok(()) => self.once(endpoint, &question, |bytes| tx_answer(bytes, &hash)).await,
                // Nothing was sent to an endpoint that did not even say which chain it is of.
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            match answer {
                Ok(answer) => {
                    self.last.store(attempt.endpoint, Ordering::Relaxed);
                    return answer.tx_response.error().map_or(Ok(hash), |error| Err(error.into()));
                }
                Err(error) if error.is_before_sending() => failed = Some(error),
                Err(error @ NodeError::Refused { .. }) => return Err(error),
                Err(error) => return Err(NodeError::Undecided { hash, source: Box::new(error) }),
            }
        }
        Err(failed.unwrap_or(NodeError::NoEndpoint))
    }

    /// A transaction of that hash, where a block has it.
    ///
    /// # Errors
    /// [`NodeError`].
    pub async fn tx(&self, hash: [u8; 32]) -> Result<Option<Included>, NodeError> {
        let name: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        let question = Question::get("a transaction", "cosmos/tx/v1beta1/txs").part(&name);
        match self.ask(&question, |bytes| tx_answer(bytes, &hash)).await {
            Ok(answer) => Ok(Some(answer.tx_response.included(hash))),
            Err(NodeError::Refused { code: NOT_FOUND, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until a block has the transaction, for at most this long. Nodes that do not answer meanwhile are asked again.
    ///
    /// # Errors
    /// [`NodeError::Chain`] where it was included and failed, [`NodeError::NotIncluded`] when the time is over.
    pub async fn wait(&self, hash: [u8; 32], at_most: Duration) -> Result<Included, NodeError> {
        let deadline = Instant::now() + at_most;
        let included = timeout_at(deadline, async {
            loop {
                match self.tx(hash).await {
                    Ok(Some(included)) => return Ok(included),
                    Err(error) if !error.is_retryable() => return Err(error),
                    Ok(None) | Err(_) => sleep(self.config.poll).await,
                }
            }
        });
        let included = included.await.map_err(|_| NodeError::NotIncluded { hash, waited: at_most })??;
        match included.error {
            Some(error) => Err(error.into()),
            None => Ok(included),
        }
    }

    /// Broadcasts a transaction and waits for it, also where the connection broke on the way.
    ///
    /// # Errors
    /// As [`NodeClient::broadcast`] and [`NodeClient::wait`].
    pub async fn broadcast_and_wait(&self, tx: &TxRaw, at_most: Duration) -> Result<Included, NodeError> {
        let hash = match self.broadcast(tx).await {
            Ok(hash) | Err(NodeError::Undecided { hash, .. }) => hash,
            Err(NodeError::Chain(error)) if error.fault() == crate::ChainFault::AlreadyKnown => tx.hash(),
            Err(error) => return Err(error),
        };
        self.wait(hash, at_most).await
    }

    fn first(&self) -> usize {
        self.last.load(Ordering::Relaxed)
    }

    /// Puts a question to the endpoints in turn, until one answers.
    async fn ask<T>(
        &self,
        question: &Question,
        read: impl Fn(&[u8]) -> Result<T, Fault>,
    ) -> Result<T, NodeError> {
        let mut failed = None;
        for attempt in Attempts::new(self.endpoints.len(), self.first(), self.config.rounds.max(1)) {
            if !attempt.after.is_zero() {
                sleep(attempt.after).await;
            }
            let endpoint = &self.endpoints[attempt.endpoint];
            let answer = match self.verified(endpoint).await {
                Ok(()) => self.once(endpoint, question, &read).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(answer) => {
                    self.last.store(attempt.endpoint, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) if error.is_retryable() => failed = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failed.unwrap_or(NodeError::NoEndpoint))
    }

    async fn once<T>(
        &self,
        endpoint: &Endpoint,
        question: &Question,
        read: impl Fn(&[u8]) -> Result<T, Fault>,
    ) -> Result<T, NodeError> {
        let bytes = endpoint.ask(&self.client, question).await?;
        read(&bytes).map_err(|source| NodeError::Malformed {
            host: endpoint.host().to_owned(),
            question: question.name,
            source,
        })
    }

    /// Asks an endpoint once which chain it is of.
    async fn verified(&self, endpoint: &Endpoint) -> Result<(), NodeError> {
        let Some(expected) = &self.config.chain_id else { return Ok(()) };
        let found = match endpoint.chain.get() {
            Some(found) => found.clone(),
            None => {
                let found = self.once(endpoint, &node_info_question(), node_info).await?.chain_id;
                endpoint.chain.get_or_init(|| found).clone()
            }
        };
        if found == *expected {
            return Ok(());
        }
        let (host, expected) = (endpoint.host().to_owned(), expected.clone());
        Err(NodeError::OtherChain { host, expected, found: excerpt(&found) })
    }

    async fn pages<T>(
        &self,
        name: &'static str,
        question: impl Fn() -> Question,
        read: impl Fn(&[u8]) -> Result<(Vec<T>, Option<String>), Fault>,
    ) -> Result<Vec<T>, NodeError> {
        let mut all = Vec::new();
        let mut key: Option<String> = None;
        for _ in 0..PAGES {
            let mut asked = question();
            if let Some(key) = &key {
                asked = asked.with("pagination.key", key);
            }
            let (page, next) = self.ask(&asked, &read).await?;
            all.extend(page);
            match next {
                Some(next) => key = Some(next),
                None => return Ok(all),
            }
        }
        let host = self.endpoints[self.first()].host().to_owned();
        Err(NodeError::Malformed { host, question: name, source: None })
    }
}

/// gRPC's status for what is not there.
const NOT_FOUND: i64 = 5;

fn node_info_question() -> Question {
    Question::get("its chain id", "cosmos/base/tendermint/v1beta1/node_info")
}

fn node_info(bytes: &[u8]) -> Result<NodeInfo, Fault> {
    answer::json::<NodeInfoAnswer>(bytes).map(NodeInfo::from)
}

fn tx_answer(bytes: &[u8], hash: &[u8; 32]) -> Result<TxAnswer, Fault> {
    let answer: TxAnswer = answer::json(bytes)?;
    if answer.tx_response.is_about(hash) { Ok(answer) } else { Err(None) }
}

fn of(coin: Coin, denom: &Denom) -> Result<Amount, Fault> {
    if coin.denom == *denom { Ok(coin.amount) } else { Err(None::<Cause>) }
}
