//! The allow list as it is written down.

use std::collections::BTreeMap;

use maany_coordinator_cosmos::schema::MessageSchema;
use maany_coordinator_cosmos::{Address, Amount, CosmosError, Denom};
use maany_coordinator_proto::{ChainId, IdError};
use serde::{Deserialize, Serialize};

use super::AllowList;

/// The rules of an [`AllowList`], as they stand in configuration. Fields that are not rules are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowListConfig {
    /// Chain ids for which may be signed, such as `cosmoshub-4`.
    pub chains: Vec<String>,
    /// Protobuf type urls of the messages that may be signed. Only messages that this release decodes can stand
    /// here, `/cosmos.bank.v1beta1.MsgSend` or `/cosmos.staking.v1beta1.MsgDelegate` for example. A message inside a
    /// message, as in `MsgExec`, has to stand here as well.
    pub messages: Vec<String>,
    /// Addresses that may receive, and to which power may be given (a grant, a fee allowance). A validator to whom is
    /// delegated is a recipient. Without this field anyone may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<String>>,
    /// For each denom the most that one transaction may send, in its smallest unit, as a decimal string. A denom
    /// that is not named may not be sent.
    #[serde(default)]
    pub max_per_tx: BTreeMap<String, String>,
    /// For each denom the highest fee of one transaction, in the same form. A denom that is not named may not pay.
    #[serde(default)]
    pub max_fee: BTreeMap<String, String>,
    /// The longest memo, in bytes. The default is 256, the Cosmos SDK's own limit (`x/auth`, `MaxMemoCharacters`).
    #[serde(default = "default_memo")]
    pub max_memo_bytes: usize,
    /// Whether arbitrary data may be signed (ADR-036), with which an account is proven and which no chain runs. What it says to
    /// those who read it, no rule here can tell. The default is no.
    #[serde(default)]
    pub allow_arbitrary: bool,
    /// Whether a bare digest may be signed, of which nobody can say what it stands for. The default is no.
    #[serde(default)]
    pub allow_raw: bool,
}

const fn default_memo() -> usize {
    256
}

impl Default for AllowListConfig {
    /// A list that allows nothing.
    fn default() -> Self {
        Self {
            chains: Vec::new(),
            messages: Vec::new(),
            recipients: None,
            max_per_tx: BTreeMap::new(),
            max_fee: BTreeMap::new(),
            max_memo_bytes: default_memo(),
            allow_arbitrary: false,
            allow_raw: false,
        }
    }
}

/// What is wrong with the rules. Texts name what stands in the operator's own configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyConfigError {
    /// A chain id is not one.
    #[error("policy: chain {chain:?} is no chain id")]
    Chain {
        /// What stands there.
        chain: String,
        /// Why not.
        #[source]
        source: IdError,
    },
    /// The message cannot be decoded by this release, so no rule could be checked against it.
    #[error("policy: message {type_url:?} cannot be allowed: this release decodes no message of that type")]
    Message {
        /// What stands there.
        type_url: String,
    },
    /// A recipient is no address.
    #[error("policy: recipient {recipient:?} is no address")]
    Recipient {
        /// What stands there.
        recipient: String,
        /// Why not.
        #[source]
        source: CosmosError,
    },
    /// A maximum's denom or amount is not one.
    #[error("policy: {rule} of {denom:?} is not a denom with a decimal amount")]
    Maximum {
        /// `max_per_tx` or `max_fee`.
        rule: &'static str,
        /// What stands there as the denom.
        denom: String,
        /// Why not.
        #[source]
        source: CosmosError,
    },
}

impl TryFrom<AllowListConfig> for AllowList {
    type Error = PolicyConfigError;

    fn try_from(config: AllowListConfig) -> Result<Self, PolicyConfigError> {
        let AllowListConfig {
            chains,
            messages,
            recipients,
            max_per_tx,
            max_fee,
            max_memo_bytes,
            allow_arbitrary,
            allow_raw,
        } = config;
        for chain in &chains {
            ChainId::new(chain)
                .map_err(|source| PolicyConfigError::Chain { chain: chain.clone(), source })?;
        }
        let decoded = |type_url: &String| {
            MessageSchema::by_type_url(type_url).is_some_and(|message| !message.signers.is_empty())
        };
        if let Some(type_url) = messages.iter().find(|type_url| !decoded(type_url)) {
            return Err(PolicyConfigError::Message { type_url: type_url.clone() });
        }
        let recipients =
            recipients.map(|list| list.into_iter().map(recipient).collect::<Result<_, _>>()).transpose()?;
        Ok(Self {
            chains: chains.into_iter().collect(),
            messages: messages.into_iter().collect(),
            recipients,
            max_per_tx: maxima("max_per_tx", max_per_tx)?,
            max_fee: maxima("max_fee", max_fee)?,
            max_memo_bytes,
            allow_arbitrary,
            allow_raw,
        })
    }
}

fn recipient(text: String) -> Result<Address, PolicyConfigError> {
    Address::parse(&text).map_err(|source| PolicyConfigError::Recipient { recipient: text, source })
}

fn maxima(
    rule: &'static str,
    texts: BTreeMap<String, String>,
) -> Result<BTreeMap<Denom, Amount>, PolicyConfigError> {
    let parse = |denom: &str, amount: &str| Ok((Denom::parse(denom)?, Amount::parse(amount)?));
    texts
        .into_iter()
        .map(|(denom, amount)| {
            parse(&denom, &amount).map_err(|source| PolicyConfigError::Maximum { rule, denom, source })
        })
        .collect()
}
