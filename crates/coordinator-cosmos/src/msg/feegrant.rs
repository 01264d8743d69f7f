//! Fee grants: one account pays the fees of another.

use cosmrs::proto::cosmos::feegrant::v1beta1::{BasicAllowance, MsgGrantAllowance, MsgRevokeAllowance};
use prost::Message;
use serde_json::{Map, Value, json};

use super::{Msg, UnixTime, amino_coins, coins, proto, text};
use crate::{Address, Coin, CosmosError};

/// How much a granter pays, and for how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowance {
    /// The most in all; without a limit where it is empty.
    pub spend_limit: Vec<Coin>,
    /// Until when.
    pub until: Option<UnixTime>,
}

impl Msg {
    /// Lets `grantee` have its fees paid by `granter`.
    ///
    /// # Errors
    /// [`CosmosError::BadField`] for a time that no timestamp holds.
    pub fn grant_fees(
        granter: &Address,
        grantee: &Address,
        allowance: &Allowance,
    ) -> Result<Self, CosmosError> {
        let basic = BasicAllowance {
            spend_limit: coins(&allowance.spend_limit),
            expiration: allowance.until.map(UnixTime::proto),
        };
        let message = MsgGrantAllowance {
            granter: text(granter),
            grantee: text(grantee),
            allowance: Some(proto::Any {
                type_url: "/cosmos.feegrant.v1beta1.BasicAllowance".to_owned(),
                value: basic.encode_to_vec(),
            }),
        };
        // `spend_limit` has no `dont_omitempty`: without a limit the key is not there.
        let mut value = Map::new();
        if !allowance.spend_limit.is_empty() {
            value.insert("spend_limit".to_owned(), amino_coins(&allowance.spend_limit).into());
        }
        if let Some(until) = allowance.until {
            value.insert("expiration".to_owned(), until.amino()?);
        }
        let value = json!({
            "allowance": { "type": "cosmos-sdk/BasicAllowance", "value": Value::Object(value) },
            "grantee": grantee.as_str(),
            "granter": granter.as_str(),
        });
        let type_url = "/cosmos.feegrant.v1beta1.MsgGrantAllowance";
        Ok(Self::new(type_url, &message, "cosmos-sdk/MsgGrantAllowance", value))
    }

    /// Takes a fee grant back.
    pub fn revoke_fees(granter: &Address, grantee: &Address) -> Self {
        let message = MsgRevokeAllowance { granter: text(granter), grantee: text(grantee) };
        let value = json!({ "grantee": grantee.as_str(), "granter": granter.as_str() });
        let type_url = "/cosmos.feegrant.v1beta1.MsgRevokeAllowance";
        Self::new(type_url, &message, "cosmos-sdk/MsgRevokeAllowance", value)
    }
}
