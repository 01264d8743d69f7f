//! The device's side of a session: its shares and its durable writes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use maany_coordinator_proto::{
    BackupShare, Digest, Hello, KeyId, ProvenClaim, SessionId, ShareId,
    control::Document,
    proof::{Challenge, Claim, Proof},
    session::{
        self, AbortClass, Admission, MadeBackup, ProvenAdmission, Receipt, Refusal, StoreFault, Write,
    },
};
use maany_coordinator_storage::{
    Row,
    record::{ShareRecord, WalletRecord},
};
use maany_coordinator_transport::Message;
use maany_mpc_core::{
    DkgContext, Flight, RefreshContext, Role, SignContext,
    backup::{FragmentDocument, Threshold, combine},
};
use tracing::warn;

use super::{
    Parts, ProgressEvent, backup, commit,
    line::{Opened, Profile},
    order::Order,
};
use crate::{
    convert,
    driver::{Ceremony, Host, Prepare, Product, Stored},
    retry::Stage,
};

/// One session's host on the device.
pub(super) struct DeviceHost {
    pub(super) parts: Arc<Parts>,
    pub(super) session_id: SessionId,
    pub(super) key_id: Option<KeyId>,
    /// The wallet's row; none in DKG, and in a restore on a device that never had the wallet.
    pub(super) wallet: Option<Row<WalletRecord>>,
    pub(super) task: Task,
    /// How far the session has come, for the decision whether to try again.
    pub(super) stage: Stage,
    /// The documents of a backup that was made in this session, for the caller to give to their holders.
    pub(super) documents: Vec<FragmentDocument>,
    /// Who this device is to the server.
    pub(super) profile: Profile,
    /// The open channel, in protocol 2.
    pub(super) opened: Option<Opened>,
}

/// What the session is for, beside what the machine knows.
pub(super) enum Task {
    /// New shares by DKG or refresh, with a backup of the result or without.
    Renew { backup: Option<Threshold> },
    /// A signature.
    Sign { order: Order, request: [u8; 16], digest: [u8; 32] },
    /// New shares from a backup.
    Restore { documents: Arc<Vec<FragmentDocument>> },
}

#[async_trait]
impl Host for DeviceHost {
    async fn admit(&mut self, _hello: Hello) -> Result<Admission, Refusal> {
        // The machine of the server alone asks.
        Err(Refusal::Internal)
    }

    async fn admit_proven(&mut self, _hello: Hello, _claim: ProvenClaim) -> Result<ProvenAdmission, Refusal> {
        // The machine of the server alone asks.
        Err(Refusal::Internal)
    }

    fn prove(&mut self, challenge: &Challenge, claim: &Claim) -> Option<Proof> {
        match &self.profile {
            Profile::Proven(enrolled) => Some(enrolled.key.prove(challenge, claim)),
            Profile::Plain => None,
        }
    }

    async fn prepare(&mut self, ceremony: session::Ceremony) -> Result<Prepare, AbortClass> {
        self.stage = Stage::Rounds;
        let engine = Arc::clone(&self.parts.engine);
        let challenge = self.opened.as_ref().map(|opened| opened.challenge);
        let session = match &challenge {
            Some(challenge) => challenge.session.to_vec(),
            None => self.session_id.as_str().as_bytes().to_vec(),
        };
        let wallet = || self.wallet.as_ref().ok_or(AbortClass::A);
        match ceremony {
            session::Ceremony::Dkg => {
                let key_id = self.key_id.as_ref().map_or_else(Vec::new, |id| id.as_str().as_bytes().to_vec());
                let context = DkgContext { role: Role::Device, session, key_id };
                Ok(Box::new(move || engine.dkg(context).map(Ceremony::Share)))
            }
            session::Ceremony::Sign(share) => {
                let Task::Sign { order, request, digest } = &self.task else { return Err(AbortClass::A) };
                let context = SignContext {
                    role: Role::Device,
                    flight: if challenge.is_some() { Flight::DeviceFirst } else { Flight::ServerFirst },
                    session,
                    wallet: wallet()?.wallet.to_bytes().to_vec(),
                    request_id: request.to_vec(),
                    chain_id: order.chain_id.as_bytes().to_vec(),
                    path: order.path.clone(),
                    digest: *digest,
                    sign_bytes: order.sign_doc.clone(),
                    server_nonce: challenge.map(|challenge| challenge.nonce),
                };
                let stored = self.share(share).await?;
                Ok(Box::new(move || {
                    let share = Arc::new(engine.import_share(stored.bytes.dangerous_expose())?);
                    engine.sign(share, context).map(Ceremony::Signature)
                }))
            }
            session::Ceremony::Refresh(share) => {
                let wallet = wallet()?.wallet.to_bytes().to_vec();
                let context = RefreshContext { role: Role::Device, session, wallet };
                let stored = self.share(share).await?;
                Ok(Box::new(move || {
                    let share = Arc::new(engine.import_share(stored.bytes.dangerous_expose())?);
                    engine.refresh(share, context).map(Ceremony::Share)
                }))
            }
            session::Ceremony::Restore(_) => {
                let Task::Restore { documents } = &self.task else { return Err(AbortClass::A) };
                let first = documents.first().ok_or(AbortClass::A)?;
                let wallet = first.context().wallet.clone();
                let context = RefreshContext { role: Role::Device, session, wallet };
                let slim = combine(documents).map_err(|_| AbortClass::A)?;
                Ok(Box::new(move || {
                    let share = Arc::new(engine.restore_slim(slim)?);
                    engine.refresh(share, context).map(Ceremony::Share)
                }))
            }
        }
    }

    async fn store(&mut self, write: Write, product: &mut Option<Product>) -> Result<Stored, StoreFault> {
        self.stage = Stage::Committing;
        commit::store(self, write, product).await.map_err(|error| {
            warn!(%error, "a write of the session failed");
            error.fault()
        })
    }

    async fn make_backup(&mut self, _share: ShareId) -> Option<BackupShare> {
        let Task::Renew { backup: Some(threshold) } = self.task else { return None };
        let wallet = self.wallet.as_ref()?;
        let documents = backup::documents(&self.parts, wallet, threshold).await;
        let documents = documents.map_err(|error| warn!(%error, "the backup cannot be made")).ok()?;
        let frame = backup::frame(&self.session_id, wallet, documents.first()?)
            .map_err(|error| warn!(%error, "the backup cannot be framed"))
            .ok()?;
        self.documents = documents;
        Some(frame)
    }

    async fn make_document(&mut self, _share: ShareId) -> Option<MadeBackup> {
        let Task::Renew { backup: Some(threshold) } = self.task else { return None };
        let wallet = self.wallet.as_ref()?;
        let documents = backup::documents(&self.parts, wallet, threshold).await;
        let documents = documents.map_err(|error| warn!(%error, "the backup cannot be made")).ok()?;
        let document = Document::new(documents.first()?.dangerous_to_bytes())
            .map_err(|error| warn!(%error, "the backup cannot be left with the server"))
            .ok()?;
        self.documents = documents;
        // The other documents are the caller's to hand out, later.
        Some(MadeBackup { document, receipt: Receipt::Partial })
    }

    fn over(&mut self) {}

    fn stepped(&mut self, took: Duration) {
        self.parts.progress.event(ProgressEvent::Computed(took));
    }

    fn sent(&mut self, message: &Message) {
        self.parts.progress.event(ProgressEvent::Sent(message.len()));
    }

    fn received(&mut self, message: &Message) {
        self.parts.progress.event(ProgressEvent::Received(message.len()));
    }
}

impl DeviceHost {
    /// What the session is to sign.
    pub(super) fn digest(&self) -> Option<Digest> {
        match &self.task {
            Task::Sign { digest, .. } => Some(Digest::from_bytes(*digest)),
            Task::Renew { .. } | Task::Restore { .. } => None,
        }
    }

    async fn share(&mut self, share: ShareId) -> Result<ShareRecord, AbortClass> {
        let share = convert::share_to_storage(share);
        if let Profile::Proven(enrolled) = &mut self.profile
            && let Some(share) = enrolled.take_share(share)
        {
            return Ok(share);
        }
        let wallet = self.wallet.as_ref().ok_or(AbortClass::A)?;
        self.parts.vault.share(wallet, share).await.map_err(|error| {
            warn!(%error, "the wallet's share cannot be opened");
            AbortClass::A
        })
    }
}
