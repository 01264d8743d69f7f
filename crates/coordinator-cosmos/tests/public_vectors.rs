//! The crate against values that other projects publish: CosmJS, wallet-core, NEAR's intents. `vectors/PROVENANCE.md` says where each comes from.

#![cfg(test)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bech32::primitives::decode::CheckedHrpstring;
use maany_coordinator_cosmos::{
    AccountKey, Address, AminoSignDoc, ArbitraryDoc, CosmosError, DirectSignDoc, Hrp, KeyType, MultisigKey,
    RecoverableSignature,
};
use prost::Message as _;
use serde_json::Value;

fn public() -> Value {
    serde_json::from_str(include_str!("vectors/public.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn unhex<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(text(value)).unwrap().try_into().unwrap()
}

fn key(base64: &Value) -> AccountKey {
    let bytes = STANDARD.decode(text(base64)).unwrap().try_into().unwrap();
    AccountKey::new(KeyType::Secp256k1, bytes).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap()
}

#[test]
fn accounts_are_those_of_cosmjs() {
    for vector in list(&public()["accounts"]) {
        let address = key(&vector["publicKey"]).address(&Hrp::parse("cosmos").unwrap()).unwrap();
        assert_eq!(address.as_str(), text(&vector["address"]));
    }
}

#[test]
fn a_multisig_account_is_that_of_cosmjs() {
    let vector = &public()["multisig"];
    let member = |value: &Value| {
        // A key in bech32 stands with the five bytes of Amino before it.
        let bytes: Vec<u8> =
            CheckedHrpstring::new::<bech32::Bech32>(text(value)).unwrap().byte_iter().collect();
        AccountKey::new(KeyType::Secp256k1, bytes[5..].try_into().unwrap()).unwrap()
    };
    let members = list(&vector["members"]).iter().map(member).collect();
    let multisig = MultisigKey::new(2, members).unwrap();
    assert_eq!(multisig.account(), unhex(&vector["account"]));
    assert_eq!(multisig.address(&Hrp::parse("wasm").unwrap()).unwrap().as_str(), text(&vector["address"]));
}

#[test]
fn direct_docs_and_envelopes_are_those_of_cosmjs() {
    for vector in list(&public()["direct"]) {
        let bytes = |field: &str| hex::decode(text(&vector[field])).unwrap();
        let number = text(&vector["accountNumber"]).parse().unwrap();
        let doc =
            DirectSignDoc::new(&bytes("body"), &bytes("authInfo"), text(&vector["chainId"]), number).unwrap();
        assert_eq!(doc.sign_bytes(), bytes("signBytes"));
        assert_eq!(doc.decoded().signers[0].sequence.to_string(), text(&vector["sequence"]));
        let signature: [u8; 64] = unhex(&vector["signature"]);
        let signer = key(&public()["accounts"][1]["publicKey"]);
        let verified = RecoverableSignature::new(&signature, &doc.digest(), signer.as_bytes()).unwrap();
        assert_eq!(verified.to_bytes(), signature, "it is low-S already");
        assert_eq!(doc.tx_raw(&[signature]).as_bytes(), bytes("txBytes"));
    }
}

#[test]
fn envelopes_of_wallet_core_are_signed_as_we_read_them() {
    for vector in list(&public()["walletCore"]["direct"]) {
        let bytes = STANDARD.decode(text(&vector["txBytes"])).unwrap();
        let raw = cosmrs::proto::cosmos::tx::v1beta1::TxRaw::decode(bytes.as_slice()).unwrap();
        let number = text(&vector["accountNumber"]).parse().unwrap();
        let chain = text(&vector["chainId"]);
        let doc = DirectSignDoc::new(&raw.body_bytes, &raw.auth_info_bytes, chain, number).unwrap();
        let maany_coordinator_cosmos::SignerKey::Secp256k1(signer) = &doc.decoded().signers[0].key else {
            panic!("{chain}: no key")
        };
        let signature: [u8; 64] = raw.signatures[0].clone().try_into().unwrap();
        RecoverableSignature::new(&signature, &doc.digest(), signer).unwrap();
        assert_eq!(doc.tx_raw(&[signature]).as_bytes(), bytes);
    }
}

#[test]
fn amino_docs_of_wallet_core_are_signed_as_we_read_them() {
    for vector in list(&public()["walletCore"]["amino"]) {
        // The keys of the file are in the order of a sign doc, and nothing in it needs an escape.
        let doc = AminoSignDoc::parse(vector["doc"].to_string().as_bytes()).unwrap();
        let signer = key(&vector["publicKey"]);
        RecoverableSignature::new(&unhex(&vector["signature"]), &doc.digest(), signer.as_bytes()).unwrap();
    }
}

#[test]
fn arbitrary_data_is_signed_as_intents_verifies_it() {
    let vector = &public()["arbitrary"];
    let signer = Address::parse(text(&vector["signer"])).unwrap();
    let doc = ArbitraryDoc::new(&signer, text(&vector["text"]).as_bytes()).unwrap();
    // The key there is uncompressed, without its first byte.
    let point: [u8; 64] = unhex(&vector["publicKey"]);
    let mut public_key = [0; 33];
    public_key[0] = 2 + (point[63] & 1);
    public_key[1..].copy_from_slice(&point[..32]);

    let digest: [u8; 32] = unhex(&vector["digest"]);
    assert_eq!(KeyType::Secp256k1.digest(doc.sign_bytes()), digest);
    let signature: [u8; 65] = unhex(&vector["signature"]);
    let read = RecoverableSignature::new(&signature[..64].try_into().unwrap(), &digest, &public_key).unwrap();
    assert_eq!(read.recovery_id() + 27, signature[64]);
    let wrong: [u8; 65] = unhex(&vector["wrongSignature"]);
    let read = RecoverableSignature::new(&wrong[..64].try_into().unwrap(), &digest, &public_key);
    assert!(matches!(read, Err(CosmosError::Signature)));
}
