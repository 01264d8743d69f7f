//! The allow list: chains, message types, recipients and maxima that are named, and nothing else.

mod config;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use maany_coordinator_cosmos::tree::Message;
use maany_coordinator_cosmos::{Address, Amount, Coin, DecodedMsg, DecodedTx, Denom, MsgSend, Recipient};

pub use self::config::{AllowListConfig, PolicyConfigError};
use super::{PolicyHook, Reason, SignIntent, Subject, Verdict};

/// Allows what is listed. See [`AllowListConfig`] for the rules; it is read from configuration as that.
///
/// Whatever the list says, these are denied: a message that this release does not decode or in which a field is unknown, one of which it cannot be told
/// what it moves, extension options, an unordered transaction, a second signer, the account of a multisig, and a fee that another account pays. A message
/// inside a message, as in `MsgExec`, must be listed as well.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "AllowListConfig")]
pub struct AllowList {
    chains: BTreeSet<String>,
    messages: BTreeSet<String>,
    recipients: Option<BTreeSet<Address>>,
    max_per_tx: BTreeMap<Denom, Amount>,
    max_fee: BTreeMap<Denom, Amount>,
    max_memo_bytes: usize,
    allow_arbitrary: bool,
    allow_raw: bool,
}

#[async_trait]
impl PolicyHook for AllowList {
    async fn decide(&self, intent: &SignIntent<'_>) -> Verdict {
        let alone = require(intent.member_of.is_none(), Reason::SIGNERS);
        match alone.and_then(|()| self.check(intent.subject)) {
            Ok(()) => Verdict::Allow,
            Err(reason) => Verdict::Deny(reason),
        }
    }
}

impl AllowList {
    fn check(&self, subject: Subject<'_>) -> Result<(), Reason> {
        match subject {
            Subject::Transaction(tx) => self.check_transaction(tx),
            Subject::Arbitrary(_) if self.allow_arbitrary => Ok(()),
            Subject::Arbitrary(_) => Err(Reason::ARBITRARY),
            Subject::Raw(_) if self.allow_raw => Ok(()),
            Subject::Raw(_) => Err(Reason::RAW),
        }
    }

    fn check_transaction(&self, tx: &DecodedTx) -> Result<(), Reason> {
        // Taken apart by name, so that a new field of a transaction is a rule to think about here.
        let DecodedTx {
            mode: _,
            chain_id,
            account_number: _,
            messages,
            signers,
            fee,
            memo,
            timeout_height: _,
            timeout_timestamp: _,
            unordered,
            extension_options,
            non_critical_extension_options,
        } = tx;
        require(self.chains.contains(chain_id), Reason::CHAIN)?;
        require(!unordered, Reason::UNORDERED)?;
        require(
            extension_options.is_empty() && non_critical_extension_options.is_empty(),
            Reason::EXTENSIONS,
        )?;
        require(signers.len() == 1, Reason::SIGNERS)?;
        require(memo.len() <= self.max_memo_bytes, Reason::MEMO)?;
        require(fee.payer.is_none() && fee.granter.is_none(), Reason::FEE_PAYER)?;
        within(&self.max_fee, &fee.amounts, &Reason::FEE_DENOM, &Reason::FEE)?;
        require(!messages.is_empty(), Reason::NO_MESSAGE)?;
        let mut sent = Vec::new();
        for message in messages {
            self.check_message(message, &mut sent)?;
        }
        within(&self.max_per_tx, &sent, &Reason::DENOM, &Reason::AMOUNT)
    }

    /// Adds what the message sends to `sent`.
    fn check_message(&self, message: &DecodedMsg, sent: &mut Vec<Coin>) -> Result<(), Reason> {
        // Of a message in which something is unknown, nothing can be said for sure.
        require(message.is_fully_decoded(), Reason::UNKNOWN_MESSAGE)?;
        match message {
            DecodedMsg::Send(send) => {
                require(self.messages.contains(MsgSend::TYPE_URL), Reason::MESSAGE)?;
                let known = self.recipients.as_ref().is_none_or(|list| list.contains(&send.to));
                require(known, Reason::RECIPIENT)?;
                sent.extend_from_slice(&send.amounts);
                Ok(())
            }
            DecodedMsg::Decoded(content) => {
                require(self.messages.contains(&content.type_url()), Reason::MESSAGE)?;
                content.inner().try_for_each(|inner| self.check_types(inner))?;
                let signers = message.signers().map_err(|_| Reason::UNKNOWN_MESSAGE)?;
                for signer in signers.into_iter().collect::<BTreeSet<_>>() {
                    self.check_outflow(message, &signer, sent)?;
                }
                Ok(())
            }
            _ => Err(Reason::UNKNOWN_MESSAGE),
        }
    }

    /// The type of a part of a message, where it is a message that somebody signs, and of every part inside it.
    fn check_types(&self, message: &Message) -> Result<(), Reason> {
        let url = message.type_url();
        require(message.schema().signers.is_empty() || self.messages.contains(&url), Reason::MESSAGE)?;
        message.inner().try_for_each(|inner| self.check_types(inner))
    }

    /// Where it goes, and to whom power is given. An outflow of which something cannot be told is a message nobody can judge.
    fn check_outflow(
        &self,
        message: &DecodedMsg,
        signer: &Address,
        sent: &mut Vec<Coin>,
    ) -> Result<(), Reason> {
        let out = message.outflow(signer).map_err(|_overflow| Reason::AMOUNT)?;
        require(out.undecoded.is_empty(), Reason::UNKNOWN_MESSAGE)?;
        if let Some(list) = &self.recipients {
            let known = |to: &Recipient| match to {
                Recipient::Account(to) | Recipient::Validator(to) => list.contains(to),
                _ => false,
            };
            require(out.transfers.iter().all(|transfer| known(&transfer.to)), Reason::RECIPIENT)?;
            require(out.permissions.iter().all(|given| list.contains(&given.to)), Reason::RECIPIENT)?;
        }
        sent.extend(out.transfers.into_iter().flat_map(|transfer| transfer.amounts));
        Ok(())
    }
}

/// Whether the sums of the coins stay within the maxima; a denom without a maximum does not.
fn within(
    maxima: &BTreeMap<Denom, Amount>,
    coins: &[Coin],
    denom: &Reason,
    over: &Reason,
) -> Result<(), Reason> {
    let mut sums: BTreeMap<&Denom, Amount> = BTreeMap::new();
    for coin in coins {
        let sum = sums.entry(&coin.denom).or_insert_with(Amount::zero);
        *sum = sum.checked_add(&coin.amount).map_err(|_overflow| over.clone())?;
    }
    for (name, sum) in sums {
        let maximum = maxima.get(name).ok_or_else(|| denom.clone())?;
        require(sum <= *maximum, over.clone())?;
    }
    Ok(())
}

fn require(holds: bool, otherwise: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests;
