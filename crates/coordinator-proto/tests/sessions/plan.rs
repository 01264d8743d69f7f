//! What a device wants of a session, and the hello and plan that follow from it.

use maany_coordinator_proto::backup_share::{BackupCiphertext, Fragment, Label, Split};
use maany_coordinator_proto::control::Document;
use maany_coordinator_proto::proof::Challenge;
use maany_coordinator_proto::session::{
    AbortLedger, DeviceHolds, DevicePlan, LeaveBackup, MadeBackup, Receipt, Standing, SteppedUp,
};
use maany_coordinator_proto::{
    BackupShare, Digest, Hello, IdentityKey, Intent, KeyId, SessionId, ShareId, StepUp, WalletId,
};
use zeroize::Zeroizing;

use crate::store::FakeStore;

pub(crate) const KEY: &str = "main-wallet";

/// What every signature of protocol 2 is of.
pub(crate) const DIGEST: Digest = Digest::from_bytes([6; 32]);

/// The identity key of this seed.
pub(crate) fn identity(seed: u8) -> IdentityKey {
    IdentityKey::from_bytes(&Zeroizing::new([seed; 32])).expect("a key")
}

/// What tells this session from any other.
pub(crate) fn challenge(attempt: u8) -> Challenge {
    Challenge { handshake: [attempt; 32], session: [attempt; 16], nonce: [attempt; 32] }
}

/// The document that a device leaves with the server.
pub(crate) fn document(receipt: Receipt) -> MadeBackup {
    MadeBackup { document: Document::new(Zeroizing::new(vec![4, 5, 6])).expect("a document"), receipt }
}

/// How a device comes to a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) intent: Intent,
    pub(crate) backup: LeaveBackup,
    pub(crate) stepped_up: SteppedUp,
    /// The share rebuilt from a backup.
    pub(crate) rebuilt: Option<ShareId>,
}

impl Wish {
    pub(crate) fn plain(intent: Intent) -> Self {
        Self { intent, backup: LeaveBackup::No, stepped_up: SteppedUp::No, rebuilt: None }
    }

    pub(crate) fn restore(rebuilt: ShareId) -> Self {
        Self { stepped_up: SteppedUp::Yes, rebuilt: Some(rebuilt), ..Self::plain(Intent::Restore) }
    }
}

fn session_id() -> SessionId {
    SessionId::new("s-1").expect("a session id")
}

fn key_id() -> KeyId {
    KeyId::new(KEY).expect("a key id")
}

pub(crate) fn plan(wish: Wish, store: &FakeStore) -> DevicePlan {
    let code = || StepUp::new("code").expect("a code");
    let nothing = DeviceHolds {
        wallet: WalletId::from_bytes([9; 16]),
        standing: Standing::Active,
        active: None,
        pending: None,
        aborts: AbortLedger::default(),
    };
    let holds = store.holds().unwrap_or(nothing);
    let hello = match wish.intent {
        Intent::Dkg => Hello::dkg(session_id(), Some(key_id())),
        Intent::Sign => Hello::sign(session_id(), key_id()),
        Intent::Refresh => Hello::refresh(session_id(), key_id()),
        Intent::Restore => Hello::restore(session_id(), key_id(), code()),
    };
    let hello = match (wish.intent, wish.stepped_up) {
        (Intent::Refresh, SteppedUp::Yes) => hello.with_step_up(code()),
        _ => hello,
    };
    let (hello, backup) = (Box::new(hello), wish.backup);
    match wish.intent {
        Intent::Dkg => DevicePlan::Dkg { hello, backup },
        Intent::Sign => DevicePlan::Sign { hello, holds },
        Intent::Refresh => DevicePlan::Refresh { hello, holds, backup },
        Intent::Restore => {
            let rebuilt = wish.rebuilt.expect("a rebuilt share");
            DevicePlan::Restore { hello, holds, rebuilt, backup }
        }
    }
}

pub(crate) fn backup_share(key: &str) -> BackupShare {
    let label = |text| Label::text(text).expect("a label");
    let ciphertext = BackupCiphertext {
        kind: label("slim-share"),
        curve: label("secp256k1"),
        scheme: label("shamir"),
        key_id: KeyId::new(key).expect("a key id"),
        split: Split::new(2, 3).expect("a split"),
        label: Vec::new(),
        blob: vec![1, 2, 3],
    };
    let fragment = Fragment::new(Zeroizing::new(vec![4, 5, 6])).expect("a fragment");
    BackupShare::new(session_id(), ciphertext, fragment, 1).expect("a backup share")
}
