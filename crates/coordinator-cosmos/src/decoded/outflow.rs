//! What leaves a wallet if a transaction runs: to whom, how much of each denom, and what cannot be told.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{DecodedMsg, DecodedTx};
use crate::{Address, Amount, Coin, CosmosError, Denom};

/// What leaves a wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outflow {
    /// Transfers to other accounts, in the order of the messages.
    pub transfers: Vec<Transfer>,
    /// The fee that this wallet pays; empty where another account does.
    pub fee: Vec<Coin>,
    /// Transfers and fee, summed for each denom.
    pub totals: BTreeMap<Denom, Amount>,
    /// Types of the messages that were not decoded. Where there is one, the sums above are a lower bound.
    pub undecoded: Vec<String>,
}

/// Coins that go to one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Who receives.
    pub to: Address,
    /// What.
    pub amounts: Vec<Coin>,
}

pub(super) fn of(tx: &DecodedTx, wallet: &Address) -> Result<Outflow, CosmosError> {
    let mut out = Outflow::default();
    for message in &tx.messages {
        match message {
            DecodedMsg::Send(send) if send.from == *wallet && send.to != *wallet => {
                out.transfers.push(Transfer { to: send.to.clone(), amounts: send.amounts.clone() });
            }
            DecodedMsg::Send(_) => {}
            DecodedMsg::Unknown { type_url, .. } => out.undecoded.push(type_url.clone()),
        }
    }
    if pays_fee(tx, wallet) {
        out.fee = tx.fee.amounts.clone();
    }
    for coin in out.transfers.iter().flat_map(|t| &t.amounts).chain(&out.fee) {
        let total = out.totals.entry(coin.denom.clone()).or_insert_with(Amount::zero);
        *total = total.checked_add(&coin.amount)?;
    }
    Ok(out)
}

/// A grant pays before the payer, the payer before the first signer. The first signer is that of the first message; where it cannot be
/// told, this wallet is taken to pay.
fn pays_fee(tx: &DecodedTx, wallet: &Address) -> bool {
    if let Some(payer) = tx.fee.granter.as_ref().or(tx.fee.payer.as_ref()) {
        return payer == wallet;
    }
    match tx.messages.first() {
        Some(DecodedMsg::Send(send)) => send.from == *wallet,
        Some(DecodedMsg::Unknown { .. }) | None => true,
    }
}
