//! Authorizations: one account lets another send messages in its name.

use cosmrs::proto::cosmos::authz::v1beta1::{GenericAuthorization, Grant, MsgExec, MsgGrant, MsgRevoke};
use cosmrs::proto::cosmos::bank::v1beta1::SendAuthorization;
use prost::Message;
use serde_json::{Value, json};

use super::{Msg, UnixTime, amino_coins, coins, proto, text};
use crate::{Address, Coin, CosmosError};

impl Msg {
    /// Lets `grantee` send every message of this type (a type url such as `/cosmos.gov.v1.MsgVote`) in the name of `granter`, without any other bound.
    ///
    /// # Errors
    /// [`CosmosError::BadField`] for a time that no timestamp holds.
    pub fn grant(
        granter: &Address,
        grantee: &Address,
        type_url: &str,
        until: Option<UnixTime>,
    ) -> Result<Self, CosmosError> {
        let authorization = GenericAuthorization { msg: type_url.to_owned() };
        let any = proto::Any {
            type_url: "/cosmos.authz.v1beta1.GenericAuthorization".to_owned(),
            value: authorization.encode_to_vec(),
        };
        let amino = json!({ "type": "cosmos-sdk/GenericAuthorization", "value": { "msg": type_url } });
        granted(granter, grantee, any, amino, until)
    }

    /// Lets `grantee` send up to this much from the account of `granter`, to anyone.
    ///
    /// # Errors
    /// [`CosmosError::BadField`] for a time that no timestamp holds.
    pub fn grant_send(
        granter: &Address,
        grantee: &Address,
        limit: &[Coin],
        until: Option<UnixTime>,
    ) -> Result<Self, CosmosError> {
        let authorization = SendAuthorization { spend_limit: coins(limit), allow_list: Vec::new() };
        let any = proto::Any {
            type_url: "/cosmos.bank.v1beta1.SendAuthorization".to_owned(),
            value: authorization.encode_to_vec(),
        };
        let amino =
            json!({ "type": "cosmos-sdk/SendAuthorization", "value": { "spend_limit": amino_coins(limit) } });
        granted(granter, grantee, any, amino, until)
    }

    /// Takes an authorization for a type of message back.
    pub fn revoke(granter: &Address, grantee: &Address, type_url: &str) -> Self {
        let message =
            MsgRevoke { granter: text(granter), grantee: text(grantee), msg_type_url: type_url.to_owned() };
        let value = json!({
            "grantee": grantee.as_str(),
            "granter": granter.as_str(),
            "msg_type_url": type_url,
        });
        Self::new("/cosmos.authz.v1beta1.MsgRevoke", &message, "cosmos-sdk/MsgRevoke", value)
    }

    /// Sends messages in the names of those who let `grantee`.
    pub fn exec(grantee: &Address, messages: &[Self]) -> Self {
        let message = MsgExec {
            grantee: text(grantee),
            msgs: messages.iter().map(|inner| inner.any.clone()).collect(),
        };
        let inner: Vec<&Value> = messages.iter().map(|inner| &inner.amino).collect();
        let value = json!({ "grantee": grantee.as_str(), "msgs": inner });
        Self::new("/cosmos.authz.v1beta1.MsgExec", &message, "cosmos-sdk/MsgExec", value)
    }
}

fn granted(
    granter: &Address,
    grantee: &Address,
    authorization: proto::Any,
    amino: Value,
    until: Option<UnixTime>,
) -> Result<Msg, CosmosError> {
    let message = MsgGrant {
        granter: text(granter),
        grantee: text(grantee),
        grant: Some(Grant { authorization: Some(authorization), expiration: until.map(UnixTime::proto) }),
    };
    let mut grant = json!({ "authorization": amino });
    if let Some(until) = until {
        grant["expiration"] = until.amino()?;
    }
    let value = json!({ "grant": grant, "grantee": grantee.as_str(), "granter": granter.as_str() });
    Ok(Msg::new("/cosmos.authz.v1beta1.MsgGrant", &message, "cosmos-sdk/MsgGrant", value))
}
