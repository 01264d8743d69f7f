//! The server's side: it verifies before anybody looks a wallet up, and settles before the verb begins.

use core::time::Duration;

use super::admission::judge;
use super::{Asked, ProvenAdmission, ProvenFacts};
use crate::close::CloseCode;
use crate::control::{Control, SignatureBytes, What};
use crate::hello::Hello;
use crate::ids::{Intent, ShareId};
use crate::limits::Limits;
use crate::proof::{Challenge, Claim, Proof, ProvenClaim};
use crate::session::dkg::DkgServer;
use crate::session::ending::ServerProfile;
use crate::session::event::Event;
use crate::session::reconcile::{
    Agreement, Confirmed, DeviceClaim, FreezeCause, Identity, ServerHolds, Verdict, proves_provisional,
    reconcile,
};
use crate::session::renewal::{Base, RenewalServer, ServerVerb};
use crate::session::shell::{Flow, Intake};
use crate::session::sign::SignServer;
use crate::session::{
    Backup, Effect, Outbox, Outcome, Promotion, Refusal, SessionError, Standing, SteppedUp, Waiting,
    WalletFacts, Write, refresh, restore,
};

pub(in crate::session) enum ServerOpening {
    AwaitProof(AwaitProof),
    AwaitAdmission(AwaitAdmission),
    Settling(Settling),
    Freezing(Freezing),
}

/// The proof is to come.
pub(in crate::session) struct AwaitProof {
    rounds: u8,
    hello: Box<Hello>,
    challenge: Challenge,
}

/// The host is to say whether the proven hello may go on. Nothing is read from the peer meanwhile.
pub(in crate::session) struct AwaitAdmission {
    rounds: u8,
    intent: Intent,
    claim: ProvenClaim,
}

/// What an earlier session left is being written.
pub(in crate::session) struct Settling {
    next: Reconciler,
}

/// That the wallet is frozen is being written.
pub(in crate::session) struct Freezing {
    cause: FreezeCause,
}

/// What follows the opening.
pub(in crate::session) enum ServerBegun {
    Dkg(DkgServer),
    Sign(SignServer),
    Renewal(Box<RenewalServer>),
    /// There was nothing left to do.
    Over(Outcome),
}

impl ServerOpening {
    pub(in crate::session) fn begin(hello: Hello, challenge: Challenge, rounds: u8) -> Self {
        Self::AwaitProof(AwaitProof { rounds, hello: Box::new(hello), challenge })
    }

    pub(in crate::session) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, ServerBegun>, SessionError> {
        match (self, event) {
            (
                Self::AwaitProof(state),
                Event::Control(Control::Proof { identity, signature, active, pending, digest }),
            ) => {
                let claim = Claim { intent: state.hello.intent(), active, pending, digest };
                state.verify(Proof { identity, signature }, claim, out).map(Flow::Stay)
            }
            (Self::AwaitAdmission(state), Event::AdmittedProven(admission)) => state.admit(*admission, out),
            (Self::AwaitAdmission(_), Event::Refused(refusal)) => Err(SessionError::Refused(refusal)),
            (Self::Settling(Settling { next }), Event::Stored) => next.run(out),
            (Self::Freezing(Freezing { cause }), Event::Stored) => Err(SessionError::Frozen(cause)),
            (Self::Settling(_) | Self::Freezing(_), Event::StoreFailed(fault)) => {
                Err(SessionError::Store(fault))
            }
            (state, event) => Err(event.unexpected(state.name(), state.waiting())),
        }
    }

    pub(in crate::session) const fn waiting(&self) -> Waiting {
        match self {
            Self::AwaitProof(_) => Waiting::Peer,
            Self::AwaitAdmission(_) => Waiting::Host,
            Self::Settling(_) | Self::Freezing(_) => Waiting::Store,
        }
    }

    pub(in crate::session) fn intake(&self, limits: &Limits) -> Intake {
        match self {
            Self::AwaitProof(state) => Intake::Open(limits.message_bytes(state.hello.intent())),
            Self::AwaitAdmission(state) => Intake::Paused(limits.message_bytes(state.intent)),
            Self::Settling(state) => Intake::Paused(limits.message_bytes(state.next.intent)),
            Self::Freezing(_) => Intake::Paused(limits.ceremony_bytes),
        }
    }

    pub(in crate::session) const fn patience(&self, limits: &Limits) -> Duration {
        match self {
            Self::AwaitProof(_) => limits.hello_deadline,
            Self::AwaitAdmission(_) | Self::Settling(_) | Self::Freezing(_) => limits.step_deadline,
        }
    }

    pub(in crate::session) const fn name(&self) -> &'static str {
        match self {
            Self::AwaitProof(_) => "the proof",
            Self::AwaitAdmission(_) => "the admission",
            Self::Settling(_) => "the reconciliation to be stored",
            Self::Freezing(_) => "the freeze to be stored",
        }
    }
}

impl AwaitProof {
    fn verify(self, proof: Proof, claim: Claim, out: &mut Outbox) -> Result<ServerOpening, SessionError> {
        let claim = proof.verify(&self.challenge, claim).map_err(SessionError::NotProven)?;
        let next = AwaitAdmission { rounds: self.rounds, intent: self.hello.intent(), claim };
        out.push(Effect::AdmitProven(self.hello, Box::new(claim)));
        Ok(ServerOpening::AwaitAdmission(next))
    }
}

impl AwaitAdmission {
    fn admit(
        self,
        admission: ProvenAdmission,
        out: &mut Outbox,
    ) -> Result<Flow<ServerOpening, ServerBegun>, SessionError> {
        let Self { rounds, intent, claim } = self;
        let (facts, asked) = match (intent, admission) {
            (Intent::Dkg, ProvenAdmission::Dkg { wallet }) => {
                send_ready(None, None, SteppedUp::No, out);
                let dkg = DkgServer::begin(wallet, ServerProfile::Proven, rounds, out);
                return Ok(Flow::Done(ServerBegun::Dkg(dkg)));
            }
            (Intent::Sign, ProvenAdmission::Sign { facts, asked }) => (facts, asked),
            (Intent::Refresh, ProvenAdmission::Refresh(facts))
            | (Intent::Restore, ProvenAdmission::Restore(facts)) => (facts, Asked::Open),
            (intent, _) => return Err(SessionError::WrongAdmission(intent)),
        };
        let ProvenFacts { wallet, confirmed, identity } = facts;
        let claim = DeviceClaim { active: claim.claim.active, pending: claim.claim.pending, identity };
        Reconciler { rounds, intent, claim, asked, wallet, confirmed }.enter(out)
    }
}

/// A wallet and a claim on it, until they agree or are found not to.
pub(in crate::session) struct Reconciler {
    rounds: u8,
    intent: Intent,
    claim: DeviceClaim,
    asked: Asked,
    wallet: WalletFacts,
    confirmed: Confirmed,
}

impl Reconciler {
    /// What is to be known before anything may be written.
    fn enter(mut self, out: &mut Outbox) -> Result<Flow<ServerOpening, ServerBegun>, SessionError> {
        let unknown = || SessionError::Refused(Refusal::UnknownWallet);
        if self.claim.identity == Identity::Revoked {
            return Err(unknown());
        }
        match self.wallet.standing {
            Standing::Provisional if proves_provisional(self.wallet.active, self.claim) => {
                let id = self.wallet.active;
                out.push(Effect::Store(Write::Promote(Promotion { id, retire: None, erase: None })));
                self.wallet.standing = Standing::Active;
                self.confirmed = Confirmed::No;
                Ok(Flow::Stay(ServerOpening::Settling(Settling { next: self })))
            }
            Standing::Provisional | Standing::Retired => Err(unknown()),
            // What is signed is signed, and what is frozen is not touched but by a restore.
            Standing::Frozen => match (self.signed(), judge(self.intent, &self.wallet)) {
                (Some(signature), _) => Ok(Flow::Done(hand_out(signature, out))),
                (None, Ok(())) => self.run(out),
                (None, Err(error)) => Err(error),
            },
            Standing::Active => {
                judge(self.intent, &self.wallet)?;
                self.run(out)
            }
            Standing::Quarantined => self.run(out),
        }
    }

    /// Runs the rules, and again after each write, until they ask for nothing more.
    fn run(mut self, out: &mut Outbox) -> Result<Flow<ServerOpening, ServerBegun>, SessionError> {
        match reconcile(ServerHolds::of(&self.wallet, self.confirmed), self.claim) {
            Verdict::Revoked => Err(SessionError::Refused(Refusal::UnknownWallet)),
            Verdict::Freeze(cause) if self.wallet.standing == Standing::Frozen => {
                Err(SessionError::Frozen(cause))
            }
            Verdict::Freeze(cause) => {
                out.push(Effect::Store(Write::Freeze(cause)));
                Ok(Flow::Stay(ServerOpening::Freezing(Freezing { cause })))
            }
            Verdict::Settled { change: Some(change), holds, .. } => {
                out.push(Effect::Store(Write::Reconcile(change)));
                self.take(holds);
                Ok(Flow::Stay(ServerOpening::Settling(Settling { next: self })))
            }
            Verdict::Settled { change: None, agreement, .. } => self.begin(agreement, out).map(Flow::Done),
        }
    }

    /// What the wallet is after the write.
    fn take(&mut self, holds: ServerHolds) {
        let ServerHolds { active, pending, retired, confirmed, backup } = holds;
        self.confirmed = confirmed;
        // What a locked wallet's device began before is finished and unlocks nothing, with a code neither: that share may be as
        // old as the lock. Only the promotion that ends a ceremony of this session does.
        self.wallet = WalletFacts { active, pending, retired, backup, ..self.wallet.clone() };
    }

    /// The verb, for two sides that agree.
    fn begin(self, agreement: Agreement, out: &mut Outbox) -> Result<ServerBegun, SessionError> {
        if let Some(signature) = self.signed() {
            return Ok(hand_out(signature, out));
        }
        judge(self.intent, &self.wallet)?;
        let active = self.wallet.active;
        let base = match agreement {
            Agreement::Equal | Agreement::DeviceFollows => active,
            Agreement::FromRetired(retired) => retired,
            Agreement::Diverged => return Err(self.diverged()),
        };
        send_ready(
            Some(base),
            self.wallet.retired.filter(|_| self.owes_backup()),
            self.wallet.stepped_up,
            out,
        );
        let (wallet, rounds) = (self.wallet, self.rounds);
        let verb = match self.intent {
            Intent::Sign => {
                return Ok(ServerBegun::Sign(SignServer::begin_proven(&wallet, rounds, out)));
            }
            Intent::Restore => ServerVerb::Restore,
            Intent::Refresh | Intent::Dkg => ServerVerb::Refresh,
        };
        let renewal = match (agreement, verb) {
            // The device finishes the attempt that it had begun, which made new shares as well.
            (Agreement::DeviceFollows, _) => RenewalServer::resume(verb, wallet, out),
            (_, ServerVerb::Refresh) => {
                let base = refresh::server_base(&wallet, active)?;
                RenewalServer::begin_proven(verb, wallet, base, rounds, out)
            }
            (_, ServerVerb::Restore) => {
                let base: Base = restore::server_base(&wallet, base)?;
                RenewalServer::begin_proven(verb, wallet, base, rounds, out)
            }
        };
        Ok(ServerBegun::Renewal(Box::new(renewal)))
    }

    const fn signed(&self) -> Option<SignatureBytes> {
        match (self.intent, &self.asked) {
            (Intent::Sign, Asked::Signed(signature)) => Some(*signature),
            _ => None,
        }
    }

    fn owes_backup(&self) -> bool {
        self.wallet.backup != Backup::NotRequired
    }

    fn diverged(&self) -> SessionError {
        match (self.intent, self.claim.active) {
            (Intent::Restore, Some(rebuilt)) => restore::stale(rebuilt, self.wallet.active),
            _ => SessionError::Diverged,
        }
    }
}

fn send_ready(active: Option<ShareId>, retired: Option<ShareId>, stepped_up: SteppedUp, out: &mut Outbox) {
    let stepped_up = stepped_up == SteppedUp::Yes;
    let ready = Control::Ready { active, retired: retired.is_some(), stepped_up };
    out.push(Effect::SendBinary(ready.to_bytes()));
}

/// The signature that is stored already.
fn hand_out(signature: SignatureBytes, out: &mut Outbox) -> ServerBegun {
    out.push(Effect::SendBinary(Control::Done(What::Signature(signature)).to_bytes()));
    out.push(Effect::Close(CloseCode::Finished));
    ServerBegun::Over(Outcome::AlreadySigned)
}
