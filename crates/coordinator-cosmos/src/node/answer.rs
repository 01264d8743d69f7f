//! A node's answers, from JSON of a stranger to values: every number parsed, every text bounded by the answer's own limit, nothing guessed.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::account::Account;
use crate::{Cause, ChainError, Coin};

/// What is wrong with an answer: the parser's cause, or none where the content is the fault.
pub(super) type Fault = Option<Cause>;

/// Parses JSON of a shape.
pub(super) fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|error| Some(Cause::from(error)))
}

/// `google.rpc.Status`, as grpc-gateway writes it.
#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) code: i64,
    pub(super) message: String,
}

/// `GetNodeInfoResponse`.
#[derive(Deserialize)]
pub(super) struct NodeInfoAnswer {
    default_node_info: DefaultNodeInfo,
    application_version: Option<ApplicationVersion>,
}

#[derive(Deserialize)]
struct DefaultNodeInfo {
    network: String,
}

#[derive(Deserialize)]
struct ApplicationVersion {
    #[serde(default)]
    app_name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    cosmos_sdk_version: String,
}

/// Which chain a node is of, and what it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// The chain's id.
    pub chain_id: String,
    /// The application, `gaiad` for example; empty where the node does not say.
    pub application: String,
    /// Its version.
    pub version: String,
    /// The version of the Cosmos SDK.
    pub sdk_version: String,
}

impl From<NodeInfoAnswer> for NodeInfo {
    fn from(answer: NodeInfoAnswer) -> Self {
        let version = answer.application_version;
        let text = |pick: fn(&ApplicationVersion) -> &String| version.as_ref().map(pick).cloned();
        Self {
            application: text(|v| &v.app_name).unwrap_or_default(),
            version: text(|v| &v.version).unwrap_or_default(),
            sdk_version: text(|v| &v.cosmos_sdk_version).unwrap_or_default(),
            chain_id: answer.default_node_info.network,
        }
    }
}

/// `GetLatestBlockResponse`, its height alone.
pub(super) fn height(bytes: &[u8]) -> Result<u64, Fault> {
    let answer: Value = json(bytes)?;
    // `sdk_block` since SDK 0.47, `block` before and beside it.
    let height = ["sdk_block", "block"].iter().find_map(|block| answer[block]["header"]["height"].as_str());
    height.and_then(|height| height.parse().ok()).ok_or(None)
}

/// `QueryAccountResponse`.
pub(super) fn account(bytes: &[u8]) -> Result<Account, Fault> {
    let answer: Value = json(bytes)?;
    Account::read(&answer["account"]).ok_or(None)
}

/// A page of coins, and the key of the next one.
pub(super) fn coins(bytes: &[u8]) -> Result<(Vec<Coin>, Option<String>), Fault> {
    let page: Balances = json(bytes)?;
    let coins = page.balances.iter().map(RawCoin::read).collect::<Result<_, _>>()?;
    Ok((coins, page.pagination.and_then(Pagination::next)))
}

/// `QueryBalanceResponse`.
pub(super) fn coin(bytes: &[u8]) -> Result<Coin, Fault> {
    let answer: Balance = json(bytes)?;
    answer.balance.read()
}

#[derive(Deserialize)]
struct Balances {
    balances: Vec<RawCoin>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Balance {
    balance: RawCoin,
}

#[derive(Deserialize)]
struct RawCoin {
    denom: String,
    amount: String,
}

impl RawCoin {
    fn read(&self) -> Result<Coin, Fault> {
        Coin::parse(&self.amount, &self.denom).map_err(|error| Some(Cause::from(error)))
    }
}

#[derive(Deserialize)]
struct Pagination {
    next_key: Option<String>,
}

impl Pagination {
    fn next(self) -> Option<String> {
        self.next_key.filter(|key| !key.is_empty())
    }
}

/// A denom, and in which unit people count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenomInfo {
    /// The denom of balances, its smallest unit.
    pub base: String,
    /// The unit that people see, `atom` for example.
    pub display: String,
    /// Decimal places between the two.
    pub exponent: u32,
    /// A short name, `ATOM` for example.
    pub symbol: String,
}

/// `QueryDenomsMetadataResponse`: a page of denoms, and the key of the next one.
pub(super) fn denoms(bytes: &[u8]) -> Result<(Vec<DenomInfo>, Option<String>), Fault> {
    let page: Metadatas = json(bytes)?;
    let denoms = page.metadatas.into_iter().map(DenomInfo::from).collect();
    Ok((denoms, page.pagination.and_then(Pagination::next)))
}

#[derive(Deserialize)]
struct Metadatas {
    metadatas: Vec<Metadata>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Metadata {
    base: String,
    display: String,
    #[serde(default)]
    symbol: String,
    denom_units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    denom: String,
    exponent: u32,
}

impl From<Metadata> for DenomInfo {
    fn from(data: Metadata) -> Self {
        let unit = data.denom_units.iter().find(|unit| unit.denom == data.display);
        let exponent = unit.map_or(0, |unit| unit.exponent);
        Self { exponent, base: data.base, display: data.display, symbol: data.symbol }
    }
}

/// `SimulateResponse`: gas used.
pub(super) fn gas_used(bytes: &[u8]) -> Result<u64, Fault> {
    #[derive(Deserialize)]
    struct Simulated {
        gas_info: GasInfo,
    }
    #[derive(Deserialize)]
    struct GasInfo {
        #[serde(deserialize_with = "decimal")]
        gas_used: u64,
    }
    json::<Simulated>(bytes).map(|answer| answer.gas_info.gas_used)
}

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The hash, SHA-256 of the envelope.
    pub hash: [u8; 32],
    /// The block's height.
    pub height: u64,
    /// What it used.
    pub gas_used: u64,
    /// What it could have used.
    pub gas_wanted: u64,
    /// Why it did not do what it says; then nothing happened but that the fee is paid and the sequence used up.
    pub error: Option<ChainError>,
}

/// `BroadcastTxResponse` and `GetTxResponse`.
#[derive(Deserialize)]
pub(super) struct TxAnswer {
    pub(super) tx_response: TxResponse,
}

#[derive(Deserialize)]
pub(super) struct TxResponse {
    txhash: String,
    #[serde(deserialize_with = "decimal")]
    height: u64,
    code: u32,
    #[serde(default)]
    codespace: String,
    #[serde(default)]
    raw_log: String,
    #[serde(deserialize_with = "decimal")]
    gas_used: u64,
    #[serde(deserialize_with = "decimal")]
    gas_wanted: u64,
}

impl TxResponse {
    /// Whether it is about the transaction that was asked about.
    pub(super) fn is_about(&self, hash: &[u8; 32]) -> bool {
        let hex: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        self.txhash.eq_ignore_ascii_case(&hex)
    }

    /// The error, where there is one.
    pub(super) fn error(&self) -> Option<ChainError> {
        (self.code != 0).then(|| ChainError::new(self.code, &self.codespace, &self.raw_log))
    }

    pub(super) fn included(&self, hash: [u8; 32]) -> Included {
        Included {
            hash,
            height: self.height,
            gas_used: self.gas_used,
            gas_wanted: self.gas_wanted,
            error: self.error(),
        }
    }
}

/// A 64-bit number, which proto3's JSON writes as a string.
fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_number_is_no_answer() {
        for used in ["\"\"", "\"-1\"", "\"1e3\"", "7", "null", "\"18446744073709551616\""] {
            let answer = format!(r#"{{"gas_info":{{"gas_used":{used}}}}}"#);
            assert!(gas_used(answer.as_bytes()).is_err(), "{used}");
        }
        assert_eq!(gas_used(br#"{"gas_info":{"gas_used":"7","gas_wanted":"0"},"result":{}}"#).unwrap(), 7);
    }

    #[test]
    fn balances_that_are_none_are_refused_rather_than_taken_for_zero() {
        for bad in [
            r#"{"balances":[{"denom":"stake","amount":"-5"}]}"#,
            r#"{"balances":[{"denom":"","amount":"5"}]}"#,
            r#"{"balances":null}"#,
            r#"{"balance":[]}"#,
            "[]",
        ] {
            assert!(coins(bad.as_bytes()).is_err(), "{bad}");
        }
        let good =
            br#"{"balances":[{"denom":"stake","amount":"5"}],"pagination":{"next_key":null,"total":"1"}}"#;
        assert_eq!(coins(good).unwrap(), (vec![Coin::parse("5", "stake").unwrap()], None));
    }

    #[test]
    fn the_answer_about_another_transaction_is_recognised() {
        let hash = "AB".repeat(32);
        let answer = format!(
            r#"{{"tx_response":{{"txhash":"{hash}","height":"3","code":0,"gas_used":"1","gas_wanted":"2"}}}}"#
        );
        let answer: TxAnswer = json(answer.as_bytes()).unwrap();
        assert!(answer.tx_response.is_about(&[0xab; 32]));
        assert!(!answer.tx_response.is_about(&[0xac; 32]));
        assert_eq!(answer.tx_response.error(), None);
    }

    #[test]
    fn the_newer_block_and_the_older_one_both_have_a_height() {
        assert_eq!(height(br#"{"block":{"header":{"height":"12"}}}"#).unwrap(), 12);
        assert_eq!(height(br#"{"block":null,"sdk_block":{"header":{"height":"13"}}}"#).unwrap(), 13);
        assert!(height(b"{}").is_err());
    }
}
