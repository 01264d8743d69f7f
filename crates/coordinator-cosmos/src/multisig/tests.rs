use k256::ecdsa::SigningKey;

use super::*;
use crate::KeyType;

fn member(secret: u8) -> (SigningKey, AccountKey) {
    let secret = SigningKey::from_slice(&[secret; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(true);
    let bytes = point.as_bytes().try_into().unwrap();
    (secret, AccountKey::new(KeyType::Secp256k1, bytes).unwrap())
}

fn signed(secret: &SigningKey, bytes: &[u8]) -> [u8; 64] {
    let (signature, _) = secret.sign_prehash_recoverable(&KeyType::Secp256k1.digest(bytes));
    signature.to_bytes().into()
}

fn two_of_three() -> (MultisigKey, Vec<(SigningKey, AccountKey)>) {
    let members: Vec<_> = (1..=3).map(member).collect();
    let key = MultisigKey::new(2, members.iter().map(|(_, key)| *key).collect()).unwrap();
    (key, members)
}

#[test]
fn a_key_without_sense_is_refused() {
    let one = member(1).1;
    for (threshold, members) in [(0, vec![one]), (2, vec![one]), (1, vec![]), (1, vec![one, one])] {
        assert!(matches!(MultisigKey::new(threshold, members), Err(CosmosError::Multisig(_))));
    }
    let many = (1..=65).map(|secret| member(secret).1).collect();
    assert!(matches!(MultisigKey::new(1, many), Err(CosmosError::Multisig(_))));
}

#[test]
fn the_address_depends_on_order_and_threshold() {
    let (key, members) = two_of_three();
    let mut reversed: Vec<AccountKey> = members.iter().map(|(_, key)| *key).collect();
    reversed.reverse();
    let other = MultisigKey::new(2, reversed.clone()).unwrap();
    assert_ne!(key.account(), other.account());
    assert_ne!(key.account(), MultisigKey::new(1, key.members().to_vec()).unwrap().account());
    let sorted = MultisigKey::sorted(2, key.members().to_vec()).unwrap();
    assert_eq!(sorted, MultisigKey::sorted(2, reversed).unwrap());
    assert!(sorted.members().is_sorted_by_key(AccountKey::account));
}

#[test]
fn signatures_stand_in_the_places_of_their_members_whatever_order_they_came_in() {
    let (key, members) = two_of_three();
    let by = |index: usize| (members[index].1, signed(&members[index].0, b"doc"));
    let make =
        |signatures: &[(AccountKey, [u8; 64])]| key.tx_raw(b"body", &Fee::default(), 5, b"doc", signatures);
    assert_eq!(make(&[by(2), by(0)]).unwrap(), make(&[by(0), by(2)]).unwrap());
    let raw = proto::TxRaw::decode(make(&[by(2), by(0)]).unwrap().as_bytes()).unwrap();
    let multi = proto::MultiSignature::decode(raw.signatures[0].as_slice()).unwrap();
    assert_eq!(multi.signatures, [by(0).1.to_vec(), by(2).1.to_vec()]);
}

#[test]
fn too_few_foreign_repeated_and_wrong_signatures_are_refused() {
    let (key, members) = two_of_three();
    let by = |index: usize| (members[index].1, signed(&members[index].0, b"doc"));
    let stranger = member(9);
    let make =
        |signatures: &[(AccountKey, [u8; 64])]| key.tx_raw(b"body", &Fee::default(), 5, b"doc", signatures);
    let foreign = (stranger.1, signed(&stranger.0, b"doc"));
    for bad in [vec![by(0)], vec![by(0), by(0)], vec![by(0), foreign]] {
        assert!(matches!(make(&bad), Err(CosmosError::Multisig(_))));
    }
    let other_doc = (members[1].1, signed(&members[1].0, b"another doc"));
    assert!(matches!(make(&[by(0), other_doc]), Err(CosmosError::Signature)));
}
