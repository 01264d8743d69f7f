//! Between the newtypes of the sibling crates: ids cross their edges as bytes and integers.

use maany_coordinator_proto as proto;
use maany_coordinator_storage as storage;
use maany_mpc_core as engine;
use proto::session::{self, AbortLedger};
use storage::record;

/// A stored id or ledger that no session machine accepts: the record is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored wallet record does not make sense")]
pub(crate) struct Damaged;

/// The engine's share id, as the session machines have it.
pub(crate) fn share_from_engine(share: engine::ShareId) -> Result<proto::ShareId, proto::IdError> {
    Ok(proto::ShareId::new(proto::Epoch::new(share.epoch)?, share.tag))
}

/// A stored share id, as the session machines have it.
pub(crate) fn share_from_storage(share: storage::ShareId) -> Result<proto::ShareId, Damaged> {
    proto::ShareId::from_bytes(share.to_bytes()).map_err(|_| Damaged)
}

/// The same for a place that may be empty.
pub(crate) fn optional_share(share: Option<storage::ShareId>) -> Result<Option<proto::ShareId>, Damaged> {
    share.map(share_from_storage).transpose()
}

/// A share id, as the store has it.
pub(crate) fn share_to_storage(share: proto::ShareId) -> storage::ShareId {
    storage::ShareId::from_bytes(share.to_bytes())
}

/// A wallet id, as the session machines have it.
pub(crate) fn wallet_from_storage(wallet: storage::WalletId) -> proto::WalletId {
    proto::WalletId::from_bytes(wallet.to_bytes())
}

/// A wallet id, as the store has it.
pub(crate) fn wallet_to_storage(wallet: proto::WalletId) -> storage::WalletId {
    storage::WalletId::from_bytes(*wallet.as_bytes())
}

/// A request id, as the store has it.
pub(crate) fn request_to_storage(request: proto::RequestId) -> storage::RequestId {
    storage::RequestId::from_bytes(*request.as_bytes())
}

/// A stored signature, as the session machines have it.
pub(crate) fn signature(stored: &[u8; 65]) -> proto::control::SignatureBytes {
    let (mut r_s, [.., recovery_id]) = ([0; 64], *stored);
    r_s.copy_from_slice(&stored[..64]);
    proto::control::SignatureBytes { r_s, recovery_id }
}

/// What an engine error means, as the session machines have it.
pub(crate) fn abort_class(class: engine::AbortClass) -> session::AbortClass {
    match class {
        engine::AbortClass::A => session::AbortClass::A,
        engine::AbortClass::B => session::AbortClass::B,
        engine::AbortClass::C => session::AbortClass::C,
        engine::AbortClass::Freeze => session::AbortClass::Freeze,
    }
}

/// The state of a wallet, as the session machines have it.
pub(crate) fn standing(state: record::WalletState) -> session::Standing {
    match state {
        record::WalletState::Provisional => session::Standing::Provisional,
        record::WalletState::Active => session::Standing::Active,
        // New shares unlock either, and its device's claim is looked at before that.
        record::WalletState::Quarantined | record::WalletState::Imported => session::Standing::Quarantined,
        record::WalletState::Retired => session::Standing::Retired,
        // A state of a later format is one that this version cannot vouch for.
        record::WalletState::Frozen | _ => session::Standing::Frozen,
    }
}

/// The abort ledger of a wallet record.
pub(crate) fn ledger(record: &record::WalletRecord) -> Result<AbortLedger, Damaged> {
    AbortLedger::from_bytes(&record.standing.aborts).map_err(|_| Damaged)
}

/// What an abort makes of a wallet's standing.
pub(crate) fn standing_after(
    record: &record::WalletRecord,
    abort: &session::AbortRecord,
) -> record::Standing {
    let state = match abort.verdict {
        session::Verdict::NotCounted | session::Verdict::Counted => record.standing.state,
        session::Verdict::Quarantine => record::WalletState::Quarantined,
        session::Verdict::Freeze => record::WalletState::Frozen,
    };
    record::Standing { state, aborts: abort.ledger.to_bytes().to_vec() }
}

/// What a store error means to a session.
pub(crate) fn store_fault(error: &storage::StoreError) -> session::StoreFault {
    use storage::StoreError as E;
    match error {
        E::Conflict { .. }
        | E::AlreadyExists { .. }
        | E::AlreadySigned
        | E::Held { .. }
        | E::Spent { .. }
        | E::BackupComplete => session::StoreFault::Conflict,
        E::Full { .. } => session::StoreFault::Full,
        E::Corrupt { .. } => session::StoreFault::Corrupt,
        _ => session::StoreFault::Unavailable,
    }
}
