//! The backup as its keepers see it: documents whose bytes outlive releases, read from hostile hands.

use k256::elliptic_curve::sec1::ToSec1Point;
use maany_mpc_core::backup::{
    BackupContext, BackupError, DOCUMENT_VERSION, Fragment, FragmentDocument, MAX_DOCUMENT, Threshold,
};
use maany_mpc_core::{PublicKey, ShareId};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// Written by hand from the layout in `backup/document.rs`, not by the code under test.
const GOLDEN: &str = include_str!("backup/document-v1.hex");

fn golden() -> Vec<u8> {
    let digits: String = GOLDEN.lines().filter_map(|line| line.split_whitespace().next()).collect();
    hex::decode(digits).expect("the golden file is hex")
}

fn document() -> FragmentDocument {
    let generator = k256::ProjectivePoint::GENERATOR.to_affine();
    let context = BackupContext {
        wallet: (0..16).collect(),
        key_id: b"phone-1".to_vec(),
        share_id: ShareId { epoch: 3, tag: [0xab; 16] },
        public_key: PublicKey::from_sec1(generator.to_sec1_point(true).as_bytes()).expect("a point"),
    };
    let mut part = [0xcd; 33];
    part[0] = 2;
    let fragment = Fragment::from_bytes(&part).expect("index 2");
    FragmentDocument::new(context, Threshold::default(), vec![0xef; 20], fragment).expect("a document")
}

/// Replaces the checksum so that only the parser stands between the bytes and the rest.
fn resum(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len().saturating_sub(8);
    let digest = Sha256::digest(&bytes[..at]);
    bytes[at..].copy_from_slice(&digest[..8]);
    bytes
}

#[test]
fn document_bytes_are_pinned() {
    assert_eq!(hex::encode(&*document().dangerous_to_bytes()), hex::encode(golden()));
    let read = FragmentDocument::from_bytes(&golden()).unwrap();
    assert_eq!(read.context(), document().context());
    assert_eq!(read.threshold(), Threshold::new(2, 3).unwrap());
    assert_eq!(read.index(), 2);
    assert_eq!(read.ciphertext(), [0xef; 20]);
    assert_eq!(read.fragment().dangerous_expose_bytes(), document().fragment().dangerous_expose_bytes());
}

#[test]
fn a_later_version_is_named() {
    let mut bytes = golden();
    bytes[0] = DOCUMENT_VERSION + 1;
    assert!(matches!(FragmentDocument::from_bytes(&bytes), Err(BackupError::UnknownVersion(2))));
}

#[test]
fn rot_is_told_from_a_foreign_file() {
    let mut rotten = golden();
    rotten[80] ^= 4;
    assert!(matches!(FragmentDocument::from_bytes(&rotten), Err(BackupError::Damaged)));
    assert!(matches!(FragmentDocument::from_bytes(b"%PDF-1.7 ..."), Err(BackupError::Malformed(_))));
    assert!(matches!(FragmentDocument::from_bytes(b""), Err(BackupError::Malformed(_))));
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let bytes = golden();
    for length in 0..bytes.len() {
        assert!(FragmentDocument::from_bytes(&bytes[..length]).is_err());
        if length >= 12 {
            assert!(FragmentDocument::from_bytes(&resum(bytes[..length].to_vec())).is_err(), "{length}");
        }
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(FragmentDocument::from_bytes(&longer).is_err());
    assert!(matches!(FragmentDocument::from_bytes(&resum(longer)), Err(BackupError::Malformed(_))));
    let huge = vec![1; MAX_DOCUMENT + 1];
    assert!(matches!(FragmentDocument::from_bytes(&huge), Err(BackupError::TooLong { .. })));
}

#[test]
fn impossible_documents_are_refused_at_the_door() {
    let threshold_at = 4 + 17 + 8 + 24 + 33;
    let index_at = threshold_at + 2 + 2 + 20;
    let changed = |at: usize, value: u8| {
        let mut bytes = golden();
        bytes[at] = value;
        FragmentDocument::from_bytes(&resum(bytes))
    };
    assert!(matches!(changed(threshold_at, 1), Err(BackupError::ThresholdTooLow)));
    assert!(matches!(changed(threshold_at, 4), Err(BackupError::ThresholdAboveCount { t: 4, n: 3 })));
    assert!(matches!(changed(index_at, 0), Err(BackupError::Malformed(_))));
    assert!(matches!(changed(index_at, 4), Err(BackupError::Malformed(_))));
    assert!(matches!(changed(36, 0), Err(BackupError::Malformed(_))), "epoch 0");
    assert!(matches!(changed(53, 9), Err(BackupError::Malformed(_))), "public key");
}

#[test]
fn a_fragment_has_one_form() {
    assert!(Fragment::from_bytes(&[1; 32]).is_err());
    assert!(Fragment::from_bytes(&[1; 34]).is_err());
    assert!(Fragment::from_bytes(&[0; 33]).is_err());
    assert_eq!(Fragment::from_bytes(&[9; 33]).unwrap().index(), 9);
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = FragmentDocument::from_bytes(&bytes);
        if bytes.len() >= 8 {
            let _ = FragmentDocument::from_bytes(&resum(bytes));
        }
    }

    #[test]
    fn what_is_accepted_has_one_encoding(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = golden();
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let bytes = resum(bytes);
        if let Ok(read) = FragmentDocument::from_bytes(&bytes) {
            prop_assert_eq!(&*read.dangerous_to_bytes(), &bytes);
        }
    }
}
