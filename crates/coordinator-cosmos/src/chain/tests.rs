use super::*;

fn chain(change: impl FnOnce(&mut serde_json::Value)) -> Result<Chain, CosmosError> {
    let mut file = serde_json::json!({
        "chain_name": "testchain",
        "chain_id": "test-1",
        "bech32_prefix": "test",
        "slip44": 118,
        "key_algos": ["secp256k1"],
        "fees": { "fee_tokens": [{ "denom": "utest", "low_gas_price": 0.01, "average_gas_price": 2.5e-2 }] },
        "staking": { "staking_tokens": [{ "denom": "utest" }] },
        "apis": {
            "rest": [{ "address": "https://a.example", "provider": "a" }, { "address": "javascript:x" }],
            "grpc": [{ "address": "a.example:443" }, { "address": "a b" }],
        },
        "something_new": { "x": [1] },
    });
    change(&mut file);
    Chain::from_registry(file.to_string().as_bytes(), None)
}

#[test]
fn a_file_of_the_registry_is_read() {
    let read = chain(|_| {}).unwrap();
    assert_eq!((read.id.as_str(), read.hrp.as_str(), read.coin_type), ("test-1", "test", 118));
    assert_eq!(read.key_type, KeyType::Secp256k1);
    let prices = read.gas_prices_in(&Denom::parse("utest").unwrap()).unwrap();
    assert_eq!(prices.low.to_string(), "0.01utest");
    assert_eq!(
        (prices.average.to_string(), prices.high.clone()),
        ("0.025utest".into(), prices.average.clone())
    );
    assert_eq!((read.rest, read.grpc), (vec!["https://a.example".into()], vec!["a.example:443".into()]));
}

#[test]
fn the_key_type_is_told_by_codec_and_algorithm() {
    for (algorithms, codecs, kind) in [
        (vec!["ethsecp256k1"], vec!["injective"], KeyType::Injective),
        (vec![], vec!["injective"], KeyType::Injective),
        (vec!["ethsecp256k1"], vec!["ethermint"], KeyType::Ethermint),
        (vec!["ethsecp256k1"], vec![], KeyType::CosmosEvm),
        (vec!["secp256k1", "ethsecp256k1"], vec![], KeyType::Secp256k1),
    ] {
        let read = chain(|file| {
            file["key_algos"] = algorithms.into();
            file["extra_codecs"] = codecs.into();
        });
        assert_eq!(read.unwrap().key_type, kind);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (field, value) in [
        ("chain_id", "".into()),
        ("chain_id", "x".repeat(51).into()),
        ("chain_id", "a\u{202e}b".into()),
        ("bech32_prefix", "UPPER".into()),
        ("chain_name", serde_json::Value::Null),
        ("fees", serde_json::json!({ "fee_tokens": [{ "denom": "utest", "low_gas_price": -1 }] })),
        ("fees", serde_json::json!({ "fee_tokens": [{ "denom": "!", "low_gas_price": 1 }] })),
    ] {
        assert!(chain(|file| file[field] = value).is_err(), "{field}");
    }
    let large = vec![b' '; MAX_CHAIN_FILE + 1];
    assert!(matches!(Chain::from_registry(&large, None), Err(CosmosError::BadField { field: "size", .. })));
}

#[test]
fn the_assets_of_another_chain_are_refused_and_strange_coins_left_out() {
    let file =
        serde_json::json!({ "chain_name": "testchain", "chain_id": "test-1", "bech32_prefix": "test" });
    let assets = |name: &str| {
        let unit = |denom: &str, exponent: u32| serde_json::json!({ "denom": denom, "exponent": exponent });
        let coin = |base: &str, exponent: u32| {
            serde_json::json!({
                "base": base, "display": "test", "symbol": "TEST",
                "denom_units": [unit(base, 0), unit("test", exponent)],
            })
        };
        let all = [coin("utest", 6), coin("cw20:!", 6), coin("huge", 37)];
        serde_json::json!({ "chain_name": name, "assets": all }).to_string()
    };
    let read = |name: &str| Chain::from_registry(file.to_string().as_bytes(), Some(assets(name).as_bytes()));
    assert!(read("other").is_err());
    let read = read("testchain").unwrap();
    assert_eq!(read.assets.len(), 1);
    assert!(read.asset(&Denom::parse("utest").unwrap()).is_some());
}

#[test]
fn an_amount_is_shown_exactly_and_a_name_cannot_hide() {
    let asset = |exponent, symbol: &str| Asset {
        base: Denom::parse("utest").unwrap(),
        symbol: symbol.to_owned(),
        exponent,
    };
    for (amount, exponent, text) in [
        ("1234567", 6, "1.234567 T"),
        ("1000000", 6, "1 T"),
        ("1", 6, "0.000001 T"),
        ("0", 6, "0 T"),
        ("7", 0, "7 T"),
        ("123456789012345678901", 18, "123.456789012345678901 T"),
    ] {
        assert_eq!(asset(exponent, "T").show(&Amount::parse(amount).unwrap()).to_string(), text);
    }
    let shown = asset(0, "a\u{202e}b");
    assert_eq!(shown.show(&Amount::zero()).to_string(), "0 a\\u{202e}b");
}

#[test]
fn the_chains_that_come_along_name_no_nodes() {
    for chain in Chain::built_in() {
        assert!(chain.rest.is_empty() && chain.rpc.is_empty() && chain.grpc.is_empty(), "{}", chain.id);
        let fee = chain.gas_prices[0].average.denom().clone();
        assert!(chain.asset(&fee).is_some() && !chain.staking.is_empty(), "{}", chain.id);
    }
    assert_eq!(Chain::built_in_by_id("injective-1").unwrap().key_type, KeyType::Injective);
    assert!(Chain::built_in_by_id("nowhere-1").is_none());
}
