//! Sealing, splitting and joining, without an engine: the plaintext is any bytes.

use proptest::prelude::*;

use super::*;

const PLAIN: &[u8] = b"a slim share, for all that this module knows";

fn context(epoch: u64) -> BackupContext {
    let generator = k256::AffinePoint::GENERATOR;
    BackupContext {
        wallet: vec![0x5a; 16],
        key_id: b"phone-1".to_vec(),
        share_id: ShareId { epoch, tag: [7; 16] },
        public_key: PublicKey::from_point(&generator).unwrap(),
    }
}

fn documents(t: u8, n: u8) -> Vec<FragmentDocument> {
    seal(PLAIN, context(1), Threshold::new(t, n).unwrap()).unwrap().into_documents().unwrap()
}

fn copy(document: &FragmentDocument) -> FragmentDocument {
    FragmentDocument::from_bytes(&document.dangerous_to_bytes()).unwrap()
}

fn with_context(document: &FragmentDocument, change: impl FnOnce(&mut BackupContext)) -> FragmentDocument {
    let mut context = document.context().clone();
    change(&mut context);
    let fragment = Fragment::from_bytes(document.fragment().dangerous_expose_bytes()).unwrap();
    FragmentDocument::new(context, document.threshold(), document.ciphertext().to_vec(), fragment).unwrap()
}

#[test]
fn one_fragment_never_opens_a_backup() {
    assert!(matches!(Threshold::new(0, 3), Err(BackupError::ThresholdTooLow)));
    assert!(matches!(Threshold::new(1, 3), Err(BackupError::ThresholdTooLow)));
    assert!(matches!(Threshold::new(4, 3), Err(BackupError::ThresholdAboveCount { t: 4, n: 3 })));
    assert_eq!(Threshold::new(2, 3).unwrap(), Threshold::default());
}

#[test]
fn every_pair_of_the_default_three_restores() {
    let all = documents(2, 3);
    for pair in [[0, 1], [0, 2], [1, 2], [2, 0]] {
        let chosen = pair.map(|index| copy(&all[index]));
        let (context, plain) = open(&chosen).unwrap();
        assert_eq!(plain.as_slice(), PLAIN);
        assert_eq!(context.share_id.epoch, 1);
    }
    assert_eq!(open(&all).unwrap().1.as_slice(), PLAIN);
}

#[test]
fn fewer_than_the_threshold_are_counted_and_refused() {
    let all = documents(3, 5);
    assert!(matches!(open(&all[..2]), Err(BackupError::TooFew { have: 2, need: 3 })));
    assert!(matches!(open(&all[..1]), Err(BackupError::TooFew { have: 1, need: 3 })));
    assert!(matches!(open(&[]), Err(BackupError::TooFew { have: 0, .. })));
}

#[test]
fn one_fragment_twice_is_not_two_fragments() {
    let all = documents(2, 3);
    let twice = [copy(&all[1]), copy(&all[1])];
    assert!(matches!(open(&twice), Err(BackupError::DuplicateIndex(2))));
}

#[test]
fn fragments_of_two_epochs_are_named_as_such() {
    let old = documents(2, 3);
    let new = seal(PLAIN, context(2), Threshold::default()).unwrap().into_documents().unwrap();
    let mixed = [copy(&new[0]), copy(&old[1])];
    assert!(matches!(open(&mixed), Err(BackupError::MixedEpochs { oldest: 1, newest: 2 })));
}

#[test]
fn fragments_of_two_backups_of_one_epoch_do_not_mix() {
    let mixed = [copy(&documents(2, 3)[0]), copy(&documents(2, 3)[1])];
    assert!(matches!(open(&mixed), Err(BackupError::MixedBackups)));
    let all = documents(2, 3);
    let relabelled = [copy(&all[0]), with_context(&all[1], |context| context.wallet[0] ^= 1)];
    assert!(matches!(open(&relabelled), Err(BackupError::MixedBackups)));
}

#[test]
fn a_backup_opens_only_under_its_own_context() {
    let changes: [fn(&mut BackupContext); 5] = [
        |context| context.wallet[0] ^= 1,
        |context| context.key_id.push(b'x'),
        |context| context.share_id.epoch += 1,
        |context| context.share_id.tag[0] ^= 1,
        |context| {
            let point = k256::ProjectivePoint::GENERATOR.double().to_affine();
            context.public_key = PublicKey::from_point(&point).unwrap();
        },
    ];
    for change in changes {
        let all: Vec<_> = documents(2, 3).iter().map(|document| with_context(document, change)).collect();
        assert!(matches!(open(&all), Err(BackupError::DoesNotOpen)));
    }
}

#[test]
fn a_relabelled_threshold_does_not_open_even_with_enough_fragments() {
    let all = documents(3, 4);
    let relabelled: Vec<_> = all[..3]
        .iter()
        .map(|document| {
            let fragment = Fragment::from_bytes(document.fragment().dangerous_expose_bytes()).unwrap();
            let threshold = Threshold::new(2, 4).unwrap();
            FragmentDocument::new(context(1), threshold, document.ciphertext().to_vec(), fragment).unwrap()
        })
        .collect();
    assert!(matches!(open(&relabelled), Err(BackupError::DoesNotOpen)));
}

#[test]
fn fields_that_could_run_into_each_other_are_told_apart() {
    let threshold = Threshold::default();
    let mut left = context(1);
    let mut right = context(1);
    (left.wallet, left.key_id) = (b"ab".to_vec(), b"c".to_vec());
    (right.wallet, right.key_id) = (b"a".to_vec(), b"bc".to_vec());
    assert_ne!(left.associated_data(threshold), right.associated_data(threshold));
}

#[test]
fn two_backups_of_one_share_have_nothing_in_common() {
    let (one, two) = (
        seal(PLAIN, context(1), Threshold::default()).unwrap(),
        seal(PLAIN, context(1), Threshold::default()).unwrap(),
    );
    assert_ne!(one.ciphertext, two.ciphertext);
    assert_ne!(one.fragments[0].dangerous_expose_bytes(), two.fragments[0].dangerous_expose_bytes());
}

#[test]
fn limits_hold_when_a_backup_is_made() {
    let mut long = context(1);
    long.wallet = vec![0; MAX_WALLET + 1];
    assert!(matches!(seal(PLAIN, long, Threshold::default()), Err(BackupError::TooLong { .. })));
    let mut long = context(1);
    long.key_id = vec![0; MAX_KEY_ID + 1];
    assert!(matches!(seal(PLAIN, long, Threshold::default()), Err(BackupError::TooLong { .. })));
    let plain = vec![0; MAX_CIPHERTEXT];
    assert!(matches!(seal(&plain, context(1), Threshold::default()), Err(BackupError::TooLong { .. })));
}

#[test]
fn the_largest_backup_fits_its_own_limits() {
    let mut widest = context(u64::MAX);
    widest.wallet = vec![0xff; MAX_WALLET];
    widest.key_id = vec![b'k'; MAX_KEY_ID];
    let plain = vec![0xff; MAX_CIPHERTEXT - 16];
    let all = seal(&plain, widest, Threshold::new(2, 255).unwrap()).unwrap().into_documents().unwrap();
    assert_eq!(all.len(), 255);
    assert_eq!(all[0].dangerous_to_bytes().len(), MAX_DOCUMENT);
    assert_eq!(open(&[copy(&all[254]), copy(&all[0])]).unwrap().1.as_slice(), plain);
}

#[test]
fn a_newer_or_older_wallet_refuses_the_backup_by_name() {
    let id = |epoch, tag| ShareId { epoch, tag: [tag; 16] };
    assert!(check_epoch(id(3, 1), id(3, 1)).is_ok());
    assert!(matches!(check_epoch(id(3, 1), id(4, 2)), Err(BackupError::StaleEpoch { backup: 3, active: 4 })));
    assert!(matches!(check_epoch(id(4, 1), id(3, 2)), Err(BackupError::EpochAhead { backup: 4, active: 3 })));
    assert!(matches!(check_epoch(id(3, 1), id(3, 2)), Err(BackupError::WrongShareId)));
    let text = check_epoch(id(3, 1), id(4, 2)).unwrap_err().to_string();
    assert_eq!(
        text,
        "the backup is stale: it holds epoch 3, the wallet is at epoch 4; a newer archive is needed"
    );
}

/// The share inside the pinned archive, and its own context.
fn archived() -> (SlimShare, BackupContext) {
    let archive = include_str!("../../tests/backup/archive-v1.hex");
    let documents: Vec<FragmentDocument> = archive
        .split_whitespace()
        .map(|line| FragmentDocument::from_bytes(&hex::decode(line).unwrap()).unwrap())
        .collect();
    (combine(&documents).unwrap(), documents[0].context().clone())
}

#[test]
fn a_share_of_another_key_is_not_handed_out() {
    let (share, mut context) = archived();
    context.public_key = self::context(1).public_key;
    let backup = seal(share.dangerous_expose_bytes(), context, Threshold::default()).unwrap();
    let outcome = combine(&backup.into_documents().unwrap()).map(|_| ());
    assert!(matches!(outcome, Err(BackupError::WrongPublicKey)));
}

#[test]
fn a_share_of_another_generation_is_not_handed_out() {
    let (share, mut context) = archived();
    context.share_id.tag[15] ^= 1;
    let backup = seal(share.dangerous_expose_bytes(), context, Threshold::default()).unwrap();
    let outcome = combine(&backup.into_documents().unwrap()).map(|_| ());
    assert!(matches!(outcome, Err(BackupError::WrongShareId)));
}

#[test]
fn what_is_no_share_is_not_handed_out() {
    let outcome = combine(&documents(2, 3)).map(|_| ());
    assert!(matches!(outcome, Err(BackupError::Share(_))));
}

#[test]
fn debug_shows_no_secret() {
    let backup = seal(PLAIN, context(1), Threshold::default()).unwrap();
    let part = format!("{:?}", backup.fragments[0].dangerous_expose_bytes());
    assert_eq!(format!("{:?}", backup.fragments[0]), "Fragment { index: 1, .. }");
    assert!(!format!("{backup:?}").contains(part.trim_matches(['[', ']'])));
    let document = backup.into_documents().unwrap().remove(0);
    let text = format!("{document:?}");
    assert!(text.ends_with("fragment: Fragment { index: 1, .. }, .. }"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_t_of_n_restore_and_one_fewer_gives_another_key(
        (t, n, order) in (2u8..=8).prop_flat_map(|n| (2..=n, Just(n))).prop_flat_map(|(t, n)| {
            (Just(t), Just(n), Just((0..usize::from(n)).collect::<Vec<_>>()).prop_shuffle())
        }),
    ) {
        let key = cipher::fresh_key().unwrap();
        let fragments = shamir::split_key(&key, Threshold::new(t, n).unwrap()).unwrap();
        let chosen: Vec<&Fragment> = order.iter().take(usize::from(t)).map(|i| &fragments[*i]).collect();
        prop_assert_eq!(shamir::join_key(&chosen).unwrap(), key.clone());
        let fewer = &chosen[1..];
        if fewer.len() > 1 {
            prop_assert_ne!(shamir::join_key(fewer).unwrap(), key.clone());
        }
        for fragment in &fragments {
            prop_assert_ne!(&fragment.dangerous_expose_bytes()[1..], key.as_slice());
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_is_a_typed_error(byte in any::<prop::sample::Index>(), bit in 0u8..8) {
        let all = documents(2, 3);
        let mut bytes = all[0].dangerous_to_bytes();
        let at = byte.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(FragmentDocument::from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_flipped_fragment_under_a_right_checksum_does_not_open(at in 0..FRAGMENT_LEN, bit in 0u8..8) {
        let all = documents(2, 3);
        let mut part = *all[0].fragment().dangerous_expose_bytes();
        part[at] ^= 1 << bit;
        let Ok(fragment) = Fragment::from_bytes(&part) else { return Ok(()) };
        let ciphertext = all[0].ciphertext().to_vec();
        let Ok(forged) = FragmentDocument::new(context(1), Threshold::default(), ciphertext, fragment) else {
            return Ok(());
        };
        let index = forged.index();
        match open(&[forged, copy(&all[1])]).map(|_| ()) {
            Err(BackupError::DoesNotOpen) => {}
            Err(BackupError::DuplicateIndex(2)) => prop_assert_eq!(index, 2),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_flipped_ciphertext_does_not_open(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut backup = seal(PLAIN, context(1), Threshold::default()).unwrap();
        let at = at.index(backup.ciphertext.len());
        backup.ciphertext[at] ^= 1 << bit;
        let all = backup.into_documents().unwrap();
        prop_assert!(matches!(open(&all), Err(BackupError::DoesNotOpen)));
    }
}
