//! The bytes of every record, pinned; and what decoding does with other bytes.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::canary::CanaryRecord;
use super::channel_key::ChannelKeyRecord;
use super::*;
use crate::error::Corruption;
use crate::id::{Owner, RequestId, ShareId, WalletId};
use crate::secret::SecretBytes;
use crate::vault::Role;

fn owner() -> Owner {
    Owner::new("acme", "älice")
}

fn wallet() -> WalletRecord {
    WalletRecord {
        wallet: WalletId::from_bytes([0x11; 16]),
        owner: owner(),
        key_id: Some("phone-1".into()),
        role: Role::Server,
        engine: 1,
        public_key: [0x02; 33],
        chain_code: [0x33; 32],
        standing: Standing { state: WalletState::Quarantined, aborts: vec![1, 2, 3] },
        active: Some(ShareId::from_bytes([0x44; 24])),
        pending: None,
        retired: Some(ShareId::from_bytes([0x55; 24])),
        backup_rule: BackupRule::Required,
        receipt: Some(ShareId::from_bytes([0x66; 24])),
        policy: vec![9, 8],
        created_ms: 1_700_000_000_000,
        device: Devices {
            enrolled: Some([0x03; 33]),
            pending: Some([0x04; 33]),
            revoked: vec![[0x05; 33], [0x06; 33]],
        },
        confirmed: true,
    }
}

fn share() -> ShareRecord {
    ShareRecord {
        wallet: WalletId::from_bytes([0x11; 16]),
        id: ShareId::from_bytes([0x44; 24]),
        engine: 1,
        bytes: SecretBytes::new((0..64).collect()),
        stored_ms: 1_700_000_000_001,
        identity: SecretBytes::new(vec![0xac; 32]),
    }
}

fn request() -> SignRequestRecord {
    SignRequestRecord {
        request: RequestId::from_bytes([0x77; 16]),
        wallet: WalletId::from_bytes([0x11; 16]),
        owner: owner(),
        chain_id: "cosmoshub-4".into(),
        path: "m/44/118/0/0/5".into(),
        mode: 1,
        sign_doc: vec![0xd0; 40],
        digest: [0xd1; 32],
        verdict: 2,
        status: 3,
        reason: "allowed by the list".into(),
        created_ms: 1_700_000_000_002,
        expires_ms: 1_700_000_300_002,
        signature: Some([0x5a; 65]),
        guard: Some([0x9a; 32]),
        replaces: Some(RequestId::from_bytes([0x78; 16])),
        reserved: vec![ReservedCoin { denom: "uatom".into(), amount: "1000000000000000000000".into() }],
    }
}

fn audit() -> AuditRow {
    AuditRow {
        at_ms: 1_700_000_000_003,
        actor: "acme/älice".into(),
        event: "share-promoted".into(),
        wallet: Some(WalletId::from_bytes([0x11; 16])),
        details: "epoch 2".into(),
    }
}

fn step_up() -> StepUpRecord {
    StepUpRecord { wallet: WalletId::from_bytes([0x11; 16]), hash: [0xab; 32], expires_ms: 1_700_000_600_000 }
}

fn fragment() -> FragmentRecord {
    FragmentRecord {
        owner: owner(),
        subject: "11111111111111111111111111111111".into(),
        epoch: 2,
        document: SecretBytes::new(vec![0xf0; 50]),
        stored_ms: 1_700_000_000_004,
    }
}

fn api_key() -> ApiKeyRecord {
    ApiKeyRecord {
        id: "k-7".into(),
        hash: [0xab; 32],
        owner: owner(),
        scopes: vec!["dkg".into(), "sign".into()],
        created_ms: 1_700_000_000_005,
    }
}

/// Golden, and the same after reading back; any byte more or less is refused.
fn check<R: Record>(name: &str, record: &R) -> R {
    let bytes = record.dangerous_encode();
    crate::golden::check(name, &bytes);
    let back = R::decode(&bytes).unwrap();
    assert_eq!(back.dangerous_encode(), bytes);
    for len in 0..bytes.len() {
        assert!(R::decode(&bytes[..len]).is_err(), "{name} cut to {len}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(R::decode(&longer).err(), Some(Corruption::Trailing), "{name}");
    let mut later = bytes.to_vec();
    later[0] = R::FORMAT + 1;
    assert_eq!(R::decode(&later).err(), Some(Corruption::Format(R::FORMAT + 1)), "{name}");
    back
}

#[test]
fn every_record_has_its_golden_bytes() {
    assert_eq!(check("wallet-v2", &wallet()), wallet());
    assert_eq!(check("sign-request-v2", &request()), request());
    for (name, signed) in [("guard-v1", None), ("guard-signed-v1", Some(RequestId::from_bytes([0x78; 16])))] {
        let guard = GuardRecord { holder: RequestId::from_bytes([0x77; 16]), signed };
        assert_eq!(check(name, &guard), guard);
    }
    assert_eq!(check("audit-v1", &audit()), audit());
    assert_eq!(check("step-up-v1", &step_up()), step_up());
    assert_eq!(check("api-key-v1", &api_key()), api_key());
    let forgotten = ForgottenRecord { from_ms: 1_700_000_000_000, until_ms: 1_700_000_900_000 };
    assert_eq!(check("forgotten-v1", &forgotten), forgotten);
    let key_id = KeyIdRecord { wallet: WalletId::from_bytes([0x11; 16]) };
    assert_eq!(check("key-id-v1", &key_id), key_id);
    let used = UsedIdRecord { expires_ms: 1_700_000_000_006 };
    assert_eq!(check("used-id-v1", &used), used);
    check("canary-v1", &CanaryRecord { role: Role::Device });
    check("channel-key-v1", &ChannelKeyRecord { key: Zeroizing::new([7; 32]) });

    let back = check("share-v2", &share());
    assert_eq!(back.bytes.dangerous_expose(), share().bytes.dangerous_expose());
    assert_eq!(back.identity.dangerous_expose(), share().identity.dangerous_expose());
    assert_eq!((back.id, back.stored_ms), (share().id, share().stored_ms));
    let back = check("fragment-v1", &fragment());
    assert_eq!(back.document.dangerous_expose(), fragment().document.dangerous_expose());
}

/// What an earlier release stored reads as a record without identities and guards; and nothing else does under its number.
#[test]
fn records_of_format_1_still_decode() {
    let bytes = crate::golden::bytes("wallet-v1");
    let expected = WalletRecord { device: Devices::default(), confirmed: false, ..wallet() };
    assert_eq!(WalletRecord::decode(&bytes), Ok(expected));
    let bytes = crate::golden::bytes("share-v1");
    let back = ShareRecord::decode(&bytes).unwrap();
    assert_eq!((back.wallet, back.id, back.engine), (share().wallet, share().id, share().engine));
    assert_eq!(back.bytes.dangerous_expose(), share().bytes.dangerous_expose());
    assert!(back.identity.is_empty());

    let bytes = crate::golden::bytes("sign-request-v1");
    let expected = SignRequestRecord { guard: None, replaces: None, reserved: Vec::new(), ..request() };
    assert_eq!(SignRequestRecord::decode(&bytes), Ok(expected));

    for (old, new) in [
        (crate::golden::bytes("wallet-v1"), wallet().dangerous_encode()),
        (crate::golden::bytes("share-v1"), share().dangerous_encode()),
        (crate::golden::bytes("sign-request-v1"), request().dangerous_encode()),
    ] {
        let renumbered = |format, bytes: &[u8]| [&[format], &bytes[1..]].concat();
        for bytes in [renumbered(2, &old), renumbered(1, &new)] {
            let errors = [
                WalletRecord::decode(&bytes).err(),
                ShareRecord::decode(&bytes).err(),
                SignRequestRecord::decode(&bytes).err(),
            ];
            assert!(errors.iter().all(Option::is_some), "{errors:?}");
        }
    }
}

#[test]
fn devices_and_identities_that_cannot_be_are_refused() {
    let mut long = wallet();
    long.device.revoked = (0..16).map(|n| [n; 33]).collect();
    assert_eq!(WalletRecord::decode(&long.dangerous_encode()).unwrap(), long);
    long.device.revoked.push([16; 33]);
    assert_eq!(WalletRecord::decode(&long.dangerous_encode()), Err(Corruption::Field("revoked devices")));
    let mut bytes = wallet().dangerous_encode().to_vec();
    *bytes.last_mut().unwrap() = 2;
    assert_eq!(WalletRecord::decode(&bytes), Err(Corruption::Field("confirmed")));
    for len in [1, 31, 33] {
        let odd = ShareRecord { identity: SecretBytes::new(vec![1; len]), ..share() };
        let error = ShareRecord::decode(&odd.dangerous_encode()).err();
        assert_eq!(error, Some(Corruption::Field("identity")));
    }
}

#[test]
fn every_state_and_rule_reads_back() {
    use WalletState::{Active, Frozen, Imported, Provisional, Quarantined, Retired};
    for state in [Provisional, Active, Quarantined, Frozen, Retired, Imported] {
        for backup_rule in [BackupRule::None, BackupRule::Required, BackupRule::Waived] {
            let mut wallet = wallet();
            wallet.standing.state = state;
            wallet.backup_rule = backup_rule;
            wallet.key_id = None;
            wallet.confirmed = state == Active;
            wallet.device.pending = None;
            assert_eq!(WalletRecord::decode(&wallet.dangerous_encode()).unwrap(), wallet);
        }
    }
}

#[test]
fn a_scope_count_that_cannot_be_true_is_refused() {
    let mut bytes = api_key().dangerous_encode().to_vec();
    let count = bytes.len() - 8 - (4 + 3) - (4 + 4) - 8;
    bytes[count..count + 8].copy_from_slice(&u64::MAX.to_be_bytes());
    assert_eq!(ApiKeyRecord::decode(&bytes).err(), Some(Corruption::Field("scopes")));
}

#[test]
fn a_count_of_reserved_coins_that_cannot_be_true_is_refused() {
    let mut bytes = request().dangerous_encode().to_vec();
    let count = bytes.len() - 8 - (4 + 5) - (4 + 22);
    bytes[count..count + 8].copy_from_slice(&u64::MAX.to_be_bytes());
    assert_eq!(SignRequestRecord::decode(&bytes).err(), Some(Corruption::Field("reserved")));
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?} {:?} {:?} {:?}", share(), fragment(), step_up(), api_key());
    // 0xab, 0xac and 0xf0 in the fields, in either form; 61, 62, 63 are bytes of the share.
    for secret in ["171", "abab", "172", "acac", "240", "f0f0", "61, 62", "3d3e"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(bytes: Vec<u8>, format in 0_u8..4) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = format;
        }
        let _ = WalletRecord::decode(&bytes);
        let _ = ShareRecord::decode(&bytes);
        let _ = SignRequestRecord::decode(&bytes);
        let _ = GuardRecord::decode(&bytes);
        let _ = ForgottenRecord::decode(&bytes);
        let _ = AuditRow::decode(&bytes);
        let _ = StepUpRecord::decode(&bytes);
        let _ = FragmentRecord::decode(&bytes);
        let _ = ApiKeyRecord::decode(&bytes);
        let _ = KeyIdRecord::decode(&bytes);
        let _ = UsedIdRecord::decode(&bytes);
        let _ = CanaryRecord::decode(&bytes);
    }

    #[test]
    fn a_changed_byte_reads_as_another_record_or_not_at_all(at in 0_usize..400, flip in 1_u8..) {
        let mut bytes = wallet().dangerous_encode().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(other) = WalletRecord::decode(&bytes) {
            prop_assert_ne!(&other, &wallet());
            prop_assert_eq!(other.dangerous_encode().to_vec(), bytes);
        }
    }
}
