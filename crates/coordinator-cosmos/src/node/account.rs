//! An account as a node shows it: its number and its sequence, whatever kind of account they are wrapped in.

use serde_json::Value;

/// Kinds of accounts nest: a vesting account holds a base vesting account, which holds a base account.
const DEPTH: usize = 4;

/// What a sign doc needs to know of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The type url of the account, `/cosmos.auth.v1beta1.BaseAccount` for most.
    pub kind: String,
    /// Its address as the node writes it.
    pub address: String,
    /// Its number on this chain; 0 is a number like any other.
    pub number: u64,
    /// The number of transactions that it has sent.
    pub sequence: u64,
    /// Whether it has signed before, so that the chain knows its key.
    pub has_key: bool,
}

impl Account {
    /// Reads an account of any kind that the Cosmos SDK nests a base account in.
    pub(super) fn read(account: &Value) -> Option<Self> {
        let kind = account["@type"].as_str()?.to_owned();
        let base = base(account)?;
        Some(Self {
            kind,
            address: base["address"].as_str()?.to_owned(),
            number: base["account_number"].as_str()?.parse().ok()?,
            sequence: base["sequence"].as_str()?.parse().ok()?,
            has_key: base["pub_key"].is_object(),
        })
    }
}

fn base(account: &Value) -> Option<&Value> {
    let mut at = account;
    for _ in 0..DEPTH {
        if at.get("account_number").is_some() {
            return Some(at);
        }
        at = ["base_account", "base_vesting_account"].iter().find_map(|inner| at.get(inner))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base_account() -> Value {
        json!({ "@type": "/cosmos.auth.v1beta1.BaseAccount", "address": "cosmos1x", "pub_key": null,
                "account_number": "0", "sequence": "7" })
    }

    #[test]
    fn number_and_sequence_are_found_in_every_kind_of_account() {
        let vesting = json!({ "@type": "/cosmos.vesting.v1beta1.ContinuousVestingAccount",
            "base_vesting_account": { "base_account": base_account(), "end_time": "1" }, "start_time": "0" });
        let module = json!({ "@type": "/cosmos.auth.v1beta1.ModuleAccount", "base_account": base_account(),
            "name": "gov", "permissions": ["burner"] });
        for account in [base_account(), vesting, module] {
            let read = Account::read(&account).unwrap();
            assert_eq!((read.number, read.sequence, read.has_key), (0, 7, false), "{account}");
            assert_eq!(read.kind, account["@type"]);
        }
    }

    #[test]
    fn a_missing_number_is_no_zero() {
        for field in ["account_number", "sequence", "address", "@type"] {
            let mut account = base_account();
            account.as_object_mut().unwrap().remove(field);
            assert_eq!(Account::read(&account), None, "{field}");
        }
        let mut wrong = base_account();
        wrong["sequence"] = json!(7);
        assert_eq!(Account::read(&wrong), None);
    }

    #[test]
    fn a_bottomless_account_ends() {
        let deep = (0..100).fold(base_account(), |inner, _| json!({ "@type": "/x", "base_account": inner }));
        assert_eq!(Account::read(&deep), None);
    }
}
