//! Shares that take another's place: a new attempt over an undecided one, and the device's half of the commit.
//!
//! Both sides decide what goes; here is only made sure that what goes and what comes are one write, and that nothing
//! goes that the wallet still names.

use crate::error::StoreError;
use crate::id::ShareId;
use crate::record::{AuditRow, IdentityKey, ShareRecord, Standing, WalletRecord, WalletState};
use crate::vault::once::spent;
use crate::vault::transaction::Transaction;
use crate::vault::{OpenStepUp, Role, Row, Vault};

impl Vault {
    /// A new attempt at a refresh: afterwards the wallet names `active`, which it named before, and the new share as
    /// pending. Every other share that it named is erased. A provisional wallet is active with that: new shares can only
    /// be made with a share that both sides hold. `enrol` is the identity of the device that is enrolled with the promotion of
    /// the new share; what an earlier attempt left of one is forgotten.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where `active` is not a share of the wallet or `enrol` is a revoked identity,
    /// [`StoreError::ShareInUse`] where the new share is one already.
    pub async fn supersede_pending(
        &self,
        row: &Row<WalletRecord>,
        active: ShareId,
        share: &ShareRecord,
        enrol: Option<IdentityKey>,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = superseded(row, active, share, enrol)?;
        self.replace_shares(Transaction::new(self), row, wallet, Some(share), audit).await
    }

    /// The same in a session that a step-up code let in: the code is used up with this write, and `used` is its audit row.
    ///
    /// # Errors
    /// As [`Vault::supersede_pending`], and [`StoreError::Spent`] where somebody has used the code meanwhile.
    pub async fn supersede_pending_stepped_up(
        &self,
        row: &Row<WalletRecord>,
        active: ShareId,
        share: &ShareRecord,
        enrol: Option<IdentityKey>,
        (code, used): (OpenStepUp, AuditRow),
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        let wallet = superseded(row, active, share, enrol)?;
        let mut staged = Transaction::new(self);
        staged.use_step_up(&code);
        staged.note(&used).await?;
        self.replace_shares(staged, row, wallet, Some(share), audit).await.map_err(spent)
    }

    /// A restore on a device: every share that it held gives way to the new one, and the wallet is provisional until the
    /// commit says that the new share counts.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] on a server, whose shares never give way before the commit.
    pub async fn supersede_all(
        &self,
        row: &Row<WalletRecord>,
        share: &ShareRecord,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        if self.role != Role::Device {
            return Err(StoreError::WrongState { reason: "only a device restores over its shares" });
        }
        if named(row).contains(&share.id) {
            return Err(StoreError::ShareInUse);
        }
        fits(row, share)?;
        let mut wallet = row.record.clone();
        wallet.standing.state = WalletState::Provisional;
        wallet.confirmed = false;
        let wallet = WalletRecord { active: Some(share.id), pending: None, retired: None, ..wallet };
        self.replace_shares(Transaction::new(self), row, wallet, Some(share), audit).await
    }

    /// The device's half of the refresh commit: pending becomes active, and the share before it is erased with the same
    /// write.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] where `id` is not pending.
    pub async fn promote_over(
        &self,
        row: &Row<WalletRecord>,
        id: ShareId,
        standing: Standing,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        if row.pending != Some(id) {
            return Err(StoreError::WrongState { reason: "the share to promote is not pending" });
        }
        let wallet = WalletRecord {
            active: Some(id),
            pending: None,
            retired: None,
            standing,
            confirmed: false,
            ..row.record.clone()
        };
        self.replace_shares(Transaction::new(self), row, wallet, None, audit).await
    }

    /// Writes the row, inserts the new share and erases every share that the row named and names no more.
    async fn replace_shares(
        &self,
        mut staged: Transaction<'_>,
        row: &Row<WalletRecord>,
        wallet: WalletRecord,
        share: Option<&ShareRecord>,
        audit: AuditRow,
    ) -> Result<Row<WalletRecord>, StoreError> {
        if let Some(share) = share {
            staged.insert_share(row, share).await?;
        }
        let kept = named(&wallet);
        for gone in named(row).into_iter().filter(|id| !kept.contains(id)) {
            staged.erase_share(row.wallet, gone);
        }
        self.change_wallet(staged, row, wallet, audit).await
    }
}

/// The wallet with a new attempt at a refresh.
fn superseded(
    row: &Row<WalletRecord>,
    active: ShareId,
    share: &ShareRecord,
    enrol: Option<IdentityKey>,
) -> Result<WalletRecord, StoreError> {
    let named = named(row);
    if !named.contains(&active) {
        return Err(StoreError::WrongState { reason: "the share to go on with is not the wallet's" });
    }
    if named.contains(&share.id) {
        return Err(StoreError::ShareInUse);
    }
    fits(row, share)?;
    let mut wallet = row.record.clone();
    if wallet.standing.state == WalletState::Provisional {
        wallet.standing.state = WalletState::Active;
    }
    // A return to the retired share: the other side has proven to the engine that it holds the counterpart.
    wallet.confirmed |= row.active != Some(active);
    wallet.device.pending = enrol;
    if !wallet.device.is_sound() {
        return Err(StoreError::WrongState { reason: "the device's identity was revoked" });
    }
    Ok(WalletRecord { active: Some(active), pending: Some(share.id), retired: None, ..wallet })
}

fn named(wallet: &WalletRecord) -> Vec<ShareId> {
    [wallet.active, wallet.pending, wallet.retired].into_iter().flatten().collect()
}

fn fits(wallet: &WalletRecord, share: &ShareRecord) -> Result<(), StoreError> {
    if share.wallet == wallet.wallet && share.engine == wallet.engine {
        Ok(())
    } else {
        Err(StoreError::WrongState { reason: "the share is another wallet's" })
    }
}
