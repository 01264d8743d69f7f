//! The first state of a chain: its accounts, its validator, and rules that let a test see a vote.

use std::path::Path;

use maany_coordinator_cosmos::{Address, Coin};
use serde_json::{Value, json};

use super::command::{Commands, VALIDATOR};
use super::{CHAIN, DENOM};
use crate::Failure;

/// What the validator proposes: a text, and nothing that is done.
pub(super) const PROPOSAL: &str = r#"{
  "messages": [], "metadata": "in words alone", "deposit": "10000000stake",
  "title": "A proposal", "summary": "Something to vote on."
}"#;

/// Makes the home folder of a chain whose first accounts are these.
pub(super) fn make(
    commands: &Commands,
    home: &Path,
    accounts: &[(Address, Vec<Coin>)],
) -> Result<(), Failure> {
    commands.run(&["init", "maany", "--chain-id", CHAIN, "--default-denom", DENOM])?;
    for (address, coins) in accounts {
        let coins: Vec<_> = coins.iter().map(|coin| format!("{}{}", coin.amount, coin.denom)).collect();
        commands.run(&["genesis", "add-genesis-account", address.as_str(), &coins.join(",")])?;
    }
    commands.run(&["keys", "add", VALIDATOR])?;
    let validator = commands.run(&["keys", "show", VALIDATOR, "--address"])?;
    let most = format!("1000000000000{DENOM}");
    commands.run(&["genesis", "add-genesis-account", validator.trim(), &most])?;
    commands.run(&["genesis", "gentx", VALIDATOR, &format!("500000000000{DENOM}"), "--chain-id", CHAIN])?;
    commands.run(&["genesis", "collect-gentxs"])?;
    edit_genesis(&home.join("config/genesis.json"))?;
    edit_configuration(&home.join("config/config.toml"))
}

/// A vote that any deposit opens and that stays open for as long as a test runs.
fn edit_genesis(path: &Path) -> Result<(), Failure> {
    let mut genesis: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let rules = &mut genesis["app_state"]["gov"]["params"];
    rules["min_deposit"] = json!([{ "denom": DENOM, "amount": "10000000" }]);
    rules["voting_period"] = json!("3600s");
    rules["expedited_voting_period"] = json!("1800s");
    Ok(std::fs::write(path, genesis.to_string())?)
}

/// A block as often as one validator can make one without hurry.
fn edit_configuration(path: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)?;
    let (mut edited, mut found) = (String::new(), false);
    for line in text.lines() {
        let is_it = line.starts_with("timeout_commit = ");
        found |= is_it;
        edited.push_str(if is_it { "timeout_commit = \"200ms\"" } else { line });
        edited.push('\n');
    }
    if !found {
        return Err("config.toml has no timeout_commit".into());
    }
    Ok(std::fs::write(path, edited)?)
}
