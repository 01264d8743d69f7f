//! What the tests of this crate's services share: a vault in memory, wallets with known keys, and a clock.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use k256::ecdsa::SigningKey;
use maany_coordinator_cosmos::{Address, Coin, Fee, Hrp, MsgSend, SignDoc, SignMode, TxDraft};
use maany_coordinator_proto::Digest;
use maany_coordinator_storage::{
    Batch, Entry, MemoryStore, Role, Row, SecretBytes, ShareId, ShareStore, StaticKeyProvider, StoreError,
    Table, Vault, Versioned, WalletId,
    record::{AuditRow, BackupRule, Devices, ShareRecord, Standing, WalletRecord, WalletState},
};
use maany_mpc_core::{DerivationPath, PublicKey, Signature, derivation::child_public_key};
use zeroize::Zeroizing;

use crate::{
    auth::{Principal, Scopes},
    wall_clock::WallClock,
};

pub(crate) const CHAIN: &str = "cosmoshub-4";

/// An empty server vault in memory.
pub(crate) async fn vault() -> Vault {
    vault_over(Arc::new(MemoryStore::new())).await
}

/// A server vault over this store.
pub(crate) async fn vault_over(store: Arc<dyn ShareStore>) -> Vault {
    let keys = StaticKeyProvider::new("test", Zeroizing::new([7; 32])).unwrap();
    Vault::open(store, Arc::new(keys), Role::Server).await.unwrap()
}

/// A store in memory that lets other tasks run before it answers, as one on a disk does.
#[derive(Default)]
pub(crate) struct Slow(MemoryStore);

#[async_trait]
impl ShareStore for Slow {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        tokio::task::yield_now().await;
        self.0.get(table, key).await
    }

    async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        tokio::task::yield_now().await;
        self.0.scan(table, prefix, after, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        self.0.commit(batch).await
    }
}

pub(crate) fn alice() -> Principal {
    Principal::new("acme", "alice", Scopes::DEVICE)
}

pub(crate) fn bob() -> Principal {
    Principal::new("acme", "bob", Scopes::DEVICE)
}

/// A clock that a test turns by hand.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn at(now_ms: u64) -> Self {
        Self(Arc::new(AtomicU64::new(now_ms)))
    }

    pub(crate) fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> WallClock {
        let hands = self.clone();
        WallClock::from_fn(move || hands.0.load(Ordering::SeqCst))
    }
}

/// A key whose secret the tests know.
pub(crate) struct TestKey(SigningKey);

impl TestKey {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    pub(crate) fn public(&self) -> [u8; 33] {
        self.0.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap()
    }

    pub(crate) fn sign(&self, digest: &Digest) -> Signature {
        let (signature, recovery) = self.0.sign_prehash_recoverable(digest.as_bytes());
        Signature::from_parts(&signature.to_bytes().into(), recovery.to_byte()).unwrap()
    }
}

pub(crate) fn share_id(epoch: u64) -> ShareId {
    let mut bytes = [9; 24];
    bytes[..8].copy_from_slice(&epoch.to_be_bytes());
    ShareId::from_bytes(bytes)
}

/// Stores an active wallet of `principal` for the key of `seed`; `seed` is also its id.
pub(crate) async fn wallet(
    vault: &Vault,
    principal: &Principal,
    seed: u8,
    key_id: Option<&str>,
) -> Row<WalletRecord> {
    wallet_on(vault, principal, seed, key_id, Devices::default()).await
}

/// The same, on these devices.
pub(crate) async fn wallet_on(
    vault: &Vault,
    principal: &Principal,
    seed: u8,
    key_id: Option<&str>,
    device: Devices,
) -> Row<WalletRecord> {
    let id = WalletId::from_bytes([seed; 16]);
    let record = WalletRecord {
        wallet: id,
        owner: principal.rows(),
        key_id: key_id.map(str::to_owned),
        role: Role::Server,
        engine: 1,
        public_key: TestKey::new(seed).public(),
        chain_code: [seed; 32],
        standing: Standing { state: WalletState::Provisional, aborts: Vec::new() },
        active: Some(share_id(1)),
        pending: None,
        retired: None,
        backup_rule: BackupRule::None,
        receipt: None,
        policy: Vec::new(),
        created_ms: 1,
        device,
        confirmed: false,
    };
    let bytes = SecretBytes::new(vec![1; 8]);
    let share = ShareRecord {
        wallet: id,
        id: share_id(1),
        engine: 1,
        bytes,
        stored_ms: 1,
        identity: SecretBytes::default(),
    };
    let row = vault.insert_provisional(record, &share, audit()).await.unwrap();
    vault.activate(&row, share_id(1), audit()).await.unwrap()
}

/// A transfer of 5 `uatom` with a fee of 1, from the account of `public_key` to itself.
pub(crate) fn draft(public_key: [u8; 33]) -> TxDraft {
    let own = Address::from_public_key(&public_key, &Hrp::parse("cosmos").unwrap()).unwrap();
    let coins = |amount| vec![Coin::parse(amount, "uatom").unwrap()];
    TxDraft {
        chain_id: CHAIN.to_owned(),
        account_number: 0,
        sequence: 4,
        public_key,
        messages: vec![MsgSend::new(own.clone(), own, coins("5")).unwrap()],
        fee: Fee { amounts: coins("1"), gas: 90_000, payer: None, granter: None },
        memo: String::new(),
        timeout_height: None,
    }
}

/// The sign doc of [`draft`].
pub(crate) fn doc(public_key: [u8; 33], mode: SignMode) -> SignDoc {
    draft(public_key).sign_doc(mode).unwrap()
}

/// The wallet's key at this path.
pub(crate) fn child(wallet: &WalletRecord, path: &str) -> [u8; 33] {
    let path: DerivationPath = path.parse().unwrap();
    let parent = PublicKey::from_sec1(&wallet.public_key).unwrap();
    child_public_key(&parent, &wallet.chain_code, &path).unwrap().to_bytes()
}

/// The events of the audit log, the oldest first.
pub(crate) async fn events(vault: &Vault) -> Vec<String> {
    vault.audit(None, 1000).await.unwrap().rows.into_iter().map(|row| row.event).collect()
}

fn audit() -> AuditRow {
    AuditRow {
        at_ms: 1,
        actor: "test".to_owned(),
        event: "set-up".to_owned(),
        wallet: None,
        details: String::new(),
    }
}
