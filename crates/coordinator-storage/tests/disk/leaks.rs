//! A wallet's life, and then a look into every file: no share, fragment or name is there in any spelling.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maany_coordinator_storage::record::{
    AuditRow, BackupRule, Devices, FragmentRecord, ShareRecord, Standing, WalletRecord, WalletState,
};
use maany_coordinator_storage::{Batch, Owner, Role, SecretBytes, ShareId, Vault, WalletId};

use crate::kinds::{KINDS, files, keys};

const SHARE: &[u8] = b"CANARY-share-that-must-never-be-seen";
const FRAGMENT: &[u8] = b"CANARY-fragment-that-must-not-be-seen";
const NAME: &str = "canary-owner-name";

fn share_id(epoch: u64) -> ShareId {
    let mut id = [9; 24];
    id[..8].copy_from_slice(&epoch.to_be_bytes());
    ShareId::from_bytes(id)
}

fn share(epoch: u64) -> ShareRecord {
    ShareRecord {
        wallet: WalletId::from_bytes([1; 16]),
        id: share_id(epoch),
        engine: 1,
        bytes: SecretBytes::new(SHARE.repeat(1_500)),
        stored_ms: 1,
        identity: SecretBytes::default(),
    }
}

fn audit() -> AuditRow {
    AuditRow { at_ms: 1, actor: NAME.into(), event: "e".into(), wallet: None, details: NAME.into() }
}

async fn live(vault: &Vault) {
    let owner = Owner::new("tenant", NAME);
    let active = Standing { state: WalletState::Active, aborts: vec![] };
    let wallet = WalletRecord {
        wallet: WalletId::from_bytes([1; 16]),
        owner: owner.clone(),
        key_id: Some(NAME.into()),
        role: Role::Server,
        engine: 1,
        public_key: [2; 33],
        chain_code: [3; 32],
        standing: Standing { state: WalletState::Provisional, aborts: vec![] },
        active: Some(share_id(1)),
        pending: None,
        retired: None,
        backup_rule: BackupRule::Required,
        receipt: None,
        policy: vec![],
        created_ms: 1,
        device: Devices::default(),
        confirmed: false,
    };
    let row = vault.insert_provisional(wallet, &share(1), audit()).await.unwrap();
    let mut row = vault.activate(&row, share_id(1), audit()).await.unwrap();
    for epoch in 2..5 {
        row = vault.insert_pending(&row, &share(epoch), audit()).await.unwrap();
        row = vault.promote_pending(&row, share_id(epoch), active.clone(), audit()).await.unwrap();
        let fragment = FragmentRecord {
            owner: owner.clone(),
            subject: NAME.into(),
            epoch,
            document: SecretBytes::new(FRAGMENT.repeat(20)),
            stored_ms: 1,
        };
        row = vault.put_fragment_with_receipt(&row, fragment, share_id(epoch), audit()).await.unwrap();
        row = vault.erase_retired(&row, share_id(epoch - 1), audit()).await.unwrap();
    }
    assert_eq!(vault.share(&row, share_id(4)).await.unwrap().bytes.len(), SHARE.len() * 1_500);
}

/// The bytes, and what they look like in hexadecimal and in base64 wherever they start.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    for skip in 0..3 {
        let whole = (secret.len() - skip) / 3 * 3;
        spellings.push(STANDARD.encode(&secret[skip..skip + whole]).into_bytes());
    }
    spellings
}

#[tokio::test(flavor = "multi_thread")]
async fn no_share_fragment_or_name_is_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let path = folder.path().join(format!("{kind:?}"));
        let vault = Vault::open(kind.open(&path).await.unwrap(), keys(), Role::Server).await.unwrap();
        live(&vault).await;
        look(&path, &format!("{kind:?}, open"));
        drop(vault);
        look(&path, &format!("{kind:?}, closed"));
    }
}

fn look(path: &Path, name: &str) {
    let mut seen = 0;
    for file in files(path) {
        let content = std::fs::read(&file).unwrap();
        seen += content.len();
        for secret in [&SHARE[..16], &FRAGMENT[..16], NAME.as_bytes(), &[7; 32]] {
            for spelling in spellings(secret) {
                let found = content.windows(spelling.len()).any(|window| window == spelling);
                assert!(!found, "{name}: {} in {}", spelling.escape_ascii(), file.display());
            }
        }
    }
    assert!(seen > SHARE.len() * 1_500, "{name}: only {seen} bytes were looked at");
}

/// The search finds what is there: the same look at a store that was given the share as it is.
#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "CANARY")]
async fn the_search_would_find_a_share() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = crate::kinds::Kind::Redb.open(&path).await.unwrap();
    let mut batch = Batch::new();
    batch.insert_share(b"share", SHARE.repeat(1_500));
    store.commit(batch).await.unwrap();
    look(&path, "plain");
}
