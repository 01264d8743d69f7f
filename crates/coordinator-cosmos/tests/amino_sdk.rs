//! Amino JSON of every message that an account signs, against the Cosmos SDK's own encoder: `tests/chain/aminojson` made the vectors, in both directions, byte for byte.

#![cfg(test)]

use std::collections::BTreeSet;

use maany_coordinator_cosmos::schema::MessageSchema;
use maany_coordinator_cosmos::{amino_message, message_of_amino};
use serde_json::Value;

const VECTORS: &str = include_str!("vectors/amino-messages.json");

fn vectors() -> Vec<(String, Vec<u8>, String)> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(file["provenance"]["generator"], "tests/chain/aminojson");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |vector: &Value| {
        (text(&vector["typeUrl"]), hex::decode(text(&vector["value"])).unwrap(), text(&vector["amino"]))
    };
    file["vectors"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn a_message_is_written_as_the_sdk_writes_it() {
    let mut wrong = Vec::new();
    for (type_url, value, amino) in vectors() {
        match amino_message(&type_url, &value) {
            Ok(made) if made == serde_json::from_str::<Value>(&amino).unwrap() => {}
            other => wrong.push(format!("{type_url}\n  {other:?}\n  {amino}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_sdk_writes_is_read_as_the_message_that_it_was() {
    let mut wrong = Vec::new();
    for (type_url, value, amino) in vectors() {
        // A number that is 0 and one that is not there have one JSON, and so has JSON in bytes whatever its spelling. Go writes the member of
        // a oneof behind all other fields.
        let ambiguous =
            [r#""0""#, r#""z":[1,null"#, r#""Validators""#].iter().any(|text| amino.contains(text));
        match message_of_amino(&serde_json::from_str(&amino).unwrap()) {
            Ok(Some((found, bytes))) if found == type_url && (ambiguous || bytes == value) => {}
            other => wrong.push(format!("{type_url}\n  {other:?}\n  {amino}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_message_of_the_packages_is_among_the_vectors() {
    let seen: BTreeSet<String> = vectors().into_iter().map(|(type_url, _, _)| type_url).collect();
    let packages: BTreeSet<&str> =
        seen.iter().map(|url| url[1..].rsplit_once('.').expect("a package").0).collect();
    let missing: Vec<&str> = MessageSchema::all()
        .filter(|schema| !schema.signers.is_empty() && schema.amino_name.is_some())
        .filter(|schema| packages.contains(schema.name.rsplit_once('.').expect("a package").0))
        .map(|schema| schema.name)
        .filter(|name| !seen.contains(&format!("/{name}")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(packages.len() >= 11 && seen.len() >= 60, "{} packages, {} messages", packages.len(), seen.len());
}
