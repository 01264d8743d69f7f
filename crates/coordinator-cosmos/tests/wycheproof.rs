//! Signatures against Project Wycheproof's vectors for ECDSA over secp256k1 with SHA-256, in DER, as `r || s`, and under Bitcoin's rule for `s`.

#![cfg(test)]

use maany_coordinator_cosmos::{KeyType, RecoverableSignature};
use wycheproof::ecdsa::{TestName, TestSet};

/// Reads a signature over a digest under a key.
type Reader = fn(&[u8], &[u8; 32], &[u8; 33]) -> Option<RecoverableSignature>;

/// Runs a set; gives how many were valid and how many had to fail.
fn run(name: TestName, of: Reader) -> (usize, usize) {
    let (mut good, mut bad) = (0, 0);
    for group in TestSet::load(name).unwrap().test_groups {
        // An uncompressed point: 4, x, y.
        let point: &[u8] = &group.key.key;
        let mut key = [0; 33];
        key[0] = 2 + (point[64] & 1);
        key[1..].copy_from_slice(&point[1..33]);
        for test in &group.tests {
            let digest = KeyType::Secp256k1.digest(&test.msg);
            let read = of(&test.sig, &digest, &key);
            assert_eq!(read.is_none(), test.result.must_fail(), "{name:?} {}: {}", test.tc_id, test.comment);
            if let Some(signature) = read {
                // The form that chains take is stable, and still one of the key's.
                let again = RecoverableSignature::new(&signature.to_bytes(), &digest, &key).unwrap();
                assert_eq!(again, signature);
                good += 1;
            } else {
                bad += 1;
            }
        }
    }
    (good, bad)
}

#[test]
fn der_signatures_are_taken_where_they_are_valid_and_nowhere_else() {
    let (good, bad) = run(TestName::EcdsaSecp256k1Sha256, |sig, digest, key| {
        RecoverableSignature::from_der(sig, digest, key).ok()
    });
    assert!(good > 100 && bad > 100, "{good} valid, {bad} not");
}

#[test]
fn fixed_signatures_are_taken_where_they_are_valid_and_nowhere_else() {
    let (good, bad) = run(TestName::EcdsaSecp256k1Sha256P1363, |sig, digest, key| {
        RecoverableSignature::new(&sig.try_into().ok()?, digest, key).ok()
    });
    assert!(good > 100 && bad > 50, "{good} valid, {bad} not");
}

#[test]
fn bitcoins_rule_for_s_is_kept_by_the_form_that_is_given_out() {
    let (good, bad) = run(TestName::EcdsaSecp256k1Sha256Bitcoin, |sig, digest, key| {
        let low = RecoverableSignature::from_der(sig, digest, key).ok()?;
        // That set refuses a high `s`: such a one is given out as another signature.
        let given = k256::ecdsa::Signature::from_der(sig).ok()?;
        (<[u8; 64]>::from(given.to_bytes()) == low.to_bytes()).then_some(low)
    });
    assert!(good > 100 && bad > 100, "{good} valid, {bad} not");
}
