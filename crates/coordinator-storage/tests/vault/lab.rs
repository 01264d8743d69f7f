//! A store that can be looked into, tampered with and told to fail, and fixed wallets and shares to put there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use maany_coordinator_storage::batch::Outcome;
use maany_coordinator_storage::record::{
    AuditRow, BackupRule, Devices, ShareRecord, SignRequestRecord, Standing, WalletRecord, WalletState,
};
use maany_coordinator_storage::{
    Batch, Entry, Owner, RequestId, Role, Row, SecretBytes, ShareId, ShareStore, StaticKeyProvider,
    StoreError, Table, Vault, Versioned, WalletId,
};
use zeroize::Zeroizing;

pub(crate) type Rows = BTreeMap<(Table, Vec<u8>), Versioned>;

#[derive(Default)]
pub(crate) struct Lab {
    rows: Mutex<Rows>,
    fail: Mutex<Option<StoreError>>,
    /// Changes that somebody else makes just before the next commit.
    before_commit: Mutex<Option<Rows>>,
}

impl Lab {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn rows(&self) -> Rows {
        self.rows.lock().unwrap().clone()
    }

    pub(crate) fn set_rows(&self, rows: Rows) {
        *self.rows.lock().unwrap() = rows;
    }

    /// The keys of a table.
    pub(crate) fn keys(&self, table: Table) -> Vec<Vec<u8>> {
        self.rows().into_keys().filter(|(t, _)| *t == table).map(|(_, key)| key).collect()
    }

    pub(crate) fn count(&self, table: Table) -> usize {
        self.keys(table).len()
    }

    pub(crate) fn change(&self, table: Table, key: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.rows.lock().unwrap().get_mut(&(table, key.to_vec())).unwrap().value);
    }

    pub(crate) fn fail_next_commit(&self, error: StoreError) {
        *self.fail.lock().unwrap() = Some(error);
    }

    /// The next commit finds these rows in place of what its caller read.
    pub(crate) fn overtake_with(&self, rows: Rows) {
        *self.before_commit.lock().unwrap() = Some(rows);
    }
}

#[async_trait]
impl ShareStore for Lab {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        Ok(self.rows.lock().unwrap().get(&(table, key.to_vec())).cloned())
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows = self.rows.lock().unwrap();
        Ok(rows
            .iter()
            .filter(|((t, key), _)| *t == table && key.starts_with(prefix))
            .filter(|((_, key), _)| after.is_none_or(|after| key.as_slice() > after))
            .take(limit)
            .map(|((_, key), row)| Entry { key: key.clone(), row: Ok(row.clone()) })
            .collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check_bounds()?;
        if let Some(error) = self.fail.lock().unwrap().take() {
            return Err(error);
        }
        let mut rows = self.rows.lock().unwrap();
        if let Some(others) = self.before_commit.lock().unwrap().take() {
            *rows = others;
        }
        let mut next = rows.clone();
        for op in batch.ops() {
            let place = (op.table(), op.key().to_vec());
            match op.check(rows.get(&place).map(|row| row.version))? {
                Outcome::Put { version, value } => {
                    next.insert(place, Versioned { version, value: value.to_vec() });
                }
                Outcome::Erased => drop(next.remove(&place)),
            }
        }
        *rows = next;
        Ok(())
    }
}

pub(crate) fn keys(id: &str, byte: u8) -> Arc<StaticKeyProvider> {
    Arc::new(StaticKeyProvider::new(id, Zeroizing::new([byte; 32])).unwrap())
}

pub(crate) async fn open(lab: &Arc<Lab>, role: Role) -> Result<Vault, StoreError> {
    Vault::open(Arc::clone(lab) as Arc<dyn ShareStore>, keys("k1", 7), role).await
}

pub(crate) async fn server() -> (Arc<Lab>, Vault) {
    let lab = Lab::new();
    let vault = open(&lab, Role::Server).await.unwrap();
    (lab, vault)
}

pub(crate) fn alice() -> Owner {
    Owner::new("acme", "alice")
}

pub(crate) fn bob() -> Owner {
    Owner::new("acme", "bob")
}

pub(crate) fn wallet_id(n: u8) -> WalletId {
    WalletId::from_bytes([n; 16])
}

pub(crate) fn share_id(epoch: u8) -> ShareId {
    let mut id = [epoch; 24];
    id[..8].copy_from_slice(&u64::from(epoch).to_be_bytes());
    ShareId::from_bytes(id)
}

pub(crate) fn wallet(n: u8, owner: Owner, key_id: Option<&str>, role: Role) -> WalletRecord {
    WalletRecord {
        wallet: wallet_id(n),
        owner,
        key_id: key_id.map(str::to_owned),
        role,
        engine: 1,
        public_key: [n; 33],
        chain_code: [n; 32],
        standing: standing(WalletState::Provisional),
        active: Some(share_id(1)),
        pending: None,
        retired: None,
        backup_rule: BackupRule::None,
        receipt: None,
        policy: vec![],
        created_ms: 1,
        device: Devices::default(),
        confirmed: false,
    }
}

pub(crate) fn standing(state: WalletState) -> Standing {
    Standing { state, aborts: vec![] }
}

pub(crate) fn share(n: u8, epoch: u8) -> ShareRecord {
    ShareRecord {
        wallet: wallet_id(n),
        id: share_id(epoch),
        engine: 1,
        bytes: SecretBytes::new(content(n, epoch)),
        stored_ms: 2,
        identity: SecretBytes::default(),
    }
}

pub(crate) fn content(n: u8, epoch: u8) -> Vec<u8> {
    [n, epoch].repeat(500)
}

pub(crate) fn audit(event: &str) -> AuditRow {
    AuditRow { at_ms: 10, actor: "test".into(), event: event.into(), wallet: None, details: String::new() }
}

pub(crate) fn request(n: u8, owner: Owner, wallet: u8, digest: u8) -> SignRequestRecord {
    SignRequestRecord {
        request: RequestId::from_bytes([n; 16]),
        wallet: wallet_id(wallet),
        owner,
        chain_id: "cosmoshub-4".into(),
        path: "m/44/118/0/0/0".into(),
        mode: 1,
        sign_doc: vec![n; 100],
        digest: [digest; 32],
        verdict: 1,
        status: 1,
        reason: String::new(),
        created_ms: 100,
        expires_ms: 1000,
        signature: None,
        guard: None,
        replaces: None,
        reserved: Vec::new(),
    }
}

/// Alice's wallet 1 with key id `phone`, provisional with share 1.
pub(crate) async fn provisional(vault: &Vault) -> Row<WalletRecord> {
    let wallet = wallet(1, alice(), Some("phone"), vault.role());
    vault.insert_provisional(wallet, &share(1, 1), audit("made")).await.unwrap()
}

/// The same, active.
pub(crate) async fn active(vault: &Vault) -> Row<WalletRecord> {
    let row = provisional(vault).await;
    vault.activate(&row, share_id(1), audit("activated")).await.unwrap()
}

/// The same after one refresh: share 2 active, share 1 retired.
pub(crate) async fn refreshed(vault: &Vault) -> Row<WalletRecord> {
    let row = active(vault).await;
    let row = vault.insert_pending(&row, &share(1, 2), audit("pending")).await.unwrap();
    let after = standing(WalletState::Active);
    vault.promote_pending(&row, share_id(2), after, audit("promoted")).await.unwrap()
}
