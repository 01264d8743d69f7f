//! What sealing binds, and the bytes of the envelope.

use super::*;
use crate::id::{Owner, ShareId, WalletId};
use crate::key::StaticKeyProvider;
use crate::key::keyring::Keyring;
use crate::record::{BackupRule, Devices, Standing, WalletRecord, WalletState};
use crate::table::Table;
use crate::vault::Role;

fn keys() -> StaticKeyProvider {
    StaticKeyProvider::new("k1", Zeroizing::new([7; 32])).unwrap()
}

fn wallet() -> WalletRecord {
    WalletRecord {
        wallet: WalletId::from_bytes([1; 16]),
        owner: Owner::new("tenant", "owner"),
        key_id: Some("key".into()),
        role: Role::Server,
        engine: 1,
        public_key: [2; 33],
        chain_code: [3; 32],
        standing: Standing { state: WalletState::Active, aborts: vec![] },
        active: None,
        pending: None,
        retired: None,
        backup_rule: BackupRule::None,
        receipt: None,
        policy: vec![],
        created_ms: 0,
        device: Devices::default(),
        confirmed: false,
    }
}

fn share_id(epoch: u8, tag: u8) -> ShareId {
    let mut id = [tag; 24];
    id[..8].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, epoch]);
    ShareId::from_bytes(id)
}

fn place<'a>(wallet: &'a WalletRecord, id: ShareId) -> Place<'a> {
    let share = Some(SharePlace { wallet, id });
    Place { table: Table::Shares, key: b"row", role: Some(Role::Server), share }
}

async fn seal_here(place: &Place<'_>) -> Vec<u8> {
    seal(&keys(), place, Zeroizing::new(b"plain".to_vec())).await.unwrap()
}

#[tokio::test]
async fn what_was_sealed_opens_in_its_place() {
    let wallet = wallet();
    let place = place(&wallet, share_id(1, 9));
    let sealed = seal_here(&place).await;
    assert_eq!(open(&keys(), &place, &sealed).await.unwrap().as_slice(), b"plain");
}

#[tokio::test]
async fn each_field_of_the_place_is_bound() {
    let base = wallet();
    let id = share_id(1, 9);
    let sealed = seal_here(&place(&base, id)).await;

    let changes: [fn(&mut WalletRecord); 9] = [
        |w| w.owner.tenant = "tenan".into(),
        |w| w.owner.owner = "Owner".into(),
        // The same letters, cut elsewhere: the lengths are bound too.
        |w| w.owner = Owner::new("tenanto", "wner"),
        |w| w.wallet = WalletId::from_bytes([2; 16]),
        |w| w.key_id = Some("kez".into()),
        |w| w.key_id = None,
        |w| w.role = Role::Device,
        |w| w.engine = 2,
        |w| w.public_key[32] ^= 1,
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut other = wallet();
        change(&mut other);
        let error = open(&keys(), &place(&other, id), &sealed).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "change {index}: {error}");
    }
    let here = place(&base, id);
    let places = [
        place(&base, share_id(2, 9)),
        place(&base, share_id(1, 8)),
        Place { table: Table::Wallets, ..here },
        Place { key: b"roW", ..here },
        Place { role: Some(Role::Device), ..here },
        Place { role: None, ..here },
        Place { share: None, ..here },
    ];
    for (index, other) in places.iter().enumerate() {
        let error = open(&keys(), other, &sealed).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "place {index}: {error}");
    }
}

#[tokio::test]
async fn each_byte_of_the_envelope_is_bound() {
    let wallet = wallet();
    let place = place(&wallet, share_id(1, 9));
    let sealed = seal_here(&place).await;
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            let error = open(&keys(), &place, &changed).await.unwrap_err();
            assert!(matches!(error, StoreError::Corrupt { .. }), "byte {at} bit {bit}: {error}");
        }
    }
    for len in 0..sealed.len() {
        assert!(open(&keys(), &place, &sealed[..len]).await.is_err(), "cut to {len}");
    }
    let mut longer = sealed;
    longer.push(0);
    assert!(open(&keys(), &place, &longer).await.is_err());
}

#[tokio::test]
async fn each_version_has_its_own_data_key_and_nonce() {
    let wallet = wallet();
    let place = place(&wallet, share_id(1, 9));
    let (one, two) = (seal_here(&place).await, seal_here(&place).await);
    let (one, two) = (Envelope::parse(&one).unwrap(), Envelope::parse(&two).unwrap());
    assert_ne!(one.wrapped.bytes, two.wrapped.bytes);
    assert_ne!(one.nonce, two.nonce);
    assert_ne!(one.ciphertext, two.ciphertext);
    let context = place.context();
    let one = keys().unwrap(&one.wrapped, &context).await.unwrap();
    let two = keys().unwrap(&two.wrapped, &context).await.unwrap();
    assert_ne!(one.dangerous_expose(), two.dangerous_expose());
}

#[tokio::test]
async fn a_key_that_the_provider_lacks_is_named() {
    let wallet = wallet();
    let place = place(&wallet, share_id(1, 9));
    let sealed = seal_here(&place).await;
    let other = StaticKeyProvider::new("k2", Zeroizing::new([7; 32])).unwrap();
    let error = open(&other, &place, &sealed).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Corrupt { cause: Corruption::UnknownKey(key_id), .. } if key_id == "k1")
    );
}

/// Fixed randomness gives fixed bytes: the header, the wrapping and the associated data are pinned.
#[tokio::test]
async fn the_envelope_is_the_golden_one() {
    let wallet = wallet();
    let place = place(&wallet, share_id(1, 9));
    let context = place.context();
    let key = DataKey::new(Zeroizing::new([5; 32]));
    let wrapped = Keyring::single("k1", Zeroizing::new([7; 32]))
        .unwrap()
        .wrap_salted(&key, &context, &[6; 32])
        .unwrap();
    let sealed = encrypt(&context, &key, &wrapped, [4; 12], Zeroizing::new(b"plain".to_vec())).unwrap();
    crate::golden::check("sealed-context-v1", &context);
    crate::golden::check("sealed-envelope-v1", &sealed);
    assert_eq!(open(&keys(), &place, &sealed).await.unwrap().as_slice(), b"plain");
}
