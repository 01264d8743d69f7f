//! Server, device, chain, and the wallets between them.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use maany_coordinator::policy::{PolicyHook, Reason, SignIntent, Subject, Verdict};
use maany_coordinator_cosmos::node::NodeClient;
use maany_coordinator_cosmos::{Address, Coin, Hrp};
use maany_tests::chain::{CHAIN, Chain, DENOM, PREFIX};
use maany_tests::running_server::Setup;
use maany_tests::{Failure, Holder, RunningServer};

use super::purse::Purse;

/// What the account that the genesis names first has.
pub(crate) const WEALTH: u128 = 100_000_000_000;

/// Everything on the test's chain may be signed: what the chain makes of it is what is tested, not the rules.
struct WholeChain;

#[async_trait]
impl PolicyHook for WholeChain {
    async fn decide(&self, intent: &SignIntent<'_>) -> Verdict {
        match intent.subject {
            Subject::Transaction(tx) if tx.chain_id == CHAIN => Verdict::Allow,
            _ => Verdict::Deny(Reason::CHAIN),
        }
    }
}

/// The server, the chain, and two wallets: one is account 0 of the genesis, of the other the chain has not heard.
pub(crate) struct World {
    pub(crate) server: RunningServer,
    pub(crate) chain: Chain,
    pub(crate) node: Arc<NodeClient>,
    pub(crate) validator: Address,
    pub(crate) rich: Purse,
    pub(crate) fresh: Purse,
}

impl World {
    /// Makes two keys, then the chain whose genesis has the first one's account.
    pub(crate) async fn begin(binary: &Path) -> Result<Self, Failure> {
        let policy: Arc<dyn PolicyHook> = Arc::new(WholeChain);
        let server = RunningServer::start_with(Setup { policy: Some(policy), ..Setup::default() }).await?;
        let holder = Holder::on_disk(&server.url(), &server.token("owner").await?).await?;
        let (rich, fresh) = (holder.create().await?, holder.create().await?);
        let hrp = Hrp::parse(PREFIX)?;
        let address = Address::from_public_key(rich.public_key.as_bytes(), &hrp)?;
        let wealth = vec![Coin::parse(&WEALTH.to_string(), DENOM)?];
        let chain = Chain::start(binary, &[(address, wealth)]).await?;
        let node = Arc::new(chain.client()?);
        Ok(Self {
            validator: chain.validator()?,
            rich: Purse::new(holder.clone(), rich, Arc::clone(&node))?,
            fresh: Purse::new(holder, fresh, Arc::clone(&node))?,
            server,
            chain,
            node,
        })
    }
}

/// Coins of the chain's denom.
pub(crate) fn stake(amount: u128) -> Result<Coin, Failure> {
    Ok(Coin::parse(&amount.to_string(), DENOM)?)
}
