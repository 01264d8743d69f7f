//! What leaves a wallet if a transaction runs: to whom, how much of each denom, what others may take later, and what cannot be told.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::{DecodedMsg, DecodedTx, moves};
use crate::visible::Visible;
use crate::{Address, Amount, Coin, CosmosError, Denom};

/// What leaves a wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outflow {
    /// What goes to others, in the order of the messages; what a `MsgExec` does in this wallet's name counts.
    pub transfers: Vec<Transfer>,
    /// The fee that this wallet pays; empty where another account does.
    pub fee: Vec<Coin>,
    /// Transfers and fee, summed for each denom.
    pub totals: BTreeMap<Denom, Amount>,
    /// What others may do from now on in this wallet's name or with its coins. None of it is in the sums.
    pub permissions: Vec<Permission>,
    /// Types of the messages of which it cannot be told what they move. Where there is one, the sums above are a lower bound.
    pub undecoded: Vec<String>,
}

/// Coins that go to one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Who receives.
    pub to: Recipient,
    /// What.
    pub amounts: Vec<Coin>,
}

/// Where coins go. Its JSON is its text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipient {
    /// An account or a contract of this chain.
    Account(Address),
    /// A validator, who holds them as a stake of the wallet's.
    Validator(Address),
    /// An account of another chain, over an IBC channel.
    Abroad {
        /// The channel, or the client in IBC v2.
        channel: String,
        /// The receiver as the other chain writes it, not checked.
        receiver: String,
    },
    /// The community pool.
    CommunityPool,
    /// The deposit of a proposal, which comes back unless it is burnt.
    Deposit,
    /// A contract that does not exist yet.
    NewContract,
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(address) | Self::Validator(address) => write!(f, "{address}"),
            Self::Abroad { channel, receiver } => {
                write!(f, "{} over {}", Visible(receiver), Visible(channel))
            }
            Self::CommunityPool => f.write_str("the community pool"),
            Self::Deposit => f.write_str("the deposit of a proposal"),
            Self::NewContract => f.write_str("a new contract"),
        }
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What another account may do from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// Who.
    pub to: Address,
    /// The type url of the authorization, of the fee allowance, or of the message that redirects something.
    pub what: String,
    /// Up to how much, where one sum says it; without one it may be all.
    pub limit: Option<Vec<Coin>>,
}

pub(super) fn of(tx: &DecodedTx, wallet: &Address) -> Result<Outflow, CosmosError> {
    let mut out = Outflow::default();
    tx.messages.iter().for_each(|message| add(message, wallet, &mut out));
    if pays_fee(tx, wallet) {
        out.fee = tx.fee.amounts.clone();
    }
    summed(out)
}

pub(super) fn of_message(message: &DecodedMsg, wallet: &Address) -> Result<Outflow, CosmosError> {
    let mut out = Outflow::default();
    add(message, wallet, &mut out);
    summed(out)
}

fn add(message: &DecodedMsg, wallet: &Address, out: &mut Outflow) {
    match message {
        DecodedMsg::Send(send) if send.from == *wallet && send.to != *wallet => {
            let to = Recipient::Account(send.to.clone());
            out.transfers.push(Transfer { to, amounts: send.amounts.clone() });
        }
        DecodedMsg::Send(_) => {}
        DecodedMsg::Decoded(message) => moves::add(message, wallet, out),
        DecodedMsg::Unknown { type_url, .. } => out.undecoded.push(type_url.clone()),
    }
}

fn summed(mut out: Outflow) -> Result<Outflow, CosmosError> {
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
    let signers = tx.messages.first().map(DecodedMsg::signers);
    match signers {
        Some(Ok(signers)) if !signers.is_empty() => {
            signers.first().is_some_and(|first| moves::is_of(first, wallet))
        }
        _ => true,
    }
}
