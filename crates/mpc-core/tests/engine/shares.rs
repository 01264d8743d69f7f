//! Shares at rest: the bytes that they leave as, the checks on the way back, and that nothing shows them.

use std::sync::Arc;

use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{ProjectivePoint, Scalar};
use maany_mpc_core::dkls23::SLIM_SHARE_LEN;
use maany_mpc_core::key_share::{CORE_LEN, EngineState, ShareCore, ShareParts};
use maany_mpc_core::{
    AbortClass, Dkls23, Engine, EngineError, EngineId, Flight, KeyShare, PublicKey, Role, ShareError,
    ShareId, SignContext, SlimShare,
};
use zeroize::Zeroizing;

use crate::support::{Pair, pair, pass, refreshed, refused, run_sign, sign_context};

/// A share of the key 3 on the line through 5 (device) and 7 (server).
fn small_parts() -> ShareParts {
    let point = |value: u64| {
        let point = (ProjectivePoint::GENERATOR * Scalar::from(value)).to_affine();
        PublicKey::from_sec1(point.to_sec1_point(true).as_bytes()).unwrap()
    };
    let mut secret = Zeroizing::new([0; 32]);
    secret[31] = 5;
    ShareParts {
        engine: EngineId::DKLS23,
        role: Role::Device,
        share_id: ShareId { epoch: 258, tag: [0xaa; 16] },
        secret,
        public_key: point(3),
        verifying_shares: [point(5), point(7)],
        chain_code: [0xcc; 32],
    }
}

/// Engine state that says what it is.
struct Labelled;

impl EngineState for Labelled {
    fn dangerous_export(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(b"state".to_vec())
    }

    fn dangerous_slim(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(b"slim".to_vec())
    }

    fn can_sign(&self) -> bool {
        false
    }
}

/// The multiples of the generator that the golden bytes name, from SEC 2 and any calculator.
const G3: &str = "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9";
const G5: &str = "022f8bde4d1a07209355b4a7250a5c5128e88b84bddc619ab7cba8d569b240efe4";
const G7: &str = "025cbdf0646e5db4eaa398f365f2ea7a0e3d419b7e0330e39ce92bddedcac4f9bc";

#[test]
fn exported_layout_is_pinned() {
    let share = KeyShare::new(ShareCore::new(small_parts()).unwrap(), Box::new(Labelled));
    let golden = [
        "01",                                                               // version
        "01",                                                               // engine: DKLs23
        "01",                                                               // role: device
        "0000000000000102",                                                 // epoch
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",                                 // tag
        "0000000000000000000000000000000000000000000000000000000000000005", // share
        G3,                                                                 // public key
        G5,                                                                 // the device's verifying share
        G7,                                                                 // the server's
        "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", // chain code
        "00000005",                                                         // length of the engine's state
        "7374617465",                                                       // "state"
    ]
    .concat();
    assert_eq!(hex::encode(&*share.dangerous_export()), golden);
    let golden = [
        "01",
        "01",
        "01",
        "0000000000000102",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "0000000000000000000000000000000000000000000000000000000000000005",
        G3,
        G7, // the other verifying share; ours follows from the share
        "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
        "736c696d", // "slim"
    ]
    .concat();
    let slim = share.slim();
    assert_eq!(hex::encode(slim.dangerous_expose_bytes()), golden);
    assert_eq!(SlimShare::from_bytes(&hex::decode(&golden).unwrap()).unwrap().share_id(), share.share_id());
}

#[test]
fn imported_share_is_the_exported_one_and_signs() {
    let import = |role| Dkls23.import_share(&pair().of(role).dangerous_export()).unwrap();
    let imported = Pair { device: Arc::new(import(Role::Device)), server: Arc::new(import(Role::Server)) };
    for role in [Role::Device, Role::Server] {
        let (share, original) = (imported.of(role), pair().of(role));
        assert_eq!(*share.dangerous_export(), *original.dangerous_export());
        assert_eq!(share.slim().dangerous_expose_bytes(), original.slim().dangerous_expose_bytes());
        assert_eq!((share.role(), share.share_id()), (role, original.share_id()));
    }
    let (device, server) = run_sign(&imported, Flight::ServerFirst, pass).0.both();
    assert_eq!(device, server);
}

#[test]
fn slim_share_fits_a_qr_code_and_comes_back() {
    let slim = pair().device.slim();
    assert_eq!(slim.dangerous_expose_bytes().len(), SLIM_SHARE_LEN);
    assert_eq!(SLIM_SHARE_LEN, 205);
    let again = SlimShare::from_bytes(slim.dangerous_expose_bytes()).unwrap();
    assert_eq!(
        (again.share_id(), again.public_key()),
        (pair().device.share_id(), pair().device.public_key())
    );
    assert_eq!((again.role(), again.engine()), (Role::Device, EngineId::DKLS23));
    let restored = Dkls23.restore_slim(again).unwrap();
    assert_eq!(restored.verifying_shares(), pair().device.verifying_shares());
    // A restored share can be stored like any other.
    let stored = Dkls23.import_share(&restored.dangerous_export()).unwrap();
    assert!(!stored.can_sign());
    assert_eq!(stored.slim().dangerous_expose_bytes(), slim.dangerous_expose_bytes());
}

#[track_caller]
fn import_error(change: impl FnOnce(&mut Vec<u8>)) -> ShareError {
    let mut bytes = pair().device.dangerous_export().to_vec();
    change(&mut bytes);
    let error = refused(Dkls23.import_share(&bytes));
    assert_eq!(error.class(), AbortClass::Freeze, "our own state is never the peer's fault");
    match error {
        EngineError::Share(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn import_refuses_every_inconsistency_of_the_core() {
    assert_eq!(import_error(|bytes| bytes[0] = 2), ShareError::Version);
    assert_eq!(import_error(|bytes| bytes[2] = 3), ShareError::Role);
    assert_eq!(import_error(|bytes| bytes[2] = 2), ShareError::OwnShare);
    assert_eq!(import_error(|bytes| bytes[3..11].fill(0)), ShareError::Epoch);
    assert_eq!(import_error(|bytes| bytes[20] ^= 1), ShareError::State, "the tag is the engine's session id");
    assert_eq!(import_error(|bytes| bytes[58] ^= 1), ShareError::OwnShare);
    assert_eq!(import_error(|bytes| bytes[27..59].fill(0)), ShareError::Scalar);
    assert_eq!(import_error(|bytes| bytes[27..59].fill(0xff)), ShareError::Scalar);
    assert_eq!(import_error(|bytes| bytes[59] ^= 1), ShareError::Line, "the negated public key");
    assert_eq!(import_error(|bytes| bytes[59] = 0), ShareError::Point);
    assert_eq!(import_error(|bytes| bytes[92] ^= 1), ShareError::OwnShare);
    assert_eq!(import_error(|bytes| bytes[125] ^= 1), ShareError::Line);
    assert_eq!(import_error(|bytes| bytes[158..190].fill(0)), ShareError::ChainCode);
}

#[test]
fn import_refuses_engine_state_of_another_shape() {
    assert_eq!(import_error(|bytes| bytes[194] = 2), ShareError::State);
    assert_eq!(import_error(|bytes| bytes[194] = 0), ShareError::Length);
    assert_eq!(import_error(|bytes| bytes[190] = 1), ShareError::Length);
    assert_eq!(import_error(|bytes| bytes.push(0)), ShareError::Length);
    assert_eq!(import_error(|bytes| bytes.truncate(bytes.len() - 1)), ShareError::Length);
    assert_eq!(import_error(|bytes| bytes[195] ^= 1), ShareError::State, "another session id");
    assert_eq!(import_error(|bytes| bytes[259..291].fill(0xff)), ShareError::State, "no scalar");
    assert_eq!(import_error(|bytes| bytes.clear()), ShareError::Length);
    let mut other = pair().device.dangerous_export().to_vec();
    other[1] = 2;
    assert!(matches!(refused(Dkls23.import_share(&other)), EngineError::WrongEngine));
}

#[test]
fn import_survives_every_truncation_and_flipped_bits() {
    let bytes = pair().device.dangerous_export();
    for length in (0..CORE_LEN + 80).chain((CORE_LEN + 80..bytes.len()).step_by(997)) {
        assert!(Dkls23.import_share(&bytes[..length]).is_err(), "{length}");
    }
    for at in (0..CORE_LEN).chain((CORE_LEN..bytes.len()).step_by(1009)) {
        let mut changed = Zeroizing::new(bytes.to_vec());
        changed[at] ^= 0x40;
        // The storage's seal guards the engine's secrets; here it is enough that nothing panics.
        let _ = Dkls23.import_share(&changed);
    }
}

#[test]
fn slim_share_refuses_what_does_not_hold_together() {
    let good = pair().device.slim().dangerous_expose_bytes().to_vec();
    let error = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        SlimShare::from_bytes(&bytes).map(|_| ()).unwrap_err()
    };
    assert_eq!(error(|bytes| bytes[0] = 0), ShareError::Version);
    assert_eq!(error(|bytes| bytes[2] = 0), ShareError::Role);
    assert_eq!(error(|bytes| bytes[2] = 2), ShareError::Line, "shares have swapped sides");
    assert_eq!(error(|bytes| bytes[3..11].fill(0)), ShareError::Epoch);
    assert_eq!(error(|bytes| bytes[58] ^= 1), ShareError::Line);
    assert_eq!(error(|bytes| bytes[59] ^= 1), ShareError::Line);
    assert_eq!(error(|bytes| bytes[92] ^= 1), ShareError::Line);
    assert_eq!(error(|bytes| bytes[125..157].fill(0)), ShareError::ChainCode);
    assert_eq!(error(|bytes| bytes.truncate(156)), ShareError::Length);
    assert_eq!(error(|bytes| bytes.resize(300, 0)), ShareError::Length);
    // The engine's part has a fixed length, which the engine insists on.
    for length in [157, 204, 206] {
        let mut bytes = good.clone();
        bytes.resize(length, 0);
        let error = refused(Dkls23.restore_slim(SlimShare::from_bytes(&bytes).unwrap()));
        assert!(matches!(error, EngineError::Share(ShareError::Length)), "{length}");
    }
    let mut other = good.clone();
    other[1] = 9;
    let error = refused(Dkls23.restore_slim(SlimShare::from_bytes(&other).unwrap()));
    assert!(matches!(error, EngineError::WrongEngine));
}

#[test]
fn core_of_equal_shares_is_refused() {
    let parts = small_parts();
    let [device, _] = parts.verifying_shares;
    let equal = ShareParts { public_key: device, verifying_shares: [device, device], ..parts };
    assert!(matches!(ShareCore::new(equal), Err(ShareError::Line)));
}

#[test]
fn share_of_another_engine_is_refused() {
    let foreign = KeyShare::new(ShareCore::new(small_parts()).unwrap(), Box::new(Labelled));
    let error = refused(Dkls23.sign(Arc::new(foreign), sign_context(Role::Device, Flight::ServerFirst)));
    assert!(matches!(error, EngineError::WrongEngine));
}

#[test]
fn debug_shows_no_secret() {
    let share = &refreshed().device;
    assert_eq!(format!("{share:?}"), "KeyShare { .. }");
    assert_eq!(format!("{:?}", share.slim()), "SlimShare { .. }");
    assert_eq!(format!("{:#?}", share.slim()), "SlimShare { .. }");
    let context = SignContext {
        sign_bytes: b"pay 5 to alice".to_vec(),
        ..sign_context(Role::Device, Flight::ServerFirst)
    };
    let shown = format!("{context:?}");
    assert_eq!(shown, "SignContext { role: Device, flight: ServerFirst, path: DerivationPath([]), .. }");
}
