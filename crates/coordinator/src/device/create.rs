//! A new wallet: DKG.

use std::{sync::Arc, time::Instant};

use maany_coordinator_proto::{
    CloseCode, Hello, Intent, KeyId,
    session::{DevicePlan, LeaveBackup},
};
use maany_coordinator_storage::{
    Row,
    record::{AuditRow, WalletRecord, WalletState},
};
use maany_mpc_core::backup::{FragmentDocument, Threshold};

use super::{
    Device, DeviceError, Done, Report, WalletInfo,
    host::{DeviceHost, Task},
    line::Profile,
    owner,
    run::{self, Patience},
};
use crate::{retry::Stage, time};

impl Device {
    /// Makes a new key with the server. The key id, where one is proposed, is unique for this device and for its owner on
    /// the server; it names the wallet from then on. Where this device holds the wallet of that name already, it is that wallet
    /// and no session is run: a device that died before it could tell anybody asks again.
    ///
    /// # Errors
    /// [`DeviceError::KeyIdTaken`] where the name is another device's, or its wallet is locked; and whatever a session can fail with.
    pub async fn create_wallet(&self, key_id: Option<KeyId>) -> Result<Done<WalletInfo>, DeviceError> {
        let done = self.create(key_id, None).await?;
        Ok(Done { value: done.value.0, report: done.report })
    }

    /// As [`Device::create_wallet`], and leaves the first fragment of a backup with the server in the same session. The
    /// documents are the caller's to give to their holders, the first one's copy included.
    ///
    /// # Errors
    /// As [`Device::create_wallet`]; a backup that could not be left is an empty list, not an error.
    pub async fn create_wallet_with_backup(
        &self,
        key_id: Option<KeyId>,
        threshold: Threshold,
    ) -> Result<Done<(WalletInfo, Vec<FragmentDocument>)>, DeviceError> {
        self.create(key_id, Some(threshold)).await
    }

    async fn create(
        &self,
        key_id: Option<KeyId>,
        backup: Option<Threshold>,
    ) -> Result<Done<(WalletInfo, Vec<FragmentDocument>)>, DeviceError> {
        let started = Instant::now();
        let mut report = Report::default();
        let mut patience = Patience::of(&self.parts);
        let mut left = None;
        loop {
            let settled = self.settle(key_id.as_ref(), left.take()).await?;
            let is_undecided = matches!(settled, Settled::Undecided(_));
            match settled {
                Settled::Wallet(wallet) => {
                    report.elapsed = started.elapsed();
                    return Ok(Done { value: (wallet, Vec::new()), report });
                }
                // Without a name a second hello cannot find the first one's session: it would make another wallet.
                Settled::Undecided(row) if key_id.is_none() => {
                    patience.pause(&self.parts, DeviceError::NotInUse("provisional"), &mut report).await?;
                    left = Some(*row);
                    continue;
                }
                Settled::Undecided(_) | Settled::Nothing => {}
            }
            let session_id = run::session_id()?;
            // In DKG a device that knows no other session names its own.
            let (named, proposed) = (session_id.clone(), key_id.clone());
            let hello = || {
                let token = run::token(&self.parts)?;
                let hello = Hello::dkg(named.clone(), proposed.clone());
                Ok::<_, DeviceError>(hello.with_session_id_hint(named.clone()).with_token(token))
            };
            let profile = Profile::fresh(&self.parts)?;
            let leave = if backup.is_some() { LeaveBackup::Yes } else { LeaveBackup::No };
            let plan = DevicePlan::Dkg { hello: Box::new(hello()?), backup: leave };
            let host = DeviceHost {
                parts: Arc::clone(&self.parts),
                session_id,
                key_id: key_id.clone(),
                wallet: None,
                task: Task::Renew { backup },
                stage: Stage::Handshake,
                documents: Vec::new(),
                profile,
                opened: None,
            };
            match run::once(&self.parts, host, plan, hello()?, &mut report).await {
                Ok(finished) => {
                    let row = finished.wallet.ok_or(DeviceError::NoResult)?;
                    report.elapsed = started.elapsed();
                    return Ok(Done { value: (WalletInfo::of(&row)?, finished.documents), report });
                }
                Err(mut attempt) => {
                    left = attempt.wallet.take();
                    if attempt.error.close_code() == Some(CloseCode::Busy) {
                        if !is_undecided {
                            self.taken_or_busy(key_id.as_ref()).await?;
                        }
                        patience.pause(&self.parts, attempt.error, &mut report).await?;
                        continue;
                    }
                    patience.after(&self.parts, attempt, Intent::Dkg, &mut report).await?;
                }
            }
        }
    }

    /// One close code says that the key id is taken and that an earlier session of it is not over yet; only the first
    /// has a wallet to show for it.
    async fn taken_or_busy(&self, key_id: Option<&KeyId>) -> Result<(), DeviceError> {
        let Some(key_id) = key_id else { return Ok(()) };
        match self.parts.http.wallet(key_id).await? {
            Some(there) if there.state != "provisional" => Err(DeviceError::KeyIdTaken),
            _ => Ok(()),
        }
    }

    /// Looks at what an earlier DKG left, under this key id or in the attempt before: a wallet whose commit never
    /// arrived is asked for over HTTP. If the server committed to it, it is this wallet; if the server does not know
    /// it, it never was one. Where the server has it as provisional, its session may still be about to commit: this side
    /// keeps its share until a hello under the same key id is let in, which is when the server has let go of its own.
    async fn settle(
        &self,
        key_id: Option<&KeyId>,
        left: Option<Row<WalletRecord>>,
    ) -> Result<Settled, DeviceError> {
        let vault = &self.parts.vault;
        let row = match (left, key_id) {
            (Some(row), _) => Some(row),
            (None, Some(key_id)) => vault.wallet_by_key_id(&owner(), key_id.as_str()).await?,
            (None, None) => None,
        };
        let Some(row) = row else { return Ok(Settled::Nothing) };
        match row.standing.state {
            // The commit had arrived when the connection broke, or the device died.
            WalletState::Active => return WalletInfo::of(&row).map(Settled::Wallet),
            WalletState::Provisional => {}
            _ => return Err(DeviceError::KeyIdTaken),
        }
        match self.parts.http.wallet(&KeyId::new(&row.wallet.to_string())?).await? {
            None => {
                vault.discard_provisional(&row, audit("provisional-dropped", &row)).await?;
                Ok(Settled::Nothing)
            }
            Some(there) if there.state == "provisional" => Ok(Settled::Undecided(Box::new(row))),
            Some(there) => {
                let epoch = row.active.map(|share| share.epoch());
                let same = there.public_key == hex::encode(row.public_key) && epoch == Some(there.epoch);
                // A provisional row of another epoch is what a restore left: it is settled by restoring again.
                let share = row.active.filter(|_| same).ok_or(DeviceError::KeyIdTaken)?;
                let row = vault.activate(&row, share, audit("wallet-active", &row)).await?;
                WalletInfo::of(&row).map(Settled::Wallet)
            }
        }
    }
}

/// What became of an earlier DKG.
enum Settled {
    /// There was none, or it came to nothing.
    Nothing,
    /// The server committed to it, and so has this side.
    Wallet(WalletInfo),
    /// The server has not decided yet.
    Undecided(Box<Row<WalletRecord>>),
}

fn audit(event: &str, row: &WalletRecord) -> AuditRow {
    AuditRow {
        at_ms: time::now_ms(),
        actor: "device".to_owned(),
        event: event.to_owned(),
        wallet: Some(row.wallet),
        details: String::new(),
    }
}
