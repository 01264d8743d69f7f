//! The configuration that `maany init` writes: every key there is, with what it means.

use maany_coordinator::cosmos::{Coin, MsgSend};
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::chains;

/// Tokens of a chain's own denom that one transaction may send, unless the operator says otherwise.
const TOKENS: u32 = 100;

/// Tokens of a chain's own denom that one transaction may pay as its fee.
const FEE_TOKENS: u32 = 1;

/// What the policy allows from the start.
#[derive(Debug, Default)]
pub(crate) struct FirstPolicy {
    chains: Vec<String>,
    max_per_tx: BTreeMap<String, String>,
    max_fee: BTreeMap<String, String>,
}

impl FirstPolicy {
    /// MsgSend on these chains; where no maxima are given, of each chain's own denom.
    pub(crate) fn new(chains: &[String], max_per_tx: &[Coin], max_fee: &[Coin]) -> Self {
        let own = |given: &[Coin], tokens| -> BTreeMap<String, String> {
            if given.is_empty() {
                let own = chains.iter().map(|id| chains::defaults(id));
                own.map(|chain| (chain.denom.to_owned(), chain.tokens(tokens))).collect()
            } else {
                given.iter().map(|coin| (coin.denom.to_string(), coin.amount.to_string())).collect()
            }
        };
        Self {
            chains: chains.to_vec(),
            max_per_tx: own(max_per_tx, TOKENS),
            max_fee: own(max_fee, FEE_TOKENS),
        }
    }
}

/// The whole file.
pub(crate) fn configuration(policy: &FirstPolicy) -> String {
    let chains: Vec<String> = policy.chains.iter().map(|id| quoted(id)).collect();
    let mut text = format!(
        r#"# The configuration of a Maany MPC coordinator. Relative paths begin in this file's folder.
# A key that is not known is an error; so is one that is missing, unless it is commented out here.

[server]
# Where to listen. PORT in the environment replaces the port, --listen all of it. An address that others can reach is
# refused unless --insecure-plaintext is given, and then only signing works from there.
listen = "127.0.0.1:8080"
# Connections at one time, HTTP and WebSocket together.
connections = 12000
# How long running sessions may finish when the server is told to stop.
drain_seconds = 10

[storage]
# "redb": one file. "files": a folder of files. Both hold sealed records only.
backend = "redb"
path = "coordinator.redb"

[keys]
# The key-encryption key that seals every record. Without it the data is lost: keep a copy apart from the data.
# provider = "file": a file that only this user may read (mode 0600).
provider = "file"
path = "keys"
# provider = "environment": 32 bytes in base64 or hexadecimal, from a variable.
# provider = "environment"
# variable = "MAANY_KEY"

[policy]
# What may be signed; what is not named here is refused.
chains = [{chains}]
# The messages that this release can decode, and so can allow.
messages = [{send}]
# Who may receive; without this key, anyone.
# recipients = ["cosmos1..."]
# The longest memo, in bytes.
max_memo_bytes = 256
# Whether data that is no transaction may be signed (ADR-036), with which an account is proven to others.
allow_arbitrary = false
# Whether a bare digest may be signed, of which nobody can say what it stands for.
allow_raw = false

# The most of each denom that one transaction may send, in the denom's smallest unit. A denom that is not named may not be sent.
[policy.max_per_tx]
"#,
        chains = chains.join(", "),
        send = quoted(MsgSend::TYPE_URL),
    );
    maxima(&mut text, &policy.max_per_tx);
    text.push_str("\n# The same for the fee.\n[policy.max_fee]\n");
    maxima(&mut text, &policy.max_fee);
    text
}

fn maxima(text: &mut String, maxima: &BTreeMap<String, String>) {
    if maxima.is_empty() {
        text.push_str("# uatom = \"1000000\"\n");
    }
    for (denom, amount) in maxima {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} = {}", quoted(denom), quoted(amount));
    }
}

/// A TOML basic string. Rust's escapes for control characters are not TOML's, so those are written by code point.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use maany_coordinator::AllowList;

    fn settings(policy: &FirstPolicy) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("maany.toml");
        crate::private_file::create(&path, configuration(policy).as_bytes()).unwrap();
        Settings::read(&path).unwrap()
    }

    #[test]
    fn what_init_writes_can_be_read_and_used() {
        let chains = ["cosmoshub-4".to_owned(), "osmosis-1".to_owned()];
        let policy = settings(&FirstPolicy::new(&chains, &[], &[])).policy;
        assert_eq!(policy.chains, chains);
        assert_eq!(policy.max_per_tx["uatom"], "100000000");
        assert_eq!(policy.max_fee["uosmo"], "1000000");
        assert!(!policy.allow_raw && !policy.allow_arbitrary);
        assert!(AllowList::try_from(policy).is_ok());
    }

    #[test]
    fn given_maxima_take_the_place_of_the_defaults() {
        let most = [Coin::parse("5", "ibc/0123456789ABCDEF").unwrap()];
        let policy = settings(&FirstPolicy::new(&["cosmoshub-4".to_owned()], &most, &[])).policy;
        assert_eq!(policy.max_per_tx.len(), 1);
        assert_eq!(policy.max_per_tx["ibc/0123456789ABCDEF"], "5");
        assert_eq!(policy.max_fee["uatom"], "1000000");
    }

    #[test]
    fn without_a_chain_nothing_is_allowed() {
        let policy = settings(&FirstPolicy::new(&[], &[], &[])).policy;
        assert!(policy.chains.is_empty() && policy.max_per_tx.is_empty());
    }

    #[test]
    fn no_chain_id_can_break_out_of_its_quotes() {
        let id = "a\"]\nallow_raw = true\\\u{7f}#";
        let policy = settings(&FirstPolicy::new(&[id.to_owned()], &[], &[])).policy;
        assert_eq!(policy.chains, [id]);
        assert!(!policy.allow_raw);
    }
}
