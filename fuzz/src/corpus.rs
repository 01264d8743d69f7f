//! What mutation begins with: the sign docs, transactions and messages that CosmJS made for the tests of the Cosmos crate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maany_coordinator_cosmos::schema::MessageSchema;
use serde_json::Value;

const DIRECT: &str = include_str!("../../crates/coordinator-cosmos/tests/vectors/direct.json");
const AMINO: &str = include_str!("../../crates/coordinator-cosmos/tests/vectors/amino.json");
const MESSAGES: &str = include_str!("../../crates/coordinator-cosmos/tests/vectors/messages.json");

/// The seeds of a target.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    match target {
        "direct" => field(DIRECT, "signDoc"),
        "amino" => field(AMINO, "signDoc"),
        "tx_raw" => [field(DIRECT, "txRaw"), field(MESSAGES, "txRaw")].concat(),
        "message" => messages(),
        _ => Vec::new(),
    }
}

fn vectors(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).expect("the vectors are JSON");
    file["vectors"].as_array().cloned().unwrap_or_default()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap_or_default()).expect("the vectors are base64")
}

fn field(file: &str, name: &str) -> Vec<Vec<u8>> {
    vectors(file).iter().map(|vector| bytes(&vector[name])).collect()
}

fn messages() -> Vec<Vec<u8>> {
    let seed = |vector: &Value| {
        let type_url = vector["typeUrl"].as_str()?;
        let index =
            MessageSchema::all().position(|schema| Some(schema.name) == type_url.strip_prefix('/'))?;
        Some([&u16::try_from(index).ok()?.to_le_bytes()[..], &bytes(&vector["value"])].concat())
    };
    vectors(MESSAGES).iter().filter_map(seed).collect()
}
