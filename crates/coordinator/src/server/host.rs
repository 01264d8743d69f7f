//! The server's side of a session: who may do what, which share, and the durable writes.
//!
//! What follows from the facts that are looked up here is the session machine's business.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use maany_coordinator_proto::{
    BackupShare, Hello, IdentityPublicKey, Intent, KeyId, ProvenClaim, SessionId, ShareId,
    proof::{Challenge, Claim, Proof},
    session::{self, AbortClass, Admission, MadeBackup, ProvenAdmission, Refusal, StoreFault, Write},
};
use maany_coordinator_storage::{
    Row,
    record::{SignRequestRecord, WalletRecord},
    vault::OpenStepUp,
};
use maany_coordinator_transport::Message;
use maany_mpc_core::{DkgContext, Flight, RefreshContext, Role, SignContext};
use tracing::warn;

use super::{
    Parts,
    leases::Lease,
    proven::{self, Opened},
    session::Channel,
};
use crate::{
    abort_rates::TokenMark,
    auth::Principal,
    convert,
    driver::{Ceremony, Host, Prepare, Product, Stored},
    server::{admit, commit},
    telemetry::SessionTrace,
};

/// One session's host on the server.
pub(crate) struct ServerHost {
    pub(super) parts: Arc<Parts>,
    pub(super) channel: Channel,
    pub(super) admitted: Option<Admitted>,
    pub(super) trace: Option<SessionTrace>,
    /// The channel, in protocol 2.
    opened: Option<Opened>,
}

/// What is known once the hello is let in.
pub(super) struct Admitted {
    /// Whose session it is.
    pub(super) principal: Principal,
    /// The token that it came with, for what comes to nothing.
    pub(super) token: TokenMark,
    /// What it wants.
    pub(super) intent: Intent,
    /// The device's name for the session.
    pub(super) session_id: SessionId,
    /// The key id that the device named or proposed.
    pub(super) key_id: Option<KeyId>,
    /// The wallet's row; none in a DKG that has not stored one.
    pub(super) wallet: Option<Row<WalletRecord>>,
    /// The sign request.
    pub(super) request: Option<Box<Row<SignRequestRecord>>>,
    /// Keeps other sessions of the wallet out until this one ends.
    pub(super) lease: Option<Lease>,
    /// The identity that the device has proven, in protocol 2.
    pub(super) identity: Option<IdentityPublicKey>,
    /// The step-up code that let it in, in protocol 2: the session's first write uses it up.
    pub(super) step_up: Option<OpenStepUp>,
}

impl Admitted {
    /// The identity's bytes, as the store has them.
    pub(super) fn identity(&self) -> Option<[u8; 33]> {
        self.identity.map(|identity| *identity.as_bytes())
    }
}

impl ServerHost {
    /// A host for a socket that has just opened.
    pub(crate) fn new(parts: Arc<Parts>, channel: Channel) -> Self {
        Self { parts, channel, admitted: None, trace: None, opened: None }
    }

    /// A host for a session whose channel is open.
    pub(super) fn proven(parts: Arc<Parts>, opened: Opened) -> Self {
        // Nobody reads along in the channel of protocol 2.
        let channel = Channel::Trusted;
        Self { parts, channel, admitted: None, trace: None, opened: Some(opened) }
    }

    /// What the hello asked for.
    pub(super) fn intent(&self) -> Intent {
        self.admitted.as_ref().map_or(Intent::Dkg, |admitted| admitted.intent)
    }

    /// Remembers that the session came to nothing: against its wallet and its principal where it was let in to a wallet, and otherwise
    /// against the token, which was all that it took. A session of nobody has nobody to remember it against.
    pub(super) fn aborted(&self) {
        let aborts = &self.parts.aborts;
        match (&self.admitted, &self.opened) {
            (Some(Admitted { intent: Intent::Dkg, token, .. }), _) | (None, Some(Opened { token, .. })) => {
                aborts.charge_token(*token);
            }
            (Some(admitted), _) => {
                aborts.charge(&admitted.principal, self.wallet().map(|row| row.wallet.to_bytes()));
            }
            (None, None) => {}
        }
    }

    fn wallet(&self) -> Option<&Row<WalletRecord>> {
        self.admitted.as_ref()?.wallet.as_ref()
    }
}

#[async_trait]
impl Host for ServerHost {
    async fn admit(&mut self, hello: Hello) -> Result<Admission, Refusal> {
        self.trace = Some(SessionTrace::open(&self.parts.telemetry, hello.session_id(), hello.intent()));
        let (admitted, admission) = admit::admit(&self.parts, self.channel, hello).await?;
        if let (Some(trace), Some(wallet)) = (&self.trace, &admitted.wallet) {
            trace.wallet(&convert::wallet_from_storage(wallet.wallet));
        }
        self.admitted = Some(admitted);
        Ok(admission)
    }

    async fn admit_proven(&mut self, hello: Hello, claim: ProvenClaim) -> Result<ProvenAdmission, Refusal> {
        let opened = self.opened.as_ref().ok_or(Refusal::Internal)?;
        self.trace = Some(SessionTrace::open(&self.parts.telemetry, hello.session_id(), hello.intent()));
        let (admitted, admission) = proven::admit(&self.parts, opened, hello, claim).await?;
        opened.admittance.admitted();
        if let (Some(trace), Some(wallet)) = (&self.trace, &admitted.wallet) {
            trace.wallet(&convert::wallet_from_storage(wallet.wallet));
        }
        self.admitted = Some(admitted);
        Ok(admission)
    }

    fn prove(&mut self, _challenge: &Challenge, _claim: &Claim) -> Option<Proof> {
        // The machine of the device alone proves.
        None
    }

    async fn prepare(&mut self, ceremony: session::Ceremony) -> Result<Prepare, AbortClass> {
        let admitted = self.admitted.as_ref().ok_or(AbortClass::A)?;
        let engine = Arc::clone(&self.parts.engine);
        let challenge = self.opened.as_ref().map(|opened| opened.challenge);
        let session = match &challenge {
            Some(challenge) => challenge.session.to_vec(),
            None => admitted.session_id.as_str().as_bytes().to_vec(),
        };
        let share = match ceremony {
            session::Ceremony::Dkg => {
                let key_id =
                    admitted.key_id.as_ref().map_or_else(Vec::new, |id| id.as_str().as_bytes().to_vec());
                let context = DkgContext { role: Role::Server, session, key_id };
                return Ok(Box::new(move || engine.dkg(context).map(Ceremony::Share)));
            }
            session::Ceremony::Sign(share)
            | session::Ceremony::Refresh(share)
            | session::Ceremony::Restore(share) => share,
        };
        let wallet = self.wallet().ok_or(AbortClass::A)?;
        let stored =
            self.parts.vault.share(wallet, convert::share_to_storage(share)).await.map_err(|error| {
                warn!(%error, "the wallet's share cannot be opened");
                AbortClass::A
            })?;
        let wallet_id = wallet.wallet.to_bytes().to_vec();
        if let session::Ceremony::Sign(_) = ceremony {
            let request = admitted.request.as_ref().ok_or(AbortClass::A)?;
            let context = SignContext {
                role: Role::Server,
                flight: if challenge.is_some() { Flight::DeviceFirst } else { Flight::ServerFirst },
                session,
                wallet: wallet_id,
                request_id: request.request.to_bytes().to_vec(),
                chain_id: request.chain_id.as_bytes().to_vec(),
                path: request.path.parse().map_err(|_| AbortClass::A)?,
                digest: request.digest,
                sign_bytes: request.sign_doc.clone(),
                server_nonce: challenge.map(|challenge| challenge.nonce),
            };
            return Ok(Box::new(move || {
                let share = Arc::new(engine.import_share(stored.bytes.dangerous_expose())?);
                engine.sign(share, context).map(Ceremony::Signature)
            }));
        }
        let context = RefreshContext { role: Role::Server, session, wallet: wallet_id };
        Ok(Box::new(move || {
            let share = Arc::new(engine.import_share(stored.bytes.dangerous_expose())?);
            engine.refresh(share, context).map(Ceremony::Share)
        }))
    }

    async fn store(&mut self, write: Write, product: &mut Option<Product>) -> Result<Stored, StoreFault> {
        let admitted = self.admitted.as_mut().ok_or(StoreFault::Unavailable)?;
        let written = commit::store(&self.parts, admitted, write, product).await;
        written.map_err(|error| {
            warn!(%error, "a write of the session failed");
            error.fault()
        })
    }

    async fn make_backup(&mut self, _share: ShareId) -> Option<BackupShare> {
        // The machine of the device alone asks for one.
        None
    }

    async fn make_document(&mut self, _share: ShareId) -> Option<MadeBackup> {
        // The machine of the device alone asks for one.
        None
    }

    fn over(&mut self) {
        // The peer may begin its next session as soon as it has this one's result, before the closing handshake is done.
        if let Some(admitted) = &mut self.admitted {
            admitted.lease = None;
        }
    }

    fn stepped(&mut self, took: Duration) {
        if let Some(trace) = &mut self.trace {
            trace.round(took);
        }
    }

    fn sent(&mut self, message: &Message) {
        if let Some(trace) = &mut self.trace {
            trace.sent(message.len());
        }
    }

    fn received(&mut self, message: &Message) {
        if let Some(trace) = &mut self.trace {
            trace.received(message.len());
        }
    }
}
