//! The device's durable writes, each one transaction with its audit row.

use maany_coordinator_proto::session::{Pending, Promotion, Provisional, StoreFault, Write};
use maany_coordinator_storage::{
    Row, SecretBytes, StoreError, WalletId,
    record::{AuditRow, BackupRule, Devices, ShareRecord, Standing, WalletRecord, WalletState},
};
use maany_mpc_core::KeyShare;
use tracing::error;

use super::{
    host::{DeviceHost, Task},
    line::Profile,
    owner,
};
use crate::{
    convert,
    driver::{Product, Stored},
    time,
};

/// Why a write of a session failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine asked for a write that this session has nothing for.
    #[error("there is nothing to write: {0}")]
    Nothing(&'static str),
}

impl WriteError {
    /// What it means to the session.
    pub(super) fn fault(&self) -> StoreFault {
        match self {
            Self::Store(error) => convert::store_fault(error),
            Self::Nothing(_) => StoreFault::Unavailable,
        }
    }
}

/// Carries out one write.
pub(super) async fn store(
    host: &mut DeviceHost,
    write: Write,
    product: &mut Option<Product>,
) -> Result<Stored, WriteError> {
    let vault = host.parts.vault.clone();
    match write {
        Write::Provisional(Provisional { id, wallet }) => {
            let share = share(product)?;
            let wallet = convert::wallet_to_storage(wallet);
            let record = record(host, wallet, convert::share_to_storage(id), &share);
            let share = share_record(host, &record, convert::share_to_storage(id), &share);
            discard_former(host).await?;
            host.wallet = Some(insert(host, record, &share, audit("wallet-provisional", wallet)).await?);
        }
        Write::DropProvisional(_) => {
            let row = wallet(host)?;
            vault.discard_provisional(row, audit("provisional-dropped", row.wallet)).await?;
            host.wallet = None;
        }
        Write::Pending(pending) => host.wallet = Some(pend(host, &pending, share(product)?).await?),
        Write::Promote(Promotion { id, .. }) => {
            let (row, id) = (wallet(host)?, convert::share_to_storage(id));
            host.wallet = Some(if row.pending == Some(id) {
                let standing = Standing { state: WalletState::Active, aborts: row.standing.aborts.clone() };
                vault.promote_over(row, id, standing, audit("share-promoted", row.wallet)).await?
            } else {
                vault.activate(row, id, audit("wallet-active", row.wallet)).await?
            });
        }
        Write::DropPending(_) => {
            let row = wallet(host)?;
            host.wallet = if row.standing.state == WalletState::Provisional {
                vault.discard_provisional(row, audit("provisional-dropped", row.wallet)).await?;
                None
            } else {
                Some(vault.drop_pending(row, audit("pending-dropped", row.wallet)).await?)
            };
        }
        Write::Abort(abort) => {
            // An abort in a DKG that stored nothing has no wallet to be counted for.
            if let Some(row) = &host.wallet {
                let judge = |row: &WalletRecord| {
                    (convert::standing_after(row, &abort), audit("abort-counted", row.wallet))
                };
                host.wallet = Some(vault.judge(row, judge).await?);
            }
        }
        Write::Freeze(cause) => {
            let row = wallet(host)?;
            let standing = Standing { state: WalletState::Frozen, aborts: row.standing.aborts.clone() };
            error!(wallet = %row.wallet, %cause, "the wallet is frozen");
            host.wallet = Some(vault.set_standing(row, standing, audit("wallet-frozen", row.wallet)).await?);
        }
        Write::EraseRetired(_)
        | Write::Signature
        | Write::Backup(_)
        | Write::Reconcile(_)
        | Write::Confirm { .. } => {
            return Err(WriteError::Nothing("this write is the server's"));
        }
    }
    Ok(Stored::Done)
}

/// Lets go of what an earlier DKG under the same key id left: the server let go of its own when it let this one in.
async fn discard_former(host: &DeviceHost) -> Result<(), WriteError> {
    let vault = &host.parts.vault;
    let Some(key_id) = &host.key_id else { return Ok(()) };
    if let Some(row) = vault.wallet_by_key_id(&owner(), key_id.as_str()).await?
        && row.standing.state == WalletState::Provisional
    {
        vault.discard_provisional(&row, audit("provisional-dropped", row.wallet)).await?;
    }
    Ok(())
}

async fn pend(
    host: &DeviceHost,
    pending: &Pending,
    share: Box<KeyShare>,
) -> Result<Row<WalletRecord>, WriteError> {
    let vault = &host.parts.vault;
    let id = convert::share_to_storage(pending.id);
    match (&host.wallet, pending.active) {
        (Some(row), Some(active)) => {
            let share = share_record(host, row, id, &share);
            let audit = audit("share-pending", row.wallet);
            Ok(vault.supersede_pending(row, convert::share_to_storage(active), &share, None, audit).await?)
        }
        (Some(row), None) => {
            let share = share_record(host, row, id, &share);
            let audit = audit("share-restoring", row.wallet);
            Ok(vault.supersede_all(row, &share, audit).await?)
        }
        (None, _) => {
            let Task::Restore { documents } = &host.task else {
                return Err(WriteError::Nothing("there is no wallet"));
            };
            let wallet = documents
                .first()
                .and_then(|document| <[u8; 16]>::try_from(document.context().wallet.as_slice()).ok())
                .map(WalletId::from_bytes)
                .ok_or(WriteError::Nothing("the backup names no wallet"))?;
            let record = record(host, wallet, id, &share);
            let share = share_record(host, &record, id, &share);
            insert(host, record, &share, audit("share-restoring", wallet)).await
        }
    }
}

/// A new wallet, and with it the server's key where this session has learnt it.
async fn insert(
    host: &DeviceHost,
    record: WalletRecord,
    share: &ShareRecord,
    audit: AuditRow,
) -> Result<Row<WalletRecord>, WriteError> {
    let vault = &host.parts.vault;
    let learnt = host.opened.as_ref().and_then(|opened| opened.learnt);
    Ok(match learnt {
        Some(key) => vault.insert_provisional_with_server(record, share, *key.as_bytes(), audit).await?,
        None => vault.insert_provisional(record, share, audit).await?,
    })
}

fn record(
    host: &DeviceHost,
    wallet: WalletId,
    share_id: maany_coordinator_storage::ShareId,
    share: &KeyShare,
) -> WalletRecord {
    WalletRecord {
        wallet,
        owner: owner(),
        key_id: host.key_id.as_ref().map(|id| id.as_str().to_owned()),
        role: host.parts.vault.role(),
        engine: share.engine().0,
        public_key: *share.public_key().as_bytes(),
        chain_code: share.chain_code(),
        standing: Standing { state: WalletState::Provisional, aborts: Vec::new() },
        active: Some(share_id),
        pending: None,
        retired: None,
        backup_rule: BackupRule::None,
        receipt: None,
        policy: Vec::new(),
        created_ms: time::now_ms(),
        device: Devices::default(),
        confirmed: false,
    }
}

fn wallet(host: &DeviceHost) -> Result<&Row<WalletRecord>, WriteError> {
    host.wallet.as_ref().ok_or(WriteError::Nothing("there is no wallet"))
}

fn share(product: &mut Option<Product>) -> Result<Box<KeyShare>, WriteError> {
    match product.take() {
        Some(Product::Share(share)) => Ok(share),
        _ => Err(WriteError::Nothing("the ceremony has made no share")),
    }
}

fn share_record(
    host: &DeviceHost,
    wallet: &WalletRecord,
    id: maany_coordinator_storage::ShareId,
    share: &KeyShare,
) -> ShareRecord {
    ShareRecord {
        wallet: wallet.wallet,
        id,
        engine: wallet.engine,
        bytes: SecretBytes::new(share.dangerous_export().to_vec()),
        stored_ms: time::now_ms(),
        identity: match &host.profile {
            Profile::Proven(enrolled) => SecretBytes::new(enrolled.key.dangerous_expose().to_vec()),
            Profile::Plain => SecretBytes::default(),
        },
    }
}

fn audit(event: &str, wallet: WalletId) -> AuditRow {
    AuditRow {
        at_ms: time::now_ms(),
        actor: "device".to_owned(),
        event: event.to_owned(),
        wallet: Some(wallet),
        details: String::new(),
    }
}
