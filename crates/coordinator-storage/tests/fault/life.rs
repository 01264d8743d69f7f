//! A wallet's life, and at each of its commits the process dies before, dies after, or loses the write: afterwards the
//! wallet is what it was before or after that commit, with exactly the shares that its row names.

use std::sync::Arc;

use maany_coordinator_storage::fault::Fault;
use maany_coordinator_storage::record::{
    AuditRow, BackupRule, Devices, FragmentRecord, ShareRecord, Standing, WalletRecord, WalletState,
};
use maany_coordinator_storage::vault::{Change, Confirmation};
use maany_coordinator_storage::{
    Owner, Role, Row, SecretBytes, ShareId, ShareStore, StaticKeyProvider, StoreError, Table, Vault, WalletId,
};
use zeroize::Zeroizing;

use crate::backend::{KINDS, Kind, Machine};

/// The commits of a life, the vault's canary among them.
const COMMITS: u64 = 12;

fn id() -> WalletId {
    WalletId::from_bytes([1; 16])
}

fn owner() -> Owner {
    Owner::new("acme", "alice")
}

fn share_id(epoch: u8) -> ShareId {
    let mut id = [epoch; 24];
    id[..8].copy_from_slice(&u64::from(epoch).to_be_bytes());
    ShareId::from_bytes(id)
}

fn share(epoch: u8) -> ShareRecord {
    ShareRecord {
        wallet: id(),
        id: share_id(epoch),
        engine: 1,
        bytes: SecretBytes::new(vec![epoch; 5_000]),
        stored_ms: 1,
        identity: SecretBytes::default(),
    }
}

fn audit(event: &str) -> AuditRow {
    AuditRow {
        at_ms: 1,
        actor: "test".into(),
        event: event.into(),
        wallet: Some(id()),
        details: String::new(),
    }
}

fn wallet() -> WalletRecord {
    WalletRecord {
        wallet: id(),
        owner: owner(),
        key_id: Some("phone".into()),
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
        device: Devices { enrolled: Some([4; 33]), ..Devices::default() },
        confirmed: false,
    }
}

fn confirmation(epoch: u8, erase_retired: Option<ShareId>) -> Confirmation {
    let fragment = FragmentRecord {
        owner: owner(),
        subject: id().to_string(),
        epoch: u64::from(epoch),
        document: SecretBytes::new(vec![epoch; 100]),
        stored_ms: 1,
    };
    let id = share_id(epoch);
    Confirmation { id, erase_retired, receipt: Some(id), fragment: Some(fragment) }
}

async fn vault(store: Arc<dyn ShareStore>) -> Result<Vault, StoreError> {
    let keys = StaticKeyProvider::new("k1", Zeroizing::new([7; 32])).unwrap();
    Vault::open(store, Arc::new(keys), Role::Server).await
}

/// DKG, a refresh whose attempt is dropped, one that is promoted by reconciliation, one that is returned from, and a
/// restore on a new device. After each write the row is told.
async fn live(
    store: Arc<dyn ShareStore>,
    told: &mut Vec<Option<Row<WalletRecord>>>,
) -> Result<(), StoreError> {
    // The store before its canary, and after it.
    told.push(None);
    let vault = vault(store).await?;
    told.push(None);
    let mut step = |row: Row<WalletRecord>| {
        told.push(Some(row.clone()));
        row
    };
    let row = step(vault.insert_provisional(wallet(), &share(1), audit("made")).await?);
    let row = step(vault.activate(&row, share_id(1), audit("active")).await?);
    let row = step(vault.confirm(&row, confirmation(1, None), audit("confirmed")).await?);

    let row = step(vault.insert_pending(&row, &share(2), audit("pending")).await?);
    let row = step(vault.apply_change(&row, Change::DropPending(share_id(2)), audit("R3")).await?);

    let row = step(vault.insert_pending(&row, &share(3), audit("pending")).await?);
    let promote = Change::Promote { id: share_id(3), retire: share_id(1), confirmed: false };
    let row = step(vault.apply_change(&row, promote, audit("R2")).await?);
    let back = Change::ReturnToRetired { id: share_id(1), erase: share_id(3) };
    let row = step(vault.apply_change(&row, back, audit("R4")).await?);

    let new = Some([5; 33]);
    let row = step(vault.supersede_pending(&row, share_id(1), &share(4), new, audit("pending")).await?);
    let standing = Standing { state: WalletState::Active, aborts: vec![] };
    let row = step(vault.promote_pending(&row, share_id(4), standing, audit("promoted")).await?);
    let erase = Some(share_id(1));
    step(vault.confirm(&row, confirmation(4, erase), audit("confirmed")).await?);
    Ok(())
}

/// What each commit leaves; the first entry is the empty store.
async fn states(kind: Kind) -> Vec<Option<Row<WalletRecord>>> {
    let machine = Machine::new(kind);
    let store = machine.start().await;
    let mut told = Vec::new();
    live(Arc::clone(&store) as Arc<dyn ShareStore>, &mut told).await.unwrap();
    assert_eq!(store.commits().written, COMMITS, "{:?}", store.history());
    assert_eq!(told.len() as u64, COMMITS + 1);
    let end = told.last().unwrap().as_ref().unwrap();
    assert_eq!((end.device.enrolled, end.device.revoked.as_slice()), (Some([5; 33]), &[[4; 33]][..]));
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_a_commit_the_wallet_is_as_before_it_or_as_after_it() {
    for kind in KINDS {
        let states = states(kind).await;
        for number in 1..=COMMITS {
            let before = &states[usize::try_from(number).unwrap() - 1];
            let after = &states[usize::try_from(number).unwrap()];
            for (fault, expected) in [
                (Fault::DieBefore(number), before),
                (Fault::DieAfter(number), after),
                (Fault::Lose(number), before),
            ] {
                let name = format!("{kind:?} {fault:?}");
                let machine = Machine::new(kind);
                let store = machine.start().await;
                store.arm(fault);
                let mut told = Vec::new();
                tokio::select! {
                    // The last commit may be lost without another one that dies of it.
                    end = live(Arc::clone(&store) as Arc<dyn ShareStore>, &mut told) => {
                        end.unwrap();
                        store.kill();
                    }
                    () = store.died() => {}
                }
                check(&machine, expected.as_ref(), &name).await;
            }
        }
    }
}

/// The row is the expected one, with exactly its shares, and each of them opens.
async fn check(machine: &Machine, expected: Option<&Row<WalletRecord>>, name: &str) {
    let store = machine.open().await;
    let vault = vault(Arc::clone(&store)).await.unwrap();
    let row = vault.wallet(&owner(), id()).await.unwrap();
    assert_eq!(row.as_ref(), expected, "{name}");
    let mut named = Vec::new();
    if let Some(row) = &row {
        for share in [row.active, row.pending, row.retired].into_iter().flatten() {
            let opened = vault.share(row, share).await.unwrap();
            assert_eq!(opened.id, share, "{name}");
            named.push(share);
        }
    }
    named.sort();
    let stored = store.scan(Table::Shares, b"", None, 10).await.unwrap();
    let stored: Vec<ShareId> =
        stored.iter().map(|entry| ShareId::from_bytes(*entry.key.last_chunk().unwrap())).collect();
    assert_eq!(stored, named, "{name}");
}
