//! What an archive's wallet becomes when it is put back: the coordinator's own rules, on the records that they are for.

use maany_coordinator_storage::record::{
    BackupRule, Devices as StoredDevices, IdentityKey, Standing, WalletRecord, WalletState,
};
use maany_coordinator_storage::vault::import::{carried, forgotten, remembered};
use maany_coordinator_storage::{Owner, Role, ShareId, WalletId};

use maany_coordinator_proto::session::reconcile::Confirmed;

use crate::parts::{Devices, Key, Wallet};
use crate::world::{ArchiveRule, Rules, WALLET, Without};

/// What the store holds after the archive was put back over `old`, the store that it replaces or a copy of that one.
pub(crate) fn put_back(archived: Option<Wallet>, old: Option<Wallet>, rules: &Rules) -> Option<Wallet> {
    let wallet = archived?;
    let lock = rules.without != Without::ImportLock;
    let later = old.filter(|_| rules.archive != ArchiveRule::Alone);
    let is_latest = rules.archive == ArchiveRule::OverOld || rules.without == Without::Latest;
    match later {
        Some(copy) if !is_latest => {
            let signed = wallet.signed || copy.signed;
            let record = forgotten(&carried(&record(&wallet), &record(&copy)));
            Some(Wallet { signed, forgotten: true, ..with(wallet, &record) })
        }
        Some(_) if rules.without == Without::Carried => Some(wallet),
        Some(later) => {
            let signed = wallet.signed || later.signed;
            Some(Wallet { signed, ..with(wallet, &remembered(&record(&wallet), &record(&later))) })
        }
        None if !lock => Some(wallet),
        None => {
            let forgets = rules.without != Without::GuardMemory;
            Some(Wallet { forgotten: forgets, ..with(wallet, &forgotten(&record(&wallet))) })
        }
    }
}

/// The wallet, as this record says who may sign and how it stands.
fn with(wallet: Wallet, record: &WalletRecord) -> Wallet {
    let state = record.standing.state;
    let revoked = record.device.revoked.iter().fold(0, |all, key| all | (1 << key[0]));
    Wallet {
        provisional: state == WalletState::Provisional,
        frozen: state == WalletState::Frozen,
        quarantined: state == WalletState::Quarantined,
        imported: state == WalletState::Imported,
        devices: Devices {
            enrolled: record.device.enrolled.map_or(wallet.devices.enrolled, |key| key[0]),
            pending: record.device.pending.map(|key| key[0]),
            revoked,
        },
        ..wallet
    }
}

fn record(wallet: &Wallet) -> WalletRecord {
    let key = |key: Key| -> IdentityKey { [key; 33] };
    let share = |id: maany_coordinator_proto::ShareId| ShareId::from_bytes(id.to_bytes());
    let revoked = (0..32).filter(|bit| wallet.devices.revoked & (1 << bit) != 0).map(key).collect();
    let state = match wallet {
        Wallet { frozen: true, .. } => WalletState::Frozen,
        Wallet { imported: true, .. } => WalletState::Imported,
        Wallet { quarantined: true, .. } => WalletState::Quarantined,
        Wallet { provisional: true, .. } => WalletState::Provisional,
        _ => WalletState::Active,
    };
    WalletRecord {
        wallet: WalletId::from_bytes(*WALLET.as_bytes()),
        owner: Owner::new("tenant", "owner"),
        key_id: None,
        role: Role::Server,
        engine: 1,
        public_key: [2; 33],
        chain_code: [0; 32],
        standing: Standing { state, aborts: Vec::new() },
        active: Some(share(wallet.holds.active)),
        pending: wallet.holds.pending.map(share),
        retired: wallet.holds.retired.map(share),
        backup_rule: BackupRule::None,
        receipt: None,
        policy: Vec::new(),
        created_ms: 0,
        device: StoredDevices {
            enrolled: Some(key(wallet.devices.enrolled)),
            pending: wallet.devices.pending.map(key),
            revoked,
        },
        confirmed: wallet.holds.confirmed == Confirmed::Yes,
    }
}
