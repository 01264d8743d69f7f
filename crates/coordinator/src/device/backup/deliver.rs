//! Fragments go to their holders: what is missing is tried again, and the coordinator hears how many there are.

use std::{io, path::PathBuf, sync::Arc};

use futures::future::join_all;
use maany_coordinator_proto::{
    KeyId, Token,
    proof::{Deposit, Proof},
};
use maany_coordinator_storage::{Row, record::WalletRecord};
use maany_mpc_core::backup::Threshold;
use zeroize::Zeroizing;

use super::{
    documents, folder,
    ledger::Ledger,
    plan::{BackupPlan, Holder, HolderKind},
};
use crate::{
    device::{DeviceError, Parts, line},
    http::{
        client::{ClientError, HttpClient},
        wire,
    },
    retry::{Backoff, Jitter},
};

/// Why a holder does not have its fragment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The server or fragment host cannot be reached, or refused.
    #[error(transparent)]
    Http(#[from] ClientError),
    /// The file cannot be written.
    #[error("{} cannot be written", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Other backups of the wallet have taken every name in the folder.
    #[error("{} exists already and is another fragment, like all before it", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

impl DeliveryError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => error.is_retryable(),
            Self::File { .. } | Self::Exists { .. } => false,
        }
    }
}

/// A holder that does not have its fragment.
#[derive(Debug)]
pub struct Owed {
    /// Which fragment, from 1.
    pub index: u8,
    /// Whose it is.
    pub holder: HolderKind,
    /// What the last attempt failed with; none where there was no attempt.
    pub error: Option<DeliveryError>,
}

/// How far a wallet's backup has come.
#[derive(Debug)]
pub struct BackupStatus {
    /// The epoch of the shares that were backed up.
    pub epoch: u64,
    /// How many fragments restore, of how many.
    pub threshold: Threshold,
    /// How many holders have theirs.
    pub acknowledged: u8,
    /// Whether it is of the wallet's present shares. One of earlier shares restores nothing.
    pub is_current: bool,
    /// Whether it restores the wallet as it is now: of its present shares, at least the threshold acknowledged, and the
    /// coordinator has recorded that.
    pub is_complete: bool,
    /// Every holder, in the order of the fragments.
    pub holders: Vec<HolderKind>,
    /// The files that were written, for their holders to take away.
    pub files: Vec<PathBuf>,
    /// The holders that lack theirs.
    pub owed: Vec<Owed>,
}

impl BackupStatus {
    /// Whether the coordinator was reached and did not take its part.
    pub(super) fn is_refused(&self) -> bool {
        self.owed.iter().any(|owed| {
            matches!(owed.holder, HolderKind::Coordinator)
                && matches!(owed.error, Some(DeliveryError::Http(ClientError::Refused { .. })))
        })
    }

    pub(super) fn of(ledger: &Ledger, row: &WalletRecord, errors: Vec<(u8, DeliveryError)>) -> Self {
        let threshold = ledger.plan().threshold();
        let is_current = ledger.is_of(row);
        let mut owed: Vec<Owed> = ledger
            .owed()
            .map(|(index, holder, _)| Owed { index, holder: holder.kind(), error: None })
            .collect();
        for (index, error) in errors {
            // A coordinator that has its document and could not be told of the others is owed that.
            match owed.iter_mut().find(|owed| owed.index == index) {
                Some(owed) => owed.error = Some(error),
                None => owed.push(Owed { index, holder: HolderKind::Coordinator, error: Some(error) }),
            }
        }
        Self {
            epoch: ledger.epoch(),
            threshold,
            acknowledged: ledger.acknowledged(),
            is_current,
            is_complete: is_current && ledger.is_settled(),
            holders: ledger.plan().holders().iter().map(Holder::kind).collect(),
            files: ledger
                .folders()
                .map(|(index, folder, nth)| {
                    let wallet = row.wallet.to_string();
                    folder.join(folder::name(&wallet, ledger.epoch(), index, threshold.n(), nth))
                })
                .collect(),
            owed,
        }
    }
}

/// Makes the documents of a backup of the active share by this plan, and remembers both: nothing is handed out before.
pub(super) async fn begin(
    parts: &Arc<Parts>,
    row: &Row<WalletRecord>,
    plan: BackupPlan,
) -> Result<Ledger, DeviceError> {
    let share = row.active.ok_or(DeviceError::NotInUse("without a share"))?;
    let documents = documents(parts, row, plan.threshold()).await?;
    let ledger = Ledger::new(share, plan, &documents);
    ledger.save(&parts.vault, row, "backup-made").await?;
    Ok(ledger)
}

/// A backup on its way: all other holders have been tried, and the coordinator is to get its part.
///
/// Nothing of this is remembered before [`Outgoing::finish`]: what is lost on the way is handed out once more, the same
/// documents to the same holders.
pub(in crate::device) struct Outgoing {
    ledger: Ledger,
    /// Where it stood when it was remembered last.
    remembered: (u8, bool),
    errors: Vec<(u8, DeliveryError)>,
}

impl Outgoing {
    /// The backup of the wallet's present share by the plan that is remembered, made where there is none. `None` where no
    /// plan is remembered.
    pub(in crate::device) async fn by_plan(
        parts: &Arc<Parts>,
        row: &Row<WalletRecord>,
        backoff: Backoff,
    ) -> Result<Option<Self>, DeviceError> {
        let ledger = match Ledger::load(&parts.vault, row).await? {
            Some(ledger) if ledger.is_of(row) => ledger,
            Some(earlier) => begin(parts, row, earlier.into_plan()).await?,
            None => return Ok(None),
        };
        Ok(Some(Self::of(parts, row, ledger, backoff).await))
    }

    /// Tries every holder but the coordinator and people.
    pub(super) async fn of(parts: &Parts, row: &WalletRecord, mut ledger: Ledger, backoff: Backoff) -> Self {
        let remembered = ledger.standing();
        let errors = deliver(row, &mut ledger, backoff, &parts.jitter).await;
        Self { ledger, remembered, errors }
    }

    /// The same after the coordinator has lost its part: it gets it once more. One that an earlier release made and no longer has
    /// is made anew, for every holder.
    async fn lost(
        mut self,
        parts: &Arc<Parts>,
        row: &Row<WalletRecord>,
        backoff: Backoff,
    ) -> Result<Self, DeviceError> {
        tracing::warn!(epoch = self.ledger.epoch(), "the server has lost its part of the backup");
        if self.ledger.coordinator_lost() {
            return Ok(self);
        }
        Ok(Self::of(parts, row, begin(parts, row, self.ledger.into_plan()).await?, backoff).await)
    }

    /// What the coordinator is to get: its document, and how many holders have theirs once it has. `None` where it has all
    /// that there is for it.
    pub(in crate::device) fn for_coordinator(&self) -> Option<(&[u8], u8)> {
        if self.ledger.coordinator_is_done() {
            return None;
        }
        let has_its_own = !self.ledger.owed().any(|(index, _, _)| index == 1);
        Some((self.ledger.coordinators()?, self.ledger.acknowledged() + u8::from(!has_its_own)))
    }

    /// Takes note of what the coordinator answered, `Ok(true)` for a complete receipt, and remembers where the backup
    /// stands.
    pub(in crate::device) async fn finish(
        mut self,
        parts: &Parts,
        row: &WalletRecord,
        coordinator: Option<Result<bool, DeliveryError>>,
    ) -> Result<BackupStatus, DeviceError> {
        match coordinator {
            Some(Ok(receipt)) => self.ledger.coordinator_has(receipt),
            Some(Err(error)) => self.errors.push((1, error)),
            None => {}
        }
        if self.ledger.standing() != self.remembered {
            self.ledger.save(&parts.vault, row, "backup-delivered").await?;
        }
        Ok(BackupStatus::of(&self.ledger, row, self.errors))
    }
}

/// Brings the backup of the wallet's present share as far as it goes, by the plan that is remembered. `None` where none
/// is.
pub(in crate::device) async fn follow_plan(
    parts: &Arc<Parts>,
    row: &Row<WalletRecord>,
    backoff: Backoff,
) -> Result<Option<BackupStatus>, DeviceError> {
    match Outgoing::by_plan(parts, row, backoff).await? {
        Some(outgoing) => complete(parts, row, outgoing, backoff).await.map(Some),
        None => Ok(None),
    }
}

/// The same where it is not what the caller was asked for: a failure is in the log and in the wallet's status.
pub(in crate::device) async fn try_to_complete(
    parts: &Arc<Parts>,
    row: &Row<WalletRecord>,
    backoff: Backoff,
) {
    match follow_plan(parts, row, backoff).await {
        Ok(Some(status)) if !status.is_complete => {
            tracing::warn!(
                acknowledged = status.acknowledged,
                epoch = status.epoch,
                "the backup is not complete: some holders do not have their fragment"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the backup cannot be brought up to date"),
    }
}

/// Gives the coordinator its part over HTTP, and remembers where the backup stands.
pub(super) async fn complete(
    parts: &Arc<Parts>,
    row: &Row<WalletRecord>,
    mut outgoing: Outgoing,
    backoff: Backoff,
) -> Result<BackupStatus, DeviceError> {
    if outgoing.ledger.is_settled() && has_lost(parts, row, outgoing.ledger.epoch()).await? {
        outgoing = outgoing.lost(parts, row, backoff).await?;
    }
    let told = match outgoing.for_coordinator() {
        Some((document, count)) => {
            let deposit = Proven::of(parts, row, document, count).await?;
            let put = || async { Ok(deposit.send().await?.receipt) };
            Some(patiently(backoff, &parts.jitter, put).await)
        }
        None => None,
    };
    outgoing.finish(parts, row, told).await
}

/// The coordinator's part on its way over HTTP, with the proof of the device that the wallet belongs to.
pub(super) struct Proven<'a> {
    parts: &'a Parts,
    name: KeyId,
    document: &'a [u8],
    acknowledged: u8,
    proof: Option<Proof>,
}

impl<'a> Proven<'a> {
    pub(super) async fn of(
        parts: &'a Parts,
        row: &Row<WalletRecord>,
        document: &'a [u8],
        acknowledged: u8,
    ) -> Result<Self, DeviceError> {
        let name = KeyId::new(&row.wallet.to_string())?;
        let deposit = Deposit { wallet: row.wallet.to_bytes(), acknowledged, document };
        let identity = line::identity(parts, row).await?;
        let proof = identity.map(|identity| identity.prove_deposit(&deposit));
        Ok(Self { parts, name, document, acknowledged, proof })
    }

    pub(super) async fn send(&self) -> Result<wire::StoredFragment, ClientError> {
        let proof = self.proof.as_ref();
        self.parts.http.put_fragment(&self.name, self.document, self.acknowledged, proof).await
    }
}

/// Whether the coordinator knows no more of the complete backup of this epoch that it acknowledged: its disk lost the write, or
/// an archive was put back. One that cannot be asked is believed to know.
async fn has_lost(parts: &Parts, row: &WalletRecord, epoch: u64) -> Result<bool, DeviceError> {
    Ok(there(parts, row).await?.is_some_and(|there| there.backup_epoch != Some(epoch)))
}

/// Whether the server says that it has a complete backup of the wallet's present share.
pub(super) async fn is_complete(parts: &Parts, row: &WalletRecord) -> Result<bool, DeviceError> {
    let epoch = row.active.map(|share| share.epoch());
    Ok(there(parts, row).await?.is_some_and(|there| epoch.is_some() && there.backup_epoch == epoch))
}

/// The wallet as the server shows it; none where it cannot be asked.
async fn there(parts: &Parts, row: &WalletRecord) -> Result<Option<wire::Wallet>, DeviceError> {
    let name = KeyId::new(&row.wallet.to_string())?;
    Ok(parts.http.wallet(&name).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "the server cannot be asked for its part of the backup");
        None
    }))
}

/// Gives the holders other than the coordinator and people what they lack, all at once, and says who was not reached.
async fn deliver(
    row: &WalletRecord,
    ledger: &mut Ledger,
    backoff: Backoff,
    jitter: &Jitter,
) -> Vec<(u8, DeliveryError)> {
    let of = ledger.plan().threshold().n();
    let epoch = ledger.epoch();
    let attempts = ledger.owed().filter_map(|(index, holder, document)| {
        let delivery = match holder {
            Holder::Coordinator | Holder::ByHand => return None,
            Holder::Folder(folder) => {
                let wallet = row.wallet.to_string();
                Delivery::Folder { folder, name: Name { wallet, epoch, index, of } }
            }
            Holder::FragmentHost { url, key } => Delivery::Host { url, key, id: row.wallet.to_string() },
        };
        Some(async move {
            let done = patiently(backoff, jitter, || delivery.attempt(document)).await;
            (index, done)
        })
    });
    let mut errors = Vec::new();
    for (index, done) in join_all(attempts.collect::<Vec<_>>()).await {
        match done {
            Ok(nth) => ledger.acknowledge_as(index, nth),
            Err(error) => errors.push((index, error)),
        }
    }
    errors
}

/// How one fragment travels.
enum Delivery<'a> {
    Folder { folder: &'a PathBuf, name: Name },
    Host { url: &'a str, key: &'a Token, id: String },
}

/// What a fragment's file is called after.
#[derive(Clone)]
struct Name {
    wallet: String,
    epoch: u64,
    index: u8,
    of: u8,
}

impl Name {
    fn nth(&self, nth: u8) -> String {
        folder::name(&self.wallet, self.epoch, self.index, self.of, nth)
    }
}

impl Delivery<'_> {
    /// Says the how manieth of its kind it is where it went, from 1.
    async fn attempt(&self, document: &[u8]) -> Result<u8, DeliveryError> {
        match self {
            Self::Folder { folder, name } => {
                let (folder, name) = ((*folder).clone(), name.clone());
                let path = folder.join(name.nth(1));
                let document = Zeroizing::new(document.to_vec());
                let keep = move || folder::keep(&folder, |nth| name.nth(nth), &document);
                let written = tokio::task::spawn_blocking(keep);
                match written.await {
                    Ok(kept) => kept,
                    Err(error) => Err(DeliveryError::File { path, source: error.into() }),
                }
            }
            Self::Host { url, key, id } => {
                // A token has no other way to a second owner than its text.
                let key = Token::new(key.dangerous_expose()).map_err(|_| ClientError::Url)?;
                let id = KeyId::new(id).map_err(|_| ClientError::Name)?;
                HttpClient::new(url, Arc::new(key))?.hold_fragment(&id, document).await?;
                Ok(1)
            }
        }
    }
}

/// Tries again after the delays of `backoff` what may succeed later.
async fn patiently<T, F>(
    backoff: Backoff,
    jitter: &Jitter,
    mut attempt: impl FnMut() -> F,
) -> Result<T, DeliveryError>
where
    F: Future<Output = Result<T, DeliveryError>>,
{
    let mut delays = backoff.delays(|| jitter.roll());
    loop {
        match attempt().await {
            Err(error) if error.is_retryable() => match delays.next() {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(error),
            },
            done => return done,
        }
    }
}
