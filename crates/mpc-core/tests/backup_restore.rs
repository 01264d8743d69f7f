//! From a lost device back to a signing wallet: real shares, real engine, fragments in between.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use maany_mpc_core::backup::{
    Backup, BackupContext, BackupError, FragmentDocument, Threshold, check_epoch, combine, split, verify,
};
use maany_mpc_core::{
    BoxedCeremony, DkgContext, Dkls23, Engine, Flight, KeyShare, PublicKey, RefreshContext, Role,
    SignContext, Signature, Step,
};
use sha2::{Digest, Sha256};

/// Documents of a real backup, made once: 2 of 3, one line each. A release that cannot read them has
/// broken every archive.
const ARCHIVE: &str = include_str!("backup/archive-v1.hex");

/// A device's and a server's share of one key; generating them takes a second.
static WALLET: LazyLock<[Arc<KeyShare>; 2]> = LazyLock::new(|| {
    let side = |role| {
        let context = DkgContext { role, session: b"dkg-1".to_vec(), key_id: b"phone-1".to_vec() };
        Dkls23.dkg(context).expect("a usable context")
    };
    run(side(Role::Device), side(Role::Server)).map(Arc::new)
});

/// Pumps both sides until both are done.
fn run<T>(device: BoxedCeremony<T>, server: BoxedCeremony<T>) -> [T; 2] {
    let mut outputs = [None, None];
    let mut waiting = [Some(device), Some(server)];
    let mut inbound = [VecDeque::new(), VecDeque::new()];
    let mut started = [false, false];
    while outputs.iter().any(Option::is_none) {
        let mut moved = false;
        for side in [0, 1] {
            let Some(ceremony) = waiting[side].take() else { continue };
            let step = if !started[side] {
                started[side] = true;
                ceremony.start()
            } else if let Some(frame) = inbound[side].pop_front() {
                let frame: Vec<u8> = frame;
                ceremony.step(&frame)
            } else {
                waiting[side] = Some(ceremony);
                continue;
            };
            moved = true;
            let outbound = match step.expect("honest sides do not fail") {
                Step::Continue { ceremony, outbound } => {
                    waiting[side] = Some(ceremony);
                    outbound
                }
                Step::Done { output, outbound } => {
                    outputs[side] = Some(output);
                    outbound
                }
            };
            inbound[1 - side].extend(outbound);
        }
        assert!(moved, "both sides wait for each other");
    }
    outputs.map(|output| output.expect("the loop ends when both are done"))
}

fn refresh(shares: &[Arc<KeyShare>; 2]) -> [Arc<KeyShare>; 2] {
    let side = |role, share: &Arc<KeyShare>| {
        let context = RefreshContext { role, session: b"refresh-1".to_vec(), wallet: b"wallet-1".to_vec() };
        Dkls23.refresh(Arc::clone(share), context).expect("a usable share")
    };
    run(side(Role::Device, &shares[0]), side(Role::Server, &shares[1])).map(Arc::new)
}

fn sign(shares: &[Arc<KeyShare>; 2], sign_bytes: &[u8]) -> Signature {
    let side = |role, share: &Arc<KeyShare>| {
        let context = SignContext {
            role,
            flight: Flight::ServerFirst,
            session: b"sign-1".to_vec(),
            wallet: b"wallet-1".to_vec(),
            request_id: b"request-1".to_vec(),
            chain_id: b"chain-1".to_vec(),
            path: "m".parse().expect("the root path"),
            digest: Sha256::digest(sign_bytes).into(),
            sign_bytes: sign_bytes.to_vec(),
            server_nonce: None,
        };
        Dkls23.sign(Arc::clone(share), context).expect("a usable share")
    };
    let [device, server] = run(side(Role::Device, &shares[0]), side(Role::Server, &shares[1]));
    assert_eq!(device.to_bytes(), server.to_bytes());
    server
}

fn context(share: &KeyShare) -> BackupContext {
    BackupContext {
        wallet: b"wallet-1".to_vec(),
        key_id: b"phone-1".to_vec(),
        share_id: share.share_id(),
        public_key: share.public_key(),
    }
}

fn archives(share: &KeyShare) -> Vec<FragmentDocument> {
    let backup: Backup = split(&share.slim(), context(share), Threshold::default()).expect("a backup");
    let documents = backup.into_documents().expect("documents");
    documents.iter().map(copy).collect()
}

/// As it comes back from a keeper: through bytes.
fn copy(document: &FragmentDocument) -> FragmentDocument {
    FragmentDocument::from_bytes(&document.dangerous_to_bytes()).expect("what was written reads back")
}

#[test]
fn two_of_three_fragments_bring_a_lost_device_back() {
    let [device, server] = &*WALLET;
    let documents = archives(device);
    for pair in [[0, 1], [1, 2], [2, 0]] {
        let slim = combine(&pair.map(|index| copy(&documents[index]))).unwrap();
        assert_eq!(slim.share_id(), device.share_id());
        let restored = Arc::new(Dkls23.restore_slim(slim).unwrap());
        assert_eq!(restored.public_key(), device.public_key());
        assert!(!restored.can_sign(), "a restored share first runs a complete refresh");
        if pair == [0, 1] {
            let renewed = refresh(&[restored, Arc::clone(server)]);
            assert_eq!(renewed[0].public_key(), device.public_key());
            assert_eq!(renewed[0].share_id().epoch, device.share_id().epoch + 1);
            let signature = sign(&renewed, b"after the restore");
            let digest = Sha256::digest(b"after the restore").into();
            assert!(signature.verify(&device.public_key(), &digest));
        }
    }
}

#[test]
fn a_backup_from_before_a_refresh_is_stale_and_does_not_mix() {
    let before = archives(&WALLET[0]);
    let renewed = refresh(&WALLET);
    let after = archives(&renewed[0]);
    let mixed = combine(&[copy(&before[0]), copy(&after[1])]).map(|_| ());
    assert!(matches!(mixed, Err(BackupError::MixedEpochs { oldest: 1, newest: 2 })), "{mixed:?}");
    let stale = check_epoch(before[0].context().share_id, renewed[1].share_id());
    assert!(matches!(stale, Err(BackupError::StaleEpoch { backup: 1, active: 2 })));
    assert!(check_epoch(after[0].context().share_id, renewed[1].share_id()).is_ok());
}

#[test]
fn a_backup_is_only_made_of_the_share_that_its_context_names() {
    let share = &WALLET[0];
    let mut other = context(share);
    other.share_id.epoch += 1;
    let outcome = split(&share.slim(), other, Threshold::default()).map(|_| ());
    assert!(matches!(outcome, Err(BackupError::WrongShareId)));
    let mut other = context(share);
    other.public_key = share.verifying_shares()[0];
    let outcome = split(&share.slim(), other, Threshold::default()).map(|_| ());
    assert!(matches!(outcome, Err(BackupError::WrongPublicKey)));
}

#[test]
fn a_drill_restores_nothing_and_says_what_would_be() {
    let documents = archives(&WALLET[0]);
    let drill = verify(&[copy(&documents[2]), copy(&documents[0])]).unwrap();
    assert_eq!(drill.share_id, WALLET[0].share_id());
    assert_eq!(drill.public_key, WALLET[0].public_key());
    assert_eq!(drill.indices, [1, 3]);
    assert_eq!(drill.threshold, Threshold::default());
    assert!(matches!(verify(&documents[..1]), Err(BackupError::TooFew { have: 1, need: 2 })));
}

#[test]
fn archives_of_the_first_release_still_open() {
    let documents: Vec<FragmentDocument> = ARCHIVE
        .split_whitespace()
        .map(|line| FragmentDocument::from_bytes(&hex::decode(line).expect("hex")).expect("a document"))
        .collect();
    assert_eq!(documents.len(), 3);
    let drill = verify(&documents[1..]).unwrap();
    assert_eq!(drill.share_id.epoch, 1);
    let public_key = documents[0].context().public_key;
    assert_eq!(drill.public_key, PublicKey::from_sec1(public_key.as_bytes()).unwrap());
    let restored = Dkls23.restore_slim(combine(&documents[..2]).unwrap()).unwrap();
    assert_eq!(restored.role(), Role::Device);
}

#[test]
fn a_document_fits_a_qr_code() {
    let document = archives(&WALLET[0]).remove(0);
    // ISO/IEC 18004: version 40, error correction level L, bytes.
    assert!(document.dangerous_to_bytes().len() <= 2_953);
}
