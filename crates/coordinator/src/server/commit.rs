//! The server's durable writes, each one transaction with its audit row.

use maany_coordinator_proto::{
    Intent,
    control::Document,
    session::{
        Pending, Promotion, Provisional, Receipt, StoreFault, Write,
        commit::Confirmation,
        reconcile::{Change, FreezeCause},
    },
};
use maany_coordinator_storage::{
    Row, SecretBytes, StoreError,
    record::{
        AuditRow, BackupRule, Devices, FragmentRecord, ShareRecord, Standing, WalletRecord, WalletState,
    },
    vault::{self, OpenStepUp},
};
use maany_mpc_core::KeyShare;
use tracing::{error, warn};

use super::{Parts, admit::audit, host::Admitted, leases::Lease};
use crate::{
    convert,
    driver::{Product, Stored},
    sign_request::SignRequestError,
    time,
};

/// Why a write of a session failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signature could not be stored in its request.
    #[error(transparent)]
    Request(#[from] SignRequestError),
    /// The machine asked for a write that this session has nothing for.
    #[error("there is nothing to write: {0}")]
    Nothing(&'static str),
    /// A newer session of this wallet has ended this one.
    #[error("a newer session has ended this one")]
    Ended,
}

impl WriteError {
    /// What it means to the session.
    pub(super) fn fault(&self) -> StoreFault {
        match self {
            Self::Store(error) => convert::store_fault(error),
            Self::Request(error) => error.fault(),
            Self::Nothing(_) | Self::Ended => StoreFault::Unavailable,
        }
    }
}

/// Carries out one write.
pub(super) async fn store(
    parts: &Parts,
    admitted: &mut Admitted,
    write: Write,
    product: &mut Option<Product>,
) -> Result<Stored, WriteError> {
    match write {
        // The new share of a restore takes the code along in its own write.
        Write::Pending(_) => {}
        // What an earlier refresh left is settled by its device without a code: this one is for new shares.
        Write::Reconcile(_) | Write::Confirm { .. } if admitted.intent == Intent::Refresh => {}
        // An abort counts whatever becomes of the code.
        Write::Abort(_) => {
            if let Err(error) = spend(parts, admitted).await {
                warn!(%error, "the step-up code of an aborted session was not used up");
            }
        }
        _ => spend(parts, admitted).await?,
    }
    match write {
        Write::Provisional(provisional) => {
            let row = insert(parts, admitted, &provisional, share(product)?).await?;
            admitted.wallet = Some(row);
        }
        Write::DropProvisional(_) => {
            let row = wallet(admitted)?;
            let audit = audit(&admitted.principal, "provisional-dropped", row);
            parts.vault.discard_provisional(row, audit).await?;
            admitted.wallet = None;
        }
        Write::Pending(pending) => {
            let code = admitted.step_up.take();
            let row = pend(parts, admitted, &pending, share(product)?, code).await?;
            admitted.wallet = Some(row);
        }
        Write::Promote(promotion) => {
            bind(admitted)?;
            let row = promote(parts, admitted, promotion, WalletState::Active).await?;
            admitted.wallet = Some(row);
        }
        Write::EraseRetired(id) => {
            let row = wallet(admitted)?;
            let audit = audit(&admitted.principal, "retired-share-erased", row);
            let row = parts.vault.erase_retired(row, convert::share_to_storage(id), audit).await?;
            admitted.wallet = Some(row);
        }
        Write::Signature => {
            bind(admitted)?;
            let Some(Product::Signature(signature)) = product.take() else {
                return Err(WriteError::Nothing("the ceremony has made no signature"));
            };
            let request = admitted.request.take().ok_or(WriteError::Nothing("there is no sign request"))?;
            let stored = parts.requests.store_signature(&admitted.principal, &request, &signature).await?;
            // What is told is what is stored, should another session have been faster.
            let bytes = stored.signature.as_ref().map(convert::signature);
            admitted.request = Some(Box::new(stored));
            let bytes = bytes.ok_or(WriteError::Nothing("the request has no signature"))?;
            return Ok(Stored::Signature(bytes));
        }
        Write::Backup(backup) => {
            let row = wallet(admitted)?;
            let active = row.active.ok_or(WriteError::Nothing("the wallet has no active share"))?;
            let fragment = fragment_record(row, active.epoch(), backup.to_json().as_bytes());
            let audit = audit(&admitted.principal, "fragment-stored", row);
            parts.vault.put_fragment_of(row, fragment, audit).await?;
            // Whether the other fragments have reached their holders is not said in this frame.
            return Ok(Stored::Backup(Receipt::Partial));
        }
        Write::Abort(abort) => {
            // An abort in a DKG that stored nothing has no wallet to be counted for.
            if let Some(row) = &admitted.wallet {
                let judge = |row: &WalletRecord| {
                    let standing = convert::standing_after(row, &abort);
                    let audit = audit(&admitted.principal, abort_event(&standing), row);
                    (standing, audit)
                };
                admitted.wallet = Some(parts.vault.judge(row, judge).await?);
            }
        }
        Write::Reconcile(Change::Promote { id, retire }) => {
            bind(admitted)?;
            let promotion = Promotion { id, retire: Some(retire), erase: None };
            let state = wallet(admitted)?.standing.state;
            // What a locked wallet's device began before is finished, and unlocks nothing: a session with a code does that by a
            // share of its own making.
            let row = promote(parts, admitted, promotion, state).await?;
            admitted.wallet = Some(row);
        }
        Write::Reconcile(change) => {
            let row = wallet(admitted)?;
            let audit = audit(&admitted.principal, reconciled_event(&change), row);
            admitted.wallet = Some(parts.vault.apply_change(row, settlement(&change), audit).await?);
        }
        Write::Freeze(cause) => {
            let row = wallet(admitted)?;
            let standing = Standing { state: WalletState::Frozen, aborts: row.standing.aborts.clone() };
            let audit = audit(&admitted.principal, frozen_event(cause), row);
            error!(wallet = %row.wallet, %cause, "the wallet is frozen");
            admitted.wallet = Some(parts.vault.set_standing(row, standing, audit).await?);
        }
        Write::Confirm { confirmation, fragment } => {
            let row = confirm(parts, admitted, confirmation, fragment).await?;
            let public_key = row.public_key;
            admitted.wallet = Some(row);
            return Ok(Stored::Confirmed(public_key));
        }
        // Only a device drops a pending share by itself.
        Write::DropPending(_) => return Err(WriteError::Nothing("a server does not drop a pending share")),
    }
    Ok(Stored::Done)
}

async fn insert(
    parts: &Parts,
    admitted: &Admitted,
    provisional: &Provisional,
    share: Box<KeyShare>,
) -> Result<Row<WalletRecord>, WriteError> {
    let wallet = convert::wallet_to_storage(provisional.wallet);
    let record = WalletRecord {
        wallet,
        owner: admitted.principal.rows(),
        key_id: admitted.key_id.as_ref().map(|id| id.as_str().to_owned()),
        role: parts.vault.role(),
        engine: share.engine().0,
        public_key: *share.public_key().as_bytes(),
        chain_code: share.chain_code(),
        standing: Standing { state: WalletState::Provisional, aborts: Vec::new() },
        active: Some(convert::share_to_storage(provisional.id)),
        pending: None,
        retired: None,
        backup_rule: BackupRule::None,
        receipt: None,
        policy: Vec::new(),
        created_ms: time::now_ms(),
        device: Devices { enrolled: admitted.identity(), ..Devices::default() },
        confirmed: false,
    };
    let audit = AuditRow {
        at_ms: time::now_ms(),
        actor: admitted.principal.actor(),
        event: "wallet-provisional".to_owned(),
        wallet: Some(wallet),
        details: String::new(),
    };
    let share = share_record(&record, record.active, &share)?;
    Ok(parts.vault.insert_provisional(record, &share, audit).await?)
}

/// Uses the session's step-up code up, where it has one that no write has taken along.
async fn spend(parts: &Parts, admitted: &mut Admitted) -> Result<(), WriteError> {
    let Some(code) = admitted.step_up.take() else { return Ok(()) };
    let audit = used(parts, admitted, wallet(admitted)?);
    Ok(parts.vault.use_step_up(code, audit).await?)
}

fn used(parts: &Parts, admitted: &Admitted, row: &WalletRecord) -> AuditRow {
    parts.step_ups.used(row.wallet, &admitted.principal.actor())
}

async fn pend(
    parts: &Parts,
    admitted: &Admitted,
    pending: &Pending,
    share: Box<KeyShare>,
    code: Option<OpenStepUp>,
) -> Result<Row<WalletRecord>, WriteError> {
    let row = wallet(admitted)?;
    let audit = audit(&admitted.principal, "share-pending", row);
    let active = pending.active.ok_or(WriteError::Nothing("a server's wallet has an active share"))?;
    let share = share_record(row, Some(convert::share_to_storage(pending.id)), &share)?;
    let enrol = admitted.identity().filter(|key| row.device.enrolled != Some(*key));
    let active = convert::share_to_storage(active);
    let vault = &parts.vault;
    Ok(match code {
        None => vault.supersede_pending(row, active, &share, enrol, audit).await?,
        Some(code) => {
            let code = (code, used(parts, admitted, row));
            vault.supersede_pending_stepped_up(row, active, &share, enrol, code, audit).await?
        }
    })
}

async fn promote(
    parts: &Parts,
    admitted: &Admitted,
    promotion: Promotion,
    after: WalletState,
) -> Result<Row<WalletRecord>, WriteError> {
    let row = wallet(admitted)?;
    let id = convert::share_to_storage(promotion.id);
    if row.standing.state == WalletState::Provisional {
        let audit = audit(&admitted.principal, "wallet-active", row);
        return Ok(parts.vault.activate(row, id, audit).await?);
    }
    let audit = audit(&admitted.principal, "share-promoted", row);
    let standing = Standing { state: after, aborts: row.standing.aborts.clone() };
    Ok(parts.vault.promote_pending(row, id, standing, audit).await?)
}

/// From here on a newer session waits for this one: what follows is written for good.
fn bind(admitted: &Admitted) -> Result<(), WriteError> {
    if admitted.lease.as_ref().is_none_or(Lease::bind) { Ok(()) } else { Err(WriteError::Ended) }
}

async fn confirm(
    parts: &Parts,
    admitted: &Admitted,
    confirmation: Confirmation,
    document: Option<Document>,
) -> Result<Row<WalletRecord>, WriteError> {
    let row = wallet(admitted)?;
    let Confirmation { id, erase_retired, receipt } = confirmation;
    let fragment =
        document.map(|document| fragment_record(row, id.epoch().get(), document.dangerous_expose()));
    let confirmation = vault::Confirmation {
        id: convert::share_to_storage(id),
        erase_retired: erase_retired.map(convert::share_to_storage),
        receipt: receipt.map(convert::share_to_storage),
        fragment,
    };
    let audit = audit(&admitted.principal, "share-confirmed", row);
    Ok(parts.vault.confirm(row, confirmation, audit).await?)
}

fn fragment_record(row: &WalletRecord, epoch: u64, document: &[u8]) -> FragmentRecord {
    FragmentRecord {
        owner: row.owner.clone(),
        subject: row.wallet.to_string(),
        epoch,
        document: SecretBytes::new(document.to_vec()),
        stored_ms: time::now_ms(),
    }
}

fn settlement(change: &Change) -> vault::Change {
    let stored = convert::share_to_storage;
    match *change {
        Change::Promote { id, retire } => {
            vault::Change::Promote { id: stored(id), retire: stored(retire), confirmed: false }
        }
        Change::DropPending(id) => vault::Change::DropPending(stored(id)),
        Change::ReturnToRetired { id, erase } => {
            vault::Change::ReturnToRetired { id: stored(id), erase: stored(erase) }
        }
        Change::EraseRetired(id) => vault::Change::EraseRetired(stored(id)),
    }
}

const fn reconciled_event(change: &Change) -> &'static str {
    match change {
        Change::Promote { .. } => "share-promoted",
        Change::DropPending(_) => "pending-dropped",
        Change::ReturnToRetired { .. } => "returned-to-retired",
        Change::EraseRetired(_) => "retired-share-erased",
    }
}

const fn frozen_event(cause: FreezeCause) -> &'static str {
    match cause {
        FreezeCause::RolledBack => "wallet-frozen-rolled-back",
        FreezeCause::BrokenRecord => "wallet-frozen-broken-record",
    }
}

fn wallet(admitted: &Admitted) -> Result<&Row<WalletRecord>, WriteError> {
    admitted.wallet.as_ref().ok_or(WriteError::Nothing("there is no wallet"))
}

fn share(product: &mut Option<Product>) -> Result<Box<KeyShare>, WriteError> {
    match product.take() {
        Some(Product::Share(share)) => Ok(share),
        _ => Err(WriteError::Nothing("the ceremony has made no share")),
    }
}

fn share_record(
    wallet: &WalletRecord,
    id: Option<maany_coordinator_storage::ShareId>,
    share: &KeyShare,
) -> Result<ShareRecord, WriteError> {
    Ok(ShareRecord {
        wallet: wallet.wallet,
        id: id.ok_or(WriteError::Nothing("the share has no id"))?,
        engine: wallet.engine,
        bytes: SecretBytes::new(share.dangerous_export().to_vec()),
        stored_ms: time::now_ms(),
        identity: SecretBytes::default(),
    })
}

fn abort_event(standing: &Standing) -> &'static str {
    match standing.state {
        WalletState::Quarantined => "wallet-quarantined",
        WalletState::Frozen => "wallet-frozen",
        _ => "abort-counted",
    }
}
