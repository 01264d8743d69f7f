//! Delegations and what they bring in.

use cosmrs::proto::cosmos::distribution::v1beta1::MsgWithdrawDelegatorReward;
use cosmrs::proto::cosmos::staking::v1beta1::{MsgBeginRedelegate, MsgDelegate, MsgUndelegate};
use serde_json::json;

use super::{Msg, amino_coin, coin, text};
use crate::{Address, Coin};

impl Msg {
    /// Bonds `amount` to a validator (its `valoper` address). What was earned there until now is paid out with it.
    pub fn delegate(delegator: &Address, validator: &Address, amount: &Coin) -> Self {
        let message = MsgDelegate {
            delegator_address: text(delegator),
            validator_address: text(validator),
            amount: Some(coin(amount)),
        };
        let value = json!({
            "amount": amino_coin(amount),
            "delegator_address": delegator.as_str(),
            "validator_address": validator.as_str(),
        });
        Self::new("/cosmos.staking.v1beta1.MsgDelegate", &message, "cosmos-sdk/MsgDelegate", value)
    }

    /// Begins to take `amount` back from a validator. It is the account's again after the chain's unbonding time.
    pub fn undelegate(delegator: &Address, validator: &Address, amount: &Coin) -> Self {
        let message = MsgUndelegate {
            delegator_address: text(delegator),
            validator_address: text(validator),
            amount: Some(coin(amount)),
        };
        let value = json!({
            "amount": amino_coin(amount),
            "delegator_address": delegator.as_str(),
            "validator_address": validator.as_str(),
        });
        Self::new("/cosmos.staking.v1beta1.MsgUndelegate", &message, "cosmos-sdk/MsgUndelegate", value)
    }

    /// Moves `amount` from one validator to another, without unbonding.
    pub fn redelegate(delegator: &Address, from: &Address, to: &Address, amount: &Coin) -> Self {
        let message = MsgBeginRedelegate {
            delegator_address: text(delegator),
            validator_src_address: text(from),
            validator_dst_address: text(to),
            amount: Some(coin(amount)),
        };
        let value = json!({
            "amount": amino_coin(amount),
            "delegator_address": delegator.as_str(),
            "validator_dst_address": to.as_str(),
            "validator_src_address": from.as_str(),
        });
        let amino = "cosmos-sdk/MsgBeginRedelegate";
        Self::new("/cosmos.staking.v1beta1.MsgBeginRedelegate", &message, amino, value)
    }

    /// Pays out what a delegation has earned.
    pub fn withdraw_reward(delegator: &Address, validator: &Address) -> Self {
        let message = MsgWithdrawDelegatorReward {
            delegator_address: text(delegator),
            validator_address: text(validator),
        };
        let value = json!({
            "delegator_address": delegator.as_str(),
            "validator_address": validator.as_str(),
        });
        let type_url = "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward";
        // The Amino name says `Delegation` where the message says `Delegator`.
        Self::new(type_url, &message, "cosmos-sdk/MsgWithdrawDelegationReward", value)
    }
}
