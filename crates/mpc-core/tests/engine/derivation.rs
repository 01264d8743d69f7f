//! Child keys: one DKG, many addresses. Compared with BIP-32 written out here, and with its published vectors.

use hmac::{Hmac, KeyInit, Mac};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{ProjectivePoint, Scalar};
use maany_mpc_core::derivation::child_public_key;
use maany_mpc_core::{DerivationPath, Flight, PathError, PublicKey, Role, SignContext};
use sha2::Sha512;

use crate::support::{pair, pass, refreshed, run_sign_with, sign_context};

/// BIP-32, "Public parent key -> public child key".
fn bip32(mut key: ProjectivePoint, mut chain_code: [u8; 32], steps: &[u32]) -> (Vec<u8>, [u8; 32]) {
    let sec1 = |key: ProjectivePoint| key.to_affine().to_sec1_point(true).as_bytes().to_vec();
    for step in steps {
        let mut mac = Hmac::<Sha512>::new_from_slice(&chain_code).unwrap();
        mac.update(&sec1(key));
        mac.update(&step.to_be_bytes());
        let output: [u8; 64] = mac.finalize().into_bytes().into();
        let (left, right) = output.split_at(32);
        let left: [u8; 32] = left.try_into().unwrap();
        key += ProjectivePoint::GENERATOR * Scalar::from_repr(left.into()).unwrap();
        chain_code = right.try_into().unwrap();
    }
    (sec1(key), chain_code)
}

fn point(key: &PublicKey) -> ProjectivePoint {
    k256::PublicKey::from_sec1_bytes(key.as_bytes()).unwrap().to_projective()
}

#[test]
fn published_vector_is_met() {
    // BIP-32, test vector 2: chain m (given as extended public key) and chain m/0.
    let bytes = |text: &str| hex::decode(text).unwrap();
    let parent = bytes("03cbcaa9c98c877a26977d00825c956a238e8dddfbd322cce4f74b0b5bd6ace4a7");
    let chain_code = bytes("60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689");
    let chain_code: [u8; 32] = chain_code.try_into().unwrap();
    let parent = PublicKey::from_sec1(&parent).unwrap();
    let child = child_public_key(&parent, &chain_code, &"m/0".parse().unwrap()).unwrap();
    let expected = "02fc9e5af0ac8d9b3cecfe2a888e2117ba3d089d8585886c9c826b6b22a98d12ea";
    assert_eq!(hex::encode(child.as_bytes()), expected);
    assert_eq!(hex::encode(bip32(point(&parent), chain_code, &[0]).0), expected);
    assert_eq!(child_public_key(&parent, &chain_code, &DerivationPath::root()).unwrap(), parent);
}

#[test]
fn child_keys_are_those_of_bip32() {
    let share = &pair().device;
    for text in ["m/0", "m/2147483647", "m/44/118/0/0/5", "m/44/118/0/0/0", "m/1/2/3/4/5/6/7/8"] {
        let path: DerivationPath = text.parse().unwrap();
        let (expected, _) = bip32(point(&share.public_key()), share.chain_code(), path.steps());
        assert_eq!(share.child_public_key(&path).unwrap().to_bytes().to_vec(), expected, "{text}");
        assert_eq!(pair().server.child_public_key(&path).unwrap().to_bytes().to_vec(), expected);
    }
}

#[test]
fn child_keys_sign_in_both_flights_and_only_for_themselves() {
    for flight in [Flight::ServerFirst, Flight::DeviceFirst] {
        let path: DerivationPath = "m/44/118/0/0/5".parse().unwrap();
        let context = |role| SignContext { path: path.clone(), ..sign_context(role, flight) };
        let (signature, _) =
            run_sign_with(pair(), context(Role::Device), context(Role::Server), pass).0.both();
        let child = pair().device.child_public_key(&path).unwrap();
        assert!(signature.verify(&child, &context(Role::Device).digest));
        assert!(!signature.verify(&pair().device.public_key(), &context(Role::Device).digest));
        assert_eq!(signature.recover(&context(Role::Device).digest), Some(child));
    }
}

#[test]
fn refresh_keeps_every_child_key() {
    let path: DerivationPath = "m/44/118/0/0/7".parse().unwrap();
    let before = pair().device.child_public_key(&path).unwrap();
    assert_eq!(refreshed().server.child_public_key(&path).unwrap(), before);
    let context = |role| SignContext { path: path.clone(), ..sign_context(role, Flight::DeviceFirst) };
    let (signature, _) =
        run_sign_with(refreshed(), context(Role::Device), context(Role::Server), pass).0.both();
    assert!(signature.verify(&before, &context(Role::Device).digest));
}

#[test]
fn hardened_path_is_refused_with_its_own_error() {
    let refused = "m/44'/118'/0'/0/5".parse::<DerivationPath>();
    assert_eq!(refused, Err(PathError::Hardened { position: 1 }));
}
