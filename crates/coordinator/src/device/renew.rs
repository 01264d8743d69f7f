//! New shares for a wallet: the complete refresh.

use std::{sync::Arc, time::Instant};

use maany_coordinator_proto::{
    Hello, Intent, StepUp, WalletId,
    session::{DevicePlan, LeaveBackup},
};
use maany_coordinator_storage::{Row, record::WalletRecord};

use super::{
    Device, DeviceError, Done, Report, WalletInfo, backup,
    host::{DeviceHost, Task},
    line::Profile,
    run::{self, Patience},
};
use crate::retry::{Backoff, Stage};

impl Device {
    /// Makes new shares of the wallet's key: same address, and the old shares are worthless together with the new ones.
    ///
    /// # Errors
    /// Whatever a session can fail with. After a failure the wallet signs as before, or already with its new shares.
    pub async fn refresh(&self, wallet: &WalletId) -> Result<Done<WalletInfo>, DeviceError> {
        self.renew(wallet, None).await
    }

    /// The same with the operator's single-use code, which leads a quarantined wallet out of its quarantine, on both sides.
    ///
    /// # Errors
    /// As [`Device::refresh`]. A code is good for one session: after a failure that came later than the handshake a new
    /// one is needed.
    pub async fn refresh_stepped_up(
        &self,
        wallet: &WalletId,
        step_up: &str,
    ) -> Result<Done<WalletInfo>, DeviceError> {
        self.renew(wallet, Some(step_up)).await
    }

    async fn renew(&self, wallet: &WalletId, step_up: Option<&str>) -> Result<Done<WalletInfo>, DeviceError> {
        let started = Instant::now();
        let mut report = Report::default();
        // A backup that is still owed would be in the way: without it the server keeps the share before this one.
        let row = self.row(wallet).await?;
        backup::try_to_complete(&self.parts, &row, Backoff::ONCE).await;
        let row = self.new_shares(wallet, step_up, &mut report).await?;
        // The old fragments restore nothing any more: where there is a plan, its holders get new ones.
        backup::try_to_complete(&self.parts, &row, self.parts.backoff).await;
        report.elapsed = started.elapsed();
        Ok(Done { value: WalletInfo::of(&row)?, report })
    }

    /// New shares without their backup, which is the caller's to make.
    pub(super) async fn new_shares(
        &self,
        wallet: &WalletId,
        step_up: Option<&str>,
        report: &mut Report,
    ) -> Result<Row<WalletRecord>, DeviceError> {
        let mut patience = Patience::of(&self.parts);
        loop {
            let row = self.row(wallet).await?;
            let session_id = run::session_id()?;
            let key_id = run::key_id(&row)?;
            let (named, key) = (session_id.clone(), key_id.clone());
            let hello = || {
                let hello = Hello::refresh(named.clone(), key.clone()).with_token(run::token(&self.parts)?);
                Ok::<_, DeviceError>(match step_up {
                    Some(code) => hello.with_step_up(StepUp::new(code).map_err(|_| DeviceError::StepUp)?),
                    None => hello,
                })
            };
            let profile = Profile::of(&self.parts, &row).await?;
            let plan = DevicePlan::Refresh {
                hello: Box::new(hello()?),
                holds: run::holds(&row)?,
                backup: LeaveBackup::No,
            };
            let host = DeviceHost {
                parts: Arc::clone(&self.parts),
                session_id,
                key_id: Some(key_id),
                wallet: Some(row),
                task: Task::Renew { backup: None },
                stage: Stage::Handshake,
                documents: Vec::new(),
                profile,
                opened: None,
            };
            match run::once(&self.parts, host, plan, hello()?, report).await {
                Ok(finished) => return finished.wallet.ok_or(DeviceError::NoResult),
                // The code was used up by the first session that got past the handshake.
                Err(attempt) if step_up.is_some() && attempt.stage > Stage::Handshake => {
                    return Err(attempt.error);
                }
                Err(attempt) => {
                    patience.after(&self.parts, attempt, Intent::Refresh, report).await?;
                }
            }
        }
    }
}
