//! What a person does with a wallet, one call of a device after the other, and what they hold against what they were told.

use maany_coordinator::device::{BackupPlan, Holder};
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::proto::{KeyId, RequestId, WalletId};
use maany_coordinator::{Device, DeviceError, WalletInfo};
use zeroize::Zeroizing;

use super::{Backup, Person, Way, device_row};
use crate::Failure;
use crate::disk::Disk;
use crate::order;

impl Person {
    /// The wallet is made, or found where it was made already.
    pub(super) async fn create(&self) -> Result<(), Failure> {
        let names = self.state().names;
        let name = KeyId::new(&format!("main-{}-{names}", self.0.index))?;
        let device = self.device().await?;
        let wallet = match device.create_wallet(Some(name.clone())).await {
            Ok(done) => done.value,
            Err(DeviceError::KeyIdTaken) => match device.wallet(name.as_str()).await {
                Ok(wallet) => wallet,
                // A disk that lost the share before anybody was told of the wallet loses a name, not a wallet.
                Err(error) => {
                    self.state().names += 1;
                    return Err(error.into());
                }
            },
            Err(error) => return Err(error.into()),
        };
        let mut state = self.state();
        state.wallet = Some(wallet);
        state.tries = 0;
        Ok(())
    }

    pub(super) fn sequence(&self) -> u64 {
        let mut state = self.state();
        state.sequence += 1;
        state.sequence
    }

    pub(super) async fn sign(&self) -> Result<(), Failure> {
        let (wallet, device) = (self.wallet()?, self.device().await?);
        let pending = self.state().pending.clone();
        let (order, request) = match pending {
            Some(pending) => pending,
            None => {
                let order = order::send_one(&wallet.public_key, self.sequence())?;
                self.state().pending = Some((order.clone(), None));
                (order, None)
            }
        };
        let request = match request {
            Some(request) => request,
            None => {
                let view = device.request(&wallet.wallet, &order).await?;
                let request = RequestId::from_hex(&view.id)?;
                self.state().pending = Some((order.clone(), Some(request)));
                request
            }
        };
        match device.sign_request(&wallet.wallet, request, &order).await {
            Ok(signed) => {
                let mut state = self.state();
                state.signatures.push(signed.value);
                state.pending = None;
                state.last = Some((order, request));
                Ok(())
            }
            Err(error) => {
                let mut state = self.state();
                // A disk that lost the request makes the server forget it: it is asked for anew.
                if state.tries % 3 == 2 {
                    state.pending = Some((order, None));
                }
                Err(error.into())
            }
        }
    }

    pub(super) async fn ask_again(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        let Some((order, request)) = self.state().last.clone() else { return Ok(()) };
        let device = self.device().await?;
        match device.sign_request(&wallet.wallet, request, &order).await {
            Ok(signed) => {
                self.state().signatures.push(signed.value);
                Ok(())
            }
            Err(error) => {
                // As in `sign`.
                if self.state().tries % 3 == 2 {
                    self.state().last = None;
                }
                Err(error.into())
            }
        }
    }

    /// Two of three: the coordinator, and two on paper.
    pub(super) async fn back_up(&self) -> Result<(), Failure> {
        let (wallet, device) = (self.wallet()?, self.device().await?);
        let plan = BackupPlan::new(2, vec![Holder::Coordinator, Holder::ByHand, Holder::ByHand])?;
        device.back_up(&wallet.wallet, plan).await?;
        self.collect(&device, &wallet.wallet).await?;
        let status = device.complete_backup(&wallet.wallet).await?;
        if status.is_complete {
            return Ok(());
        }
        if self.has_to_do_more() {
            // A server whose disk has lost its decision is behind the phone, and takes no backup of the phone's share, until a
            // session settles it.
            self.sign().await?;
        }
        Err("the backup is not complete".into())
    }

    /// Writes what is to go by hand on paper, and says so to the device.
    pub(super) async fn collect(&self, device: &Device, wallet: &WalletId) -> Result<(), Failure> {
        for document in device.fragments_by_hand(wallet).await? {
            let id = document.context().share_id;
            let set = document.ciphertext().to_vec();
            {
                let mut state = self.state();
                let at = match state.paper.iter().position(|backup| backup.set == set) {
                    Some(at) => at,
                    None => {
                        state.paper.push(Backup { epoch: id.epoch, set, fragments: Vec::new() });
                        state.paper.len() - 1
                    }
                };
                let bytes = Zeroizing::new(document.dangerous_to_bytes().to_vec());
                let fragments = &mut state.paper[at].fragments;
                if !fragments.contains(&bytes) {
                    fragments.push(bytes);
                }
            }
            device.handed_over(wallet, document.index()).await?;
        }
        Ok(())
    }

    /// The documents of a backup, the newest that is whole first; every second try the one before.
    pub(super) fn documents(&self) -> Result<Vec<FragmentDocument>, Failure> {
        let state = self.state();
        let whole: Vec<_> = state.paper.iter().rev().filter(|backup| backup.fragments.len() >= 2).collect();
        let turn = usize::try_from(state.tries)? % whole.len().clamp(1, 3);
        let backup = whole.get(turn).ok_or("no backup on paper")?;
        self.0.trace.say(format_args!(
            "{}: from the backup of epoch {}",
            Self::owner(self.0.index),
            backup.epoch
        ));
        Ok(backup
            .fragments
            .iter()
            .map(|bytes| FragmentDocument::from_bytes(bytes))
            .collect::<Result<_, _>>()?)
    }

    pub(super) async fn restore(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        if self.state().paper.is_empty() {
            return Ok(());
        }
        {
            let mut state = self.state();
            if !state.is_restoring {
                state.is_restoring = true;
                state.phones.push(Disk::default());
            }
        }
        let documents = self.documents()?;
        let code = self.0.site.step_up(&wallet.wallet).await?;
        let device = self.device_over(&self.disk()).await?;
        device.restore(documents, &code).await?;
        self.state().is_restoring = false;
        Ok(())
    }

    /// What is asked of every wallet at the end: it signs, whoever has had it before does not, and both sides agree.
    pub(super) async fn last(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        let way = self.signs_somehow().await?;
        let device = self.device().await?;
        let signed = self.state().signatures.last().cloned();
        let signed = signed.ok_or("nothing was signed")?;
        if signed.public_key != wallet.public_key {
            self.broken("it signs with another key");
        }
        let row = device_row(&self.disk(), &wallet.wallet).await?;
        let there = self.0.site.row(&Self::owner(self.0.index), &wallet.wallet).await?;
        let there = there.ok_or("the server has no such wallet")?;
        if row.active != there.active || row.public_key != there.public_key {
            self.broken("the two sides hold shares of different generations");
        }
        drop(device);
        self.only_here(&wallet).await?;
        let mut state = self.state();
        state.way = Some(way);
        state.is_done = true;
        Ok(())
    }

    /// By being asked, else after a refresh, else after a restore: a person whose machine's disk has lied may have to do more
    /// than ask.
    pub(super) async fn signs_somehow(&self) -> Result<Way, Failure> {
        let tries = self.state().tries;
        if tries == 4 || tries == 6 {
            let (wallet, device) = (self.wallet()?, self.device().await?);
            let refreshed = device.refresh(&wallet.wallet).await;
            self.say(format_args!("refreshed to sign: {}", refreshed.is_ok()));
            self.sign().await?;
            return Ok(Way::Refreshed);
        }
        if tries > 6 && !self.state().paper.is_empty() {
            self.restore().await?;
            self.sign().await?;
            return Ok(Way::Restored);
        }
        self.sign().await?;
        Ok(Way::Asked)
    }

    /// No phone from before a restore signs.
    pub(super) async fn only_here(&self, wallet: &WalletInfo) -> Result<(), Failure> {
        let before: Vec<Disk> = {
            let state = self.state();
            state.phones.iter().rev().skip(1).cloned().collect()
        };
        for disk in before {
            let order = order::send_one(&wallet.public_key, self.sequence())?;
            let device = self.device_over(&disk).await?;
            if device.sign(&wallet.wallet, &order).await.is_ok() {
                self.broken("a phone signs that the wallet was restored from");
            }
        }
        Ok(())
    }
}
