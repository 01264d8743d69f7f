//! Backup shares in every encoding that devices use, their acks, and the recovery document.

use maany_coordinator_proto::backup_share::{AckError, BackupCiphertext, Fragment, Label, Split};
use maany_coordinator_proto::{AckStatus, BackupShare, BackupShareAck, KeyId, Recovery, SessionId};
use zeroize::Zeroizing;

use crate::golden;

fn ciphertext() -> BackupCiphertext {
    BackupCiphertext {
        kind: Label::text("slim-share").expect("a label"),
        curve: Label::text("secp256k1").expect("a label"),
        scheme: Label::text("shamir").expect("a label"),
        key_id: KeyId::new("main-wallet").expect("a key id"),
        split: Split::new(2, 3).expect("a split"),
        label: b"maany/backup".to_vec(),
        blob: (0..48).collect(),
    }
}

fn numbered() -> BackupCiphertext {
    let [kind, curve, scheme] = [2, 0, 1].map(Label::number);
    BackupCiphertext { kind, curve, scheme, ..ciphertext() }
}

fn fragment() -> Vec<u8> {
    (100..133).collect()
}

fn whole_fragment() -> Fragment {
    Fragment::new(Zeroizing::new(fragment())).expect("a fragment")
}

#[test]
fn every_encoding_gives_the_same_backup() {
    let forms = [
        ("written", ciphertext()),
        ("hex_named", ciphertext()),
        ("hex_unnamed", ciphertext()),
        ("base64_unnamed", ciphertext()),
        ("mixed", ciphertext()),
        ("numbers", numbered()),
    ];
    for (name, expected) in forms {
        let text = golden(&format!("backup_share/{name}.json"));
        let backup = BackupShare::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(backup.session_id().as_str(), "dkg-7f3a", "{name}");
        assert_eq!(backup.key_id().as_str(), "main-wallet", "{name}");
        assert_eq!(backup.ciphertext(), &expected, "{name}");
        assert_eq!(backup.fragment().dangerous_expose(), fragment(), "{name}");
        assert_eq!(backup.share_index(), 1, "{name}");
    }
}

#[test]
fn what_the_device_side_writes_is_pinned() {
    let session = SessionId::new("dkg-7f3a").expect("a session id");
    let backup = BackupShare::new(session, ciphertext(), whole_fragment(), 1).expect("a backup share");
    assert_eq!(backup.to_json().as_str(), golden("backup_share/written.json"));
}

#[test]
fn acks_are_pinned() {
    let statuses = [
        ("ack_ok", AckStatus::Ok),
        ("ack_malformed", AckStatus::Error(AckError::Malformed)),
        ("ack_wrong_wallet", AckStatus::Error(AckError::WrongWallet)),
        ("ack_not_stored", AckStatus::Error(AckError::NotStored)),
    ];
    for (name, status) in statuses {
        let ack = BackupShareAck { key_id: KeyId::new("main-wallet").expect("a key id"), status };
        let text = golden(&format!("backup_share/{name}.json"));
        assert_eq!(ack.to_json(), text, "{name}");
        assert_eq!(BackupShareAck::parse(text.as_bytes()), Ok(ack), "{name}");
    }
}

#[test]
fn the_recovery_document_is_pinned() {
    for (name, expected) in [("recovery_written", ciphertext()), ("recovery_numbers", numbered())] {
        let text = golden(&format!("backup_share/{name}.json"));
        let recovery = Recovery { ciphertext: expected, fragment: whole_fragment() };
        assert_eq!(recovery.to_json().as_str(), text, "{name}");
    }
    for (name, expected) in [
        ("recovery_written", ciphertext()),
        ("recovery_base64", ciphertext()),
        ("recovery_numbers", numbered()),
    ] {
        let text = golden(&format!("backup_share/{name}.json"));
        let recovery = Recovery::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(recovery.ciphertext, expected, "{name}");
        assert_eq!(recovery.fragment.dangerous_expose(), fragment(), "{name}");
    }
}
