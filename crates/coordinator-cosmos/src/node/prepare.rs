//! From what is wanted to a transaction that is ready to be signed: number, sequence and gas come from the chain.

use super::{NodeClient, NodeError};
use crate::{Address, Coin, CosmosError, Fee, GasPrice, Msg, SignMode, TxDraft, gas_limit};

/// A transaction that somebody wants.
#[derive(Clone, Debug)]
pub struct TxOrder {
    /// Who sends it.
    pub from: Address,
    /// Its key, 33-byte compressed SEC1.
    pub public_key: [u8; 33],
    /// The form in which it will be signed.
    pub mode: SignMode,
    /// What to do, in this order.
    pub messages: Vec<Msg>,
    /// A remark that everyone can read.
    pub memo: String,
    /// What a unit of gas is paid.
    pub gas_price: GasPrice,
    /// The gas limit; where there is none, the transaction is simulated first and gets three tenths more than it used.
    pub gas: Option<u64>,
    /// Whose fee grant pays.
    pub granter: Option<Address>,
    /// The last block height at which the transaction may run.
    pub timeout_height: Option<u64>,
}

/// Why a transaction was not prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The chain has no account of that address, so nothing can be sent from it: it has to receive something first.
    #[error("the chain has no account {0}: nothing was ever sent to it")]
    NoAccount(Address),
    /// The node did not answer, or the transaction does not run as it is.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The transaction cannot be built.
    #[error(transparent)]
    Transaction(#[from] CosmosError),
}

impl NodeClient {
    /// The transaction with the account's number and sequence, the gas that it needs and the fee for it. Nothing is signed or sent.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub async fn prepare(&self, order: TxOrder) -> Result<TxDraft<Msg>, PrepareError> {
        let account = self.account(&order.from).await?;
        let account = account.ok_or_else(|| PrepareError::NoAccount(order.from.clone()))?;
        let chain_id = match &self.config.chain_id {
            Some(checked) => checked.clone(),
            None => self.node_info().await?.chain_id,
        };
        let mut draft = TxDraft {
            chain_id,
            account_number: account.number,
            sequence: account.sequence,
            public_key: order.public_key,
            messages: order.messages,
            fee: Fee { granter: order.granter, ..Fee::default() },
            memo: order.memo,
            timeout_height: order.timeout_height,
        };
        let gas = match order.gas {
            Some(gas) => gas,
            None => {
                // Taking a fee costs gas too, and is simulated only where there is one to take.
                draft.fee.amounts = paid(order.gas_price.fee(1)?);
                gas_limit(self.simulate(&draft.simulation(order.mode)?).await?)
            }
        };
        draft.fee.gas = gas;
        draft.fee.amounts = paid(order.gas_price.fee(gas)?);
        Ok(draft)
    }
}

/// A fee of nothing is no coin: the chain knows no coin of zero.
fn paid(fee: Coin) -> Vec<Coin> {
    if fee.amount.is_zero() { Vec::new() } else { vec![fee] }
}
