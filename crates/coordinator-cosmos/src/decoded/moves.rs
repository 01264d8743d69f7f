//! What each message moves out of a wallet. A message that is not listed here is one of which it cannot be told.

use super::coin;
use super::outflow::{Outflow, Permission, Recipient, Transfer};
use crate::tree::{Any, Content, Message, Value};
use crate::{Address, Coin};

/// Messages that move nothing out of the signer's account: what they concern stays the signer's, comes to it, or is no coin.
const STILL: &[&str] = &[
    "cosmos.authz.v1beta1.MsgRevoke",
    "cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward",
    "cosmos.distribution.v1beta1.MsgWithdrawValidatorCommission",
    "cosmos.feegrant.v1beta1.MsgPruneAllowances",
    "cosmos.feegrant.v1beta1.MsgRevokeAllowance",
    "cosmos.gov.v1.MsgVote",
    "cosmos.gov.v1.MsgVoteWeighted",
    "cosmos.gov.v1beta1.MsgVote",
    "cosmos.gov.v1beta1.MsgVoteWeighted",
    "cosmos.group.v1.MsgLeaveGroup",
    "cosmos.group.v1.MsgVote",
    "cosmos.group.v1.MsgWithdrawProposal",
    "cosmos.slashing.v1beta1.MsgUnjail",
    "cosmos.staking.v1beta1.MsgBeginRedelegate",
    "cosmos.staking.v1beta1.MsgCancelUnbondingDelegation",
    "cosmos.staking.v1beta1.MsgEditValidator",
    "cosmos.staking.v1beta1.MsgUndelegate",
];

/// Adds what `message` moves. A field that cannot be read makes it one that cannot be told.
pub(super) fn add(message: &Message, wallet: &Address, out: &mut Outflow) {
    if !message.own_unknown_fields().is_empty() || rule(message, wallet, out).is_none() {
        out.undecoded.push(message.type_url());
    }
}

/// Whether an address is the wallet's, as an account or as a validator operator.
pub(super) fn is_of(address: &Address, wallet: &Address) -> bool {
    let prefix = address.hrp().strip_prefix(wallet.hrp());
    address.as_bytes() == wallet.as_bytes() && matches!(prefix, Some("" | "valoper"))
}

fn rule(message: &Message, wallet: &Address, out: &mut Outflow) -> Option<()> {
    let by = |field: &str| Some(is_of(&Address::parse(message.text(field)).ok()?, wallet));
    let account = |field: &str| Address::parse(message.text(field)).ok().map(Recipient::Account);
    let validator = |field: &str| Address::parse(message.text(field)).ok().map(Recipient::Validator);
    let coins = |field: &str| coins_of(message, field);
    let (from, to, amounts) = match message.name() {
        "cosmos.bank.v1beta1.MsgSend" => ("from_address", account("to_address")?, coins("amount")?),
        "cosmos.bank.v1beta1.MsgMultiSend" => return multi_send(message, wallet, out),
        "cosmos.staking.v1beta1.MsgDelegate" => {
            ("delegator_address", validator("validator_address")?, coins("amount")?)
        }
        "cosmos.staking.v1beta1.MsgCreateValidator" => {
            ("validator_address", validator("validator_address")?, coins("value")?)
        }
        "cosmos.distribution.v1beta1.MsgFundCommunityPool"
        | "cosmos.protocolpool.v1.MsgFundCommunityPool" => {
            ("depositor", Recipient::CommunityPool, coins("amount")?)
        }
        "cosmos.distribution.v1beta1.MsgDepositValidatorRewardsPool" => {
            ("depositor", validator("validator_address")?, coins("amount")?)
        }
        "cosmos.gov.v1.MsgDeposit" | "cosmos.gov.v1beta1.MsgDeposit" => {
            ("depositor", Recipient::Deposit, coins("amount")?)
        }
        "cosmos.gov.v1.MsgSubmitProposal" | "cosmos.gov.v1beta1.MsgSubmitProposal" => {
            ("proposer", Recipient::Deposit, coins("initial_deposit")?)
        }
        "cosmos.vesting.v1beta1.MsgCreateVestingAccount"
        | "cosmos.vesting.v1beta1.MsgCreatePermanentLockedAccount" => {
            ("from_address", account("to_address")?, coins("amount")?)
        }
        "cosmos.vesting.v1beta1.MsgCreatePeriodicVestingAccount" => {
            let periods = message.messages("vesting_periods").map(|period| coins_of(period, "amount"));
            let all = periods.collect::<Option<Vec<_>>>()?.concat();
            ("from_address", account("to_address")?, all)
        }
        "ibc.applications.transfer.v1.MsgTransfer" => {
            let channel = message.text("source_channel").to_owned();
            let receiver = message.text("receiver").to_owned();
            ("sender", Recipient::Abroad { channel, receiver }, coins("token")?)
        }
        "cosmwasm.wasm.v1.MsgExecuteContract" => ("sender", account("contract")?, coins("funds")?),
        "cosmwasm.wasm.v1.MsgInstantiateContract" | "cosmwasm.wasm.v1.MsgInstantiateContract2" => {
            ("sender", Recipient::NewContract, coins("funds")?)
        }
        "cosmos.authz.v1beta1.MsgExec" => {
            message.anys("msgs").for_each(|any| inner(any, wallet, out));
            return Some(());
        }
        "cosmos.authz.v1beta1.MsgGrant" => {
            let grant = message.message("grant")?.any("authorization")?;
            return allow(by("granter")?, message.text("grantee"), grant, out);
        }
        "cosmos.feegrant.v1beta1.MsgGrantAllowance" => {
            return allow(by("granter")?, message.text("grantee"), message.any("allowance")?, out);
        }
        "cosmos.distribution.v1beta1.MsgSetWithdrawAddress" => {
            let to = Address::parse(message.text("withdraw_address")).ok()?;
            if by("delegator_address")? && to != *wallet {
                out.permissions.push(Permission { to, what: message.type_url(), limit: None });
            }
            return Some(());
        }
        name => return STILL.contains(&name).then_some(()),
    };
    let to_itself = matches!(&to, Recipient::Account(to) if to == wallet);
    if by(from)? && !to_itself && !amounts.is_empty() {
        out.transfers.push(Transfer { to, amounts });
    }
    Some(())
}

/// What runs inside a `MsgExec` runs in the name of its own signer, who may be this wallet.
fn inner(any: &Any, wallet: &Address, out: &mut Outflow) {
    match any.content() {
        Content::Known(message) => add(message, wallet, out),
        Content::Unknown(_) => out.undecoded.push(any.type_url().to_owned()),
    }
}

/// Where this wallet is the input, everything that goes to others leaves it. With several inputs, which the Cosmos SDK refuses, nobody can say
/// whose coins go where.
fn multi_send(message: &Message, wallet: &Address, out: &mut Outflow) -> Option<()> {
    let mut inputs = message.messages("inputs");
    let (Some(input), None) = (inputs.next(), inputs.next()) else { return None };
    if !is_of(&Address::parse(input.text("address")).ok()?, wallet) {
        return Some(());
    }
    for output in message.messages("outputs") {
        let (to, amounts) = (Address::parse(output.text("address")).ok()?, coins_of(output, "coins")?);
        if to != *wallet {
            out.transfers.push(Transfer { to: Recipient::Account(to), amounts });
        }
    }
    Some(())
}

fn allow(by_wallet: bool, grantee: &str, what: &Any, out: &mut Outflow) -> Option<()> {
    let to = Address::parse(grantee).ok()?;
    if by_wallet {
        let limit = what.message().and_then(limit);
        out.permissions.push(Permission { to, what: what.type_url().to_owned(), limit });
    }
    Some(())
}

/// The sum that bounds an authorization or an allowance.
fn limit(message: &Message) -> Option<Vec<Coin>> {
    let of = |message: &Message, field: &str| coins_of(message, field).filter(|coins| !coins.is_empty());
    match message.name() {
        "cosmos.bank.v1beta1.SendAuthorization" => of(message, "spend_limit"),
        "cosmos.staking.v1beta1.StakeAuthorization" => of(message, "max_tokens"),
        "cosmos.feegrant.v1beta1.BasicAllowance" => of(message, "spend_limit"),
        "cosmos.feegrant.v1beta1.PeriodicAllowance" => of(message.message("basic")?, "spend_limit"),
        "cosmos.feegrant.v1beta1.AllowedMsgAllowance" => limit(message.any("allowance")?.message()?),
        _ => None,
    }
}

/// One coin or a list of them; none where there is one that reads as no coin, or that has more in it than a coin.
fn coins_of(message: &Message, field: &str) -> Option<Vec<Coin>> {
    let items = match message.get(field) {
        None => return Some(Vec::new()),
        Some(Value::List(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let read = |item: &Value| match item {
        Value::Message(inner) if inner.own_unknown_fields().is_empty() => coin(inner).ok(),
        _ => None,
    };
    items.iter().map(read).collect()
}
