//! A wallet comes back from its backup: fragments, step-up, and a mandatory complete refresh.

use std::{sync::Arc, time::Instant};

use maany_coordinator_proto::{
    Hello, Intent, KeyId, StepUp, WalletId,
    session::{DevicePlan, LeaveBackup},
};
use maany_coordinator_storage::{Row, record::WalletRecord};
use maany_mpc_core::backup::{self, FragmentDocument};

use super::{
    Device, DeviceError, Done, Report, WalletInfo,
    host::{DeviceHost, Task},
    line::Profile,
    owner,
    run::{self, Patience},
};
use crate::{convert, retry::Stage};

impl Device {
    /// Rebuilds the device's share from at least the threshold of fragment documents and runs a complete refresh, after which
    /// the share of a lost device signs no more. `step_up` is the operator's single-use code.
    ///
    /// # Errors
    /// [`DeviceError::Backup`] where the fragments do not fit together; a backup of an earlier epoch is refused with both
    /// epochs named; and whatever a session can fail with. A step-up code is good for one session: after a failure that came
    /// later than the handshake a new one is needed.
    pub async fn restore(
        &self,
        documents: Vec<FragmentDocument>,
        step_up: &str,
    ) -> Result<Done<WalletInfo>, DeviceError> {
        let started = Instant::now();
        let mut report = Report::default();
        let mut patience = Patience::of(&self.parts);
        // The drill first: what does not fit together is found before anything is asked of the server.
        let drill = backup::verify(&documents)?;
        let documents = Arc::new(documents);
        let context = documents.first().ok_or(DeviceError::UnknownWallet)?.context();
        let wallet: [u8; 16] =
            context.wallet.as_slice().try_into().map_err(|_| DeviceError::UnknownWallet)?;
        let wallet = WalletId::from_bytes(wallet);
        let key_id = match std::str::from_utf8(&context.key_id) {
            Ok("") | Err(_) => KeyId::new(&wallet.to_string())?,
            Ok(key_id) => KeyId::new(key_id)?,
        };
        let rebuilt = convert::share_from_engine(drill.share_id)?;
        loop {
            let row = self.held(wallet).await?;
            let session_id = run::session_id()?;
            let named = session_id.clone();
            let hello = || {
                let step_up = StepUp::new(step_up).map_err(|_| DeviceError::StepUp)?;
                let token = run::token(&self.parts)?;
                let hello = Hello::restore(named.clone(), key_id.clone(), step_up);
                Ok::<_, DeviceError>(hello.with_token(token))
            };
            let profile = Profile::restoring(&self.parts, row.as_ref()).await?;
            let holds = match &row {
                Some(row) => run::holds(row)?,
                None => run::holds_nothing(wallet),
            };
            let plan =
                DevicePlan::Restore { hello: Box::new(hello()?), holds, rebuilt, backup: LeaveBackup::No };
            let host = DeviceHost {
                parts: Arc::clone(&self.parts),
                session_id,
                key_id: Some(key_id.clone()),
                wallet: row,
                task: Task::Restore { documents: Arc::clone(&documents) },
                stage: Stage::Handshake,
                documents: Vec::new(),
                profile,
                opened: None,
            };
            match run::once(&self.parts, host, plan, hello()?, &mut report).await {
                Ok(finished) => {
                    let row = finished.wallet.ok_or(DeviceError::NoResult)?;
                    report.elapsed = started.elapsed();
                    return Ok(Done { value: WalletInfo::of(&row)?, report });
                }
                // The code was used up by the first session that got past the handshake.
                Err(attempt) if attempt.stage > Stage::Handshake => return Err(attempt.error),
                Err(attempt) => {
                    patience.after(&self.parts, attempt, Intent::Restore, &mut report).await?;
                }
            }
        }
    }

    async fn held(&self, wallet: WalletId) -> Result<Option<Row<WalletRecord>>, DeviceError> {
        Ok(self.parts.vault.wallet(&owner(), convert::wallet_to_storage(wallet)).await?)
    }
}
