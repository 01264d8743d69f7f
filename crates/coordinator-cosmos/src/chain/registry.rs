//! The files of the chain registry, as far as they are read: fields that nothing here asks for are passed over, whoever adds them.

use serde::Deserialize;
use serde_json::Number;

use super::{Asset, Chain, GasPrices, MAX_CHAIN_FILE, number};
use crate::{CosmosError, Denom, GasPrice, Hrp, KeyType};

/// More coins, prices or nodes than any list of the registry has.
const MAX_ITEMS: usize = 20_000;
/// The longest name, symbol or address of a node, in bytes.
const MAX_TEXT: usize = 512;
/// The most places that a coin has.
const MAX_EXPONENT: u32 = 36;

const CHAIN: &str = "chain.json";
const ASSETS: &str = "assetlist.json";

#[derive(Deserialize)]
struct ChainFile {
    chain_name: String,
    chain_id: String,
    bech32_prefix: String,
    #[serde(default)]
    slip44: Option<u32>,
    #[serde(default)]
    key_algos: Vec<String>,
    #[serde(default)]
    extra_codecs: Vec<String>,
    #[serde(default)]
    fees: Fees,
    #[serde(default)]
    staking: Staking,
    #[serde(default)]
    apis: Apis,
}

#[derive(Default, Deserialize)]
struct Fees {
    #[serde(default)]
    fee_tokens: Vec<FeeToken>,
}

#[derive(Deserialize)]
struct FeeToken {
    denom: String,
    fixed_min_gas_price: Option<Number>,
    low_gas_price: Option<Number>,
    average_gas_price: Option<Number>,
    high_gas_price: Option<Number>,
}

#[derive(Default, Deserialize)]
struct Staking {
    #[serde(default)]
    staking_tokens: Vec<StakingToken>,
}

#[derive(Deserialize)]
struct StakingToken {
    denom: String,
}

#[derive(Default, Deserialize)]
struct Apis {
    #[serde(default)]
    rest: Vec<Api>,
    #[serde(default)]
    rpc: Vec<Api>,
    #[serde(default)]
    grpc: Vec<Api>,
}

#[derive(Deserialize)]
struct Api {
    address: String,
}

#[derive(Deserialize)]
struct AssetFile {
    chain_name: String,
    assets: Vec<AssetEntry>,
}

#[derive(Deserialize)]
struct AssetEntry {
    base: String,
    display: String,
    symbol: String,
    denom_units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    denom: String,
    exponent: u32,
}

pub(super) fn read(chain: &[u8], assets: Option<&[u8]>) -> Result<Chain, CosmosError> {
    let file: ChainFile = parse(CHAIN, chain)?;
    let bad = |field| CosmosError::BadField { part: CHAIN, field };
    if !is_id(&file.chain_id) {
        return Err(bad("chain_id"));
    }
    if !is_text(&file.chain_name) {
        return Err(bad("chain_name"));
    }
    let assets = assets.map(|bytes| read_assets(bytes, &file.chain_name)).transpose()?;
    let lists = [file.fees.fee_tokens.len(), file.apis.rest.len(), file.apis.rpc.len(), file.apis.grpc.len()];
    if lists.iter().any(|count| *count > MAX_ITEMS) {
        return Err(bad("length of a list"));
    }
    let staking = file.staking.staking_tokens.iter().map(|token| Denom::parse(&token.denom));
    Ok(Chain {
        key_type: key_type(&file.key_algos, &file.extra_codecs),
        hrp: Hrp::parse(&file.bech32_prefix)?,
        coin_type: file.slip44.unwrap_or(118),
        gas_prices: file.fees.fee_tokens.iter().map(prices).collect::<Result<_, _>>()?,
        staking: staking.collect::<Result<_, _>>()?,
        assets: assets.unwrap_or_default(),
        rest: urls(file.apis.rest),
        rpc: urls(file.apis.rpc),
        grpc: file.apis.grpc.into_iter().map(|api| api.address).filter(|text| is_visible(text)).collect(),
        id: file.chain_id,
        name: file.chain_name,
    })
}

fn read_assets(bytes: &[u8], chain_name: &str) -> Result<Vec<Asset>, CosmosError> {
    let file: AssetFile = parse(ASSETS, bytes)?;
    if file.chain_name != chain_name {
        return Err(CosmosError::BadField { part: ASSETS, field: "chain_name" });
    }
    if file.assets.len() > MAX_ITEMS {
        return Err(CosmosError::BadField { part: ASSETS, field: "length of a list" });
    }
    // A list holds coins of bridges and contracts beside those of the bank; what is none of its denoms has no place in a transfer.
    Ok(file.assets.into_iter().filter_map(asset).collect())
}

fn asset(entry: AssetEntry) -> Option<Asset> {
    let base = Denom::parse(&entry.base).ok()?;
    let display = entry.denom_units.iter().find(|unit| unit.denom == entry.display)?;
    let exponent = u8::try_from(display.exponent).ok().filter(|_| display.exponent <= MAX_EXPONENT)?;
    is_text(&entry.symbol).then_some(Asset { base, symbol: entry.symbol, exponent })
}

/// A price that is not named is the next lower one.
fn prices(token: &FeeToken) -> Result<GasPrices, CosmosError> {
    let price = |number: &Number| {
        let text = number::plain(number).ok_or(CosmosError::BadField { part: CHAIN, field: "gas price" })?;
        GasPrice::new(&text, &token.denom)
    };
    let least = match &token.fixed_min_gas_price {
        Some(number) => price(number)?,
        None => GasPrice::new("0", &token.denom)?,
    };
    let low = token.low_gas_price.as_ref().map(price).transpose()?.unwrap_or(least);
    let average = token.average_gas_price.as_ref().map(price).transpose()?.unwrap_or_else(|| low.clone());
    let high = token.high_gas_price.as_ref().map(price).transpose()?.unwrap_or_else(|| average.clone());
    Ok(GasPrices { low, average, high })
}

/// A codec names the family; without one, an Ethereum key is that of `cosmos/evm`, where new chains of that kind come from.
fn key_type(algorithms: &[String], codecs: &[String]) -> KeyType {
    let has = |list: &[String], word: &str| list.iter().any(|item| item == word);
    if has(codecs, "injective") {
        KeyType::Injective
    } else if has(codecs, "ethermint") {
        KeyType::Ethermint
    } else if algorithms.first().is_some_and(|first| first == "ethsecp256k1") {
        KeyType::CosmosEvm
    } else {
        KeyType::Secp256k1
    }
}

fn parse<'a, T: Deserialize<'a>>(part: &'static str, bytes: &'a [u8]) -> Result<T, CosmosError> {
    if bytes.len() > MAX_CHAIN_FILE {
        return Err(CosmosError::BadField { part, field: "size" });
    }
    serde_json::from_slice(bytes).map_err(|e| CosmosError::Malformed { part, source: Some(Box::new(e)) })
}

fn urls(list: Vec<Api>) -> Vec<String> {
    let is_url =
        |text: &String| is_visible(text) && (text.starts_with("https://") || text.starts_with("http://"));
    list.into_iter().map(|api| api.address).filter(is_url).collect()
}

/// The rule of the Cosmos SDK: 1 to 50 characters.
fn is_id(text: &str) -> bool {
    text.len() <= 50 && is_visible(text)
}

fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT
}
