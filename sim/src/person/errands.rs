//! What a person does with a wallet, one call of a device after the other, and what they hold against what they were told.

use maany_coordinator::device::{BackupPlan, Holder};
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::proto::{KeyId, RequestId, WalletId};
use maany_coordinator::{Device, DeviceError, SignOrder, WalletInfo};
use zeroize::Zeroizing;

use super::{Backup, Person};
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

    /// A document of this sequence.
    pub(super) fn order(
        &self,
        wallet: &WalletInfo,
        sequence: u64,
        amount: u64,
    ) -> Result<SignOrder, Failure> {
        let order = order::send(&wallet.public_key, sequence, amount)?;
        self.state().memory.write(&order, sequence);
        Ok(order)
    }

    pub(super) async fn sign(&self) -> Result<(), Failure> {
        let (wallet, device) = (self.wallet()?, self.device().await?);
        let pending = self.state().pending.clone();
        let (order, request) = match pending {
            Some(pending) => pending,
            None => {
                let order = self.order(&wallet, self.sequence(), 1)?;
                self.state().pending = Some((order.clone(), None));
                (order, None)
            }
        };
        let request = match request {
            Some(request) if self.is_known(request).await? => request,
            _ => {
                let view = device.request(&wallet.wallet, &order).await?;
                let request = RequestId::from_hex(&view.id)?;
                let mut state = self.state();
                state.memory.hear(request);
                state.pending = Some((order.clone(), Some(request)));
                request
            }
        };
        let signed = device.sign_request(&wallet.wallet, request, &order).await?;
        let mut state = self.state();
        state.memory.give(order.clone(), signed.value);
        state.pending = None;
        state.last = Some((order, request));
        Ok(())
    }

    /// Whether the server knows the request. One whose disk has lost it was told of it, and is asked for another.
    async fn is_known(&self, request: RequestId) -> Result<bool, Failure> {
        let row = self.0.site.request(&Self::owner(self.0.index), request.as_bytes()).await?;
        Ok(row.is_some())
    }

    pub(super) async fn ask_again(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        let Some((order, request)) = self.state().last.clone() else { return Ok(()) };
        if !self.is_known(request).await? {
            self.state().last = None;
            return Ok(());
        }
        let signed = self.device().await?.sign_request(&wallet.wallet, request, &order).await?;
        self.state().memory.give(order, signed.value);
        Ok(())
    }

    /// Two of three: the coordinator, and two on paper.
    pub(super) async fn back_up(&self) -> Result<(), Failure> {
        let (wallet, device) = (self.wallet()?, self.device().await?);
        let plan = BackupPlan::new(2, vec![Holder::Coordinator, Holder::ByHand, Holder::ByHand])?;
        device.back_up(&wallet.wallet, plan).await?;
        self.collect(&device, &wallet.wallet).await?;
        let status = device.complete_backup(&wallet.wallet).await?;
        // A server that was told which shares are in use may have made others with that, whose fragments are to be written down.
        if status.is_complete { Ok(()) } else { Err("the backup is not complete".into()) }
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
                        let (epoch, share) = (id.epoch, id.to_bytes().to_vec());
                        state.paper.push(Backup { epoch, share, set, fragments: Vec::new() });
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

    /// The documents of the newest whole backup of a share that the server holds. In calm there has to be one: whoever has backed
    /// up comes back.
    async fn documents(&self, wallet: &WalletId) -> Result<Vec<FragmentDocument>, Failure> {
        let row = self.0.site.row(&Self::owner(self.0.index), wallet).await?;
        let row = row.ok_or("the server has no such wallet")?;
        let held: Vec<Vec<u8>> = [row.active, row.pending, row.retired]
            .into_iter()
            .flatten()
            .map(|share| share.to_bytes().to_vec())
            .collect();
        let state = self.state();
        let mut whole = state.paper.iter().rev().filter(|backup| backup.fragments.len() >= 2);
        let backup = whole.find(|backup| held.contains(&backup.share));
        let Some(backup) = backup else {
            let is_calm = state.is_calm;
            drop(state);
            if is_calm {
                self.broken("no backup on paper is of a share that the server holds");
            }
            return Err("no backup restores the wallet".into());
        };
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
        {
            let mut state = self.state();
            if !state.is_restoring {
                state.is_restoring = true;
                state.phones.push(Disk::default());
            }
        }
        let documents = self.documents(&wallet.wallet).await?;
        let code = self.0.site.step_up(&wallet.wallet).await?;
        let device = self.device_over(&self.disk()).await?;
        device.restore(documents, &code).await?;
        self.state().is_restoring = false;
        Ok(())
    }
}
